"""A halting head beyond the budget it was taught at: what it is told of the time, and of the price.

A head is told the share of the budget that is used, and the price of the whole budget. Where it may think longer than
in its lessons, there are three things that this can mean, and they are three policies:

- ``budget``: shares of the new budget. Every number is one that it knows, its patience grows with the budget, and a
  price is that of the new budget, as the environment's is.
- ``taught``: steps in units of the old budget, so shares above 1, which it has never seen; how sure it must be is
  extrapolated. A step costs what the same step cost in its lessons.
- ``held``: as ``taught``, but the clock stops one step before the old end (at the end itself nothing was learnt, since
  the last step always stops): it believes that one more step is left, over and over.

All three are played on the same drafts, since a network knows nothing of the budget.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

import torch

from agents.rollouts.features import STEP_FEATURE
from agents.rollouts.unroll import Unroll

Clock = Literal["budget", "taught", "held"]


def retimed(unroll: Unroll, taught: int, clock: Clock) -> Unroll:
    """``unroll`` as a head sees it that was taught at a budget of ``taught`` steps."""
    steps = torch.arange(1, unroll.max_steps + 1, dtype=unroll.features.dtype)
    if clock == "budget" or taught == unroll.max_steps:
        return unroll
    if clock == "held":
        steps = steps.clamp(max=max(1, taught - 1))
    features = unroll.features.clone()
    features[..., STEP_FEATURE] = steps / taught
    return dataclasses.replace(unroll, features=features)


def told_price(price: float, budget: int, taught: int, clock: Clock) -> float:
    """What a head is told of a ``price`` of the whole ``budget``: that of the budget which its clock runs to."""
    return price if clock == "budget" else price * taught / budget
