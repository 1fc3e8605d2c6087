"""Works the expressions of a problem out in columns, compiled: tokens to sheets, by Dijkstra's shunting-yard algorithm.

Nothing is carried on the way, and no fraction is reduced.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner
from trm_gym.short_repr import short_repr
from trm_gym.worksheet.columns import PLACES, ROLES, Y, add, clear, copy, digits, divide, multiply, take
from trm_gym.written.signs import DIGIT, TOKEN

SHEETS = 24
"""Sheets of numbers that wait for their operation, two spare ones among them."""
PARTS = 4
"""Expressions of a problem: the sides of two equations; or an expression, and a point."""
LONGEST = 9
_HIGHEST_POWER = 30
_PLUS, _MINUS, _TIMES, _OVER, _HAT, _OPEN, _CLOSE = (TOKEN[symbol] for symbol in "+-*/^()")
_X, _Y = TOKEN["x"], TOKEN["y"]
_NEGATE = 0
_RANK = np.zeros(len(TOKEN) + 1, np.int64)
_RANK[[_PLUS, _MINUS, _TIMES, _OVER]] = 1, 1, 2, 2
_NEGATIVE_RANK = 3


@short_repr
class Work(NamedTuple):
    """Room to work in.

    sheets: int64 [SHEETS, ROLES + 1, PLACES], parts: int64 [PARTS, ROLES + 1, PLACES], pending: int64 [64], operations
    and brackets that wait for their right side. top: int64 [2], how many sheets and operations wait.
    """

    sheets: NDArray[np.int64]
    parts: NDArray[np.int64]
    pending: NDArray[np.int64]
    top: NDArray[np.int64]


def room() -> Work:
    """A fresh workspace."""
    shape = (ROLES + 1, PLACES)
    return Work(
        np.zeros((SHEETS, *shape), np.int64),
        np.zeros((PARTS, *shape), np.int64),
        np.zeros(64, np.int64),
        np.zeros(2, np.int64),
    )


@inner
def work_out(tokens, start, stop, work, part):
    """Work tokens[start:stop] out into a part; whether that can be done."""
    work.top[0], work.top[1] = 0, 0
    at, operand = start, True
    while at < stop:
        token = np.int64(tokens[at])
        if operand:
            if token in (_OPEN, _MINUS):
                if work.top[1] >= len(work.pending) - 1:
                    return False
                work.pending[work.top[1]] = _OPEN if token == _OPEN else _NEGATE
                work.top[1] += 1
                at += 1
                continue
            at = _operand(tokens, at, stop, work)
            if at < 0:
                return False
            operand = False
            continue
        if token == _HAT:
            at = _power(tokens, at + 1, stop, work)
            if at < 0:
                return False
            continue
        rank = _RANK[token]
        if (rank == 0 and token != _CLOSE) or not _done_before(work, rank):
            return False
        at += 1
        if token == _CLOSE:
            if work.top[1] == 0:
                return False
            work.top[1] -= 1
        else:
            work.pending[work.top[1]] = token
            work.top[1] += 1
            operand = True
    if operand or not _done_before(work, 0) or work.top[0] != 1 or work.top[1] != 0:
        return False
    copy(work.sheets[0], work.parts[part])
    return True


@inner
def _operand(tokens, at, stop, work):
    """Put a number or an unknown on the sheets that wait; the place after it, or -1."""
    if work.top[0] >= SHEETS - 2:
        return -1
    sheet, token = work.sheets[work.top[0]], tokens[at]
    clear(sheet)
    work.top[0] += 1
    if token in (_X, _Y):
        sheet[1 if token == _X else Y, 0] = 1
        return at + 1
    begin, number = at, 0
    while at < stop and DIGIT <= tokens[at] < DIGIT + 10:
        number = 10 * number + np.int64(tokens[at]) - DIGIT
        at += 1
        if at - begin > LONGEST:
            return -1
    digits(sheet[0], number)
    return at if at > begin else -1


@inner
def _power(tokens, at, stop, work):
    """Raise the last sheet to the power that stands at ``at``; the place after it, or -1."""
    begin, power = at, 0
    while at < stop and DIGIT <= tokens[at] < DIGIT + 10 and at - begin < 3:
        power = 10 * power + np.int64(tokens[at]) - DIGIT
        at += 1
    if at == begin or power > _HIGHEST_POWER:
        return -1
    base, product = work.sheets[work.top[0] - 1], work.sheets[SHEETS - 1]
    clear(product)
    product[0, 0] = 1
    for _ in range(power):
        if not multiply(product, base, work.sheets[SHEETS - 2]):
            return -1
    copy(product, base)
    return at


@inner
def _done_before(work, rank):
    """Do the operations that bind at least as tightly as ``rank``, back to the last open bracket; whether they can."""
    sheets, spare = work.sheets, work.sheets[SHEETS - 2]
    while work.top[1]:
        waits = work.pending[work.top[1] - 1]
        if waits == _OPEN or (_NEGATIVE_RANK if waits == _NEGATE else _RANK[waits]) < rank:
            break
        work.top[1] -= 1
        last = sheets[work.top[0] - 1]
        if waits == _NEGATE:
            for row in range(ROLES):
                take(last[row], last[row], -1)
            continue
        if work.top[0] < 2:
            return False
        work.top[0] -= 1
        before = sheets[work.top[0] - 1]
        if waits == _TIMES:
            fine = multiply(before, last, spare)
        elif waits == _OVER:
            fine = divide(before, last, spare)
        else:
            fine = add(before, last, 1 if waits == _PLUS else -1, spare)
        if not fine:
            return False
    return True
