"""Learning by single cells with rewards shaped by the known solution, where a task has no partial score.

For training on the train split alone: on other problems a learner is measured by the exact reward.
"""

from __future__ import annotations

from typing import Any, final

import gymnasium
import numpy as np


@final
class ShapedReward(gymnasium.Wrapper):
    """Pays, on top of the rewards of an environment at the grain of cells, for what comes nearer to the known solution.

    Of the cells that the solution fills otherwise than the first draft, the share that is as the solution has it: each
    edit is paid what it adds to that, or charged what it takes from it. The sum over an episode is that share at its
    end, so that cells written and wiped in turn pay nothing (Ng, Harada and Russell, "Policy invariance under reward
    transformations", ICML 1999). Where a problem has several solutions, the known one alone counts.
    """

    def __init__(self, env: gymnasium.Env) -> None:
        super().__init__(env)
        self._solution = np.zeros(0, np.uint8)
        self._wanted = np.zeros(0, np.bool_)
        self._share = 0.0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode, as the environment does."""
        seen, info = self.env.reset(seed=seed, options=options)
        self._solution = self.env.get_wrapper_attr("problems").solution[0].copy()
        self._wanted = seen["answer"] != self._solution
        self._share = 0.0
        return seen, info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """A step of the environment, paid as the class says."""
        seen, reward, terminated, truncated, info = self.env.step(action)
        before = self._share
        self._share = float((seen["answer"] == self._solution)[self._wanted].mean()) if self._wanted.any() else 0.0
        return seen, float(reward) + self._share - before, terminated, truncated, info
