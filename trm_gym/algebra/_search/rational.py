"""Compiled arithmetic on rows: polynomials in x, plus a multiple of y, over a common denominator.

A row is WIDTH numbers: the coefficients of 1, x, ..., x^DEGREE, then that of y, then the denominator (positive). No
number in a row exceeds LIMIT, so a product of two fits its type with room to add; an operation whose result would not
fit says so (False) and leaves its row unfit for use. Rows lie in one array, ``work`` int64 [n], and are named by where
they start: passing a view of its own for each would cost more than the arithmetic.
"""

from __future__ import annotations

from trm_gym.algebra.layout import DEGREE
from trm_gym.jit import inner

Y = DEGREE + 1
"""Where a row holds the coefficient of y."""

UNDER = DEGREE + 2
"""Where a row holds the denominator."""

WIDTH = DEGREE + 3

LIMIT = 10**9
"""The largest size of a number in a row."""


@inner
def reduce(work, row):
    """Bring ``row`` into lowest terms; whether it fits."""
    common, place = work[row + UNDER], 0
    while common > 1 and place < UNDER:
        other = abs(work[row + place])
        while other:
            common, other = other, common % other
        place += 1
    largest = 0
    for place in range(row, row + WIDTH):
        if common > 1:
            work[place] //= common
        largest = max(largest, abs(work[place]))
    return largest <= LIMIT


@inner
def set_number(work, row, number):
    """Make ``row`` the whole ``number``."""
    for place in range(row, row + WIDTH):
        work[place] = 0
    work[row] = number
    work[row + UNDER] = 1


@inner
def add(work, row, other):
    """Add ``other`` to ``row``; whether the result fits."""
    ours, theirs = work[other + UNDER], work[row + UNDER]
    if ours == theirs:
        ours = theirs = 1
    for place in range(UNDER):
        work[row + place] = work[row + place] * ours + work[other + place] * theirs
    work[row + UNDER] *= ours
    return reduce(work, row)


@inner
def multiply(work, row, other, scratch):
    """Multiply ``row`` by ``other``; whether the result fits and is linear in y, without products with y.

    scratch: a row that is overwritten.
    """
    low, top = 0, 0
    for place in range(WIDTH):
        if place <= DEGREE and work[row + place] != 0:
            low = place
        if place <= DEGREE and work[other + place] != 0:
            top = place
        work[scratch + place] = work[row + place]
        work[row + place] = 0
    old, new = work[scratch + Y], work[other + Y]
    if top + low > DEGREE or (old and (top or new)) or (new and low):
        return False
    for one in range(top + 1):
        for two in range(low + 1):
            work[row + one + two] += work[other + one] * work[scratch + two]
    work[row + Y] = old * work[other] + work[scratch] * new
    work[row + UNDER] = work[scratch + UNDER] * work[other + UNDER]
    return reduce(work, row)
