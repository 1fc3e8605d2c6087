"""One's own policy on graded runs: every problem once, and what came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from agents.envs.halting import HaltingVectorEnv, Observation
from agents.rollouts.dataset import RolloutDataset
from agents.rollouts.unroll import Unroll
from trm_gym.reward import Price
from trm_gym.short_repr import short_repr

Act = Callable[[Observation], NDArray[np.integer]]
"""What decides: from what is seen of n problems, float32 [n, f], to actions, integers [n]; 1 stops."""


@final
@short_repr
@dataclass(frozen=True)
class Ends:
    """How the episodes of n problems ended, [n] each."""

    steps: NDArray[np.integer]
    solved: NDArray[np.bool_]
    starts: NDArray[np.integer]
    """Starts that were made, the first one included."""


def play_all(act: Act, dataset: RolloutDataset, price: float, restarts: bool = False) -> Ends:
    """Every problem of a dataset once, at a price (lambda); restarts: whether 2 starts afresh.

    ``act`` is asked about all problems after every step, so that one with a memory finds each in its own row. What it
    says of a problem that has ended counts for nothing. Raises ValueError for actions that there are not.
    """
    budget = dataset.unroll.max_steps
    priced = dataclasses.replace(dataset, step_cost=Price(price, budget).step_cost)
    count = len(dataset)
    envs = HaltingVectorEnv(count, priced, restarts=restarts)
    seen, _ = envs.reset(seed=0, options={"problems": np.arange(count)})
    steps, solved, starts = np.zeros(count, np.int64), np.zeros(count, np.bool_), np.ones(count, np.int64)
    for _ in range(budget):
        seen, _, ended, _, infos = envs.step(act(seen))
        first = ended & (steps == 0)
        if first.any():
            steps[first], solved[first] = infos["steps"][first], infos["solved"][first]
            starts[first] = infos["starts"][first] if restarts else 1
    return Ends(steps, solved, starts)


def play(act: Act, runs: Unroll, price: float) -> NDArray[np.integer]:
    """The step after which ``act`` stops each problem at a price (lambda), int64 [n]: see ``play_all``."""
    return play_all(act, RolloutDataset(runs, 1, 0.0), price).steps
