"""Most often the levels whose problems go now one way, now the other: there is most to learn from the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from curricula.curriculum import Curriculum, restored
from trm_gym.checks import real_number


@final
class Learnability(Curriculum):
    """Levels in proportion to the mean variance among the tries at a problem: p (1 - p) where a try counts 0 or 1.

    Rutherford et al. 2024, arXiv 2408.15099, with the mean over a level's problems in place of single problems. It is
    the variance within problems and not within the level: a level of sure and of hopeless problems has nothing to
    teach. floor: share of the problems that comes from all levels alike, so that none is forgotten. memory: about how
    many problems the mean is of. A level not seen yet counts as the mean of the others.
    """

    def __init__(self, levels: Sequence[int], floor: float = 0.2, memory: float = 128.0) -> None:
        super().__init__(levels)
        self._floor = real_number("floor", floor, most=1, above=0)
        self._memory = real_number("memory", memory, above=0)
        # Sum and weight, not a mean that starts somewhere: a start would outweigh what a short run sees.
        self._sum, self._weight = np.zeros(len(levels)), np.zeros(len(levels))

    @property
    def mixture(self) -> NDArray[np.float64]:
        """The probability of each level."""
        seen = self._weight > 0
        uniform = np.full(len(seen), 1 / len(seen))
        spread = np.divide(self._sum, self._weight, out=np.zeros(len(seen)), where=seen)
        spread[~seen] = spread[seen].mean() if seen.any() else 1.0
        if spread.sum() <= 0:
            return uniform
        return self._floor * uniform + (1 - self._floor) * spread / spread.sum()

    def _observe(self, place: int, solved: float, spread: float, count: int) -> None:
        kept = float(np.exp(-count / self._memory))
        self._sum[place] = kept * self._sum[place] + (1 - kept) * spread
        self._weight[place] = kept * self._weight[place] + (1 - kept)

    def state_dict(self) -> dict[str, Any]:
        """What each level's mean is made of."""
        return {"sum": self._sum.tolist(), "weight": self._weight.tolist()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state_dict`` gave. Raises ValueError where it is of other levels."""
        self._sum, self._weight = restored(state["sum"], self._sum), restored(state["weight"], self._weight)
