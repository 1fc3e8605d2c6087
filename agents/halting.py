"""When to stop: what a halting rule sees after each step, and the head that learns from it.

What is seen comes from the network's own latents and logits alone; the task's rules play no part in it.
"""

from __future__ import annotations

import math
from typing import NamedTuple, final

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from agents.trm import Carry, Output

PRICES = (0.02, 1.0)
"""The prices of thinking (lambda, the cost of the whole budget) between which a head is taught and used."""
HALT_BIAS = -3.0
"""A fresh head's logit: it goes on with probability 0.95, so that every step is reached while it learns."""
CLIP = 8.0
STEP_FEATURE = -2
"""Where the share of the budget used stands among the features."""
NEUTRAL_PRICE = 1.0
"""What heads are told whose target has nothing to do with the price; its logarithm is 0."""


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
class HaltHead(nn.Module):
    """An MLP from what is seen and the price of thinking to logits: of halting now, for instance.

    One head serves every price: how much a step costs is an input like any other. features: their number; hidden:
    width of both hidden layers; outputs: logits given; seed: of the initial weights. A fresh head's logits are all
    HALT_BIAS.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, features: int, hidden: int = 64, outputs: int = 1, seed: int = 0) -> None:
        super().__init__()
        self.features, self.hidden, self.outputs = features, hidden, outputs
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.layers = nn.ModuleList([nn.Linear(features + 1, hidden), nn.Linear(hidden, hidden)])
        self.out = nn.Linear(hidden, outputs)
        generator = torch.Generator().manual_seed(seed)
        for layer in self.layers:
            assert isinstance(layer, nn.Linear)
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5, generator=generator)
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.out.weight)
        nn.init.constant_(self.out.bias, HALT_BIAS)

    @torch.no_grad()
    def standardise(self, features: Float[Tensor, "*batch f"]) -> None:
        """Fix the scale on which features are seen: mean 0 and standard deviation 1 over ``features``."""
        rows = features.flatten(0, -2)
        self.mean.copy_(rows.mean(0))
        self.scale.copy_(rows.std(0).clamp(min=1e-6))

    def forward(
        self, features: Float[Tensor, "*batch f"], price: Float[Tensor, "*batch"]
    ) -> Float[Tensor, "*batch outputs"]:
        """Logits for features seen at a price (lambda) each."""
        # Beyond the clip lie constant features of the first rollout, and problems unlike any that it was taught on.
        seen = ((features - self.mean) / self.scale).clamp(-CLIP, CLIP)
        low, high = (math.log(price) for price in PRICES)
        place = 2 * (price.to(seen.dtype).clamp(min=1e-4).log() - low) / (high - low) - 1
        hidden = torch.cat([seen, place[..., None]], dim=-1)
        for layer in self.layers:
            hidden = F.silu(layer(hidden))
        return self.out(hidden)


@final
class HaltPolicy(nn.Module):
    """A policy that stops for one of two reasons: the draft seems right, or no draft ever will be.

    A head judges how likely either is, and learns that from verdicts. How sure it must be before the policy stops, at
    which step and at which price, is what returns teach: stop = 1 - (1 - sigmoid(done)) (1 - sigmoid(hopeless)), each a
    judgement on a scale of its own against a bar that is quadratic in step and log-price. As a plain network from
    features to one logit the same learners tie with thresholds on "right now" and do not give up.
    """

    outputs = 1

    def __init__(self, features: int, hidden: int = 64, seed: int = 0) -> None:
        super().__init__()
        self.features, self.hidden = features, hidden
        self.judge = HaltHead(features, hidden, outputs=2, seed=seed)
        self.sharpness = nn.Parameter(torch.zeros(2))
        self.bar = nn.Parameter(torch.tensor([1.0, 6.0]))  # a fresh policy seldom stops, for either reason
        self.slope = nn.Parameter(torch.zeros(2, 6))

    @property
    def bars(self) -> list[nn.Parameter]:
        """What returns teach."""
        return [self.sharpness, self.bar, self.slope]

    def standardise(self, features: Float[Tensor, "*batch f"]) -> None:
        """Fix the scale on which features are seen."""
        self.judge.standardise(features)

    def judgements(self, features: Float[Tensor, "*batch f"]) -> Float[Tensor, "*batch 2"]:
        """Logits: the draft is right now; this draft or a later one within the budget is."""
        return self.judge(features, torch.full(features.shape[:-1], NEUTRAL_PRICE, device=features.device))

    def forward(self, features: Float[Tensor, "*batch f"], price: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 1"]:
        """The logit of stopping, for features seen at a price (lambda) each. The judge gets no gradient from it."""
        right, ever = self.judgements(features).detach().unbind(-1)
        step = features[..., STEP_FEATURE]
        cost = price.to(step.dtype).clamp(min=1e-4).log() - sum(map(math.log, PRICES)) / 2
        terms = torch.stack([step, cost, step * cost, step**2, cost**2, step**2 * cost], dim=-1)
        reasons = torch.stack([right, -ever], dim=-1) * self.sharpness.exp() - self.bar + terms @ self.slope.T
        going_on = F.logsigmoid(-reasons).sum(-1, keepdim=True).clamp(max=-1e-6)
        return torch.log(-torch.expm1(going_on)) - going_on


Halter = HaltHead | HaltPolicy
"""What gives logits for features at a price."""


def _mean(values: Float[Tensor, "b l"], free: Bool[Tensor, "b l"]) -> Float[Tensor, " b"]:
    """Mean over the free cells; 0 where there is none."""
    return (values * free).sum(-1) / free.sum(-1).clamp(min=1)


def _velocity(before: Float[Tensor, "b p d"], after: Float[Tensor, "b p d"]) -> Float[Tensor, " b"]:
    moved, size = (latent.float().flatten(1).norm(dim=-1) for latent in (after - before, after))
    return (moved / size.clamp(min=1e-9)).clamp(min=1e-9)
