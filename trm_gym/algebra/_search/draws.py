"""Where a family of problems gets its numbers: from random keys, or, to list all its problems, from their indices."""

from __future__ import annotations

import abc
from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.streams import mix


class Draws(abc.ABC):
    """Numbers for a batch of B problems, one draw after another."""

    @abc.abstractmethod
    def below(self, bound: int | NDArray[np.int64]) -> NDArray[np.int64]:
        """Integers in [0, bound), int64 [B]; ``bound`` is one for all or one for each."""

    def between(self, low: int | NDArray[np.int64], high: int | NDArray[np.int64]) -> NDArray[np.int64]:
        """Integers from low to high, both included, int64 [B]."""
        return low + self.below(high - low + 1)

    def signed(self, low: int, high: int) -> NDArray[np.int64]:
        """Integers whose size is from low to high, of either sign, int64 [B]; low is at least 1."""
        drawn = self.below(2 * (high - low + 1)) - (high - low + 1)
        return np.where(drawn < 0, drawn - low + 1, drawn + low)

    def coin(self) -> NDArray[np.bool_]:
        """Heads or tails, bool [B]."""
        return self.below(2) == 1


@final
class Keyed(Draws):
    """Random numbers, a pure function of keys uint64 [B]."""

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self._keys, self._drawn = keys, 0

    def below(self, bound: int | NDArray[np.int64]) -> NDArray[np.int64]:
        self._drawn += 1
        # The upper half of the hash times the bound: far faster than a remainder, and as even.
        upper = mix(self._keys, self._drawn) >> np.uint64(32)
        return ((upper * np.asarray(bound).astype(np.uint64)) >> np.uint64(32)).astype(np.int64)


@final
class Listed(Draws):
    """The digits of indices, int64 [B], in the mixed base of the bounds: each below ``size`` is another problem."""

    def __init__(self, indices: NDArray[np.int64]) -> None:
        self._rest, self.size = indices, 1

    def below(self, bound: int | NDArray[np.int64]) -> NDArray[np.int64]:
        if not isinstance(bound, int):
            raise ValueError("a family with bounds that depend on what was drawn cannot be listed")
        self.size *= bound
        self._rest, drawn = np.divmod(self._rest, bound)
        return drawn
