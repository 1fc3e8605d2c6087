"""Supervised pretraining: deep supervision over refinement steps, with slots that are refilled as they halt.

Source of the scheme: arXiv 2510.04871, figure 3. What is not here: halting by reward (grpo.py), evaluation with
halting honoured (evaluation.py).
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from agents.acceleration import Acceleration, AccelerationConfig, accelerate, training_pass
from agents.checkpoint import Checkpoint, CheckpointError, load_tensors, save_tensors
from agents.console import Progress
from agents.optim import Average, OptimConfig, Optimizers
from agents.supply import Supply
from agents.tensors import nest, unnest
from agents.trm import TRM, Carry, TRMConfig
from trm_gym import make_task
from trm_gym.streams import mix
from trm_gym.task import Problems, Task

STATE_FILE = "pretrain.safetensors"
LEAST_STEPS_STREAM = 1
TAGS = {
    "loss": "train/loss",
    "halt_loss": "train/halt_loss",
    "solved": "rollout/success_rate",
    "steps": "rollout/ep_len_mean",
}
"""TensorBoard tags, by Stable-Baselines3's names."""


@dataclass(frozen=True)
class PretrainConfig:
    """Pretraining of a TRM by supervision."""

    task: str = "sudoku6x6"
    """Name of the task."""
    levels: tuple[str, ...] = ("clues12",)
    """Levels to train on, in equal shares."""
    model: TRMConfig = field(default_factory=TRMConfig)
    """Shape of the network."""
    optim: OptimConfig = field(default_factory=OptimConfig)
    """How weights are moved."""
    acceleration: AccelerationConfig = field(default_factory=AccelerationConfig)
    """What makes it fast."""
    updates: int = 500
    """Updates of the weights, each after one refinement step of every slot."""
    batch: int = 64
    """Slots: problems that are being refined side by side."""
    max_steps: int = 12
    """Steps after which a slot takes a new problem even if it has not halted."""
    explore: float = 0.25
    """Share of problems that go on for a random number of steps, however sure the halt head is (published: 0.1)."""
    halt_weight: float = 0.5
    """Weight of the halt head's loss (published: 0.5)."""
    average: float = 0.99
    """Decay of the weights' moving average, which is what the checkpoint holds."""
    seed: int = 0
    """Seed of the initial weights and of the stream of problems."""
    save_every: int = 200
    """Updates between two resumable states."""

    def __post_init__(self) -> None:
        for name in ("updates", "batch", "max_steps", "save_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


@final
class Pretrainer:
    """Everything that one run of pretraining moves; ``update`` is one step of it."""

    def __init__(self, config: PretrainConfig) -> None:
        self.config = config
        self.task: Task = make_task(config.task)
        self.model = new_model(config.model, self.task, config.seed)
        one_pass = training_pass(self.model, self.task.length, config.batch)
        self.acceleration: Acceleration = accelerate(self.model, one_pass, config.updates, config.acceleration)
        self.optimizers = Optimizers(self.model, config.optim)
        self.average = Average(self.model, config.average)
        self.supply = Supply(self.task, config.levels, config.seed)
        self.problems = self.supply.take(config.batch)
        self.carry = self.model.initial_carry(config.batch)
        # Staggered, so that slots are refilled a few at a time and not all at once.
        self.steps = torch.arange(config.batch) % config.max_steps
        self.least_steps = self._least_steps(config.batch)
        self.updates = 0

    def update(self) -> dict[str, float]:
        """One refinement step of every slot, one update of the weights, and new problems where slots are done."""
        device = self.acceleration.device
        problem = torch.as_tensor(self.problems.problem, device=device).long()
        with self.acceleration.autocast():
            carry, output = self.model(self.carry, problem)
        logits, halt = output.logits.float(), output.halt.float()
        draft = torch.where(torch.as_tensor(self.problems.free, device=device), logits.argmax(-1), problem)
        solved = torch.as_tensor(self.task.verify(self.problems, draft.cpu().numpy().astype(np.uint8)).solved)
        solution = torch.as_tensor(self._targets(logits), device=device).long()
        first = self.task.structure.written or 0  # a text's problem is no part of its answer
        token_loss = F.cross_entropy(logits[:, first:].flatten(0, 1), solution[:, first:].flatten())
        halt_loss = F.binary_cross_entropy_with_logits(halt, solved.to(device).float())
        (token_loss + self.config.halt_weight * halt_loss).backward()
        self.optimizers.step(self.updates, self.config.updates)
        self.average.update(self.model)
        self.updates += 1
        self.steps += 1
        metrics = {
            "loss": token_loss.item(),
            "halt_loss": halt_loss.item(),
            "solved": solved.float().mean().item(),
            "steps": self.steps.float().mean().item(),
        }
        sure = (halt.detach().cpu() > 0) & (self.steps >= self.least_steps)
        self._refill(carry, sure | (self.steps >= self.config.max_steps))
        return metrics

    def _targets(self, logits: Float[Tensor, "batch length vocab"]) -> NDArray[np.uint8]:
        """What to answer, uint8 [batch, length]: of several solutions the one that the network is nearest to.

        Taught the one that a rule picks, it would have to learn the rule, and tell equal paths apart by it.
        """
        return self.task.nearest(self.problems, logits.detach().log_softmax(-1).cpu().numpy())

    def _least_steps(self, count: int) -> Int[Tensor, " count"]:
        """Steps that the ``count`` problems taken last must go on for, 1 unless they explore.

        Without it a network that is sure early is never trained on late steps, and forgets there what it knew.
        """
        place = mix(self.config.seed, np.arange(self.supply.taken - count, self.supply.taken), LEAST_STEPS_STREAM)
        share = (place >> np.uint64(11)) * 2.0**-53 / max(self.config.explore, 1e-9)
        drawn = 2 + (share * (self.config.max_steps - 1)).astype(np.int64)
        return torch.from_numpy(np.where(share < 1, drawn, 1))

    def _refill(self, carry: Carry, done: Tensor) -> None:
        """New problems and carries for the slots that are done."""
        fresh = self.model.initial_carry(1)
        where = done.to(carry.answer.device)[:, None, None]
        self.carry = Carry(*(torch.where(where, start, old) for start, old in zip(fresh, carry, strict=True)))
        self.steps[done] = 0
        if count := int(done.sum()):
            self.problems.put(done.numpy(), self.supply.take(count))
            self.least_steps[done] = self._least_steps(count)

    def averaged(self) -> TRM:
        """The network with averaged weights, in evaluation mode, on the CPU; a copy."""
        model = TRM(self.config.model, self.task.vocab, self.task.structure)
        model.load_state_dict(self.average.weights)
        return model.eval().requires_grad_(False)

    def save(self, path: Path) -> None:
        """Write all that is needed to go on as if nothing had happened."""
        slots = {f.name: torch.from_numpy(getattr(self.problems, f.name)) for f in dataclasses.fields(self.problems)}
        tensors = nest("model", self.model.state_dict()) | nest("optimizers", self.optimizers.state_dict())
        tensors |= nest("average", self.average.state_dict()) | nest("slots", slots)
        tensors |= nest("carry", self.carry._asdict()) | {"steps": self.steps, "least_steps": self.least_steps}
        note = {"updates": self.updates, "taken": self.supply.taken, "config": describe(self.config)}
        save_tensors(path, tensors, note)

    def load(self, path: Path) -> None:
        """Go on from what ``save`` wrote. Raises CheckpointError where it belongs to another configuration."""
        tensors, note = load_tensors(path)
        if note.get("config") != describe(self.config):
            raise CheckpointError(
                f"{path} was written by a run with other settings: choose another folder, or delete it"
            )
        self.model.load_state_dict(unnest("model", tensors))
        self.optimizers.load_state_dict(unnest("optimizers", tensors))
        self.average.load_state_dict(unnest("average", tensors))
        self.problems = Problems(**{name: value.numpy() for name, value in unnest("slots", tensors).items()})
        self.carry = Carry(**unnest("carry", tensors))
        self.steps, self.least_steps, self.updates = tensors["steps"], tensors["least_steps"], note["updates"]
        self.supply.close()
        self.supply = Supply(self.task, self.config.levels, self.config.seed, note["taken"])


def new_model(config: TRMConfig, task: Task, seed: int) -> TRM:
    """A network with weights drawn from ``seed``, whatever was drawn before; global random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TRM(config, task.vocab, task.structure)


def describe(config: PretrainConfig) -> dict[str, Any]:
    """The settings that decide the outcome, as JSON gives them back: how fast it runs is none of them."""
    settings: Mapping[str, Any] = dataclasses.asdict(config)
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in settings.items()
        if name not in ("acceleration", "save_every")
    }


def pretrain(config: PretrainConfig, folder: Path) -> Checkpoint:
    """Run pretraining in ``folder``, resuming what stands there; returns the averaged network as a checkpoint."""
    from torch.utils.tensorboard import SummaryWriter  # slow to import, and only a run needs it

    trainer = Pretrainer(config)
    state = folder / STATE_FILE
    if state.exists():
        trainer.load(state)
    started, first = time.perf_counter(), trainer.updates
    used = f"compiled {trainer.acceleration.compiled}, bfloat16 {trainer.acceleration.bfloat16}"
    print(f"{config.task}: {trainer.model.num_parameters:,} parameters; {used} ({trainer.acceleration.reason})")
    with SummaryWriter(folder / "tensorboard") as writer, Progress(config.updates, "pretrain") as bar:
        while trainer.updates < config.updates:
            metrics = trainer.update()
            bar.update(trainer.updates, **metrics)
            if trainer.updates % 10 == 0:
                for name, value in metrics.items():
                    writer.add_scalar(TAGS[name], value, trainer.updates)
                rate = (trainer.updates - first) / (time.perf_counter() - started)
                writer.add_scalar("time/updates_per_second", rate, trainer.updates)
            if trainer.updates % config.save_every == 0 or trainer.updates == config.updates:
                trainer.save(state)
    trainer.supply.close()
    meta = {"pretraining": describe(config), "pretraining_seconds": round(time.perf_counter() - started, 1)}
    return Checkpoint(trainer.averaged(), config.task, {}, meta)
