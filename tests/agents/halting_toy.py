"""Unrolls whose best halting policy is known exactly, for tests of whatever learns to halt.

A problem is solved from a random step on, or never. Some problems show when they are solved, the others do not; and a
hint tells, not for certain, whether a problem can be solved at all.
"""

from __future__ import annotations

import numpy as np
import torch

from agents.rollouts.collect import Rollout
from agents.rollouts.unroll import Unroll
from agents.trm import Carry
from trm_gym.reward import exact_cost
from trm_gym.task import Problems

BUDGET = 8
NEVER = BUDGET + 1
PROMISING = np.array([0.2, 0.15, 0.15, 0.1, 0.1, 0.1, 0.05, 0.05, 0.1])
"""Chances of being solved first at step 1, 2, .. BUDGET, never; where the hint is good."""
HOPELESS = np.array([0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.84])
"""And where it is bad."""
EASY_OR_LATE = np.array([0.6, 0, 0, 0, 0, 0.4, 0, 0, 0])
"""Most are solved by anything, the others late: only whoever does not shy at the price gets them."""


def toy_rollout(first: np.ndarray, hint: np.ndarray, shown: np.ndarray, branches: int, price: float) -> Rollout:
    """A rollout of problems first solved at steps ``first``, int [n], with ``hint`` and ``shown``, bool [n]."""
    count = len(first)
    steps = np.arange(1, BUDGET + 1)
    solved = steps >= first[:, None]
    features = np.stack(
        np.broadcast_arrays((solved & shown[:, None]) * 1.0, hint[:, None] * 1.0, steps / BUDGET, shown[:, None] * 1.0),
        axis=-1,
    )
    blank = torch.zeros(count, BUDGET)
    cells = np.zeros((count, 1), np.uint8)
    graded = Unroll(
        features=torch.tensor(features, dtype=torch.float32),
        solved=torch.tensor(solved),
        halt_logit=blank,
        velocity=blank,
        confidence=blank,
        changed=blank,
        level=torch.zeros(count, dtype=torch.long),
        difficulty=torch.tensor(first, dtype=torch.float32),
    )
    problems = Problems(cells, cells > 0, cells, np.zeros(count, np.int64), np.zeros(count, np.float32))
    return Rollout(
        unroll=graded,
        branches=branches,
        step_cost=exact_cost(price / BUDGET),
        problems=problems,
        start=Carry(torch.zeros(count, 1, 1), torch.zeros(count, 1, 1)),
        drafts=torch.zeros(count, BUDGET, 1, dtype=torch.uint8),
        log_prob=blank,
        score=torch.tensor(solved, dtype=torch.float32),
    )


def draw_toy(rng: np.random.Generator, groups: int, branches: int, price: float) -> Rollout:
    """Groups that share hint and visibility; each branch of theirs is solved at a step of its own."""
    hint, shown = (np.repeat(rng.random(groups) < share, branches) for share in (0.6, 0.75))
    chances = np.where(hint[:, None], PROMISING, HOPELESS).cumsum(1)
    first = (rng.random((len(hint), 1)) > chances).sum(1) + 1
    return toy_rollout(first, hint, shown, branches, price)


def draw_blind(rng: np.random.Generator, groups: int, branches: int, price: float) -> Rollout:
    """Groups of equal branches of which nothing can be seen but the step."""
    first = np.repeat(rng.choice(NEVER, size=groups, p=EASY_OR_LATE) + 1, branches)
    nothing = np.zeros(len(first), bool)
    return toy_rollout(first, nothing, nothing, branches, price)


def best_return(price: float) -> float:
    """The return of the best policy on ``draw_toy``: backward induction where it is shown, a fixed step elsewhere."""
    worth = 0.0
    for share, chances in ((0.6, PROMISING), (0.4, HOPELESS)):
        blind = max(chances[:step].sum() - price * step / BUDGET for step in range(1, BUDGET + 1))
        worth += share * (0.25 * blind + 0.75 * _best_shown(chances, price))
    return worth


def _best_shown(chances: np.ndarray, price: float) -> float:
    """The return of stopping at once when solved, and giving up when going on does not pay."""
    going_on = -np.inf
    for step in range(BUDGET, 0, -1):
        left = chances[step - 1 :].sum()
        solved = chances[step - 1] / left
        stop = -price * step / BUDGET
        going_on = solved * (1 + stop) + (1 - solved) * max(stop, going_on)
    return going_on
