"""Restarts on graded runs: the path of every problem through its starts, found by index, without the network.

Where a problem's runs from several starts have been graded, every path through them is known, and so is what halting at
each step of it would be worth. The engine takes the same paths step by step (a test compares them).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from agents.halting.restarts import RestartSchedule
from agents.rollouts.starts import GradedAt, StartsRecord
from agents.rollouts.unroll import Unroll
from trm_gym.short_repr import short_repr


@final
@short_repr
@dataclass(frozen=True)
class Paths:
    """n problems begun again by a schedule until the budget of s steps is used up; halting picks a step of them."""

    record: StartsRecord
    """What was seen after each step, [n, s]."""
    at: GradedAt
    """Which step of which graded run it is, [n, s]."""
    restarted: Bool[Tensor, "n s"]
    """Whether the next step is the first of a new start."""
    allowed: Bool[Tensor, "n s"]
    """Whether it could have been: neither from the last start nor after the last step."""
    solved: Bool[Tensor, "n s"]
    """Whether the draft that would be handed in after each step, the best judged so far, is right."""

    @property
    def ever(self) -> Bool[Tensor, "n s"]:
        """Whether any draft so far was right, whatever would be handed in."""
        return self.record.solved.cummax(-1).values


def in_order(problems: int, starts: int) -> Int[Tensor, "n g"]:
    """The runs of each problem in the order in which they stand."""
    return torch.arange(problems * starts).view(problems, starts)


@torch.no_grad()
def follow_schedule(
    runs: Unroll, order: Int[Tensor, "n g"], schedule: RestartSchedule, judged: Float[Tensor, "m s"]
) -> Paths:
    """The paths of n problems with g starts each.

    order: which of the m runs each start is. judged: how right every draft seems; of equal ones the latest is best.
    """
    (count, starts), budget = order.shape, runs.max_steps
    start = torch.zeros(count, dtype=torch.long)
    taken = torch.zeros(count, dtype=torch.long)
    best = torch.full((count,), -torch.inf)
    handed = torch.zeros(count, dtype=torch.bool)
    columns: list[tuple[Tensor, ...]] = []
    for step in range(1, budget + 1):
        taken += 1
        at = GradedAt(runs, order[torch.arange(count), start], taken.clone())
        seems = at.pick(judged).float()
        handed = torch.where(seems >= best, at.solved, handed)
        best = torch.maximum(best, seems)
        record = StartsRecord(at, torch.full_like(start, step), start + 1, best, budget)
        allowed = (start + 1 < starts) & (step < budget)
        again = schedule.restarts(record) & allowed
        columns.append((at.runs, at.steps, record.starts, best, again, allowed, handed))
        start, taken = start + again, taken * ~again
    picked, local, begun, best, again, allowed, handed = (
        torch.stack(column, 1) for column in zip(*columns, strict=True)
    )
    steps = torch.arange(1, budget + 1).expand(count, -1)
    places = GradedAt(runs, picked, local)
    return Paths(StartsRecord(places, steps, begun, best, budget), places, again, allowed, handed)
