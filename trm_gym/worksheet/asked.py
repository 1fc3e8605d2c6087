"""What the numbers of an answer come from, compiled: each a dividend in columns that are not carried, and a divisor.

- a value: its numerator and denominator, each divided by what divides both (Euclid's algorithm finds it)
- an equation: what is without x on one side, what is with x on the other; of a quadratic one the square root of the
  discriminant is taken, a system is solved by Cramer's rule
- a polynomial: its coefficients, of a derivative times their powers
- factors: the numerator and denominator of each root, in the order of the answer
"""

from __future__ import annotations

import math

import numpy as np

from trm_gym.jit import inner
from trm_gym.worksheet.columns import MOST, PLACES, UNDER, Y, add_product, digits, empty, erase, settle, take, value
from trm_gym.worksheet.reading import work_out
from trm_gym.written.signs import TOKEN

NOTHING, NUMBER, PAIR, POLYNOMIAL, FACTORS = range(5)
"""What an answer is made of: what cannot be said, one number, two, coefficients, or linear factors."""
QUANTITIES = 8
"""Numbers of an answer. Of a number its numerator and denominator, of two the same twice; of a polynomial those of 1,
x, x^2, x^3; of factors the content, then of each the number before x and the other one."""
TERMS = 4
"""A polynomial's terms, of 1 to x^3."""
_LARGEST_ROOT = 10**6
_EXPAND, _COLLECT, _FACTOR, _DERIVE, _EVALUATE = (
    TOKEN[verb] for verb in ("expand", "collect", "factor", "differentiate", "evaluate")
)
_EQUALS, _COMMA, _AT = (TOKEN[symbol] for symbol in ("=", ",", "at"))


@inner
def ask(tokens, work, columns, dividends, divisors):
    """Fill columns int64 [QUANTITIES, PLACES], dividends and divisors int64 [QUANTITIES] by a problem's tokens; what
    the answer is made of. A divisor of 0 says that there is no such number.
    """
    for quantity in range(QUANTITIES):
        take(columns[quantity], columns[quantity], 0)
        dividends[quantity], divisors[quantity] = 0, 0
    stop = len(tokens)
    while stop and tokens[stop - 1] == 0:
        stop -= 1
    verb = tokens[0] if stop else 0
    named = verb in (_EXPAND, _COLLECT, _FACTOR, _DERIVE, _EVALUATE)
    parts = _read(tokens, 1 if named else 0, stop, work)
    if verb == _EVALUATE:
        kind = _substituted(work, columns, dividends, divisors) if parts == 2 else NOTHING
    elif verb == _FACTOR:
        kind = _factors(work.parts[0], columns, dividends, divisors) if parts == 1 else NOTHING
    elif named:
        kind = _coefficients(work.parts[0], verb == _DERIVE, columns, dividends, divisors) if parts == 1 else NOTHING
    elif parts == 4:
        kind = _system(work, columns, dividends, divisors)
    elif parts == 2:
        kind = _equation(work, columns, dividends, divisors)
    else:
        kind = NOTHING
        if parts == 1 and _number(work.parts[0, 0], work.parts[0, UNDER], columns, dividends, divisors, 0):
            kind = NUMBER
    for quantity in range(QUANTITIES):
        if not settle(columns[quantity]):
            return NOTHING
    return kind


@inner
def _read(tokens, start, stop, work):
    """Work out the expressions between =, commas and ``at``; how many there are, 0 where one cannot be read."""
    parts = 0
    while parts < len(work.parts):
        end = start
        while end < stop and tokens[end] != _EQUALS and tokens[end] != _COMMA and tokens[end] != _AT:
            end += 1
        if not work_out(tokens, start, end, work, parts):
            return 0
        parts += 1
        if end >= stop:
            return parts
        start = end + 3 if tokens[end] == _AT else end + 1
    return 0


@inner
def _common(first, second):
    """The greatest common divisor of two numbers that are not negative."""
    while second:
        first, second = second, first % second
    return first


@inner
def _number(over, under, columns, dividends, divisors, at):
    """A numerator and a denominator as the quantities ``at`` and the next; whether that can be done."""
    top, bottom = value(over), value(under)
    if bottom == 0 or abs(top) == MOST or abs(bottom) == MOST:
        return False
    sign = 1 if bottom > 0 else -1
    take(columns[at], over, sign)
    take(columns[at + 1], under, sign)
    dividends[at], dividends[at + 1] = sign * top, abs(bottom)
    divisors[at] = divisors[at + 1] = _common(abs(top), abs(bottom))
    return True


@inner
def _substituted(work, columns, dividends, divisors):
    """The value of the first part where x is what the second one says, by the powers of that."""
    sheet, point, spare = work.parts[0], work.parts[1], work.sheets
    if not empty(sheet[Y]):
        return NOTHING
    top = 0
    for power in range(Y):
        if not empty(sheet[power]):
            top = power
    total, under, power_over, next_power = spare[0, 0], spare[0, 1], spare[1, 0], spare[1, 1]
    erase(spare[0])
    erase(spare[1])
    power_over[0] = 1
    # Over a common denominator: sum of c_k p^k q^(top - k), all over q^top.
    for power in range(top + 1):
        if power:
            take(next_power, next_power, 0)
            if not add_product(next_power, power_over, point[0], 1):
                return NOTHING
            take(power_over, next_power, 1)
        scaled = spare[1, 2]
        take(scaled, power_over, 1)
        for _ in range(top - power):
            take(next_power, next_power, 0)
            if not add_product(next_power, scaled, point[UNDER], 1):
                return NOTHING
            take(scaled, next_power, 1)
        if not add_product(total, sheet[power], scaled, 1):
            return NOTHING
    take(under, sheet[UNDER], 1)
    for _ in range(top):
        take(next_power, next_power, 0)
        if not add_product(next_power, under, point[UNDER], 1):
            return NOTHING
        take(under, next_power, 1)
    return NUMBER if _number(total, under, columns, dividends, divisors, 0) else NOTHING


