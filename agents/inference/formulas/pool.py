"""The elite: the best drafts so far, by what they leave of the target and by their length."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.regression.fitting import description
from trm_gym.regression.layout import LENGTH
from trm_gym.regression.programs import CONSTANTS


@final
class Pool:
    """At most ``most`` drafts, no two with the same error: those are mostly the same function."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.drafts = np.zeros((0, LENGTH), np.uint8)
        self.constants = np.zeros((0, CONSTANTS))
        self.errors, self._costs = np.zeros(0), np.zeros(0)

    def __len__(self) -> int:
        return len(self.drafts)

    def add(self, drafts: NDArray[np.uint8], constants: NDArray[np.float64], errors: NDArray[np.float64]) -> None:
        """Put drafts uint8 [B, L] back, with their constants float64 [B, CONSTANTS] and errors float64 [B]."""
        kept = np.isfinite(errors)
        costs = np.concatenate([self._costs, description(drafts, errors)[kept]])
        left = np.concatenate([self.errors, errors[kept]])
        order = np.argsort(costs, kind="stable")
        _, first = np.unique(np.minimum(left[order], 1e30).astype(np.float32), return_index=True)
        order = order[np.sort(first)][: self._most]
        self.drafts = np.concatenate([self.drafts, drafts[kept]])[order]
        self.constants = np.concatenate([self.constants, constants[kept]])[order]
        self.errors, self._costs = left[order], costs[order]

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """``count`` places of drafts, the better ones more often: the best of two at random each."""
        return rng.integers(0, len(self), (count, 2)).min(axis=1)
