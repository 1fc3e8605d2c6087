"""Halting heads: from what is seen after a step to the logit of stopping there."""

from __future__ import annotations

import math
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from agents.rollouts.features import STEP_FEATURE

PRICE_RANGE = (0.02, 1.0)
"""The prices of thinking (lambda, the cost of the whole budget) between which a head is taught and used."""
INITIAL_LOGIT = -3.0
"""A fresh head's logit: it goes on with probability 0.95, so that every step is reached while it learns."""
CLIP = 8.0
NEUTRAL_PRICE = 1.0
"""What heads are told whose target has nothing to do with the price; its logarithm is 0."""


@final
class HaltHead(nn.Module):
    """An MLP from what is seen and the price of thinking to logits: of halting now, for instance.

    One head serves every price: how much a step costs is an input like any other. features: their number; hidden:
    width of both hidden layers; outputs: logits given; seed: of the initial weights. A fresh head's logits are all
    INITIAL_LOGIT.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, features: int, hidden: int = 64, outputs: int = 1, seed: int = 0) -> None:
        super().__init__()
        self.features, self.hidden, self.outputs = features, hidden, outputs
        self.register_buffer("mean", torch.zeros(features, dtype=torch.float32))
        self.register_buffer("scale", torch.ones(features, dtype=torch.float32))
        self.layers = nn.ModuleList(
            [nn.Linear(features + 1, hidden, dtype=torch.float32), nn.Linear(hidden, hidden, dtype=torch.float32)]
        )
        self.out = nn.Linear(hidden, outputs, dtype=torch.float32)
        generator = torch.Generator().manual_seed(seed)
        for layer in self.layers:
            assert isinstance(layer, nn.Linear)
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5, generator=generator)
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.out.weight)
        nn.init.constant_(self.out.bias, INITIAL_LOGIT)

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
        seen = ((features.to(self.mean) - self.mean) / self.scale).clamp(-CLIP, CLIP)
        low, high = (math.log(price) for price in PRICE_RANGE)
        place = 2 * (price.to(seen.dtype).clamp(min=1e-4).log() - low) / (high - low) - 1
        hidden = torch.cat([seen, place[..., None]], dim=-1)
        for layer in self.layers:
            hidden = F.silu(layer(hidden))
        return self.out(hidden)


@final
class HaltPolicy(nn.Module):
    """A policy that stops for one of two reasons: the draft seems right, or no draft ever will be.

    Two value heads say how likely either is, and learn it from verdicts. How sure they must be before the policy stops,
    at which step and at which price, is what returns teach: stop = 1 - (1 - sigmoid(done)) (1 - sigmoid(hopeless)),
    each a value logit on a scale of its own less a threshold that is quadratic in step and log-price. As a plain
    network from features to one logit the same learners tie with thresholds on "right now" and do not give up.
    """

    outputs = 1

    def __init__(self, features: int, hidden: int = 64, seed: int = 0) -> None:
        super().__init__()
        self.features, self.hidden = features, hidden
        self.value_heads = HaltHead(features, hidden, outputs=2, seed=seed)
        self.log_scale = nn.Parameter(torch.zeros(2, dtype=torch.float32))
        self.threshold_bias = nn.Parameter(
            torch.tensor([1.0, 6.0], dtype=torch.float32)
        )  # a fresh policy seldom stops, for either reason
        self.threshold_coef = nn.Parameter(torch.zeros(2, 6, dtype=torch.float32))

    @property
    def thresholds(self) -> list[nn.Parameter]:
        """What returns teach."""
        return [self.log_scale, self.threshold_bias, self.threshold_coef]

    def standardise(self, features: Float[Tensor, "*batch f"]) -> None:
        """Fix the scale on which features are seen."""
        self.value_heads.standardise(features)

    def value_logits(self, features: Float[Tensor, "*batch f"]) -> Float[Tensor, "*batch 2"]:
        """Logits of correct_now (the draft is right) and correct_ever (it is, or a later one within the budget)."""
        return self.value_heads(
            features, torch.full(features.shape[:-1], NEUTRAL_PRICE, dtype=torch.float32, device=features.device)
        )

    def forward(self, features: Float[Tensor, "*batch f"], price: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 1"]:
        """The logit of stopping, for features seen at a price (lambda) each. Value heads get no gradient from it."""
        correct_now, correct_ever = self.value_logits(features).detach().unbind(-1)
        step = features[..., STEP_FEATURE]
        cost = price.to(step.dtype).clamp(min=1e-4).log() - sum(map(math.log, PRICE_RANGE)) / 2
        terms = torch.stack([step, cost, step * cost, step**2, cost**2, step**2 * cost], dim=-1)
        values = torch.stack([correct_now, -correct_ever], dim=-1) * self.log_scale.exp()
        reasons = values - self.threshold_bias + terms @ self.threshold_coef.T
        going_on = F.logsigmoid(-reasons).sum(-1, keepdim=True).clamp(max=-1e-6)
        return torch.log(-torch.expm1(going_on)) - going_on


Halter = HaltHead | HaltPolicy
"""What gives logits for features at a price."""
