"""Halting rules: which problems stop after a step. One class per rule, for a single step and for a whole unroll alike.

A rule gives every step a score and stops at the first one whose score is at least its threshold. How thresholds are
chosen stands in tuning.py, which rules have a name in registry.py.
"""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass, field
from typing import Literal, final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from agents.halting.heads import NEUTRAL_PRICE, Halter
from agents.rollouts.starts import GradedAt, StartsRecord
from agents.rollouts.step import Step
from agents.rollouts.unroll import Unroll
from trm_gym.checks import real_number

Score = Literal["velocity", "confidence", "q"]
"""Numbers of the network's own: minus the velocity of its reasoning latent, the probability of the least confident free
cell's first choice, and the logit of the head trained with it."""


StepRecord = Step | Unroll | GradedAt | StartsRecord
"""What a rule may look at: a step of b problems, shapes [b], or s steps of n problems, [n, s].

Of problems that are begun again (StartsRecord) ``steps`` are those from all starts, the rest is of the present run.

All offer ``steps`` taken, ``steps_unchanged``, ``velocity``, ``confidence``, ``halt_logit`` and ``features``; and
``solved``, the verifier's verdict, which only a rule that is given the task's rules may use.
"""


class HaltingRule(abc.ABC):
    """When to stop. The budget ends a problem in any case, whatever a rule says."""

    threshold: float
    """The score at which to stop; one of inf is never reached, not even by a score of inf."""

    def __post_init__(self) -> None:
        if math.isnan(self.threshold):  # no score is at least that, and none below it
            raise ValueError(f"the threshold of {type(self).__name__} is no number: give one, or inf for never")

    @abc.abstractmethod
    def score(self, record: StepRecord) -> Float[Tensor, "*batch"]:
        """How much there is to be said for stopping after each step; it knows nothing of later steps."""

    @final
    def stops(self, record: StepRecord) -> Bool[Tensor, "*batch"]:
        """Where the score is at least the threshold."""
        # In double: in single precision, a threshold between two scores would be rounded onto one of them.
        return (self.score(record).double() >= self.threshold) & (self.threshold < math.inf)


@final
@dataclass(frozen=True)
class FixedSteps(HaltingRule):
    """Stop after ``threshold`` steps; without one, the budget is used up."""

    threshold: float = math.inf

    def score(self, record: StepRecord) -> Float[Tensor, "*batch"]:
        return record.steps.float()


@final
@dataclass(frozen=True)
class Unchanged(HaltingRule):
    """Stop when ``threshold`` steps in a row have left the draft as it was."""

    threshold: float

    def score(self, record: StepRecord) -> Float[Tensor, "*batch"]:
        return record.steps_unchanged.float()


@final
@dataclass(frozen=True)
class VerifierStop(HaltingRule):
    """Stop at the first draft that the task's verifier accepts: the one rule that is given the task's rules."""

    threshold: float = field(default=1.0, init=False)

    def score(self, record: StepRecord) -> Float[Tensor, "*batch"]:
        return record.solved.float()


@final
@dataclass(frozen=True)
class FitsShown(HaltingRule):
    """Stop at the first draft that agrees with all that the problem shows, such as a formula with every point.

    It is for runs alone: graded ones hold no drafts, and raise ValueError, as a task does that cannot tell.
    """

    threshold: float = field(default=0.0, init=False)

    def score(self, record: StepRecord) -> Float[Tensor, "*batch"]:
        step = record.run if isinstance(record, StartsRecord) else record
        if not isinstance(step, Step):
            raise ValueError("graded runs hold no drafts that could fit what is shown: choose another rule")
        return -step.misfit


@final
@dataclass(frozen=True)
class ScoreThreshold(HaltingRule):
    """Stop when a number of the network's own reaches a threshold; that on velocity is one on its negative."""

    number: Score
    threshold: float

    def score(self, record: StepRecord) -> Float[Tensor, "*batch"]:
        if self.number == "velocity":
            return -record.velocity
        return record.confidence if self.number == "confidence" else record.halt_logit


@final
@dataclass(frozen=True)
class HeadThreshold(HaltingRule):
    """Stop when a head's logit, asked at a price of thinking, reaches a threshold.

    price: of the whole budget. threshold: 0 is as the head was trained. output: which of the head's logits. sign: -1
    where a low logit is a reason to stop; the threshold is then one on minus the logit.
    """

    head: Halter
    threshold: float = 0.0
    price: float = NEUTRAL_PRICE
    output: int = 0
    sign: Literal[1, -1] = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        real_number("price", self.price, above=0)

    def score(self, record: StepRecord) -> Float[Tensor, "*batch"]:
        features = record.features
        price = torch.full(features.shape[:-1], self.price, dtype=torch.float32, device=features.device)
        return self.sign * self.head(features, price)[..., self.output].float()


@final
@dataclass(frozen=True)
class AnyOf(HaltingRule):
    """Stop as soon as one of several rules does; with ``FixedSteps`` among them, a rule with a cap on the steps."""

    rules: tuple[HaltingRule, ...]
    threshold: float = field(default=1.0, init=False)

    def score(self, record: StepRecord) -> Float[Tensor, "*batch"]:
        return torch.stack([rule.stops(record) for rule in self.rules]).any(0).float()
