"""Halting rules as they act: after each step, which of the problems side by side stop. rules.py judges the same rules.

A rule here has its setting already (a threshold, a price); how settings are chosen stands in evaluation.py.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from agents.halting.heads import NEUTRAL_PRICE, Halter
from agents.halting.rules import CHECKER, FIXED, LEARNER
from agents.rollouts.step import Step
from trm_gym.task import Task

ALWAYS = "always"
THRESHOLDS = ("velocity", "confidence", "q")
"""Rules that compare a number of the network's own with a threshold."""
JUDGES = ("bce", "two_heads")
"""Heads that judge drafts, whatever thinking costs."""


Seen = Step


class Stopping(abc.ABC):
    """A halting rule with its setting. The budget ends a problem in any case, whatever a rule says."""

    @abc.abstractmethod
    def __call__(self, seen: Seen) -> Bool[Tensor, " b"]:
        """Which problems stop now."""


@final
@dataclass(frozen=True)
class After(Stopping):
    """Stop after ``steps`` steps; None leaves the end to the budget."""

    steps: int | None = None

    def __call__(self, seen: Seen) -> Bool[Tensor, " b"]:
        return seen.history.steps >= (seen.max_steps if self.steps is None else self.steps)


@final
@dataclass(frozen=True)
class Unchanged(Stopping):
    """Stop when the draft has stayed the same for ``steps`` steps."""

    steps: int

    def __call__(self, seen: Seen) -> Bool[Tensor, " b"]:
        return seen.steps_unchanged >= self.steps


@final
@dataclass(frozen=True)
class Obeys(Stopping):
    """Stop when the draft obeys the task's rules: the one rule that is given them."""

    task: Task

    def __call__(self, seen: Seen) -> Bool[Tensor, " b"]:
        verdicts = self.task.verify(seen.problems, seen.draft.cpu().numpy().astype(np.uint8))
        return torch.from_numpy(verdicts.solved).to(seen.draft.device)


@final
@dataclass(frozen=True)
class Reaches(Stopping):
    """Stop when one of THRESHOLDS is reached; a threshold on velocity is one on its negative."""

    score: str
    threshold: float

    def __call__(self, seen: Seen) -> Bool[Tensor, " b"]:
        numbers = seen.statistics
        scores = {"velocity": -numbers.velocity, "confidence": numbers.least_confidence, "q": numbers.halt_logit}
        return _reached(scores[self.score], self.threshold)


@final
@dataclass(frozen=True)
class Asked(Stopping):
    """Stop when a head's logit, asked at a price of thinking, reaches a threshold; 0 is as the head was taught.

    hopeless: of a head with two outputs, also stop when the second is at most so much.
    """

    head: Halter
    price: float = NEUTRAL_PRICE
    threshold: float = 0.0
    hopeless: float = -float("inf")

    def __call__(self, seen: Seen) -> Bool[Tensor, " b"]:
        logits = halt_logits(self.head, seen, self.price)
        stop = _reached(logits[:, 0], self.threshold)
        if logits.shape[-1] > 1:
            stop |= _reached(-logits[:, 1], -self.hopeless)
        return stop


@final
@dataclass(frozen=True)
class Either(Stopping):
    """Stop when either of two rules does; with ``After`` as the second, a rule that is capped."""

    first: Stopping
    second: Stopping

    def __call__(self, seen: Seen) -> Bool[Tensor, " b"]:
        return self.first(seen) | self.second(seen)


def halt_logits(head: Halter, seen: Seen, price: float) -> Float[Tensor, "b outputs"]:
    """What a halting head says now, when the whole budget costs ``price``."""
    return head(seen.features, torch.full(seen.features.shape[:-1], price, device=seen.features.device))


def _reached(scores: Float[Tensor, " b"], threshold: float) -> Bool[Tensor, " b"]:
    """As ``outcomes.halting_steps`` has it: a threshold of inf is never reached."""
    # In double, as there: in single precision, a threshold between two scores would be rounded onto one of them.
    return (scores.double() >= threshold) & (threshold < float("inf"))


def make_stopping(
    rule: str, task: Task, heads: Mapping[str, Halter], price: float | None = None, setting: float | None = None
) -> Stopping:
    """A rule by its name in tables: always, rule-checker, best-fixed-k, unchanged, velocity, confidence, q, or a head.

    price: what a head is told that the whole budget costs. setting: number of steps or threshold; heads have one of
    their own. Raises ValueError for a name that is not known here, and where a rule lacks its setting.
    """
    if rule == ALWAYS:
        return After()
    if rule == CHECKER:
        return Obeys(task)
    if rule in heads:
        told = NEUTRAL_PRICE if rule in JUDGES or price is None else price
        return Asked(heads[rule], told, 0.0 if setting is None else setting)
    if rule not in (FIXED, "unchanged", *THRESHOLDS):
        missing = f"the checkpoint has no {rule} head: teach it by scripts/grpo.py, or" if rule == LEARNER else ""
        known = ", ".join([ALWAYS, CHECKER, FIXED, "unchanged", *THRESHOLDS, *heads])
        raise ValueError(f"{missing or f'unknown halting rule {rule!r}:'} choose one of {known}")
    if setting is None:
        raise ValueError(f"the rule {rule} needs a setting: a number of steps, or a threshold")
    if rule in THRESHOLDS:
        return Reaches(rule, setting)
    return After(int(setting)) if rule == FIXED else Unchanged(int(setting))
