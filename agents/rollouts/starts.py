"""What is known of a problem that may be begun again: the run from its present start, and what came before it.

A restart is a new start of the same problem, noisy or in another form. Steps, and their price, are counted on; the run
itself knows nothing of the runs before it, so what is seen of it is the same whichever start it is.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import final

from jaxtyping import Bool, Float, Int
from torch import Tensor

from agents.rollouts.step import Step
from agents.rollouts.unroll import Unroll
from trm_gym.short_repr import short_repr


@final
@short_repr
@dataclass(frozen=True)
class GradedAt:
    """Steps picked from graded runs: any shape of places, one step of one run each."""

    unroll: Unroll
    runs: Int[Tensor, "*batch"]
    """Which run of the unroll."""
    steps: Int[Tensor, "*batch"]
    """Which step of it, counted from 1: as many as have been taken since its start."""

    def pick(self, values: Tensor) -> Tensor:
        """The entries of ``values`` [n, s, ...] at these places."""
        return values[self.runs, self.steps - 1]

    @functools.cached_property
    def features(self) -> Float[Tensor, "*batch f"]:
        """What a halting head sees."""
        return self.pick(self.unroll.features)

    @property
    def steps_unchanged(self) -> Int[Tensor, "*batch"]:
        """The number of last steps in a row that left the draft as it was."""
        return self.pick(self.unroll.steps_unchanged)

    @property
    def velocity(self) -> Float[Tensor, "*batch"]:
        """|z_t - z_{t-1}| / |z_t| of the reasoning latent."""
        return self.pick(self.unroll.velocity)

    @property
    def confidence(self) -> Float[Tensor, "*batch"]:
        """Probability of the least confident free cell's first choice."""
        return self.pick(self.unroll.confidence)

    @property
    def halt_logit(self) -> Float[Tensor, "*batch"]:
        """Logit of the head trained with the network: the draft is right."""
        return self.pick(self.unroll.halt_logit)

    @property
    def solved(self) -> Bool[Tensor, "*batch"]:
        """Whether the draft is right."""
        return self.pick(self.unroll.solved)


@final
@short_repr
@dataclass(frozen=True)
class StartsRecord:
    """A step of problems that may be begun again. All that is said of the draft is said of the present run's."""

    run: Step | GradedAt
    """The step of the present run; its ``steps`` are those since its start."""
    steps: Int[Tensor, "*batch"]
    """Steps taken from all starts together."""
    starts: Int[Tensor, "*batch"]
    """Starts so far, the present one included."""
    best: Float[Tensor, "*batch"]
    """The best that a draft has been judged, of all so far: that of the draft which would be handed in."""
    max_steps: int
    """The budget of steps."""

    @property
    def features(self) -> Float[Tensor, "*batch f"]:
        """What a halting head sees of the present run."""
        return self.run.features

    @property
    def steps_unchanged(self) -> Int[Tensor, "*batch"]:
        """The number of last steps in a row that left the draft as it was."""
        return self.run.steps_unchanged

    @property
    def velocity(self) -> Float[Tensor, "*batch"]:
        """|z_t - z_{t-1}| / |z_t| of the reasoning latent."""
        return self.run.velocity

    @property
    def confidence(self) -> Float[Tensor, "*batch"]:
        """Probability of the least confident free cell's first choice."""
        return self.run.confidence

    @property
    def halt_logit(self) -> Float[Tensor, "*batch"]:
        """Logit of the head trained with the network: the draft is right."""
        return self.run.halt_logit

    @property
    def solved(self) -> Bool[Tensor, "*batch"]:
        """Whether the present draft is right."""
        return self.run.solved
