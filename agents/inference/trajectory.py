"""One problem as the network refined it, draft by draft, as plain arrays for whoever shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint
from agents.halting.registry import LEARNER
from agents.halting.restart_head import two_acts
from agents.halting.restart_policy import PolicyHalts
from agents.halting.restarts import HALT, RESTART, Actor, AlsoHalts, RestartRule, actor_of
from agents.halting.rules import FixedSteps, HaltingRule, HeadThreshold
from agents.inference.other_rules import PRICES, OtherRules, value_judgements
from agents.inference.slots import MOST_STEPS, Advanced, Slots, drawn_start
from trm_gym import make_task
from trm_gym.checks import real_number, whole_number
from trm_gym.short_repr import short_repr
from trm_gym.structure import HeapStructure, TextStructure
from trm_gym.task import Problems, Task
from trm_gym.written.answers import renamed

NOTHING_ELSE = OtherRules()
_ONLY = np.zeros(1, dtype=np.intp)
"""The one slot, and the number of the problem in it."""


Json = dict[str, Any]


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
    probability of starting afresh, if it does not stop; not a number without a policy that may. correct_now,
    correct_ever: float [s], what value heads say; not a number without any. halt_at: float [s, k, p], the probability
    of stopping of each policy of ``others`` at each of PRICES. stops: bool [s, r], whether each of its rules would
    stop.
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
    correct_now: NDArray[np.float64]
    correct_ever: NDArray[np.float64]
    halt_at: NDArray[np.float64]
    stops: NDArray[np.bool_]
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

    @staticmethod
    def concatenate(parts: Sequence[Trajectory]) -> Trajectory:
        """One trajectory out of those of its steps, see ``follow_steps``."""
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in OF_STEPS}
        last = parts[-1]
        return Trajectory(last.problems, **columns, policy=last.policy, stop=last.stop, handed=last.handed)

    def as_json(self, task: Task, others: OtherRules = NOTHING_ELSE, names: Mapping[str, str] | None = None) -> Json:
        """All of it as JSON has it: lists by step under the fields' names, None where there is no number.

        others: those that ``follow`` was given. names: the person's own letters, see ``Task.names``.
        """
        told = {"stop": self.stop, "handed": self.handed}
        names = names or {}
        return {**head_json(task, self.problems, others, names), **self.steps_json(task, names), **told}

    def steps_json(self, task: Task, names: Mapping[str, str]) -> Json:
        """What there is of every step, lists by step: the fields, answers as ``text``, and cells that are ``wrong``."""
        columns = {name: _listed(getattr(self, name)) for name in OF_STEPS}
        text = [renamed(task.answer_text(draft), names) for draft in self.drafts]
        return {**columns, "text": text, "wrong": wrong_cells(task, self.problems, self.drafts, self.solved).tolist()}


_OF_RUNS = ("problems", "policy", "stop", "handed")
OF_STEPS = tuple(field.name for field in fields(Trajectory) if field.name not in _OF_RUNS)
"""The fields of a Trajectory that every step has one of."""


def head_json(task: Task, problems: Problems, others: OtherRules, names: Mapping[str, str]) -> Json:
    """What is known of a run before its first step, as JSON has it."""
    structure, board = task.structure, len(task.structure.shape) == 2
    return {
        "task": task.name,
        "shape": list(structure.shape),
        "answer_start": structure.answer_start,
        "units": structure.units[-1].tolist() if len(structure.units) and board else [],
        "symbols": [names.get(sign, sign) for sign in task.signs],
        "problem": problems.problem[0].tolist(),
        "problem_text": renamed(task.problem_text(problems), names),
        "start_draft": problems.start[0].tolist(),
        "free": problems.free[0].tolist(),
        "prices": list(PRICES),
        "policies": list(others.policies),
        "rules": list(others.rules),
    }


def wrong_cells(
    task: Task, problems: Problems, drafts: NDArray[np.uint8], solved: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The free cells of drafts uint8 [s, L] of one problem that differ from its nearest solution, bool [s, L].

    None of a draft that is right, and none of a formula, which is right or wrong as a whole; none where no solution is
    known.
    """
    repeated = problems[np.zeros(len(drafts), np.int64)]
    if isinstance(task.structure, HeapStructure) or not task.labelled(problems, problems.solution).all():
        return np.zeros_like(repeated.free)
    wanted = task.nearest(repeated, np.eye(task.vocab, dtype=np.float32)[drafts])
    return repeated.free & (drafts != wanted) & ~solved[:, None]


