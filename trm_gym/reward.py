"""What a step is worth, and an episode: pure functions from verdicts to rewards and returns.

Every mode pays the change of a draft's *worth*, less the price of a step. The modes differ in what a draft is
worth, and when: a worth that is nothing before the end pays at the end alone; one that is there at every step
is the potential of potential-based shaping (Ng, Harada and Russell, ICML 1999, here undiscounted), so that a
detour earns nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trm_gym.checks import known_name, real_number, whole_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trm_gym.task import Verdicts

_EXACT_UNIT = 2.0**40


@dataclass(frozen=True)
class RewardMode:
    """One way to pay.

    worth: the worth of judged drafts, from verdicts on B drafts to float64 [B] in [0, 1]; 1 iff solved.
    every_step: whether drafts have a worth before the end, which takes a verifier's call at every step.
    partial: whether it needs a sound partial score, ``Task.graded``.
    """

    worth: Callable[[Verdicts], NDArray[np.float64]]
    every_step: bool = False
    partial: bool = False


def solved_worth(verdicts: Verdicts) -> NDArray[np.float64]:
    """1 for a solution and 0 for anything else, float64 [B]."""
    return verdicts.solved.astype(np.float64)


def score_worth(verdicts: Verdicts) -> NDArray[np.float64]:
    """The verifier's partial score, float64 [B]."""
    return verdicts.score.astype(np.float64)


REWARDS = {
    "exact": RewardMode(solved_worth),
    "graded": RewardMode(score_worth, partial=True),
    "progress": RewardMode(score_worth, every_step=True, partial=True),
}
"""Every reward mode by its name. "exact" is what results are reported in; the others are for training only."""


def step_rewards(before: NDArray[np.float64], after: NDArray[np.float64], step_cost: float) -> NDArray[np.float64]:
    """The rewards of a step, float64 [B], that took drafts from worth ``before`` to ``after``."""
    return after - before - step_cost


def reward_mode(name: str, graded: bool, task_name: str) -> RewardMode:
    """The mode called ``name``. Raises ValueError for unknown names and where the task has no sound score."""
    known_name("reward", name, REWARDS)
    if REWARDS[name].partial and not graded:
        raise ValueError(f"reward {name!r} needs a partial score, which {task_name} has not: use 'exact'")
    return REWARDS[name]


def exact_cost(step_cost: float) -> float:
    """``step_cost`` to the nearest multiple of 2**-40.

    On that grid float64 sums of rewards carry no rounding error, so an episode's rewards add up to
    ``solved - step_cost * steps`` to the last bit, in whatever order they are added.
    """
    return round(real_number("step_cost", step_cost, 0, 1) * _EXACT_UNIT) / _EXACT_UNIT


def episode_return(solved: Any, steps: Any, step_cost: Any) -> Any:
    """``solved - step_cost * steps``: what an episode is worth in whole, undiscounted.

    Numbers, NumPy arrays and tensors alike, broadcast against each other. With costs of ``exact_cost`` it is what the
    environment's rewards add up to, to the last bit.
    """
    return solved * 1.0 - step_cost * steps


@dataclass(frozen=True)
class Price:
    """What thinking costs: ``budget_cost`` (lambda) is the price of the whole budget of ``max_steps`` steps.

    Raises ValueError where a step would cost less than 0 or more than 1.
    """

    budget_cost: float
    max_steps: int

    def __post_init__(self) -> None:
        whole_number("max_steps", self.max_steps)
        real_number("price", self.budget_cost, 0, self.max_steps)

    @property
    def step_cost(self) -> float:
        """What one step costs, see ``exact_cost``."""
        return exact_cost(self.budget_cost / self.max_steps)
