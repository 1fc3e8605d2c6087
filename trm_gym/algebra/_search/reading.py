"""Compiled reading of problems: from the tokens of the problem region to rows of coefficients.

An expression is a sum of products of factors: numbers, x, y, brackets, each perhaps with a power; a minus may stand
before a factor. Products are written with ``*``; what is divided by must be a number. The reader keeps its own stack,
one frame for each open bracket, because compiled recursion does not survive a cache.

All that follows the reading works on whole batches of rows and needs no compilation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.rational import LIMIT, UNDER, WIDTH, Y, add, multiply, set_number
from trm_gym.algebra.layout import DEGREE, WRITTEN
from trm_gym.jit import inner, lazy_kernel
from trm_gym.written.signs import DIGIT, SYMBOLS, TOKEN

EQUATION, SYSTEM, EVALUATE, EXPRESSION, DIFFERENTIATE, FACTOR = 1, 2, 3, 4, 5, 6
"""What is asked for: x; x and y; an expression's value; the expression as a sum (expand, collect); its derivative; its
factors.
"""

SYNTAX, LARGE, POWER, DIVISOR, NESTING = -1, -2, -3, -4, -5
"""Why a problem cannot be read: a symbol where it means nothing; a number or power too large for a row, or products
with y; a power that is no whole number up to DEGREE; a division by zero or by an unknown; brackets in brackets in
brackets, and so on.
"""

_FRAMES = 20
_PLUS, _MINUS, _TIMES, _OVER, _HAT, _OPEN, _CLOSE = (TOKEN[symbol] for symbol in "+-*/^()")
_EQUALS, _COMMA, _X, _Y = (TOKEN[symbol] for symbol in "=,xy")
_AT = TOKEN["at"]
_KINDS = np.zeros(len(SYMBOLS), np.int64)
for _verb, _asked in (
    ("expand", EXPRESSION),
    ("collect", EXPRESSION),
    ("factor", FACTOR),
    ("differentiate", DIFFERENTIATE),
    ("evaluate", EVALUATE),
):
    _KINDS[TOKEN[_verb]] = _asked


# Where things lie in the working array: two spare rows, then a frame for each open bracket. A frame is a row for the
# sum so far, a row for the product of its brackets that is being read, and of that product what is no bracket: a
# fraction and a power of x. ``_ROWS`` says whether there are brackets, ``_DIVIDES`` whether the next factor divides.
_FACTOR_ROW, _SCRATCH, _FIRST = 0, WIDTH, 2 * WIDTH
_PRODUCT, _OVER_PART, _UNDER_PART, _X_PART, _ROWS, _DIVIDES, _FRAME = (WIDTH + n for n in (0, *range(WIDTH, WIDTH + 6)))


@inner
def _digits(tokens, at, stop):
    """The number whose first digit is before ``at``, and where it ends; -1 if it is too large."""
    number = np.int64(tokens[at - 1]) - DIGIT
    while at < stop and DIGIT <= tokens[at] <= DIGIT + 9:
        number = 10 * number + (tokens[at] - DIGIT)
        at += 1
        if number >= LIMIT:
            return -1, at
    return number, at


@inner
def _row_factor(work, frame, power):
    """Multiply or divide the product by the spare row to a power. Returns 0 or why that is impossible."""
    if work[frame + _ROWS] == 0:
        set_number(work, frame + _PRODUCT, 1)
        work[frame + _ROWS] = 1
    if work[frame + _DIVIDES]:
        number = work[_FACTOR_ROW]
        for place in range(1, UNDER):
            if work[_FACTOR_ROW + place] != 0:
                number = 0
        if number == 0:
            return DIVISOR
        work[_FACTOR_ROW] = work[_FACTOR_ROW + UNDER] if number > 0 else -work[_FACTOR_ROW + UNDER]
        work[_FACTOR_ROW + UNDER] = abs(number)
    for _ in range(power):
        if not multiply(work, frame + _PRODUCT, _FACTOR_ROW, _SCRATCH):
            return LARGE
    return 0


@inner
def _take_factor(tokens, at, stop, work, frame):
    """Multiply the product by the number, x, y or closed bracket before ``at``, with its power.

    Returns where it ends, or why it cannot be read.
    """
    token, power, number = tokens[at - 1], 1, 0
    is_number = DIGIT <= token <= DIGIT + 9
    if is_number:
        number, at = _digits(tokens, at, stop)
        if number < 0:
            return LARGE
    if at < stop and tokens[at] == _HAT:
        power = np.int64(tokens[at + 1]) - DIGIT if at + 1 < stop else -1
        at += 2
        if not 0 <= power <= DEGREE or (at < stop and DIGIT <= tokens[at] <= DIGIT + 9):
            return POWER
    if is_number:
        part = frame + (_UNDER_PART if work[frame + _DIVIDES] else _OVER_PART)
        if number == 0 and work[frame + _DIVIDES]:
            return DIVISOR
        for _ in range(power):
            work[part] *= number
            if abs(work[part]) > LIMIT:
                return LARGE
        return at
    if token == _X:
        work[frame + _X_PART] += power
        return DIVISOR if work[frame + _DIVIDES] else at if work[frame + _X_PART] <= DEGREE else LARGE
    if token == _Y:
        set_number(work, _FACTOR_ROW, 0)
        work[_FACTOR_ROW + Y] = 1
    else:
        for place in range(WIDTH):
            work[_FACTOR_ROW + place] = work[frame + _FRAME + place]
    wrong = _row_factor(work, frame, power)
    return wrong if wrong else at


@inner
def _begin(work, frame, sign):
    """Begin a product."""
    work[frame + _OVER_PART] = sign
    work[frame + _UNDER_PART] = 1
    work[frame + _X_PART] = work[frame + _ROWS] = work[frame + _DIVIDES] = 0


@inner
def _end(work, frame):
    """Add the product to the sum; whether it fits."""
    over, under, power = work[frame + _OVER_PART], work[frame + _UNDER_PART], work[frame + _X_PART]
    if work[frame + _ROWS] == 0 and under == 1 and work[frame + UNDER] == 1:
        work[frame + power] += over
        return abs(work[frame + power]) <= LIMIT
    if work[frame + _ROWS] == 0:
        set_number(work, frame + _PRODUCT, 1)
    set_number(work, _FACTOR_ROW, 0)
    work[_FACTOR_ROW + power] = over
    work[_FACTOR_ROW + UNDER] = under
    return multiply(work, frame + _PRODUCT, _FACTOR_ROW, _SCRATCH) and add(work, frame, frame + _PRODUCT)


@inner
def _expression(tokens, start, stop, work):
    """Read tokens[start:stop] into the first frame's sum. Returns 0 or why that is impossible."""
    frame, at = _FIRST - _FRAME, start - 1
    begins = True  # whether a factor must come next
    while True:
        # The expression stands in brackets that nobody wrote: the first opens it, the last ends it.
        token = _OPEN if at < start else tokens[at] if at < stop else _CLOSE
        at += 1
        if begins and token == _MINUS:
            work[frame + _OVER_PART] = -work[frame + _OVER_PART]
            continue
        if begins and token == _OPEN:
            frame += _FRAME
            if frame + 2 * _FRAME > len(work):
                return NESTING
            set_number(work, frame, 0)
            _begin(work, frame, 1)
            continue
        if not begins and token in (_TIMES, _OVER):
            work[frame + _DIVIDES] = token == _OVER
            begins = True
            continue
        if begins != (DIGIT <= token <= DIGIT + 9 or token in (_X, _Y)):
            return SYNTAX
        if not begins:
            if token != _PLUS and token != _MINUS and token != _CLOSE:
                return SYNTAX
            if not _end(work, frame):
                return LARGE
            if token != _CLOSE:
                _begin(work, frame, 1 if token == _PLUS else -1)
                begins = True
                continue
            frame -= _FRAME
            if frame < _FIRST or at > stop:
                return 0 if frame < _FIRST and at > stop else SYNTAX
        at = _take_factor(tokens, at, stop, work, frame)
        if at < 0:
            return at
        begins = False


