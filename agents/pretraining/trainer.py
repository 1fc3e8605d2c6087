"""Supervised pretraining: deep supervision over refinement steps, with slots that are refilled as they halt.

Source of the scheme: arXiv 2510.04871, figure 3. What is not here: halting by reward (agents/learners) and evaluation
with halting (agents/evaluation).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from agents.common.acceleration import Acceleration, Numerics, accelerate, training_pass
from agents.common.finite import check_finite, check_gradients, told
from agents.common.kept_states import KEPT, noted_scale, save_state, scale_note
from agents.common.processes import ALONE, Processes
from agents.common.state_form import check_count, check_form, check_settings, check_within, restoring
from agents.common.tensor_file import NotFiniteError, load_tensors
from agents.common.tensors import Tensors, nest, unnest
from agents.pretraining.config import PretrainConfig, describe
from agents.pretraining.drafts import first_drafts, next_drafts, with_drafts
from agents.pretraining.hints import HintHead
from agents.pretraining.optim import Average, Optimizers
from agents.pretraining.sharing import chunks_of, of_all, placed
from agents.pretraining.supervision import (
    HALT_WEIGHT,
    NO_LABEL,
    StepOutcome,
    best_answer_loss,
    consistency_loss,
    depth_at,
    labels,
    least_steps,
)
from agents.pretraining.supply import Supply, new_supply
from agents.rollouts.collect import as_problems, as_tensors
from agents.rollouts.step import draft_of
from agents.rollouts.unroll import noisy_starts, shaken
from agents.trm import TRM, Carry, Inputs
from agents.trm.model import new_model
from trm_gym import make_task
from trm_gym.checks import real_number
from trm_gym.streams import mix, seeds
from trm_gym.task import Problems, Task

LEAST_STEPS_STREAM, START_STREAM, STEP_STREAM, FIRST_DRAFT_STREAM, NEXT_DRAFT_STREAM = 1, 2, 3, 4, 5
NOISE_STREAM, WAIT_STREAM = 7, 8
SMALLER = "Use a smaller learning rate (optim.muon_lr, adamw_lr, atan2_lr) or more optim.warmup, in another folder"


@final
class Pretrainer:
    """All state of one run of pretraining; ``update`` is one step of it.

    before: what the run that is to be gone on with has used for speed; see ``accelerate``. processes: those that share
    the batch; each has a trainer, and all call the same methods.
    """

    def __init__(self, config: PretrainConfig, before: Numerics | None = None, processes: Processes = ALONE) -> None:
        self.config, self.processes = config, processes
        self.task: Task = make_task(config.task)
        self.model = new_model(config.model, self.task, config.seed)
        self.chunks = chunks_of(config, processes)
        self.own = processes.share("chunks of a batch", self.chunks)
        self.rows = slice(self.own[0].start, self.own[-1].stop)
        one_pass = training_pass(self.model, self.task, self.own[0].stop - self.own[0].start)
        passes, speed = config.updates * len(self.own), config.acceleration
        self.acceleration: Acceleration = accelerate(self.model, one_pass, passes, speed, before, processes)
        self.hints = HintHead(self.task, self.model, config) if config.hints.weight else None
        besides = {} if self.hints is None else nest("hints", dict(self.hints.named_parameters()))
        self._weights = dict(self.model.named_parameters()) | besides
        self.optimizers = Optimizers(self.model, config.optim, besides.values())
        self.average = Average(self.model, config.average)
        self.supply: Supply = new_supply(config, self.task)
        self.problems = self._take(config.batch)
        self._wait(torch.ones(len(self.problems), dtype=torch.bool))
        self.draft = self._first_drafts(self.problems)
        if config.drafts.next_corrupted:
            self.task.corrupt(self.problems[:1], mix(config.seed))  # a task that spoils none is found out at once
        rows = self.chunks[-1].stop
        fresh = self._fresh(torch.ones(rows, dtype=torch.bool))
        self.carry = Carry(*(start.expand(rows, -1, -1).clone() for start in fresh))
        # Staggered, so that slots are refilled a few at a time and not all at once.
        self.steps = (torch.arange(config.batch) % config.max_steps).repeat_interleave(config.extras.starts)
        self.least_steps = self._least_steps(config.batch)
        self.last: Tensor | None = None
        self.updates = 0
        self.graded = self.problems.level[:0], np.zeros(0, np.bool_)
        """The levels of the last update's drafts, and which of these were right."""
        self.seconds: float | None = 0.0
        """What all updates have taken, those of earlier processes among them; None where a state does not tell."""

    def update(self) -> dict[str, float]:
        """One refinement step of every slot, one update of the weights, and new problems where slots are done.

        Raises NotFiniteError, while the slots still hold the batch, where training comes to what is no number.
        """
        config = self.config
        if config.extras.depths:
            self.model.set_depth(*depth_at(self.updates, config.updates, config.extras.depths))
        if config.step_noise:
            [seed] = seeds(mix(config.seed, self.updates, NOISE_STREAM))
            self.carry = shaken(self.carry, config.step_noise, seed)
        with told(lambda: f"update {self.updates + 1}", SMALLER):
            outcome = self._learn_together()
            self.optimizers.step(self.updates, config.updates)
            check_finite("the weight", self._weights)
        self.average.update(self.model)
        self.updates += 1
        self.steps += 1
        solved = outcome.solved[outcome.best]
        metrics = outcome.metrics() | {"steps": self.steps.float().mean().item()}
        sure = outcome.sure & (self.steps >= self._least_steps_now())
        done = sure | (self.steps >= config.max_steps)
        self.draft = outcome.draft
        done, best = done[outcome.best], outcome.best.numpy()
        self.graded = self.problems.level[best], solved.numpy()
        self.supply.tell(self.problems.level[best], self.steps[best].numpy(), solved.numpy(), done.numpy())
        carry = placed(outcome.carry, self.rows, self.carry)
        self._refill(carry, done.repeat_interleave(config.extras.starts))
        return metrics

    def _learn_together(self) -> StepOutcome:
        """One refinement step of all rows, each in one of the processes, and the gradient of all of them."""
        try:
            outcome = StepOutcome.joined([self._learn(rows) for rows in self.own])
        except NotFiniteError:
            self.processes.sum_gradients(self._weights, broken=True)  # so that the others do not wait
            raise
        self.processes.sum_gradients(self._weights)
        check_gradients(self._weights)
        return of_all(outcome, self.processes)

    def _learn(self, rows: slice) -> StepOutcome:
        """One refinement step of some rows, whose share of the gradient is added to what is there."""
        config, device = self.config, self.acceleration.device
        problems = self.problems[rows]
        inputs = Inputs.of(problems, self.draft[rows].to(device))
        if self.hints is not None:
            inputs = self.hints.shown(inputs, problems, rows, self.steps[rows])
        with self.acceleration.autocast():
            carry, output = self.model(Carry(*(part[rows] for part in self.carry)), inputs)
        logits, halt = output.logits.float(), output.halt.float()
        draft = draft_of(logits, inputs.problem, torch.as_tensor(problems.free, device=device))
        solved = torch.as_tensor(self.task.verify(problems, draft.cpu().numpy().astype(np.uint8)).solved)
        # Of several solutions the one nearest to the network's own answer.
        nearest = self.task.nearest(problems, logits.detach().cpu().numpy())
        hint_losses = list[Tensor]()
        if self.hints is not None:
            hints = self.hints.told(problems, nearest, rows, self.steps[rows])
            nearest = hints.answer
            hint_losses.append(self.hints.loss(output.latent, hints))
        solution = torch.as_tensor(labels(self.task, problems, nearest), device=device)
        first = self.task.structure.answer_start  # what only shows the problem is not trained
        token_loss, best = best_answer_loss(logits[:, first:], solution[:, first:], config.extras.starts, config.loss)
        halt_loss = F.binary_cross_entropy_with_logits(halt, solved.to(device).float())
        losses, loss = [token_loss, halt_loss, *hint_losses], token_loss + HALT_WEIGHT * halt_loss + sum(hint_losses)
        if config.extras.consistency:
            labelled = solution[:, first:] != NO_LABEL
            loss = loss + config.extras.consistency * self._inconsistency(logits[:, first:], labelled)
        named = dict(zip(("the answers", "the halt head", "hints"), losses, strict=False))
        check_finite("the loss of", {**named, "consistency": loss})
        (loss / len(self.chunks)).backward()
        shown = torch.stack(losses).detach()[None].cpu()
        keys = mix(config.seed, self.updates, np.arange(rows.start, rows.stop), NEXT_DRAFT_STREAM)
        following = next_drafts(self.task, problems, draft.cpu(), logits, config.drafts, keys)
        return StepOutcome(carry, shown, solved, halt.detach().cpu() > 0, best + rows.start, following)

    def _inconsistency(self, logits: Float[Tensor, "rows l v"], labelled: Bool[Tensor, "rows l"]) -> Float[Tensor, ""]:
        """The divergence from the step before, where there was one; this step is remembered for the next."""
        last, self.last = self.last, logits.detach()
        going_on = (self.steps > 0).to(logits.device)
        if last is None:
            return logits.new_zeros(())
        return consistency_loss(last, logits, going_on, self.config.loss, labelled)

    def _least_steps(self, count: int) -> Int[Tensor, " rows"]:
        """Steps that the ``count`` problems taken last must go on for, 1 unless they explore.

        Without it a network that is sure early is never trained on late steps, and forgets there what it knew.
        """
        words = self._words(count, LEAST_STEPS_STREAM)
        drawn = least_steps(words, self.config.explore, self.config.max_steps)
        return drawn.repeat_interleave(self.config.extras.starts)

    def _least_steps_now(self) -> Int[Tensor, " rows"]:
        """The same after the present step; drawn anew where the config says so."""
        if self.config.explore_draw == "episode":
            return self.least_steps
        place = mix(self.config.seed, self.updates, np.arange(len(self.steps)), STEP_STREAM)
        return least_steps(place, self.config.explore, self.config.max_steps)

    def _words(self, count: int, stream: int) -> NDArray[np.uint64]:
        """A random word for each of the ``count`` problems taken last."""
        return mix(self.config.seed, np.arange(self.supply.taken - count, self.supply.taken), stream)

    def _take(self, count: int) -> Problems:
        """The next ``count`` problems, each in as many rows as it has starts."""
        return self.supply.take(count)[np.repeat(np.arange(count), self.config.extras.starts)]

    def _wait(self, rows: Bool[Tensor, " rows"]) -> None:
        """For how long the problems taken last, in these rows, wait for hints, if there are any."""
        if self.hints is not None:
            problems = int(rows.sum()) // self.config.extras.starts
            self.hints.begin(rows, self._words(problems, WAIT_STREAM))

    def _first_drafts(self, problems: Problems) -> Int[Tensor, "rows l"]:
        """The first drafts of the problems taken last."""
        starts = self.config.extras.starts
        place = np.arange(self.supply.taken - len(problems) // starts, self.supply.taken)
        keys = mix(self.config.seed, place[:, None], np.arange(starts), FIRST_DRAFT_STREAM).ravel()
        return torch.from_numpy(first_drafts(self.task, problems, self.config.drafts, keys)).long()

    def _fresh(self, done: Bool[Tensor, " rows"]) -> Carry:
        """First carries for the rows that are done: one for all where there is no noise."""
        [seed] = seeds(mix(self.config.seed, self.supply.taken, START_STREAM))
        return noisy_starts(self.model, done, self.config.start_noise, seed)

    def _refill(self, carry: Carry, done: Bool[Tensor, " rows"]) -> None:
        """New problems and carries for the rows that are done."""
        self.steps[done] = 0
        if count := int(done.sum()) // self.config.extras.starts:
            fresh = self._take(count)
            self.problems.put(done.numpy(), fresh)
            self._wait(done)
            self.draft[done] = self._first_drafts(fresh)
            self.least_steps[done] = self._least_steps(count)
        where = done.to(carry.answer.device)[:, None, None]
        fresh = self._fresh(done)
        self.carry = Carry(*(torch.where(where, start, old) for start, old in zip(fresh, carry, strict=True)))

    def averaged(self) -> TRM:
        """The network with averaged weights, in evaluation mode, on the CPU; a copy."""
        model = TRM(self.config.model, self.task.vocab, self.task.structure)
        model.load_state_dict(self.average.weights)
        return model.eval().requires_grad_(False)

    def tensors(self) -> Tensors:
        """All that changes, but for a few numbers, as flat, named tensors."""
        tensors = nest("model", self.model.state_dict()) | nest("optimizers", self.optimizers.state_dict())
        if self.hints is not None:
            tensors |= nest("hints", self.hints.state_dict())
        return tensors | nest("average", self.average.state_dict()) | self.batch()

    def save(self, path: Path, keep: int = KEPT) -> None:
        """Write all that is needed to go on as if nothing had happened; ``keep`` states are kept."""
        self.carry = Carry(*self.processes.gather([part[self.rows] for part in self.carry]))
        self.processes.check_same("their weights", list(self._weights.values()))
        if not self.processes.first:
            return
        note = {"updates": self.updates, **self.supply.note(), "config": describe(self.config)}
        note |= {"seconds": self.seconds, "numerics": dataclasses.asdict(self.acceleration.numerics)}
        save_state(path, self.tensors(), note | scale_note(self.optimizers), keep)

    def batch(self) -> Tensors:
        """The slots: their problems, and how far each has come."""
        tensors = nest("slots", as_tensors(self.problems)) | nest("carry", self.carry._asdict())
        tensors |= {"steps": self.steps, "least_steps": self.least_steps, "draft": self.draft.byte()}
        return tensors if self.last is None else tensors | {"last": self.last}

    def load(self, path: Path) -> None:
        """Go on from what ``save`` wrote. Raises CheckpointError where it belongs to another configuration."""
        tensors, note = load_tensors(path)
        check_settings(f"{path} was written", note.get("config"), describe(self.config))
        with restoring(path):
            self._take_over(tensors, note)

    def _take_over(self, tensors: Tensors, note: Mapping[str, Any]) -> None:
        """The state of a run with the same settings. Raises ValueError and the like where it is none."""
        tensors = with_drafts(tensors, self.task)
        check_form(tensors, self.tensors(), free={"last"})
        check_within("steps", tensors["steps"], 0, self.config.max_steps)
        check_within("draft", tensors["draft"], 0, self.task.vocab - 1)
        problems = as_problems(unnest("slots", tensors), self.task)
        updates = check_count("updates", note["updates"], self.config.updates)
        seconds = None if note.get("seconds") is None else real_number("seconds", note["seconds"], 0.0)
        scale = noted_scale(note)
        self.supply.load(note)
        self.model.load_state_dict(unnest("model", tensors))
        self.optimizers.load_state_dict(unnest("optimizers", tensors))
        if self.hints is not None:
            self.hints.load_state_dict(unnest("hints", tensors))
        self.average.load_state_dict(unnest("average", tensors))
        self.problems, self.draft = problems, tensors["draft"].long()
        self.carry, self.last = Carry(**unnest("carry", tensors)), tensors.get("last")
        self.steps, self.least_steps = tensors["steps"], tensors["least_steps"]
        self.updates, self.seconds, self.optimizers.scale = updates, seconds, scale
        self.optimizers.clear()  # gradients of an update that came to no number
