"""One problem as the network refined it, draft by draft, as plain arrays for whoever shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint
from agents.halting.registry import LEARNER
from agents.halting.restart_head import two_acts
from agents.halting.restart_policy import PolicyHalts
from agents.halting.restarts import HALT, RESTART, Actor, RestartRule, actor_of
from agents.halting.rules import FixedSteps, HaltingRule, HeadThreshold
from agents.inference.slots import MOST_STEPS, Advanced, Slots, drawn_start
from agents.rollouts.unroll import refine
from trm_gym import make_task
from trm_gym.checks import real_number, whole_number
from trm_gym.regression.programs import used_slots
from trm_gym.short_repr import short_repr
from trm_gym.structure import HeapStructure, TextStructure
from trm_gym.task import Problems, Task

_ONLY = np.zeros(1, dtype=np.intp)
"""The one slot, and the number of the problem in it."""


@short_repr
@dataclass(frozen=True)
class Trajectory:
    """A batch of one over s steps.

    drafts: uint8 [s, L]. confidence: float [s, L], each cell's largest probability; 1 where the cell is fixed.
    least_confidence: float [s], that of the least confident free cell. halt: float [s], the policy's probability of
    stopping; not a number without a policy. right: float [s], probability that the draft is right, by the head trained
    with the network. velocity: float [s], |z_t - z_{t-1}| / |z_t|. entropy: float [s], mean over the free cells, in
    nats. changed: int [s], cells changed since the last draft. solved: bool [s], the verdict; score: float [s].
    start: int [s], from which start of the problem the draft is, counted from 1. again: float [s], the policy's
    probability of starting afresh, if it does not stop; not a number without a policy that may.
    """

    problems: Problems
    drafts: NDArray[np.uint8]
    confidence: NDArray[np.float64]
    least_confidence: NDArray[np.float64]
    halt: NDArray[np.float64]
    right: NDArray[np.float64]
    velocity: NDArray[np.float64]
    entropy: NDArray[np.float64]
    changed: NDArray[np.int64]
    solved: NDArray[np.bool_]
    score: NDArray[np.float64]
    start: NDArray[np.int64]
    again: NDArray[np.float64]
    policy: bool
    """Whether there is a policy that says when to stop."""
    stop: int
    """The step after which the rule stops, counted from 1; the last one where there is no rule, or it never does."""
    handed: int
    """The step whose draft is handed in: the one after which the rule stops, or with restarts the best judged."""

    def __len__(self) -> int:
        return len(self.drafts)

    def draft_after(self, step: int) -> NDArray[np.uint8]:
        """The draft after so many steps, uint8 [L]; 0 is the problem with its free cells blank."""
        return self.drafts[step - 1] if step else self.problems.start[0]

    def as_json(self, task: Task) -> dict[str, Any]:
        """All of it as JSON has it: lists by step under the fields' names, None where there is no number."""
        fields = ("drafts", "changed", "solved", "confidence", "halt", "right", "velocity", "entropy", "start", "again")
        columns = {name: getattr(self, name) for name in fields}
        return {
            "task": task.name,
            "shape": list(task.structure.shape),
            "symbols": list(task.signs),
            "problem": self.problems.problem[0].tolist(),
            "free": self.problems.free[0].tolist(),
            **{
                name: _rounded(column) if column.dtype == float else column.tolist() for name, column in columns.items()
            },
        }


@torch.inference_mode()
def follow(
    checkpoint: Checkpoint,
    problems: Problems,
    max_steps: int,
    price: float,
    rule: HaltingRule | Actor | None = None,
    whole: bool = True,
) -> Trajectory:
    """Refine a batch of one for ``max_steps`` steps, or up to the one after which ``rule`` stops.

    price: at which the policy is asked for its probability of stopping. whole: go on to the end of the budget; the
    step of the rule is noted all the same. The starts are those of the first problem of a stream. Raises ValueError for
    another number of problems, or of steps.
    """
    if len(problems) != 1:
        raise ValueError(f"a trajectory is of one problem, got {len(problems)}")
    whole_number("max_steps", max_steps, most=MOST_STEPS)
    price = real_number("price", price, above=0)
    actor = actor_of(FixedSteps() if rule is None else rule)
    asked = _policy(checkpoint, actor, price)
    slots = Slots(checkpoint.model, make_task(checkpoint.task), actor, 1, max_steps)
    slots.fill(_ONLY, _ONLY, problems, drawn_start(checkpoint.model, 0.0, 0, 0))
    rows, stop, handed, last = [], 0, 0, problems.start[0]
    for _ in range(max_steps):
        start = int(slots.starts[0])
        advanced = slots.advance()
        rows.append(_row(advanced, last, asked) | {"start": start})
        last = rows[-1]["drafts"]
        if slots.current[0] and not stop:
            handed = len(rows)
        if advanced.acts[0] == HALT and not stop:
            stop = len(rows)
            if not whole:
                break
        if advanced.acts[0] == RESTART:
            slots.restart(_ONLY, 0)
            last = problems.start[0]
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return Trajectory(problems, **columns, policy=asked is not None, stop=stop or len(rows), handed=handed)


