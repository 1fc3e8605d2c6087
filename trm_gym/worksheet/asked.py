"""What the numbers of an answer come from, compiled: each a dividend in columns that are not carried, and a divisor.

- a value: its numerator and denominator, each divided by what divides both (Euclid's algorithm finds it)
- an equation: what is without x on one side, what is with x on the other; of a quadratic one the square root of the
  discriminant is taken, a system is solved by Cramer's rule
- a polynomial: its coefficients, of a derivative times their powers
- factors: the numerator and denominator of each root, in the order of the answer; of a cubic and beyond the factors
  themselves
"""

from __future__ import annotations

from trm_gym.algebra.layout import MAX_FACTORS
from trm_gym.jit import inner
from trm_gym.worksheet.columns import (
    DEGREE,
    MOST,
    PLACES,
    UNDER,
    Y,
    add_product,
    digits,
    empty,
    erase,
    settle,
    take,
    value,
)
from trm_gym.worksheet.factors import common_divisor, copy_factors, quadratic_factors, square_root_of_discriminant
from trm_gym.worksheet.reading import work_out
from trm_gym.written.signs import TOKEN

NOTHING, NUMBER, PAIR, POLYNOMIAL, FACTORS = range(5)
"""What an answer is made of: what cannot be said, one number, two, coefficients, or linear factors."""
TERMS = DEGREE + 1
"""A polynomial's terms, of 1 to x^6."""
QUANTITIES = 1 + 2 * MAX_FACTORS
"""Numbers of an answer. Of a number its numerator and denominator, of two the same twice; of a polynomial those of 1,
x, x^2, ...; of factors the content, then of each the number before x and the other one."""
_EXPAND, _COLLECT, _FACTOR, _DERIVE, _EVALUATE = (
    TOKEN[verb] for verb in ("expand", "collect", "factor", "differentiate", "evaluate")
)
_EQUALS, _COMMA, _AT = (TOKEN[symbol] for symbol in ("=", ",", "at"))


@inner
def ask(tokens, known, work, columns, dividends, divisors):
    """Fill columns int64 [QUANTITIES, PLACES], dividends and divisors int64 [QUANTITIES] by a problem's tokens; what
    the answer is made of. A divisor of 0 says that there is no such number. known: of a polynomial beyond the quadratic
    that is to be factored how many factors it has, its content and they, int64 [2 + 2 * MAX_FACTORS]; else 0.
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
    elif verb == _FACTOR and known[0] > 0:
        copy_factors(known, columns, dividends, divisors)
        kind = FACTORS
    elif verb == _FACTOR:
        found = parts == 1 and quadratic_factors(work.parts[0], columns, dividends, divisors)
        kind = FACTORS if found else NOTHING
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
def _number(over, under, columns, dividends, divisors, at):
    """A numerator and a denominator as the quantities ``at`` and the next; whether that can be done."""
    top, bottom = value(over), value(under)
    if bottom == 0 or abs(top) == MOST or abs(bottom) == MOST:
        return False
    sign = 1 if bottom > 0 else -1
    take(columns[at], over, sign)
    take(columns[at + 1], under, sign)
    dividends[at], dividends[at + 1] = sign * top, abs(bottom)
    divisors[at] = divisors[at + 1] = common_divisor(abs(top), abs(bottom))
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
    """The coefficients of 1, x, x^2, ..., or those of the derivative."""
    under = value(sheet[UNDER])
    if under <= 0 or under == MOST:
        return NOTHING
    for power in range(TERMS):
        if not derive:
            take(columns[power], sheet[power], 1)
        elif power < DEGREE:
            take(columns[power], sheet[power + 1], power + 1)
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
