"""What a curriculum is: a mixture over levels that follows how well they are solved."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trm_gym.checks import real_number, whole_number
from trm_gym.short_repr import short


class Curriculum(abc.ABC):
    """Chooses levels. ``levels``: indices into a task's levels, from easy to hard, each once.

    Raises ValueError where there is none or one twice.
    """

    def __init__(self, levels: Sequence[int]) -> None:
        try:
            given = [whole_number("a level of a curriculum", level, 0) for level in levels]
        except TypeError:  # it is no sequence
            given = []
        if not given or len(set(given)) != len(given):
            raise ValueError(f"a curriculum needs one or more different levels, from easy to hard; got {short(levels)}")
        self.levels = np.array(given, dtype=np.int64)

    @property
    @abc.abstractmethod
    def mixture(self) -> NDArray[np.float64]:
        """The probability of each of ``levels``, in their order."""

    def sample(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """``count`` levels, drawn from the mixture."""
        return self.levels[rng.choice(len(self.levels), size=count, p=self.mixture)]

    def update(
        self,
        levels: NDArray[np.integer],
        solved: NDArray[np.bool_ | np.floating],
        spread: NDArray[np.floating] | None = None,
    ) -> None:
        """Learn how problems of ``levels`` [P] went.

        solved: whether, or how often, each was solved, [P] or [P, tries]. spread [P]: the variance of the return among
        the tries at each problem; by default that of being solved, p (1 - p) for a problem solved in a share p of them.
        Raises ValueError for what can be neither.
        """
        shares = np.asarray(solved, dtype=np.float64).reshape(len(levels), -1).mean(axis=1)
        spreads = np.asarray(shares * (1 - shares) if spread is None else spread, dtype=np.float64)
        if not ((shares >= 0) & (shares <= 1) & (spreads >= 0) & np.isfinite(spreads)).all():  # no NaN passes
            raise ValueError("solved must hold shares from 0 to 1, and spread finite numbers from 0 up")
        for place, level in enumerate(self.levels):
            mine = levels == level
            if mine.any():
                self._observe(place, float(shares[mine].mean()), float(spreads[mine].mean()), int(mine.sum()))

    @abc.abstractmethod
    def _observe(self, place: int, solved: float, spread: float, count: int) -> None:
        """Means over ``count`` problems of the level at ``place``: the share solved, the variance among tries."""

    @abc.abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """All that ``update`` has changed, as what JSON can say."""

    @abc.abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state_dict`` gave. Raises ValueError where it is of other levels."""


def moved(estimate: float, solved: float, count: int, memory: float) -> float:
    """A running mean that ``count`` new values have moved towards their mean; it remembers about ``memory`` values."""
    return solved + (estimate - solved) * float(np.exp(-count / memory))


def restored(values: Sequence[float], like: NDArray[np.float64]) -> NDArray[np.float64]:
    """Saved numbers, one per level, as an array. Raises ValueError where there are not as many as in ``like``."""
    if len(values) != len(like):
        raise ValueError(f"this curriculum has {len(like)} levels, the saved one {len(values)}: name the same ones")
    return np.array([real_number("a number of a saved curriculum", value) for value in values], dtype=np.float64)
