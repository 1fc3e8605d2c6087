"""Numbers and polynomials as columns of digits that have not been carried, and sums and products of them, compiled.

A *sheet* is int64 [ROLES + 1, PLACES]: the columns of the coefficient of each role (1, x, ..., x^6, y), then those of a
denominator that all share. A column is what stands at a place of ten: 25 * 4 is 20 units and 8 tens.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner

DEGREE = 6
Y, UNDER = DEGREE + 1, DEGREE + 2
"""Rows of a sheet behind those of the powers of x: of y, and of the denominator."""
ROLES = DEGREE + 2
PLACES = 14
MOST = 10**12
"""A larger column, or a larger number, is not worked with."""
WIDEST = 60
"""A larger column is written out in digits: its tens go to the next column, as for any product on paper."""

Columns = NDArray[np.int64]


@inner
def erase(sheet):
    """Make all columns of a sheet 0, those of the denominator too."""
    for row in range(ROLES + 1):
        take(sheet[row], sheet[row], 0)


@inner
def clear(sheet):
    """Make a sheet 0."""
    erase(sheet)
    sheet[UNDER, 0] = 1


@inner
def take(target, source, factor):
    """Make a row of columns ``factor`` times another."""
    for place in range(PLACES):
        target[place] = factor * source[place]


@inner
def digits(columns, number):
    """Write the digits of a number that is not negative; places beyond are cut off."""
    for place in range(PLACES):
        columns[place] = number % 10
        number //= 10


@inner
def add_product(total, one, other, sign):
    """Add ``sign`` times the product of two rows of columns to a third one; whether there is room."""
    for low in range(PLACES):
        if one[low] == 0:
            continue
        for high in range(PLACES):
            if other[high] == 0:
                continue
            if low + high >= PLACES:
                return False
            total[low + high] += sign * one[low] * other[high]
            if abs(total[low + high]) > MOST:
                return False
    return True


@inner
def value(columns):
    """What columns come to; MOST where that is too much."""
    total = 0
    for place in range(PLACES - 1, -1, -1):
        if abs(total) >= MOST:
            return MOST
        total = 10 * total + columns[place]
    return min(max(total, -MOST), MOST)


@inner
def empty(columns):
    """Whether all columns are 0."""
    nothing = True
    for place in range(PLACES):
        nothing &= columns[place] == 0
    return nothing


@inner
def multiply(one, other, spare):
    """Multiply the sheet ``one`` by another, by way of a third; whether there is room for it."""
    erase(spare)
    for left in range(ROLES):
        if empty(one[left]):
            continue
        for right in range(ROLES):
            if empty(other[right]):
                continue
            row = left + right
            if row > DEGREE and not (row == Y and (left == Y or right == Y)):
                return False
            if not add_product(spare[row], one[left], other[right], 1):
                return False
    if not add_product(spare[UNDER], one[UNDER], other[UNDER], 1):
        return False
    copy(spare, one)
    return True


@inner
def copy(source, target):
    """Copy a sheet."""
    for row in range(ROLES + 1):
        take(target[row], source[row], 1)


@inner
def same(one, other):
    """Whether two rows of columns are alike."""
    alike = True
    for place in range(PLACES):
        alike &= one[place] == other[place]
    return alike


@inner
def add(one, other, sign, spare):
    """Add ``sign`` times a sheet to the sheet ``one``, over the product of their denominators unless they are alike."""
    alike = same(one[UNDER], other[UNDER])
    erase(spare)
    for row in range(ROLES):
        if alike:
            for place in range(PLACES):
                spare[row, place] = one[row, place] + sign * other[row, place]
        elif not add_product(spare[row], one[row], other[UNDER], 1) or not add_product(
            spare[row], other[row], one[UNDER], sign
        ):
            return False
    if alike:
        take(spare[UNDER], one[UNDER], 1)
    elif not add_product(spare[UNDER], one[UNDER], other[UNDER], 1):
        return False
    copy(spare, one)
    return True


@inner
def divide(one, other, spare):
    """Divide the sheet ``one`` by another, which has to be a number other than 0; whether that can be done."""
    for row in range(1, ROLES):
        if not empty(other[row]):
            return False
    if value(other[0]) == 0:
        return False
    for place in range(PLACES):
        other[0, place], other[UNDER, place] = other[UNDER, place], other[0, place]
    return multiply(one, other, spare)


@inner
def settle(columns):
    """Write columns that are too wide out in digits, each beginning at its own place; whether there is room."""
    for _ in range(4):
        wide = False
        for place in range(PLACES):
            wide |= abs(columns[place]) > WIDEST
        if not wide:
            return True
        # From the highest place down: what a column hands on goes to places that are done.
        for place in range(PLACES - 1, -1, -1):
            sign = 1 if columns[place] >= 0 else -1
            left, at = abs(columns[place]) // 10, place + 1
            columns[place] -= sign * 10 * left
            while left:
                if at == PLACES:
                    return False
                columns[at] += sign * (left % 10)
                left //= 10
                at += 1
    return False
