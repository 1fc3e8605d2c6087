"""The policy of three acts as a rule: when it halts, when it starts afresh, and how right it thinks a draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from agents.halting.heads import NEUTRAL_PRICE
from agents.halting.restart_head import RestartPolicy
from agents.halting.restarts import RestartSchedule
from agents.halting.rules import HaltingRule, StepRecord
from agents.rollouts.starts import GradedAt, StartsRecord
from trm_gym.checks import real_number
from trm_gym.short_repr import short_repr


@final
@dataclass(frozen=True)
class SeemsRight(HaltingRule):
    """A policy's ``correct_now`` as a rule: it judges drafts, and thresholds on it are what others are held against."""

    head: RestartPolicy
    threshold: float = 0.0

    def score(self, record: StepRecord) -> Float[Tensor, "*batch"]:
        return self.head.value_logits(record.features)[..., 0].float()


@final
@dataclass(frozen=True)
class PolicyHalts(HaltingRule):
    """Halt when a policy finds that likelier than not (a logit of ``threshold``) at a price of the whole budget."""

    head: RestartPolicy
    price: float = NEUTRAL_PRICE
    threshold: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        real_number("price", self.price, above=0)

    def score(self, record: StepRecord) -> Float[Tensor, "*batch"]:
        if not isinstance(record, StartsRecord):
            raise ValueError("a policy of three acts acts on problems that may be begun again: give it restarts")
        return self.head.halt_logit(self.head.of_record(record, self.price)).float()


@final
@dataclass(frozen=True)
class PolicyRestarts(RestartSchedule):
    """Start afresh when a policy that does not halt finds that likelier than not."""

    head: RestartPolicy
    price: float = NEUTRAL_PRICE
    threshold: float = 0.0

    def restarts(self, record: StartsRecord) -> Bool[Tensor, "*batch"]:
        return self.head.of_record(record, self.price)[..., 2] >= self.threshold


@final
@short_repr
@dataclass(frozen=True)
class SampledRestarts(RestartSchedule):
    """Start afresh as often as a policy's probability says, on graded runs.

    values: logits of VALUES of every draft of the runs. prices: one for each problem.
    """

    head: RestartPolicy
    values: Float[Tensor, "m s v"]
    prices: Float[Tensor, " n"]
    generator: torch.Generator

    def restarts(self, record: StartsRecord) -> Bool[Tensor, "*batch"]:
        assert isinstance(record.run, GradedAt)
        logit = self.head.reasons(record.run.pick(self.values), record, self.prices)[..., 2]
        return torch.rand(logit.shape, generator=self.generator, dtype=torch.float32) < logit.sigmoid()
