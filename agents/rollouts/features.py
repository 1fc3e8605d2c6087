"""What is seen after each step: numbers from the latents and logits of a network, for problems side by side.

The task's rules play no part in it.
"""

from __future__ import annotations

import math
from typing import NamedTuple, final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from agents.trm import Carry, Output

STEP_FEATURE = -2
"""Where the share of the budget used stands among the features."""


class Statistics(NamedTuple):
    """Numbers about one step of b problems; those about cells are over the free ones.

    Confidence is a cell's largest probability, margin by how much its first choice's log-probability exceeds that of
    its second. Velocity is |z_t - z_{t-1}| / |z_t| of a latent.
    """

    answer_velocity: Float[Tensor, " b"]
    velocity: Float[Tensor, " b"]
    mean_confidence: Float[Tensor, " b"]
    least_confidence: Float[Tensor, " b"]
    spread_of_confidence: Float[Tensor, " b"]
    mean_entropy: Float[Tensor, " b"]
    largest_entropy: Float[Tensor, " b"]
    mean_margin: Float[Tensor, " b"]
    least_margin: Float[Tensor, " b"]
    changed: Float[Tensor, " b"]
    halt_logit: Float[Tensor, " b"]


@torch.no_grad()
def step_statistics(
    before: Carry, after: Carry, output: Output, changed: Bool[Tensor, "b l"], free: Bool[Tensor, "b l"]
) -> Statistics:
    """What a step from carry ``before`` to ``after`` looks like. changed: cells whose draft is another than before.

    Carries no gradient.
    """
    log_probs = output.logits.float().log_softmax(-1)
    top = log_probs.topk(2, dim=-1).values
    entropy = -(log_probs.exp() * log_probs).sum(-1)
    confidence, margin = top[..., 0].exp(), top[..., 0] - top[..., 1]
    mean = _mean(confidence, free)
    return Statistics(
        answer_velocity=_velocity(before.answer, after.answer),
        velocity=_velocity(before.reasoning, after.reasoning),
        mean_confidence=mean,
        least_confidence=confidence.masked_fill(~free, 1.0).amin(-1),
        spread_of_confidence=_mean((confidence - mean[:, None]).square(), free).sqrt(),
        mean_entropy=_mean(entropy, free),
        largest_entropy=entropy.masked_fill(~free, 0.0).amax(-1),
        mean_margin=_mean(margin, free),
        least_margin=margin.masked_fill(~free, torch.finfo(margin.dtype).max).amin(-1).clamp(max=math.log(1e9)),
        changed=_mean(changed.float(), free),
        halt_logit=output.halt.float(),
    )


@torch.no_grad()
def halting_features(
    carry: Carry, history: list[Statistics], free: Bool[Tensor, "b l"], max_steps: int
) -> Float[Tensor, "b f"]:
    """What a halting head sees of b problems after as many steps as ``history`` is long.

    Both latents' means over their positions; this step's statistics, the last step's and their mean over all steps so
    far; the share of the budget used; the share of cells that are free. Carries no gradient.
    """
    rows = [statistics_row(statistics) for statistics in history]
    used = torch.full((len(free),), len(history) / max_steps, device=free.device)
    # Summed in order, so that running sums (stopping.py) come to the same last bit; torch.mean's order is its own.
    mean = sum(rows[1:], rows[0]) / len(rows)
    return joined_features(carry, rows[-1], rows[max(len(rows) - 2, 0)], mean, used, free)


def statistics_row(s: Statistics) -> Float[Tensor, "b r"]:
    """A step's statistics as features: velocities by their logarithm, since they fall by orders of magnitude."""
    return torch.stack([s.answer_velocity.log(), s.velocity.log(), *s[2:]], dim=-1)


def joined_features(
    carry: Carry,
    now: Float[Tensor, "b r"],
    last: Float[Tensor, "b r"],
    mean: Float[Tensor, "b r"],
    used: Float[Tensor, " b"],
    free: Bool[Tensor, "b l"],
) -> Float[Tensor, "b f"]:
    """The parts of ``halting_features`` in their order. now, last, mean: rows of statistics; used: share of budget."""
    pooled = [latent.float().mean(1) for latent in carry]
    return torch.cat([*pooled, now, last, mean, used[:, None], free.float().mean(-1, keepdim=True)], dim=-1)


@final
class History:
    """What ``halting_features`` needs of the steps so far, for problems of different age side by side.

    Kept per slot as sums, so that it is as small after a thousand steps as after one. ``features`` gives what
    ``halting_features`` gives for the whole history: its mean over steps is the same sum over the same number.
    """

    def __init__(self, slots: int, device: torch.device) -> None:
        self.steps = torch.zeros(slots, dtype=torch.long, device=device)
        self.still = torch.zeros(slots, dtype=torch.long, device=device)
        rows = len(Statistics._fields)
        self._now, self._last, self._total = (torch.zeros(slots, rows, device=device) for _ in range(3))

    def add(self, statistics: Statistics) -> None:
        """Take in one more step of every slot."""
        row = statistics_row(statistics)
        first = self.steps == 0
        self._last = torch.where(first[:, None], row, self._now)
        self._now, self._total = row, self._total + row
        self.steps = self.steps + 1
        self.still = (self.still + 1) * (statistics.changed == 0)

    def features(self, carry: Carry, free: Bool[Tensor, "b l"], max_steps: int) -> Float[Tensor, "b f"]:
        """What a halting head sees of every slot now."""
        used = (self.steps.double() / max_steps).float()
        return joined_features(carry, self._now, self._last, self._total / self.steps[:, None], used, free)

    def restart(self, slots: Int[Tensor, " m"]) -> None:
        """Forget what was in ``slots``: new problems are there."""
        # Rows are replaced at every step, so only the sums and counts need clearing.
        for part in (self.steps, self.still, self._total):
            part[slots] = 0

    def keep(self, slots: Int[Tensor, " m"]) -> None:
        """Leave out all other slots."""
        names = ("steps", "still", "_now", "_last", "_total")
        for name in names:
            setattr(self, name, getattr(self, name)[slots])


def _mean(values: Float[Tensor, "b l"], free: Bool[Tensor, "b l"]) -> Float[Tensor, " b"]:
    """Mean over the free cells; 0 where there is none."""
    return (values * free).sum(-1) / free.sum(-1).clamp(min=1)


def _velocity(before: Float[Tensor, "b p d"], after: Float[Tensor, "b p d"]) -> Float[Tensor, " b"]:
    moved, size = (latent.float().flatten(1).norm(dim=-1) for latent in (after - before, after))
    return (moved / size.clamp(min=1e-9)).clamp(min=1e-9)
