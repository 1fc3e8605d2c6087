"""Halting heads beyond the budget that they were trained at: what they see of the time, and of the price.

A head sees the share of the budget that is used, and the price of the whole budget. At another budget these can mean
three things, and they make three policies:

- ``budget``: shares of the new budget. Every number is one that the head has seen before; its patience grows with the
  budget, and the price is that of the new budget, as the environment's is.
- ``taught``: steps in units of the old budget. Shares rise above 1, which the head has never seen, so that how sure it
  must be is extrapolated. A step costs what it cost in training.
- ``held``: as ``taught``, but the clock stops one step before the old end: the head believes that one more step is
  left, over and over. (At the end itself nothing was learnt, since the last step always stops.)

All three see the same drafts, since a network knows nothing of the budget.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

import torch

from agents.rollouts.features import STEP_FEATURE
from agents.rollouts.unroll import Unroll

Clock = Literal["budget", "taught", "held"]


def retimed(unroll: Unroll, taught: int, clock: Clock) -> Unroll:
    """``unroll`` with its steps as a head sees them that was trained at a budget of ``taught`` steps."""
    if clock == "budget" or taught == unroll.max_steps:
        return unroll
    steps = torch.arange(1, unroll.max_steps + 1, dtype=unroll.features.dtype)
    if clock == "held":
        steps = steps.clamp(max=max(1, taught - 1))
    features = unroll.features.clone()
    features[..., STEP_FEATURE] = steps / taught
    return dataclasses.replace(unroll, features=features)


def shifted_price(price: float, budget: int, taught: int, clock: Clock) -> float:
    """The price at which a head is asked where the whole ``budget`` costs ``price``: that of its clock's budget."""
    return price if clock == "budget" else price * taught / budget
