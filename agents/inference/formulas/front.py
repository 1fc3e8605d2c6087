"""The best formula of each length, and which of them to believe."""

from __future__ import annotations

import math
from typing import final

from trm_gym.regression.compositions import PER_PART, Candidate
from trm_gym.regression.formula import Formula

_PLAIN = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0)


@final
class Front:
    """The formulas that no shorter one is as good as."""

    def __init__(self, points: int, tolerance: float) -> None:
        """points: how many the formulas are fitted to. tolerance: the error of one that fits exactly."""
        self._points, self._tolerance = points, tolerance
        self._best: dict[int, Candidate] = {}

    def add(self, candidate: Candidate) -> bool:
        """Whether a formula is better than all that are as short; then it is kept."""
        if not math.isfinite(candidate.error):
            return False
        beaten = any(
            size <= candidate.size and self._rank(other) <= self._rank(candidate) for size, other in self._best.items()
        )
        if beaten:
            return False
        worse = [
            size
            for size, other in self._best.items()
            if size >= candidate.size and self._rank(other) >= self._rank(candidate)
        ]
        for size in worse:
            del self._best[size]
        self._best[candidate.size] = candidate
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

    def _length(self, candidate: Candidate) -> float:
        error = max(candidate.error, self._tolerance)
        numbers = 0.5 * math.log(self._points) * _fitted(candidate.formula)
        return self._points * math.log(error) + PER_PART * candidate.size + numbers


def _fitted(formula: Formula) -> int:
    """How many numbers of a formula are no small whole ones."""
    own = formula.value is not None and formula.value not in _PLAIN
    return own + sum(map(_fitted, formula.parts))
