"""What is seen after each step: numbers from the latents and logits of a network, for problems side by side.

The task's rules play no part in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple, final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from agents.trm import Carry, Output
from trm_gym.short_repr import short_repr

STEP_FEATURE = -2
"""Where the share of the budget used stands among the features."""


@short_repr
class Statistics(NamedTuple):
    """Numbers about one step of b problems; those about cells are over the free ones.

    velocity: |z_t - z_{t-1}| / |z_t| of the reasoning latent, at least 1e-9; answer_velocity: of the answer latent.
    confidence: a cell's largest probability. entropy: that of a cell's probabilities, in nats. margin: by how much the
    log-probability of a cell's first choice exceeds that of its second. changed: the share of cells whose draft is
    another than before the step. halt_logit: of the head trained with the network, that the draft is right.
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


def statistics_row(s: Statistics) -> Float[Tensor, "b r"]:
    """A step's statistics as features: velocities by their logarithm, since they fall by orders of magnitude."""
    return torch.stack([s.answer_velocity.log(), s.velocity.log(), *s[2:]], dim=-1)


@final
@short_repr
@dataclass(frozen=True)
class History:
    """What halting features need of the steps so far, for b problems that may have taken different numbers of them.

    Sums, so that it is as small after a thousand steps as after one.
    """

    steps: Int[Tensor, " b"]
    """Steps taken."""
    steps_unchanged: Int[Tensor, " b"]
    """The number of last steps in a row that left the draft as it was."""
    now: Float[Tensor, "b r"]
    """The last step's row of statistics."""
    last: Float[Tensor, "b r"]
    """That of the step before; of the same step where it is the first."""
    total: Float[Tensor, "b r"]
    """The sum of all rows."""

    @staticmethod
    def empty(count: int, device: torch.device) -> History:
        """The history of ``count`` problems before their first step."""
        steps = torch.zeros(count, dtype=torch.long, device=device)
        row = torch.zeros(count, len(Statistics._fields), dtype=torch.float32, device=device)
        return History(steps, steps, row, row, row)

    def add(self, statistics: Statistics) -> History:
        """The history with one more step of every problem."""
        row, first = statistics_row(statistics), (self.steps == 0)[:, None]
        return History(
            steps=self.steps + 1,
            steps_unchanged=(self.steps_unchanged + 1) * (statistics.changed == 0),
            now=row,
            last=torch.where(first, row, self.now),
            total=torch.where(first, row, self.total + row),
        )

    def restart(self, rows: Int[Tensor, " m"]) -> History:
        """The history with new problems in ``rows``, before their first step."""
        steps, unchanged = (part.index_fill(0, rows, 0) for part in (self.steps, self.steps_unchanged))
        return replace(self, steps=steps, steps_unchanged=unchanged)

    def keep(self, rows: Int[Tensor, " m"]) -> History:
        """The history of ``rows`` alone."""
        return History(self.steps[rows], self.steps_unchanged[rows], self.now[rows], self.last[rows], self.total[rows])

    @torch.no_grad()
    def features(
        self, carry: Carry, free: Bool[Tensor, "b l"], max_steps: int | Int[Tensor, " b"]
    ) -> Float[Tensor, "b f"]:
        """What a halting head sees now, named by ``feature_names``; max_steps: the budget. Carries no gradient."""
        pooled = [latent.float().mean(1) for latent in carry]
        used = (self.steps.double() / max_steps).float()
        mean, share = self.total / self.steps[:, None], free.float().mean(-1, keepdim=True)
        return torch.cat([*pooled, self.now, self.last, mean, used[:, None], share], dim=-1)


def feature_count(width: int) -> int:
    """How many features a halting head sees of a network whose latents have ``width`` dimensions."""
    return 2 * width + 3 * len(Statistics._fields) + 2


def feature_names(count: int) -> tuple[str, ...]:
    """A name for each of the ``count`` features of a halting head, in their order.

    Both latents' means over their positions (``answer_latent_0``, ..., ``reasoning_latent_0``, ...); every field of
    ``Statistics`` in this step (``_now``), in the one before (``_last``), and its mean over all steps so far
    (``_mean``), velocities by their logarithm; the share of the budget that is used; the share of cells that are free.

    Raises ValueError for a count that no network's features have.
    """
    fields = [f"log_{name}" if name.endswith("velocity") else name for name in Statistics._fields]
    rest = [*(f"{name}_{when}" for when in ("now", "last", "mean") for name in fields), "budget_used", "free_cells"]
    width, odd = divmod(count - len(rest), 2)
    if width < 1 or odd:
        raise ValueError(f"expected {len(rest)} features and two for each dimension of the latents, got {count}")
    latents = [f"{name}_latent_{place}" for name in Carry._fields for place in range(width)]
    return (*latents, *rest)


def _mean(values: Float[Tensor, "b l"], free: Bool[Tensor, "b l"]) -> Float[Tensor, " b"]:
    """Mean over the free cells; 0 where there is none."""
    return (values * free).sum(-1) / free.sum(-1).clamp(min=1)


def _velocity(before: Float[Tensor, "b p d"], after: Float[Tensor, "b p d"]) -> Float[Tensor, " b"]:
    moved, size = (latent.float().flatten(1).norm(dim=-1) for latent in (after - before, after))
    return (moved / size.clamp(min=1e-9)).clamp(min=1e-9)
