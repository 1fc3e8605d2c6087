"""Small formulas by what they are like: the nearest to wanted values, up to a factor and a summand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.regression.composing import combined
from trm_gym.regression.compositions import PER_PART
from trm_gym.regression.formula import Formula
from trm_gym.regression.small_formulas import SmallFormulas

_BLOCK = 64
_EXACT = 1e-6
"""The share of the variance that single precision can tell from none."""
_LEAST = 6
"""At how many points something must be wanted for a formula to be looked up."""


@final
class Lookup:
    """A table of small formulas, each row brought to mean 0 and length 1, so that products are correlations."""

    def __init__(self, table: SmallFormulas) -> None:
        self.table = table
        varied = np.flatnonzero(table.contrasts[:, 0])
        self._means = table.values[varied].mean(axis=1)
        centred = table.values[varied] - self._means[:, None]
        self._rows = varied
        sizes = np.searchsorted(table.starts[2:], varied, side="right") + 1
        self._costs = (PER_PART * sizes).astype(np.float32)
        self._units, self._spreads = _units(centred), centred.std(axis=1)

    def close(self, wanted: NDArray[np.float64], count: int) -> Iterator[Formula]:
        """The formulas B, and a * B + b fitted, of the ``count`` rows that describe wanted float64 [N] best.

        wanted: all finite, not constant. Noise on it hides a formula among others that are nearly as close.
        """
        size, mean, spread = len(wanted), wanted.mean(), wanted.std()
        likeness = self._units @ _units((wanted - mean)[None])[0]
        scaled = np.maximum(1.0 - likeness**2, _EXACT)
        with np.errstate(over="ignore"):
            moved = scaled + (likeness - (self._spreads / spread).astype(np.float32)) ** 2
            as_is = moved + ((self._means - mean) / spread).astype(np.float32) ** 2
        number = 2.0 * PER_PART + 0.5 * math.log(size)
        lengths = [0.5 * size * np.log(left) + at * number for at, left in enumerate((as_is, moved, scaled))]
        order = np.argsort(self._costs + np.minimum.reduce(lengths))[:count]
        for row in self._rows[order].tolist():
            formula = self.table.formula(row)
            yield formula
            yield combined(self.table.values[row][:, None], [formula], wanted)

    def nearest(self, wanted: NDArray[np.float64]) -> list[Formula | None]:
        """The formula a * B + b nearest to each row of wanted float64 [D, N]; None where too little is wanted.

        Near is what makes the shortest description: of what is left, and of the formula.
        What is not finite in a row counts as its mean.
        """
        known = np.isfinite(wanted)
        count = np.maximum(known.sum(axis=1, keepdims=True), 1)
        centred = np.where(known, wanted, 0.0)
        centred = np.where(known, centred - centred.sum(axis=1, keepdims=True) / count, 0.0)
        units = _units(centred)
        if not len(self._rows):  # where the inputs hardly vary, no formula does
            return [None] * len(wanted)
        found: list[Formula | None] = []
        for first in range(0, len(units), _BLOCK):
            likeness = units[first : first + _BLOCK] @ self._units.T
            left = np.log(np.maximum(1.0 - likeness**2, _EXACT))
            best = (0.5 * count[first : first + _BLOCK] * left + self._costs).argmin(axis=1)
            for at, row in enumerate(self._rows[best].tolist(), start=first):
                if known[at].sum() < _LEAST or not units[at].any():
                    found.append(None)
                    continue
                column = self.table.values[row][known[at], None]
                found.append(combined(column, [self.table.formula(row)], wanted[at][known[at]]))
        return found


def _units(centred: NDArray[np.float64]) -> NDArray[np.float32]:
    """Rows float64 [D, N] brought to length 1, but for those of 0; to a usual size first, since squares of very small
    values vanish and those of very large ones are none.
    """
    largest = np.abs(centred).max(axis=1, keepdims=True)
    scaled = centred / np.where(largest > 0.0, largest, 1.0)
    return (scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1.0)).astype(np.float32)
