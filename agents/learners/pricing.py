"""What thinking costs while a policy learns: which price a group draws, and how a price becomes a return.

The environment's own return is ``additive``. The others are for training only, and policies are measured without them.
"""

from __future__ import annotations

import math
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from agents.learners.config import GrpoConfig
from agents.losses import halting_returns


def draw_prices(groups: int, low: float, high: float, own: float, share: float, generator: torch.Generator) -> Tensor:
    """A price for each group, float64 [groups]: ``own`` for a ``share`` of them, the others log-uniform."""
    place = torch.rand(groups, generator=generator, dtype=torch.float64)
    prices = (math.log(low) + place * (math.log(high) - math.log(low))).exp()
    return torch.where(torch.rand(groups, generator=generator) < share, own, prices)


def only_if_solved(solved: Bool[Tensor, "p g s"], step_cost: Float[Tensor, " p"]) -> Float[Tensor, "p g s"]:
    """R_t = solved_t (1 - step_cost * t): a wrong answer is worth 0 whenever it comes, so nothing teaches giving up.

    Arora & Zanette 2025 (arXiv 2502.04463): the length penalty of right answers alone, here linear.
    """
    free = torch.zeros_like(step_cost)
    cost = halting_returns(torch.zeros_like(solved), step_cost[:, None].expand(solved.shape[:2]))
    return halting_returns(solved, free[:, None].expand(solved.shape[:2])) + solved * cost


def scaled_by_solve_rate(
    solved: Bool[Tensor, "p g s"], step_cost: Float[Tensor, " p"], chances: Float[Tensor, "p g s"]
) -> Float[Tensor, "p g s"]:
    """R_t = solved_t - max(q, 1 / (g s)) step_cost * t, q the chance that the policy stops this group at a right draft.

    Xiang et al. 2025 (adaptive length penalty, arXiv 2506.05256): what is easy pays the whole price, what is hard may
    think. chances: of every halting time; q is their exact mean, where the paper counts samples.
    """
    rate = (chances * solved).sum(-1).mean(-1).clamp(min=1 / solved[0].numel())
    return halting_returns(solved, (rate.double() * step_cost)[:, None].expand(solved.shape[:2]))


def with_floor(solved: Bool[Tensor, "p g s"], step_cost: Float[Tensor, " p"], dual: float) -> Float[Tensor, "p g s"]:
    """R_t = (1 + mu) solved_t - step_cost * t: the Lagrangian of an accuracy floor, mu >= 0 its multiplier.

    Altman 1999, "Constrained Markov decision processes"; Tessler et al. 2018 (arXiv 1805.11074, equation 5).
    """
    return halting_returns(solved, step_cost[:, None].expand(solved.shape[:2])) + dual * solved


def priced_returns(
    pricing: str,
    solved: Bool[Tensor, "p g s"],
    step_cost: Float[Tensor, " p"],
    chances: Float[Tensor, "p g s"],
    dual: float,
) -> Float[Tensor, "p g s"]:
    """The return of every halting time, float64, at one step cost per group."""
    if pricing == "only_if_solved":
        return only_if_solved(solved, step_cost)
    if pricing == "solve_rate":
        return scaled_by_solve_rate(solved, step_cost, chances)
    if pricing == "dual":
        return with_floor(solved, step_cost, dual)
    return halting_returns(solved, step_cost[:, None].expand(solved.shape[:2]))


@final
class PriceRange:
    """The prices that groups draw from: all of them, or during a warm-up up to a ceiling that rises with success.

    dual: the multiplier of the accuracy floor, which rises as long as accuracy lies below it.
    """

    def __init__(self, config: GrpoConfig) -> None:
        self._config = config
        self.ceiling = config.prices[0 if config.warmup else 1]
        self.dual = 0.0

    def draw(self, groups: int, own: float, generator: torch.Generator) -> Float[Tensor, " p"]:
        """A price for every group; ``own`` is the environment's."""
        return draw_prices(groups, self._config.prices[0], self.ceiling, own, self._config.own_price, generator)

    def update(self, solved: float, full_depth: float) -> None:
        """Raise the ceiling where accuracy keeps above the floor, lower it otherwise; the multiplier the other way."""
        low, high = self._config.prices
        if self._config.warmup:
            factor = (high / low) ** (1 / self._config.warmup)
            factor = factor if solved >= self._config.floor * full_depth else 1 / factor
            self.ceiling = min(max(self.ceiling * factor, low), high)
        if self._config.pricing == "dual":
            self.dual = max(0.0, self.dual + self._config.dual_rate * (self._config.floor * full_depth - solved))