@inner
def _coefficients(sheet, derive, columns, dividends, divisors):
    """The coefficients of 1, x, x^2, x^3, or those of the derivative."""
    under = value(sheet[UNDER])
    if under <= 0 or under == MOST:
        return NOTHING
    for power in range(TERMS):
        factor = power + 1 if derive else 1
        take(columns[power], sheet[power + (1 if derive else 0)], factor)
        dividends[power], divisors[power] = value(columns[power]), under
    return POLYNOMIAL


@inner
def _difference(left, right, target):
    """One sheet less another, times what makes both whole; whether there is room."""
    erase(target)
    for row in range(UNDER):
        if not add_product(target[row], left[row], right[UNDER], 1):
            return False
        if not add_product(target[row], right[row], left[UNDER], -1):
            return False
    target[UNDER, 0] = 1
    return True


@inner
def _equation(work, columns, dividends, divisors):
    """The root of a linear equation, or the roots of a quadratic one in ascending order."""
    row, minus, spare = work.sheets[0], work.sheets[1, 0], work.sheets[1, 1]
    if not _difference(work.parts[0], work.parts[1], row):
        return NOTHING
    for power in range(3, UNDER):
        if not empty(row[power]):
            return NOTHING
    if value(row[2]) == 0:
        take(minus, row[0], -1)
        return NUMBER if _number(minus, row[1], columns, dividends, divisors, 0) else NOTHING
    root = square_root_of_discriminant(row)
    if root < 0:
        return NOTHING
    take(spare, row[2], 2)
    rising = 1 if value(spare) > 0 else -1
    for which in range(2 if root else 1):
        digits(minus, root)
        take(minus, minus, rising if which else -rising)
        for place in range(PLACES):
            minus[place] -= row[1, place]
        if not _number(minus, spare, columns, dividends, divisors, 2 * which):
            return NOTHING
    return PAIR if root else NUMBER


@inner
def square_root_of_discriminant(row):
    """The square root of b^2 - 4 a c of a sheet a x^2 + b x + c; -1 where it is no whole number, or too large."""
    constant, slope, square = value(row[0]), value(row[1]), value(row[2])
    if max(abs(constant), abs(slope), abs(square)) > _LARGEST_ROOT:
        return -1
    discriminant = slope * slope - 4 * square * constant
    if discriminant < 0:
        return -1
    root = np.int64(math.sqrt(discriminant))
    root += (root + 1) * (root + 1) <= discriminant
    return root if root * root == discriminant else -1


@inner
def _system(work, columns, dividends, divisors):
    """x and y by Cramer's rule."""
    one, two, spare = work.sheets[0], work.sheets[1], work.sheets[2]
    if not _difference(work.parts[0], work.parts[1], one) or not _difference(work.parts[2], work.parts[3], two):
        return NOTHING
    erase(spare)
    whole, over_x, over_y = spare[0], spare[1], spare[2]
    fits = add_product(whole, one[1], two[Y], 1) and add_product(whole, one[Y], two[1], -1)
    fits = fits and add_product(over_x, one[Y], two[0], 1) and add_product(over_x, one[0], two[Y], -1)
    fits = fits and add_product(over_y, one[0], two[1], 1) and add_product(over_y, one[1], two[0], -1)
    if not fits:
        return NOTHING
    if not _number(over_x, whole, columns, dividends, divisors, 0):
        return NOTHING
    return PAIR if _number(over_y, whole, columns, dividends, divisors, 2) else NOTHING


@inner
def _factors(row, columns, dividends, divisors):
    """The content and the factors of a polynomial of degree 1 or 2."""
    for power in range(3, UNDER):
        if not empty(row[power]):
            return NOTHING
    low, middle, high = value(row[0]), value(row[1]), value(row[2])
    if value(row[UNDER]) != 1 or max(abs(low), abs(middle), abs(high)) == MOST:
        return NOTHING
    content = _common(_common(abs(low), abs(middle)), abs(high))
    if content == 0 or (high == 0 and middle == 0):
        return NOTHING
    sign = -1 if (high or middle) < 0 else 1
    digits(columns[0], content)
    dividends[0], divisors[0] = sign * content, 1
    take(columns[0], columns[0], sign)
    if high == 0:
        _factor(row[1], row[0], sign, content, columns, dividends, divisors, 1)
        return FACTORS
    root = square_root_of_discriminant(row)
    if root < 0:
        return NOTHING
    # a x^2 + b x + c: each factor is 2 a x + (b - s) or 2 a x + (b + s), divided by what divides both.
    under, over = columns[6], columns[7]
    for which in range(2):
        take(under, row[2], 2)
        digits(over, root)
        take(over, over, 1 if which else -1)
        for place in range(PLACES):
            over[place] += row[1, place]
        common = _common(abs(value(under)), abs(value(over)))
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
    return FACTORS


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
