"""The linear factors of a polynomial as numbers of an answer, compiled."""

from __future__ import annotations

import math

import numpy as np

from trm_gym.jit import inner
from trm_gym.worksheet.columns import MOST, PLACES, UNDER, digits, empty, take, value

_LARGEST = 10**9  # b^2 - 4 a c of such numbers fits into 64 bits


@inner
def common_divisor(first, second):
    """The greatest common divisor of two numbers that are not negative."""
    while second:
        first, second = second, first % second
    return first


@inner
def square_root_of_discriminant(row):
    """The square root of b^2 - 4 a c of a sheet a x^2 + b x + c; -1 where it is no whole number, or too large."""
    constant, slope, square = value(row[0]), value(row[1]), value(row[2])
    if max(abs(constant), abs(slope), abs(square)) > _LARGEST:
        return -1
    discriminant = slope * slope - 4 * square * constant
    if discriminant < 0:
        return -1
    root = np.int64(math.sqrt(discriminant))
    root -= root * root > discriminant
    root += (root + 1) * (root + 1) <= discriminant
    return root if root * root == discriminant else -1


@inner
def copy_factors(known, columns, dividends, divisors):
    """The content and the factors as they are known: see ``ask``."""
    for at in range(1 + 2 * known[0]):
        number = known[1 + at]
        digits(columns[at], abs(number))
        take(columns[at], columns[at], 1 if number >= 0 else -1)
        dividends[at], divisors[at] = number, 1


@inner
def quadratic_factors(row, columns, dividends, divisors):
    """The content and the factors of a polynomial of degree 1 or 2; whether it has any."""
    for power in range(3, UNDER):
        if not empty(row[power]):
            return False
    low, middle, high = value(row[0]), value(row[1]), value(row[2])
    if value(row[UNDER]) != 1 or max(abs(low), abs(middle), abs(high)) == MOST:
        return False
    content = common_divisor(common_divisor(abs(low), abs(middle)), abs(high))
    if content == 0 or (high == 0 and middle == 0):
        return False
    sign = -1 if (high or middle) < 0 else 1
    digits(columns[0], content)
    dividends[0], divisors[0] = sign * content, 1
    take(columns[0], columns[0], sign)
    if high == 0:
        _factor(row[1], row[0], sign, content, columns, dividends, divisors, 1)
        return True
    root = square_root_of_discriminant(row)
    if root < 0:
        return False
    # a x^2 + b x + c: each factor is 2 a x + (b - s) or 2 a x + (b + s), divided by what divides both.
    under, over = columns[6], columns[7]
    for which in range(2):
        take(under, row[2], 2)
        digits(over, root)
        take(over, over, 1 if which else -1)
        for place in range(PLACES):
            over[place] += row[1, place]
        common = common_divisor(abs(value(under)), abs(value(over)))
        _factor(under, over, sign, common, columns, dividends, divisors, 1 + 2 * which)
    take(under, under, 0)
    take(over, over, 0)
    if _out_of_order(dividends, divisors):
        for place in range(PLACES):
            for which in (1, 2):
                columns[which, place], columns[which + 2, place] = columns[which + 2, place], columns[which, place]
        for which in (1, 2):
            dividends[which], dividends[which + 2] = dividends[which + 2], dividends[which]
            divisors[which], divisors[which + 2] = divisors[which + 2], divisors[which]
    return True


@inner
def _factor(slope, constant, sign, common, columns, dividends, divisors, at):
    """A linear factor as the quantities ``at`` and the next."""
    take(columns[at], slope, sign)
    take(columns[at + 1], constant, sign)
    dividends[at], dividends[at + 1] = sign * value(slope), sign * value(constant)
    divisors[at] = divisors[at + 1] = max(common, 1)


@inner
def _out_of_order(dividends, divisors):
    """Whether the second factor comes first in an answer: by the number before x, then by the other one."""
    first, second = dividends[1] // divisors[1], dividends[3] // divisors[3]
    if first != second:
        return first > second
    return dividends[2] // divisors[2] > dividends[4] // divisors[4]
