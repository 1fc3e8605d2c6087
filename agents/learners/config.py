"""How a halting head is trained: what all learners share, and a section for what only some of them use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from agents.common.checks import Checked, a_share, above_zero, at_least, at_least_one
from agents.halting.heads import PRICE_RANGE


@dataclass(frozen=True)
class PolicyConfig(Checked):
    """What learners of a stopping policy share: the prices that it learns at, and how its thresholds learn."""

    threshold_lr: float = 3e-2
    """Learning rate of Adam on the thresholds of a policy: few numbers, with noisy gradients."""
    policy_delay: float = 0.3
    """Share of the run in which the value heads alone learn. Thresholds that returns move before values mean anything
    settle on never giving up, where no gradient reaches them again."""
    price_range: tuple[float, float] = PRICE_RANGE
    """Lowest and highest price (lambda). Each group draws one in between, uniformly in its logarithm."""
    env_price_fraction: float = 0.1
    """Share of groups that learn at the environment's own price."""

    prefix = "policy."

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "threshold_lr")
        low, high = self.price_range
        if not 0 < low <= high:
            raise ValueError(f"policy.price_range must be two positive numbers, the lower first; got {low} and {high}")
        for name in ("env_price_fraction", "policy_delay"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"policy.{name} must be at least 0 and below 1, got {getattr(self, name)}")


@dataclass(frozen=True)
class SamplingConfig(Checked):
    """What learners share that sample halting steps (GRPO, REINFORCE, RLOO)."""

    halting_steps: int = 16
    """Halting steps sampled per branch (K)."""
    explore: float = 0.1
    """Share of halting steps sampled uniformly. They are weighted by their importance."""
    entropy: float = 0.001
    """Weight of the entropy bonus on the distribution of halting steps."""

    prefix = "sampling."

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(0, self, "entropy")
        if not 0 <= self.explore < 1:
            raise ValueError(f"sampling.explore must be at least 0 and below 1, got {self.explore}")
        at_least_one(self, "halting_steps")


@dataclass(frozen=True)
class GrpoConfig(Checked):
    """What GRPO alone uses."""

    advantage: Literal["leave_one_out", "batch_scale", "group_std"] = "leave_one_out"
    """Baseline and scale of a return. leave_one_out: less the mean of the others of its group; batch_scale: that, over
    the scale of the whole batch; group_std: over the group's own standard deviation, as published."""
    loss: Literal["ppo", "cispo", "gspo"] = "ppo"
    """The policy loss. ppo: clipped ratio; cispo: clipped importance weight; gspo: clipped ratio per action."""
    clip: float = 0.2
    """How far the probability ratio of a halting step may move from 1 before it is clipped."""
    pricing: Literal["additive", "only_if_solved"] = "additive"
    """Which answers pay for their steps. additive: all, as in the environment; only_if_solved: right ones alone."""

    prefix = "grpo."

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(0, self, "clip")


@dataclass(frozen=True)
class PonderNetConfig(Checked):
    """What PonderNet alone uses."""

    rate: float = 0.2
    """Chance of halting at each step under the geometric prior."""
    weight: float = 0.01
    """Weight of the divergence from the prior."""

    prefix = "pondernet."

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.rate < 1 or self.weight < 0:
            raise ValueError(
                f"pondernet.rate must be between 0 and 1 and its weight 0 or more, got {self.rate} and {self.weight}"
            )


@dataclass(frozen=True)
class RestartsConfig(Checked):
    """What learners of three acts use."""

    paths: int = 8
    """Paths sampled per problem through its starts; halting steps are sampled on each."""

    prefix = "restarts."

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "paths")


@dataclass(frozen=True)
class LearnerConfig(Checked):
    """How a halting head is trained. All learners use these; a section is for the learners that say so."""

    iterations: int = 60
    """Iterations of the run: each is one rollout and its updates."""
    groups: int = 128
    """Problems in a rollout, and in a pass over the data (P)."""
    passes: int = 32
    """Passes per iteration: groups, prices and halting steps are drawn anew for each."""
    epochs: int = 1
    """Times that a pass is gone through. GRPO uses its samples again; other learners draw new ones."""
    minibatches: int = 2
    """Updates per epoch."""
    hidden: int = 64
    """Width of the head."""
    lr: float = 1e-3
    """Learning rate of Adam on the head."""
    decay: float = 0.5
    """Share of the run, at its end, over which learning rates fall linearly to zero."""
    gradient_norm: float = 1.0
    """Norm that gradients are clipped to."""
    policy: PolicyConfig = field(default_factory=PolicyConfig)
    """Options of a policy, for all learners but bce and two_heads, which do not learn from returns."""
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    """Options of drawing halting steps, for grpo, reinforce and rloo."""
    grpo: GrpoConfig = field(default_factory=GrpoConfig)
    """Options of grpo alone."""
    pondernet: PonderNetConfig = field(default_factory=PonderNetConfig)
    """Options of pondernet alone."""
    restarts: RestartsConfig = field(default_factory=RestartsConfig)
    """Options of grpo_restarts alone."""

    prefix = "training."

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "iterations", "groups", "passes", "epochs", "minibatches", "hidden")
        above_zero(self, "lr", "gradient_norm")
        a_share(self, "decay")

    @property
    def updates(self) -> int:
        """Updates of the head in all."""
        return self.iterations * self.passes * self.epochs * self.minibatches
