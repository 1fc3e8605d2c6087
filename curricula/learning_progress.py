"""Most often the levels at which the learner is getting better, or worse: there is something going on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from curricula.curriculum import Curriculum, moved, restored
from trm_gym.checks import real_number


@final
class LearningProgress(Curriculum):
    """Levels in proportion to |fast - slow|, two running means of the share solved.

    Progress either way counts, so that what is being forgotten comes back: Matiisen et al. 2017 (arXiv 1707.00183),
    Kanitscheider et al. 2021 (arXiv 2106.14876, section 3.2). floor: share of the problems that comes from all levels
    alike. fast, slow: about how many problems each is a mean of. Both start at what a level shows first.
    """

    def __init__(self, levels: Sequence[int], floor: float = 0.2, fast: float = 32.0, slow: float = 128.0) -> None:
        super().__init__(levels)
        self._floor = real_number("floor", floor, most=1, above=0)
        fast = real_number("fast", fast, above=0)
        self._memories = fast, real_number("slow", slow, above=fast)
        self._solved = np.full((2, len(levels)), np.nan)

    @property
    def mixture(self) -> NDArray[np.float64]:
        """The probability of each level."""
        uniform = np.full(len(self.levels), 1 / len(self.levels))
        progress = np.nan_to_num(np.abs(self._solved[0] - self._solved[1]))
        # A difference of rounding errors is no progress.
        if progress.sum() < 1e-9:
            return uniform
        return self._floor * uniform + (1 - self._floor) * progress / progress.sum()

    def _observe(self, place: int, solved: float, spread: float, count: int) -> None:
        for mean, memory in zip(self._solved, self._memories, strict=True):
            mean[place] = solved if np.isnan(mean[place]) else moved(mean[place], solved, count, memory)

    def state_dict(self) -> dict[str, Any]:
        """Both means of each level; none (null) where it has not been seen."""
        means = [[None if np.isnan(value) else float(value) for value in mean] for mean in self._solved]
        return {"fast": means[0], "slow": means[1]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state_dict`` gave. Raises ValueError where it is of other levels."""
        solved = []
        for name in ("fast", "slow"):
            unseen = np.array([value is None for value in state[name]])
            known = restored([0.0 if value is None else value for value in state[name]], self._solved[0])
            solved.append(np.where(unseen, np.nan, known))
        self._solved = np.stack(solved)
