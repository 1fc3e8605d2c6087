"""All small formulas by their values at given points, the shortest of each: size by size, each made of earlier ones.

A formula is a row: an operation and the rows that it is of. So a hundred thousand of them cost one operation each.
"""

from __future__ import annotations

import numpy as np

from trm_gym.jit import inner, kernel, scramble
from trm_gym.regression.operations import (
    FOURTH,
    LITERAL,
    LOG,
    MINUS,
    OVER,
    PLUS,
    POWER,
    SIN,
    SQRT,
    SQUARE,
    TIMES,
    binary_row,
    unary_row,
)

LARGEST = 1e9
"""Formulas with values beyond this are left out."""
_FLAT = 1e-9
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_S29 = np.uint64(29)
_ROUNDING = np.uint64(1 << 15)
_KEPT = ~np.uint64((1 << 16) - 1)
"""Bits of a float that count: 36 of its mantissa, so that two ways to the same value are one."""
_LONGEST_BASE, _LONGEST_EXPONENT = 2, 3


@inner
def _usable(values, row, count):
    """Whether the numbers of ``row`` are finite, not too large and not all the same; zeros lose their sign."""
    low, high = values[row, 0], values[row, 0]
    for at in range(count):
        value = values[row, at]
        if not -LARGEST < value < LARGEST:
            return False
        values[row, at] = value + 0.0
        low, high = min(low, value), max(high, value)
    return high - low > _FLAT * max(abs(low), abs(high))


@inner
def _enter(tables, row, code, left, right):
    """Enter the formula whose values stand in ``row`` if none has the same; returns the row that is free then."""
    values, bits, codes, lefts, rights, hashes, places = tables
    count = values.shape[1]
    if not _usable(values, row, count):
        return row
    key = np.uint64(count)
    for at in range(count):
        key = (key ^ ((bits[row, at] + _ROUNDING) & _KEPT)) * _GOLDEN
        key ^= key >> _S29
    key = scramble(key)
    last = len(places) - 1
    place = np.int64(key & np.uint64(last))
    while places[place] >= 0:
        if hashes[places[place]] == key:
            return row
        place = (place + 1) & last
    places[place], hashes[row] = row, key
    codes[row], lefts[row], rights[row] = code, left, right
    return row + 1


@inner
def _is_nested(outer, inside):
    """Whether a function of another is left out: sines of exponentials and the like, powers that are functions already.

    What remains are functions of powers, squares of functions, and the sixth power.
    """
    if inside < SQUARE or inside > LOG:
        return False
    if outer >= SIN:
        return inside >= SIN
    return outer != SQUARE or inside in (SQUARE, FOURTH, SQRT)


@inner
def _is_strange(code, base, base_value, small, large):
    """Whether a power is left out: of long formulas, and of numbers other than 2."""
    return code == POWER and (
        small > _LONGEST_BASE or large > _LONGEST_EXPONENT or (base == LITERAL and base_value != 2)
    )


@inner
def _functions(tables, starts, size, row, most):
    """Enter the functions of all formulas of ``size`` - 1."""
    values, codes = tables[0], tables[2]
    for one in range(starts[size - 1], starts[size]):
        for code in range(SQUARE, LOG + 1):
            if row == most:
                return row
            if not _is_nested(code, codes[one]):
                unary_row(code, values, one, row, values.shape[1])
                row = _enter(tables, row, code, one, -1)
    return row


@inner
def _joins(tables, starts, size, row, most):
    """Enter all joins of two formulas that have ``size`` - 1 parts together."""
    values, codes, lefts = tables[0], tables[2], tables[3]
    for small in range(1, size - 1):
        large = size - 1 - small
        for one in range(starts[small], starts[small + 1]):
            for other in range(starts[large], starts[large + 1]):
                for code in (TIMES, OVER, PLUS, MINUS, POWER):
                    turned = small > large or (small == large and other > one)
                    if turned and code in (PLUS, TIMES):
                        continue
                    if _is_strange(code, codes[one], lefts[one], small, large):
                        continue
                    if row == most:
                        return row
                    binary_row(code, values, one, other, row, values.shape[1])
                    row = _enter(tables, row, code, one, other)
    return row


@kernel
def enumerate_formulas(tables, starts):
    """Fill tables from the leaves, rows 0 to ``starts[2]``, on; returns how many rows are filled.

    tables: values float64 [M + 1, N], the same memory as uint64, code uint8, left and right int32 and hashes uint64
    [M + 1], and int32 [2^k] that holds -1 everywhere, room for more than M. starts: int64; entry s gets the first row
    of size s; it says how many sizes there are.
    """
    most = len(tables[0]) - 1
    row = starts[2]
    for leaf in range(row):
        _enter(tables, leaf, tables[2][leaf], tables[3][leaf], tables[4][leaf])
    for size in range(2, len(starts) - 1):
        row = _functions(tables, starts, size, row, most)
        row = _joins(tables, starts, size, row, most)
        starts[size + 1] = row
    return row