def follow(
    checkpoint: Checkpoint,
    problems: Problems,
    max_steps: int,
    price: float,
    rule: HaltingRule | Actor | None = None,
    whole: bool = True,
    others: OtherRules = NOTHING_ELSE,
) -> Trajectory:
    """Refine a batch of one for ``max_steps`` steps, or up to the one after which ``rule`` stops.

    price: at which the policy is asked for its probability of stopping. whole: go on to the end of the budget; the
    step of the rule is noted all the same. others: asked at every step what they would do. The starts are those of the
    first problem of a stream. Raises ValueError for another number of problems, or of steps.
    """
    return Trajectory.concatenate(list(follow_steps(checkpoint, problems, max_steps, price, rule, whole, others)))


def follow_steps(
    checkpoint: Checkpoint,
    problems: Problems,
    max_steps: int,
    price: float,
    rule: HaltingRule | Actor | None = None,
    whole: bool = True,
    others: OtherRules = NOTHING_ELSE,
) -> Iterator[Trajectory]:
    """The steps of ``follow`` as they are taken, a trajectory of one step each, that ends as if no more were to come.

    Raises ValueError at once for what ``follow`` does not take.
    """
    if len(problems) != 1:
        raise ValueError(f"a trajectory is of one problem, got {len(problems)}")
    whole_number("max_steps", max_steps, most=MOST_STEPS)
    price = real_number("price", price, above=0)
    actor = actor_of(FixedSteps() if rule is None else rule)
    return _steps(checkpoint, problems, max_steps, _policy(checkpoint, actor, price), actor, whole, others)


def _steps(
    checkpoint: Checkpoint,
    problems: Problems,
    max_steps: int,
    asked: HaltingRule | None,
    actor: Actor,
    whole: bool,
    others: OtherRules,
) -> Iterator[Trajectory]:
    slots = Slots(checkpoint.model, make_task(checkpoint.task), actor, 1, max_steps)
    slots.fill(_ONLY, _ONLY, problems, drawn_start(checkpoint.model, 0.0, 0, 0))
    last: NDArray[np.uint8] = problems.start[0]
    stop, handed = 0, 0
    for taken in range(1, max_steps + 1):
        start = slots.starts.copy()
        advanced = slots.advance()
        # Not around the loop: a mode that a generator sets would be its caller's between two steps.
        with torch.inference_mode():
            row: dict[str, Any] = _row(advanced, asked) | _asides(checkpoint, advanced, others)
        row |= {name: slots.brought_back(row[name][None], start)[0] for name in ("drafts", "confidence")}
        row |= {"start": int(start[0]), "changed": int((row["drafts"] != last).sum())}
        last = row["drafts"]
        if slots.current[0] and not stop:
            handed = taken
        if advanced.acts[0] == HALT and not stop:
            stop = taken
        columns = {name: np.array([row[name]]) for name in OF_STEPS}
        yield Trajectory(problems, **columns, policy=asked is not None, stop=stop or taken, handed=handed)
        if stop and not whole:
            return
        if advanced.acts[0] == RESTART:
            slots.restart(_ONLY, 0)
            last = problems.start[0]


def _asides(checkpoint: Checkpoint, advanced: Advanced, others: OtherRules) -> Json:
    """What value heads and others say of a step."""
    now, ever = value_judgements(checkpoint.heads, advanced.step)
    at, stops = others.halting(advanced.step), others.stops(advanced.step)
    return {"correct_now": now, "correct_ever": ever, "halt_at": at, "stops": stops}


def _policy(checkpoint: Checkpoint, actor: Actor, price: float) -> HaltingRule | None:
    """The policy whose probability of stopping is shown: the one that acts, or the one that the checkpoint has."""
    actor = actor.actor if isinstance(actor, AlsoHalts) else actor
    if isinstance(actor, RestartRule) and isinstance(actor.halting, PolicyHalts):
        return actor.halting
    head = two_acts(checkpoint.heads).get(LEARNER)
    return HeadThreshold(head, price=price) if head else None


def _row(advanced: Advanced, asked: HaltingRule | None) -> dict[str, Any]:
    """What a trajectory holds of one step as the network is shown the problem. asked: the policy, if there is one."""
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
        "solved": step.solved.item(),
        "score": float(step.verdicts.score[0]),
    }


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


def _listed(column: NDArray[Any]) -> list[Any]:
    """A column as JSON has it: numbers with as many digits as a picture can show; None for what is none."""
    if column.dtype != float:
        return column.tolist()
    listed = np.round(column, 6).astype(object)
    listed[~np.isfinite(column)] = None
    return listed.tolist()
