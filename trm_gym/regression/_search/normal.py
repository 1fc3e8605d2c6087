"""Least squares by normal equations, small enough to be spelt out: as many unknowns as a formula has constants."""

from __future__ import annotations

import math

from trm_gym.jit import inner
from trm_gym.regression._search.room import FACTOR, GRADIENT, MATRIX, STEP, WEIGHTS


@inner
def dot(rows, one, other, begin, end):
    """The sum of products of rows ``one`` and ``other``, weighted by row WEIGHTS, over columns ``begin`` to ``end``."""
    first, second, third, fourth, at = 0.0, 0.0, 0.0, 0.0, begin
    while at + 3 < end:  # four sums, since an addition waits for the one before it
        first += rows[one, at] * rows[other, at] * rows[WEIGHTS, at]
        second += rows[one, at + 1] * rows[other, at + 1] * rows[WEIGHTS, at + 1]
        third += rows[one, at + 2] * rows[other, at + 2] * rows[WEIGHTS, at + 2]
        fourth += rows[one, at + 3] * rows[other, at + 3] * rows[WEIGHTS, at + 3]
        at += 4
    while at < end:
        first += rows[one, at] * rows[other, at] * rows[WEIGHTS, at]
        at += 1
    return (first + second) + (third + fourth)


@inner
def solve(small, size, damping):
    """Solve (matrix + ``damping`` times its diagonal) step = gradient by Cholesky's method.

    small: see ``Room``; of the matrix its lower triangle is read. An unknown that nothing depends on gets the step 0.
    Returns whether there is a solution.
    """
    for row in range(size):
        whole = small[MATRIX + row, row]
        for column in range(row + 1):
            rest = small[MATRIX + row, column]
            if row == column:
                rest += damping * rest
            for place in range(column):
                rest -= small[FACTOR + row, place] * small[FACTOR + column, place]
            if row != column:
                small[FACTOR + row, column] = rest / small[FACTOR + column, column]
            elif whole == 0.0:
                small[FACTOR + row, row] = 1.0
            elif rest > 1e-15 * whole:
                small[FACTOR + row, row] = math.sqrt(rest)
            else:  # NaN comes here too
                return False
    for row in range(size):
        rest = small[GRADIENT, row]
        for place in range(row):
            rest -= small[FACTOR + row, place] * small[STEP, place]
        small[STEP, row] = rest / small[FACTOR + row, row]
    for row in range(size - 1, -1, -1):
        rest = small[STEP, row]
        for place in range(row + 1, size):
            rest -= small[FACTOR + place, row] * small[STEP, place]
        small[STEP, row] = rest / small[FACTOR + row, row]
    return True
