"""Most often the levels that are solved half of the time: there is most to learn from right and wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from curricula.curriculum import Curriculum, moved, restored


@final
class Learnability(Curriculum):
    """Levels in proportion to p (1 - p), p the share solved; Rutherford et al. 2024, arXiv 2408.15099, by levels.

    floor: share of the problems that comes from all levels alike, so that none is forgotten. memory: about how many
    problems p is a mean of. A level not seen yet counts as solved half of the time.
    """

    def __init__(self, levels: Sequence[int], floor: float = 0.2, memory: float = 128.0) -> None:
        super().__init__(levels)
        if not 0 < floor <= 1:
            raise ValueError(f"the uniform floor must be above 0 and at most 1, got {floor}")
        self._floor, self._memory = floor, memory
        self._solved = np.full(len(levels), 0.5)

    @property
    def mixture(self) -> NDArray[np.float64]:
        """The probability of each level."""
        weights = self._solved * (1 - self._solved)
        uniform = np.full(len(weights), 1 / len(weights))
        if weights.sum() <= 0:
            return uniform
        return self._floor * uniform + (1 - self._floor) * weights / weights.sum()

    def _observe(self, place: int, solved: float, count: int) -> None:
        self._solved[place] = moved(self._solved[place], solved, count, self._memory)

    def state_dict(self) -> dict[str, Any]:
        """The share solved of each level."""
        return {"solved": self._solved.tolist()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state_dict`` gave. Raises ValueError where it is of other levels."""
        self._solved = restored(state["solved"], self._solved)
