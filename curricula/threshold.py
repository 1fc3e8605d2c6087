"""One level up when it is solved well, one level down when it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from curricula.curriculum import Curriculum, moved, restored
from trm_gym.checks import real_number, whole_number


@final
class Threshold(Curriculum):
    """Half of the problems come from the present level, the rest from its neighbours, so that each is known too.

    The present level is raised above a share ``up`` of its problems solved, lowered below ``down``, once ``patience``
    of them have been seen since the last move; ``memory``: about how many problems a level's share is a mean of.
    """

    def __init__(
        self, levels: Sequence[int], up: float = 0.7, down: float = 0.3, patience: int = 32, memory: float = 64.0
    ) -> None:
        super().__init__(levels)
        self._down = real_number("down", down, 0, 1)
        self._up = real_number("up", up, most=1, above=self._down)
        self._patience, self._memory = whole_number("patience", patience), real_number("memory", memory, above=0)
        self._solved = np.full(len(levels), (up + down) / 2)
        self._place, self._seen = 0, 0

    @property
    def mixture(self) -> NDArray[np.float64]:
        """The probability of each level."""
        last = len(self.levels) - 1
        mixture = np.zeros(last + 1)
        for place, share in ((self._place - 1, 0.25), (self._place, 0.5), (self._place + 1, 0.25)):
            mixture[min(max(place, 0), last)] += share
        return mixture

    def _observe(self, place: int, solved: float, spread: float, count: int) -> None:
        self._solved[place] = moved(self._solved[place], solved, count, self._memory)
        if place != self._place:
            return
        self._seen += count
        step = int(self._solved[place] > self._up) - int(self._solved[place] < self._down)
        target = min(max(place + step, 0), len(self.levels) - 1)
        if self._seen >= self._patience and target != place:
            self._place, self._seen = target, 0

    def state_dict(self) -> dict[str, Any]:
        """The present level, how long it has been that, and the share solved of each."""
        return {"place": self._place, "seen": self._seen, "solved": self._solved.tolist()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state_dict`` gave. Raises ValueError where it is of other levels."""
        self._solved = restored(state["solved"], self._solved)
        self._place = whole_number("the place of a saved curriculum", state["place"], 0, len(self.levels) - 1)
        self._seen = whole_number("problems seen", state["seen"], 0)
