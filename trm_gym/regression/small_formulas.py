"""The shortest formula of each function that a few parts make, by their values at given points."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.regression._search.enumeration import enumerate_formulas
from trm_gym.regression._search.meeting import CONTRASTS, KEYED, index_rows
from trm_gym.regression.formula import Formula, number
from trm_gym.regression.layout import NUMBERS, SIGNS, VARIABLES
from trm_gym.regression.operations import LITERAL
from trm_gym.regression.programs import FIRST_VARIABLE
from trm_gym.streams import mix

LARGEST_SIZE = 7


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()


def contrast_weights() -> NDArray[np.float64]:
    """Weights float64 [CONTRASTS, KEYED], each row with the sum 0: always the same, and even in nothing."""
    draws = mix(7, np.arange(CONTRASTS * KEYED)).astype(np.float64).reshape(CONTRASTS, KEYED) / 2.0**64
    return draws - draws.mean(axis=1, keepdims=True)


@final
class SmallFormulas:
    """Formulas of up to LARGEST_SIZE operators, functions and leaves, as many as there is room for, smallest first.

    values: float64 [M, N], each row what one formula is at the points. sizes: int64 [M]. contrasts, keys, places: how
    rows are found by their values, up to a factor and a summand; see ``_search.meeting``.
    """

    def __init__(self, inputs: NDArray[np.float64], most: int = 60_000) -> None:
        """inputs: float64 [N, 1 to 3], N at least KEYED, the columns of the variables. most: how many formulas."""
        count, variables = inputs.shape
        values = np.empty((most + 1, count))
        self._codes = np.zeros(most + 1, np.uint8)
        self._left, self._right = np.zeros((2, most + 1), np.int32)
        hashes, places = np.zeros(most + 1, np.uint64), np.full(_power_of_two(2 * most), -1, np.int32)
        leaves = variables + len(NUMBERS)
        values[:variables] = inputs.T
        self._codes[:variables] = FIRST_VARIABLE + np.arange(variables)
        values[variables:leaves] = np.arange(1.0, 1.0 + len(NUMBERS))[:, None]
        self._codes[variables:leaves] = LITERAL
        self._left[variables:leaves] = np.arange(1, 1 + len(NUMBERS))
        starts = np.zeros(LARGEST_SIZE + 2, np.int64)
        starts[2] = leaves
        tables = (values, values.view(np.uint64), self._codes, self._left, self._right, hashes, places)
        found = int(enumerate_formulas(tables, starts))
        self.values, self.starts = values[:found], starts
        self.weights = contrast_weights()
        self.contrasts = np.empty((found, CONTRASTS))
        self.keys = np.zeros(_power_of_two(2 * most), np.uint64)
        self.places = np.zeros(len(self.keys), np.int32)
        index_rows(self.values, self.weights, self.contrasts, self.keys, self.places)

    def __len__(self) -> int:
        return len(self.values)

    def formula(self, row: int) -> Formula:
        """The formula of a row."""
        code = int(self._codes[row])
        if code == LITERAL:
            return number(float(self._left[row]))
        if SIGNS[code] in VARIABLES:
            return Formula(SIGNS[code])
        parts = [int(self._left[row])] + ([int(self._right[row])] if self._right[row] >= 0 else [])
        return Formula(SIGNS[code], tuple(map(self.formula, parts)))
