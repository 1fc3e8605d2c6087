"""What a member of a group is credited with: pure functions from returns [groups, members] to advantages.

The members of a group are halting times of the same problem; there is no critic.
"""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

from agents.losses import group_advantage

TINY = 1e-6
"""Added to what is divided by."""


def batch_scale(returns: Float[Tensor, "groups members"]) -> Float[Tensor, "groups members"]:
    """Leave-one-out advantages over their root mean square in the whole batch: one scale for all groups.

    The batch's standard deviation with the group's mean: REINFORCE++ (Hu 2025, arXiv 2501.03262, its variant with a
    group baseline), Liu et al. 2025 (arXiv 2508.08221). It follows the price and the stage of learning, but cannot blow
    up a single group in which only the cost of steps varies.
    """
    advantage = group_advantage(returns)
    return advantage / (advantage.square().mean().sqrt() + TINY)


def group_std(returns: Float[Tensor, "groups members"]) -> Float[Tensor, "groups members"]:
    """(r_i - mean) / std within each group: GRPO as published (arXiv 2402.03300, section 4.1.2).

    Kept to be compared with: it is known to collapse halting to step 1, see losses.group_advantage.
    """
    return (returns - returns.mean(-1, keepdim=True)) / (returns.std(-1, keepdim=True) + TINY)


def best_of_group(returns: Float[Tensor, "groups members"], share: float) -> Float[Tensor, "groups members"]:
    """(r_i - q) / share where r_i is above q, the 1 - share quantile of its group; 0 for all others.

    The risk-seeking policy gradient: Petersen et al. 2021, arXiv 1912.04871, equation 3. It raises what the best of a
    group come to, not their mean. Where more than ``share`` are alike at the top there is nothing to learn.
    """
    quantile = returns.quantile(1 - share, dim=-1, keepdim=True)
    return (returns - quantile).clamp(min=0) / share


ADVANTAGES: dict[str, Callable[[Tensor], Tensor]] = {
    "leave_one_out": group_advantage,
    "batch_scale": batch_scale,
    "group_std": group_std,
}
"""Every way by its name."""
