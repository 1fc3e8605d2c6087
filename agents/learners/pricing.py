"""How a price becomes a return while GRPO learns: the environment's own way, and one to compare it with.

Policies are measured by the environment's return alone, ``additive``.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from agents.losses import halting_returns


def additive(solved: Bool[Tensor, "p g s"], step_cost: Float[Tensor, " p"]) -> Float[Tensor, "p g s"]:
    """R_t = solved_t - step_cost * t, float64: what the environment pays."""
    return halting_returns(solved, step_cost[:, None].expand(solved.shape[:2]))


def only_if_solved(solved: Bool[Tensor, "p g s"], step_cost: Float[Tensor, " p"]) -> Float[Tensor, "p g s"]:
    """R_t = solved_t (1 - step_cost * t): a wrong answer is worth 0 whenever it comes, so nothing teaches giving up.

    Arora & Zanette 2025 (arXiv 2502.04463): the length penalty of right answers alone, here linear.
    """
    return additive(solved, torch.zeros_like(step_cost)) + solved * additive(torch.zeros_like(solved), step_cost)


PRICINGS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"additive": additive, "only_if_solved": only_if_solved}
"""Returns of every halting step from verdicts and one step cost per group, by name."""
