"""The policy of three acts: what it thinks of this run and of a fresh one, and when it halts or starts afresh."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from agents.halting.heads import NEUTRAL_PRICE, PRICE_RANGE, Halter, HaltHead, HaltPolicy
from agents.halting.restarts import NOISE, STARTS
from agents.rollouts.starts import StartsRecord

VALUES = ("correct_now", "correct_soon", "correct_ever", "fresh_soon", "fresh_ever")
"""What the value heads say: the draft is right; it or one of the next eighth of the budget is; it or a later one of the
run is; a fresh start would come to a right one within a quarter of the budget; within all of it."""
SOON, FRESH_SOON = 8, 4
"""By what the budget is divided for ``correct_soon`` and ``fresh_soon``."""
REASONS = ("done", "hopeless", "stuck")
"""Why it stops: the best draft seems right, or none ever will be; and why it starts afresh."""
TERMS = 11
CLOCK = 8.0
"""The unit of time of the thresholds is this part of the budget."""


@final
class RestartPolicy(nn.Module):
    """Halts for one of two reasons, and starts afresh for a third.

    Value heads see the present run alone, so that they say the same of a run whichever start it is from. A reason is a
    weighing of their logits, that of the best draft so far first, less a threshold: quadratic in steps taken, steps of
    the run, starts and log-price.
    """

    outputs = len(REASONS)
    begun: Tensor

    def __init__(self, features: int, hidden: int = 64, seed: int = 0) -> None:
        super().__init__()
        self.features, self.hidden = features, hidden
        self.value_heads = HaltHead(features, hidden, outputs=len(VALUES), seed=seed)
        weight = torch.zeros(len(REASONS), len(VALUES), dtype=torch.float32)
        weight[0, 0] = 1.0  # done: the best draft so far seems right
        weight[1, 2], weight[1, 4] = -0.5, -0.5  # hopeless: neither this run nor another will come to it
        weight[2, 1], weight[2, 3] = -0.5, 0.5  # stuck: nothing is near, and a fresh start would be better
        self.weight = nn.Parameter(weight)
        # A fresh policy seldom halts, and starts afresh after a quarter of the budget or so: where it restarts at any
        # step with some small chance, what returns teach first is never to do it, and no gradient leads back.
        self.threshold_bias = nn.Parameter(torch.tensor([1.0, 6.0, 6.0], dtype=torch.float32))
        coef = torch.zeros(len(REASONS), TERMS, dtype=torch.float32)
        coef[2, 1] = 2.0
        self.threshold_coef = nn.Parameter(coef)
        self.register_buffer("begun", torch.tensor([STARTS, NOISE], dtype=torch.float32))

    def taught_on(self, starts: int, noise: float) -> RestartPolicy:
        """Note how the problems were begun that it learnt on, which is how it begins others; returns itself.

        noise: 0 where each start was another form of the problem.
        """
        self.begun.copy_(torch.tensor([starts, noise]))
        return self

    @property
    def starts(self) -> int:
        """Starts of a problem at the most."""
        return max(1, round(self.begun[0].item()))

    @property
    def noise(self) -> float:
        """Noise on the first carries of all starts but the first."""
        return max(0.0, self.begun[1].item())

    @property
    def forms(self) -> bool:
        """Whether each start is another form of the problem: without noise, in one form, all would be one run."""
        return self.starts > 1 and self.noise == 0

    @property
    def thresholds(self) -> list[nn.Parameter]:
        """What returns teach."""
        return [self.weight, self.threshold_bias, self.threshold_coef]

    def standardise(self, features: Float[Tensor, "*batch f"]) -> None:
        """Fix the scale on which features are seen."""
        self.value_heads.standardise(features)

    def value_logits(self, features: Float[Tensor, "*batch f"]) -> Float[Tensor, "*batch v"]:
        """Logits of VALUES."""
        neutral = torch.full(features.shape[:-1], NEUTRAL_PRICE, dtype=torch.float32, device=features.device)
        return self.value_heads(features, neutral)

    def reasons(
        self, values: Float[Tensor, "*batch v"], record: StartsRecord, price: Float[Tensor, "*batch"]
    ) -> Float[Tensor, "*batch 3"]:
        """Logits of REASONS, by the values of the present draft. Value heads get no gradient from them."""
        seen = torch.cat([record.best.float()[..., None], values[..., 1:]], -1).detach()
        cost = price.float().clamp(min=1e-4).log() - sum(map(math.log, PRICE_RANGE)) / 2
        time, run = (CLOCK * steps.float() / record.max_steps for steps in (record.steps, record.run.steps))
        starts = record.starts.float() - 1
        terms = [time, run, starts, cost, time**2 / CLOCK, run**2 / CLOCK, cost**2, time * cost, run * cost]
        terms = torch.stack([*terms, starts * cost, starts * run], -1)
        return seen @ self.weight.T - self.threshold_bias + terms @ self.threshold_coef.T

    def halt_logit(self, reasons: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch"]:
        """The logit of halting, for either reason."""
        going_on = F.logsigmoid(-reasons[..., :2]).sum(-1).clamp(max=-1e-6)
        return torch.log(-torch.expm1(going_on)) - going_on

    def of_record(self, record: StartsRecord, price: float) -> Float[Tensor, "*batch 3"]:
        """Logits of REASONS at a step."""
        asked = torch.full(record.steps.shape, price, dtype=torch.float32, device=record.steps.device)
        return self.reasons(self.value_logits(record.features), record, asked)


Head = Halter | RestartPolicy
"""What a checkpoint may hold, and a learner teach."""


def now_and_ever(head: Head) -> tuple[HaltPolicy | RestartPolicy, int, int] | None:
    """A policy, and which of its value logits say that the draft is right, and that the run will come to it."""
    if isinstance(head, HaltPolicy):
        return head, 0, 1
    if isinstance(head, RestartPolicy):
        return head, VALUES.index("correct_now"), VALUES.index("correct_ever")
    return None


def two_acts(heads: Mapping[str, Head]) -> dict[str, Halter]:
    """The heads that know nothing of restarts."""
    return {name: head for name, head in heads.items() if not isinstance(head, RestartPolicy)}


def value_targets(solved: Bool[Tensor, "p g s"], budget: int) -> Float[Tensor, "p g s v"]:
    """What VALUES are taught of g starts of p problems; a fresh start is any other run of the same problem."""
    run = solved.float()
    soon = _within(run, max(1, budget // SOON))
    fresh = [run[..., : max(1, part)].amax(-1) for part in (budget // FRESH_SOON, budget)]
    others = [(first.sum(-1, keepdim=True) - first) / (first.shape[-1] - 1) for first in fresh]
    later = run.flip(-1).cummax(-1).values.flip(-1)
    return torch.stack([run, soon, later, *(other[..., None].expand(run.shape) for other in others)], -1)


def _within(run: Float[Tensor, "p g s"], steps: int) -> Float[Tensor, "p g s"]:
    """Whether this step or one of the next ``steps`` is marked."""
    padded = F.pad(run, (0, steps))
    return padded.unfold(-1, steps + 1, 1).amax(-1)