def _policy(checkpoint: Checkpoint, actor: Actor, price: float) -> HaltingRule | None:
    """The policy whose probability of stopping is shown: the one that acts, or the one that the checkpoint has."""
    if isinstance(actor, RestartRule) and isinstance(actor.halting, PolicyHalts):
        return actor.halting
    head = two_acts(checkpoint.heads).get(LEARNER)
    return HeadThreshold(head, price=price) if head else None


def _row(advanced: Advanced, last: NDArray[np.uint8], asked: HaltingRule | None) -> dict[str, Any]:
    """What a trajectory holds of one step. last: the draft before; asked: the policy, if there is one."""
    step, record = advanced.step, advanced.record
    draft, free = step.draft[0].cpu().numpy().astype(np.uint8), step.problems.free[0]
    sure = step.output.logits[0].float().softmax(-1).amax(-1).cpu().numpy()
    again = asked.head.of_record(record, asked.price)[0, 2].sigmoid().item() if isinstance(asked, PolicyHalts) else None
    return {
        "drafts": draft,
        "confidence": np.where(free, sure, 1.0).astype(np.float64),
        "least_confidence": step.confidence.item(),
        "halt": float("nan") if asked is None else asked.score(record).sigmoid().item(),
        "again": float("nan") if again is None else again,
        "right": step.halt_logit.double().sigmoid().item(),
        "velocity": step.velocity.item(),
        "entropy": step.statistics.mean_entropy.item(),
        "changed": int((draft != last).sum()),
        "solved": step.solved.item(),
        "score": float(step.verdicts.score[0]),
    }


@short_repr
@dataclass(frozen=True)
class Settling:
    """Answer latents of a batch in their principal plane, after each of k steps.

    points: float [k, n, 2], one for each free cell of each problem, or for each value that it may take; of formulas for
    each slot of the last draft. labels: int [n], the right token of the cell, or 1 where the value is the right one; of
    formulas the slot's last token. share: of the variance, in the plane.
    """

    steps: tuple[int, ...]
    points: NDArray[np.float32]
    labels: NDArray[np.int64]
    share: float


@torch.inference_mode()
def settle(checkpoint: Checkpoint, problems: Problems, steps: Sequence[int]) -> Settling:
    """Where the answer latents of ``problems`` stand after each of ``steps``, 0 being the start."""
    task, encoder = make_task(checkpoint.task), checkpoint.model.encoder
    start = checkpoint.model.initial_carry(len(problems))
    taken = list(refine(checkpoint.model, task, problems, max(steps), start))
    latents = [start.answer, *(step.carry.answer for step in taken)]
    answers, free = _told_apart(task, problems, taken[-1].draft.cpu().numpy().astype(np.uint8))
    if encoder.values > 1 and task.structure.exchangeable is not None:
        free = np.repeat(free, encoder.values, axis=1)
        answers = (
            (answers[..., None] == np.arange(*task.structure.exchangeable)).reshape(len(free), -1).astype(np.int64)
        )
    # The last positions are the answer's: before them stand the terms of a text's problem.
    kept = np.stack([latents[step].float().cpu().numpy()[:, -free.shape[1] :][free] for step in steps])
    centred = kept - kept.mean((0, 1))
    variance, axes = np.linalg.eigh(np.einsum("knd,kne->de", centred, centred))
    return Settling(tuple(steps), centred @ axes[:, :-3:-1], answers[free], float(variance[-2:].sum() / variance.sum()))


def _told_apart(task: Task, problems: Problems, last: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """What latents are told apart by, int [b, cells], and which are shown: the right tokens of the free cells.

    A function has many formulas. There it is the token of each slot in the last draft, uint8 [b, L], where that counts.
    """
    if isinstance(task.structure, HeapStructure):  # all cells of a slot have one latent
        slots = task.structure.shape[1]
        return last[:, :slots].astype(np.int64), used_slots(last)
    first = task.structure.answer_start
    return problems.solution[:, first:].astype(np.int64), problems.free[:, first:]


def read_answer(task: Task, problems: Problems, answer: str | NDArray[np.uint8] | list[int]) -> NDArray[np.uint8]:
    """An answer to a batch of one as tokens uint8 [L], from tokens or from text as ``task.draft_text`` writes it.

    Raises ValueError for what is no such text or has another length.
    """
    if not isinstance(answer, str):
        tokens = np.asarray(answer).ravel()
        if tokens.shape != (task.length,) or tokens.min() < 0 or tokens.max() >= task.vocab:
            raise ValueError(f"an answer of {task.name} has {task.length} tokens, each from 0 to {task.vocab - 1}")
        return tokens.astype(np.uint8)
    # In a text a stroke divides; in a grid it ends a row, as in the problems that people type.
    text = answer if isinstance(task.structure, TextStructure) else answer.replace("/", "\n")
    return np.where(problems.free[0], task.read_draft(text), problems.problem[0])


def _rounded(values: NDArray[np.float64]) -> list[Any]:
    """Numbers with as many digits as a picture can show; None for what is none."""
    listed = np.round(values, 6).astype(object)
    listed[np.isnan(values)] = None
    return listed.tolist()
