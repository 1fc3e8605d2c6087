"""Reads and computes expressions, compiled: tokens to a program in postfix order, a program to an exact fraction.

The reading is Dijkstra's shunting-yard algorithm. A program is a row of int64: a number stands for itself, an
operation for minus its token, NEGATE for the minus before a number or bracket. A power is the number that it is raised
to and minus the token of ^, right behind its base. Fractions are kept in lowest terms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.arithmetic.layout import CLOSE, HAT, MINUS, OPEN, OVER, PLUS, TIMES, WRITTEN
from trm_gym.jit import inner
from trm_gym.written.signs import DIGIT

NEGATE = -1

MOST_DIGITS = 9
"""The digits of a number at most."""

MOST_POWER = 99
"""The highest power."""

FINE, UNREADABLE, BY_ZERO, TOO_LARGE = range(4)
"""What may become of an expression."""

LIMIT = 2**31
"""Numerators and denominators on the way to the answer are smaller, so that their products fit an int64."""

# How tightly an operation binds, by minus its code.
_RANK = np.zeros(32, np.int64)
_RANK[[PLUS, MINUS, TIMES, OVER, -NEGATE]] = 1, 1, 2, 2, 3


class Workspace(NamedTuple):
    """The arrays that reading and computing write to; one for each call of a kernel.

    program: int64 [WRITTEN]. pending: int64 [WRITTEN], operations and brackets that wait for their right side.
    values: int64 [WRITTEN, 2], fractions that wait for their operation; at the end the first is the value.
    trace: int64 [WRITTEN, 5], each operation as it was done: code, then both sides as fractions.
    count: int64 [2], the lengths of program and trace.
    hashes: uint64 [WRITTEN, 3], room for ``invariant``.
    """

    program: NDArray[np.int64]
    pending: NDArray[np.int64]
    values: NDArray[np.int64]
    trace: NDArray[np.int64]
    count: NDArray[np.int64]
    hashes: NDArray[np.uint64]


def workspace() -> Workspace:
    """A fresh workspace."""
    return Workspace(
        np.zeros(WRITTEN, np.int64),
        np.zeros(WRITTEN, np.int64),
        np.zeros((WRITTEN, 2), np.int64),
        np.zeros((WRITTEN, 5), np.int64),
        np.zeros(2, np.int64),
        np.zeros((WRITTEN, 3), np.uint64),
    )


@inner
def read_and_compute(row, work):
    """Read and compute the problem of ``row`` uint8 [LENGTH]; what became of it. The value is ``work.values[0]``."""
    if not read(row, work):
        return UNREADABLE
    return compute(work)


@inner
def read(row, work):
    """Turn the problem of ``row`` uint8 [LENGTH] into ``work.program``; whether it is an expression."""
    program, pending = work.program, work.pending
    length, waiting, at, operand = 0, 0, 0, True
    while at < WRITTEN and row[at] != 0:
        token = np.int64(row[at])
        if DIGIT <= token < DIGIT + 10:
            start = at
            program[length], at = _number(row, at)
            if not operand or at - start > MOST_DIGITS:
                return False
            length += 1
            operand = False
            continue
        at += 1
        if not operand and token == HAT:
            power, end = _power(row, at)
            if end < 0:
                return False
            program[length], program[length + 1] = power, -HAT
            length, at = length + 2, end
            continue
        if operand:
            if token != OPEN and token != MINUS:
                return False
            pending[waiting] = OPEN if token == OPEN else NEGATE
            waiting += 1
            continue
        rank = _RANK[token] if token < 32 else 0
        if rank == 0 and token != CLOSE:
            return False
        # What binds as tightly and came before is done before; a bracket that closes finishes all within.
        length, waiting = _settle(work, length, waiting, rank)
        if token == CLOSE:
            if waiting == 0:
                return False
            waiting -= 1
        else:
            pending[waiting] = -token
            waiting += 1
            operand = True
    length, waiting = _settle(work, length, waiting, 0)
    while at < WRITTEN:
        if row[at] != 0:
            return False
        at += 1
    work.count[0] = length
    return not operand and waiting == 0


@inner
def _number(row, at):
    """The number whose digits begin at ``at``, and the cell after it."""
    number = 0
    while at < WRITTEN and DIGIT <= row[at] < DIGIT + 10:
        # The remainder only keeps a number that is too long from overflowing.
        number = (10 * number + row[at] - DIGIT) % LIMIT
        at += 1
    return number, at


@inner
def _power(row, at):
    """The power whose digits begin at ``at``, and the cell after it; -1 there for none, one above MOST_POWER, or a
    power of a power, which people read in two ways.
    """
    start, power = at, 0
    while at < WRITTEN and DIGIT <= row[at] < DIGIT + 10 and at - start < 3:
        power = 10 * power + row[at] - DIGIT
        at += 1
    if at == start or power > MOST_POWER or (at < WRITTEN and row[at] == HAT):
        return 0, -1
    return power, at


@inner
def _settle(work, length, waiting, rank):
    """Move the operations that bind at least as tightly as ``rank``, back to the last open bracket, into the program;
    the lengths of program and pending.
    """
    while waiting and work.pending[waiting - 1] < 0 and _RANK[-work.pending[waiting - 1]] >= rank:
        waiting -= 1
        work.program[length] = work.pending[waiting]
        length += 1
    return length, waiting


@inner
def compute(work):
    """Run ``work.program``; what became of it."""
    top, done = 0, 0
    values = work.values
    for step in range(work.count[0]):
        code = work.program[step]
        if code >= 0:
            values[top, 0], values[top, 1] = code, 1
            top += 1
        elif code == NEGATE:
            values[top - 1, 0] *= -1
        else:
            top -= 1
            a, b, c, d = values[top - 1, 0], values[top - 1, 1], values[top, 0], values[top, 1]
            trace = work.trace[done]
            trace[0], trace[1], trace[2], trace[3], trace[4] = code, a, b, c, d
            done += 1
            if code == -HAT:
                if not _raise(values[top - 1], c):
                    return TOO_LARGE
                continue
            if code == -OVER:
                if c == 0:
                    return BY_ZERO
                c, d = (d, c) if c > 0 else (-d, -c)
            if code == -PLUS or code == -MINUS:
                c = c if code == -PLUS else -c
                shared = common(b, d) if b != 1 and d != 1 else 1
                a, b = a * (d // shared) + c * (b // shared), b // shared * d
            else:
                a, b = a * c, b * d
            if b != 1:
                shared = common(abs(a), b)
                a, b = a // shared, b // shared
            if abs(a) >= LIMIT or b >= LIMIT:
                return TOO_LARGE
            values[top - 1, 0], values[top - 1, 1] = a, b
    work.count[1] = done
    return FINE


@inner
def _raise(fraction, power):
    """Raise a fraction, int64 [2], to a power; whether it stays small enough."""
    over, under = fraction[0], fraction[1]
    fraction[0], fraction[1] = 1, 1
    for _ in range(power):
        fraction[0] *= over
        fraction[1] *= under
        if abs(fraction[0]) >= LIMIT or fraction[1] >= LIMIT:
            return False
    return True


@inner
def common(first, second):
    """The greatest common divisor of two numbers that are not negative."""
    while second:
        first, second = second, first % second
    return first
