"""One head by the name of its learner, all taught on the same groups for the same number of updates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agents.common.checks import at_least_one
from agents.halting.heads import Halter, HaltHead, HaltPolicy
from agents.learners import policy_gradient as learners
from agents.learners.config import GrpoConfig
from agents.learners.grpo import Grpo
from agents.learners.supervised import HeadConfig, train_bce, train_expected, train_two_heads
from agents.rollouts.groups import Groups
from agents.rollouts.unroll import Unroll


@dataclass(frozen=True)
class TeachConfig:
    """How long heads are taught, and how."""

    iterations: int = 60
    """Rounds of updates of GRPO; each goes through grpo.passes draws of groups."""
    groups: int = 128
    """Problems in a draw."""
    grpo: GrpoConfig = field(default_factory=GrpoConfig)
    """How GRPO teaches; what other heads share with it, they take over."""

    def __post_init__(self) -> None:
        at_least_one(self, "iterations", "groups", path="teach.")

    @property
    def updates(self) -> int:
        """Updates of a head in all."""
        return self.iterations * self.grpo.passes * self.grpo.epochs * self.grpo.minibatches


def teach_in_rounds(
    learner_class: type[Grpo] | type[learners.HeadLearner], groups: Groups, config: TeachConfig, seed: int
) -> HaltPolicy:
    """A policy's head. Every pass draws from all groups; a part of them is what its progress is measured on."""
    learner = learner_class(config.grpo, groups.unroll.features.shape[-1], config.iterations, seed)
    for iteration in range(config.iterations):
        learner.update(groups.part(iteration, min(config.groups, len(groups))), groups.unroll)
    return learner.head.eval().requires_grad_(False)


ROUNDS = {"grpo": Grpo, **learners.LEARNERS}
"""Learners that go from round to round, as GRPO does."""
Trainer = Callable[[Unroll, HeadConfig, int], HaltHead | HaltPolicy]
TRAINERS: dict[str, Trainer] = {"bce": train_bce, "two_heads": train_two_heads, "expected": train_expected}
"""Learners that draw from the whole bank at every update."""
LEARNERS = (*ROUNDS, *TRAINERS)
"""Every learner's name."""


def teach(learner: str, groups: Groups, config: TeachConfig, seed: int) -> Halter:
    """A head taught by ``learner``, in evaluation mode. Raises ValueError for an unknown name."""
    if learner in ROUNDS:
        return teach_in_rounds(ROUNDS[learner], groups, config, seed)
    if learner not in TRAINERS:
        raise ValueError(f"unknown learner {learner!r}: use one of {', '.join(LEARNERS)}")
    batch = max(1, config.groups * groups.branches // config.grpo.minibatches)
    price = groups.step_cost * groups.unroll.max_steps
    return TRAINERS[learner](groups.unroll, HeadConfig.like(config.grpo, config.updates, batch, price), seed)
