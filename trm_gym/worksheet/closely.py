"""Where the numbers of an answer stand that has no room in its fields, compiled: closely, each in as many cells as it
has digits, with the signs between them where they then are. See ``trm_gym.algebra.layout``.
"""

from __future__ import annotations

from trm_gym.algebra.layout import (
    CONTENT_DIGITS,
    FACTOR_FIELDS,
    OVER_DIGITS,
    ROOT_DIGITS,
    SECOND_DIGITS,
    SLOPE_DIGITS,
    TERM_DIGITS,
    TOP_POWER,
    UNDER_DIGITS,
    WHOLE_DIGITS,
)
from trm_gym.jit import inner
from trm_gym.worksheet.asked import FACTORS, PAIR, POLYNOMIAL, QUANTITIES, TERMS
from trm_gym.written.signs import DIGIT, TOKEN

NONE, SIGN = -2, -1
"""Places of cells that hold no digit: neither digit nor sign; the sign of a number."""
_OVER, _HAT, _OPEN, _CLOSE, _COMMA, _X = (TOKEN[symbol] for symbol in "/^(),x")


@inner
def in_fields(kind, dividends, divisors):
    """Whether the numbers of an answer have room in its fields."""
    if kind == POLYNOMIAL:
        for power in range(TERMS):
            size = _size(power, dividends, divisors)
            if size >= 10**TERM_DIGITS or (size and power > TOP_POWER):
                return False
        return True
    if kind == FACTORS:
        if _size(0, dividends, divisors) >= 10**CONTENT_DIGITS or divisors[2 * FACTOR_FIELDS + 1]:
            return False
        for at in range(1, 2 * FACTOR_FIELDS, 2):
            if _size(at, dividends, divisors) >= 10**SLOPE_DIGITS:
                return False
            if _size(at + 1, dividends, divisors) >= 10**ROOT_DIGITS:
                return False
        return True
    for at in range(0, 4 if kind == PAIR else 2, 2):
        over, under = _size(at, dividends, divisors), _size(at + 1, dividends, divisors)
        whole = SECOND_DIGITS if at else WHOLE_DIGITS
        if over >= 10 ** (whole if under == 1 else OVER_DIGITS) or under >= 10**UNDER_DIGITS:
            return False
    return True


@inner
def _size(which, dividends, divisors):
    """A number of the answer without its sign; 0 where there is none."""
    return abs(dividends[which]) // divisors[which] if divisors[which] else 0


@inner
def _put(at, which, size, number, place):
    """Lay out the digits of a number from ``at`` on; where they end, -1 where there is no room."""
    count = 1
    while size >= 10:
        size //= 10
        count += 1
    if at < 0 or at + count > len(number):
        return -1
    for digit in range(count):
        number[at + digit], place[at + digit] = which, digit
    return at + count


@inner
def _sign(at, which, number, place):
    """The same of its sign."""
    if at < 0 or at >= len(number):
        return -1
    number[at], place[at] = which, SIGN
    return at + 1


@inner
def _mark(at, token, marks):
    """The same of a symbol that is no part of a number."""
    if at < 0 or at >= len(marks):
        return -1
    marks[at] = token
    return at + 1


@inner
def lay_out(kind, dividends, divisors, number, place, marks):
    """Fill ``number``, ``place`` and ``marks``, the token of a cell that is no part of a number, all int64 [answer];
    whether there is room.
    """
    for cell in range(len(number)):
        number[cell], place[cell], marks[cell] = -1, NONE, 0
    if kind == POLYNOMIAL:
        return _terms(dividends, divisors, number, place, marks) > 0
    if kind == FACTORS:
        return _product(dividends, divisors, number, place, marks) > 0
    at = 0
    for which in range(0, 4 if kind == PAIR else 2, 2):
        if which:
            at = _mark(at, _COMMA, marks)
        if dividends[which] < 0:
            at = _sign(at, which, number, place)
        at = _put(at, which, _size(which, dividends, divisors), number, place)
        under = _size(which + 1, dividends, divisors)
        if under > 1:
            at = _put(_mark(at, _OVER, marks), which + 1, under, number, place)
    return at > 0


@inner
def _terms(dividends, divisors, number, place, marks):
    """A polynomial by falling powers; where it ends, -1 where there is no room."""
    at = 0
    for power in range(TERMS - 1, -1, -1):
        size = _size(power, dividends, divisors)
        if size == 0:
            continue
        if at or dividends[power] < 0:
            at = _sign(at, power, number, place)
        if size > 1 or power == 0:
            at = _put(at, power, size, number, place)
        if power:
            at = _mark(at, _X, marks)
        if power > 1:
            at = _mark(_mark(at, _HAT, marks), DIGIT + power, marks)
        if at < 0:
            return -1
    return at


@inner
def _product(dividends, divisors, number, place, marks):
    """The content and linear factors; where they end, -1 where there is no room."""
    at, content = 0, _size(0, dividends, divisors)
    if dividends[0] < 0:
        at = _sign(at, 0, number, place)
    if content > 1:
        at = _put(at, 0, content, number, place)
    for which in range(1, QUANTITIES, 2):
        if divisors[which] == 0:
            break
        slope, root = _size(which, dividends, divisors), _size(which + 1, dividends, divisors)
        if root:
            at = _mark(at, _OPEN, marks)
        if slope > 1:
            at = _put(at, which, slope, number, place)
        at = _mark(at, _X, marks)
        if root:
            at = _put(_sign(at, which + 1, number, place), which + 1, root, number, place)
            at = _mark(at, _CLOSE, marks)
        if at < 0:
            return -1
    return at
