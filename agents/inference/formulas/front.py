"""The best formula of each length, and which of them to believe."""

from __future__ import annotations

import math
from typing import final

from trm_gym.regression.arranging import is_fraction
from trm_gym.regression.compositions import PER_PART, Candidate
from trm_gym.regression.formula import numbers_of

_PLAIN = (1 / 5, 1 / 4, 1 / 3, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
_LARGEST_FRACTION = 100.0


@final
class Front:
    """The formulas that no shorter one is as good as."""

    def __init__(self, points: int, tolerance: float) -> None:
        """points: how many the formulas are fitted to. tolerance: the error of one that fits exactly."""
        self._points, self._tolerance = points, tolerance
        self._best: dict[int, Candidate] = {}

    def add(self, candidate: Candidate) -> bool:
        """Whether a formula is better than all that are as short; then it is kept.

        Of two as short the one is better that describes the points in less: 4 beats 3.998 where both fit noisy points.
        """
        if not math.isfinite(candidate.error):
            return False
        size, rank = candidate.size, self._rank(candidate)
        if size in self._best and self._choice(self._best[size]) <= self._choice(candidate):
            return False
        if any(other < size and self._rank(one) <= rank for other, one in self._best.items()):
            return False
        worse = [other for other, one in self._best.items() if other > size and self._rank(one) >= rank]
        for other in worse:
            del self._best[other]
        self._best[size] = candidate
        return True

    def _rank(self, candidate: Candidate) -> tuple[float, int]:
        """What fits exactly is as good as anything that does, and has values in as many places as can be."""
        exact = candidate.error <= self._tolerance
        return (0.0 if exact else candidate.error), candidate.gaps

    @property
    def candidates(self) -> list[Candidate]:
        """All, from the shortest to the best."""
        return [self._best[size] for size in sorted(self._best)]

    @property
    def best(self) -> Candidate | None:
        """The formula with the shortest description of the points: its own and what it leaves of them (Rissanen 1978).

        None where there is no formula.
        """
        return min(self._best.values(), key=self._length, default=None)

    @property
    def exact(self) -> bool:
        """Whether a formula fits exactly."""
        return any(candidate.error <= self._tolerance for candidate in self._best.values())

    def _choice(self, candidate: Candidate) -> tuple[float, int]:
        """By what formulas of one size are told apart."""
        return self._length(candidate), candidate.gaps

    def _length(self, candidate: Candidate) -> float:
        error = max(candidate.error, self._tolerance)
        # A fitted number is told to the precision that the points give it.
        fitted = 0.5 * math.log(self._points) - math.log(error)
        numbers = sum(_cost(value, fitted) for value in numbers_of(candidate.formula))
        return self._points * math.log(error) + PER_PART * candidate.size + numbers


def _cost(value: float, fitted: float) -> float:
    """What a number adds to the length: nothing for a plain one, little for a fraction, ``fitted`` for any other."""
    if value in _PLAIN:
        return 0.0
    return min(PER_PART, fitted) if abs(value) < _LARGEST_FRACTION and is_fraction(value) else fitted