@inner
def _follows(tokens, end, stop, kind, parts):
    """Where the next part starts, after ``parts`` parts and the sign at ``end``; -1 where that sign is out of place."""
    if kind == 0:
        return end + 1 if parts < 4 and tokens[end] == (_COMMA if parts == 2 else _EQUALS) else -1
    named = end + 2 < stop and tokens[end] == _AT and tokens[end + 1] == _X and tokens[end + 2] == _EQUALS
    return end + 3 if named and kind == EVALUATE and parts == 1 else -1


@inner
def _kind(kind, parts, rows):
    """What a problem of that verb (or none) and so many parts asks for, or SYNTAX."""
    if kind == 0:
        kind = SYSTEM if parts == 4 else EQUATION if parts == 2 else SYNTAX
    elif parts != (2 if kind == EVALUATE else 1):
        return SYNTAX
    if kind != SYSTEM and (rows[0, Y] != 0 or rows[1, Y] != 0):
        return SYNTAX
    if kind == EVALUATE:
        for power in range(1, DEGREE + 1):
            if rows[1, power] != 0:
                return SYNTAX
    return kind


@lazy_kernel
def _read(problems, kinds, rows, work, verbs):
    """The loop of ``read``; ``verbs``: what each token asks for, 0 if it is no verb."""
    for index in range(len(problems)):
        tokens = problems[index]
        stop = WRITTEN
        while stop > 0 and tokens[stop - 1] == 0:
            stop -= 1
        kind, parts = verbs[tokens[0]], 0
        start = 1 if kind else 0
        while start >= 0:
            end = start
            while end < stop and tokens[end] != _EQUALS and tokens[end] != _COMMA and tokens[end] != _AT:
                end += 1
            wrong = _expression(tokens, start, end, work)
            if wrong:
                break
            for place in range(WIDTH):
                rows[index, parts, place] = work[_FIRST + place]
            parts += 1
            if end >= stop:
                break
            start = _follows(tokens, end, stop, kind, parts)
        kinds[index] = wrong if wrong else SYNTAX if start < 0 else _kind(kind, parts, rows[index])


class Reading(NamedTuple):
    """What B problems say.

    kinds: int64 [B], what is asked for, or, negative, why the problem cannot be read.
    rows: int64 [B, 4, WIDTH]: the sides of the first and of the second equation; else the expression and the point.
    """

    kinds: NDArray[np.int64]
    rows: NDArray[np.int64]


def read(problems: NDArray[np.uint8]) -> Reading:
    """Read problems, uint8 [B, WRITTEN or more]."""
    reading = Reading(np.empty(len(problems), np.int64), np.zeros((len(problems), 4, WIDTH), np.int64))
    reading.rows[:, :, UNDER] = 1
    _read(np.ascontiguousarray(problems), *reading, np.zeros(_FIRST + _FRAMES * _FRAME, np.int64), _KINDS)
    return reading
