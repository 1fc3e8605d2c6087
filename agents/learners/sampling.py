"""What learners draw at random: groups, prices, and halting steps."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from agents.learners.config import PolicyConfig
from agents.rollouts.groups import group_index
from agents.rollouts.unroll import Unroll


def draw_groups(dataset: Unroll, groups: int, branches: int, generator: torch.Generator) -> Unroll:
    """``groups`` whole groups of a dataset, whose branches stand one after another; each at most once."""
    chosen = torch.randperm(len(dataset) // branches, generator=generator)[:groups]
    return dataset[group_index(chosen, branches)]


def draw_prices(count: int, config: PolicyConfig, env_price: float, generator: torch.Generator) -> Float[Tensor, " p"]:
    """Prices, float64 [count]: the environment's own for a fraction of them, the others log-uniform."""
    low, high = config.price_range
    place = torch.rand(count, generator=generator, dtype=torch.float64)
    prices = (math.log(low) + place * (math.log(high) - math.log(low))).exp()
    return torch.where(
        torch.rand(count, generator=generator, dtype=torch.float32) < config.env_price_fraction, env_price, prices
    )


def draw_halting_steps(
    log_probs: Float[Tensor, "p g s"], count: int, explore: float, generator: torch.Generator
) -> tuple[Int[Tensor, "p g k"], Float[Tensor, "p g k"]]:
    """``count`` halting steps per branch, counted from 0, a share ``explore`` of them uniform; and their importance."""
    chances = log_probs.exp()
    drawn_from = (1 - explore) * chances + explore / chances.shape[-1]
    steps = torch.multinomial(drawn_from.flatten(0, -2), count, replacement=True, generator=generator)
    steps = steps.view(*chances.shape[:-1], count)
    return steps, chances.gather(-1, steps) / drawn_from.gather(-1, steps)
