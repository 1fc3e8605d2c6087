"""Writes the problems of each kind of level, compiled: from random words to items.

Every writer has the same arguments and fills, for each of ``words`` uint64 [B], a row of ``items`` int64 [B, ROOM] from
the left and its length in ``counts`` int64 [B], as the level's ``shape`` says. ``state`` uint64 [1] and ``scratch``
int64 [SCRATCH] are room to work in. Each is compiled by itself so that nobody waits for one that is not asked for.
"""

from __future__ import annotations

import numpy as np

from trm_gym.arithmetic._search.items import MOST_TERMS, OPERATOR, ROOM
from trm_gym.arithmetic._search.lengths import decimals, fractions, lengths, near, powers, ratios
from trm_gym.arithmetic.layout import CLOSE, MINUS, OPEN, OVER
from trm_gym.arithmetic.levels import (
    CARRY,
    CHAIN,
    DECIMALS,
    DIVISORS,
    FRACTION,
    FRACTIONS,
    LENGTHS,
    NEAR,
    PAIR,
    POWER,
    QUOTIENT,
    RATIO,
    TREE,
)
from trm_gym.jit import below, inner, lazy_kernel

_SUM, _PRODUCT, _SINGLE = range(3)


def _pairs(words, shape, items, counts, state, scratch):
    """a, an operator, b."""
    low, span, kinds = int(shape[1]), int(shape[2] - shape[1] + 1), int(shape[4] - shape[3])
    rest, first = np.divmod(words, np.uint64(span))
    rest, second = np.divmod(rest, np.uint64(span))
    items[:, 0], items[:, 2] = low + first.astype(np.int64), low + second.astype(np.int64)
    items[:, 1] = OPERATOR[shape[3] + (rest % np.uint64(kinds)).astype(np.int64)]
    counts[:] = 3


def _quotients(words, shape, items, counts, state, scratch):
    """The product of a divisor and an answer, and the divisor."""
    rest, answer = np.divmod(words, np.uint64(shape[2] + 1))
    divisor = 1 + (rest % np.uint64(DIVISORS)).astype(np.int64)
    items[:, 0], items[:, 1], items[:, 2] = divisor * answer.astype(np.int64), -OVER, divisor
    counts[:] = 3


@lazy_kernel
def _chains(words, shape, items, counts, state, scratch):
    """Numbers added and subtracted; one in four is negative."""
    for index in range(len(words)):
        state[0], row = words[index], items[index]
        at = 0
        for term in range(shape[5] + below(state, shape[6] - shape[5] + 1)):
            if term:
                row[at] = OPERATOR[below(state, 2)]
                at += 1
            number = below(state, shape[2] + 1)
            if number and below(state, 4) == 0:
                row[at] = -MINUS
                at += 1
            row[at] = number
            at += 1
        counts[index] = at


@lazy_kernel
def _carries(words, shape, items, counts, state, scratch):
    """A sum or difference of 6 or 7 digits in which the units decide of a carry that the next five places pass on.

    In a difference those places hold equal digits; in a sum the digits of one number and their complements to 9. In
    half of the problems no carry comes, so that one has to look. A seventh place takes the carry in.
    """
    for index in range(len(words)):
        state[0], row = words[index], items[index]
        add = below(state, 2) == 0
        seven = not add or below(state, 2) == 0
        first = below(state, 10)
        second = (first + 1 + below(state, 9)) % 10
        # In five places a number and its complement add up to 99,999; six places are to stay six.
        middle = below(state, 100_000) if seven else 10_000 + below(state, 80_000)
        if add:
            second = 9 - second
        first += 10 * middle
        second += 10 * (99_999 - middle if add else middle)
        if seven:
            larger = 2 + below(state, 7)
            smaller = 1 + below(state, larger - 1)
            first += 1_000_000 * (larger - smaller if add else larger)
            second += 1_000_000 * smaller
        if below(state, 2) == 0:
            first, second = second, first
        row[0], row[1], row[2] = first, OPERATOR[0 if add else 1], second
        counts[index] = 3


@lazy_kernel
def _fractions(words, shape, items, counts, state, scratch):
    """One quotient, or two joined by an operator; the second is in brackets where it is divided by."""
    for index in range(len(words)):
        state[0], row = words[index], items[index]
        two = below(state, 3) > 0
        highest = 20 if two else 99
        at = 0
        if below(state, 4) == 0:
            row[at] = -MINUS
            at += 1
        row[at] = shape[1] + below(state, shape[2])
        row[at + 1] = -OVER
        row[at + 2] = 2 + below(state, highest - 1)
        at += 3
        if two:
            operator = OPERATOR[below(state, 4)]
            brackets = 1 if operator == -OVER else 0
            row[at] = operator
            row[at + 1] = -OPEN
            at += 1 + brackets
            row[at] = 1 + below(state, highest)
            row[at + 1] = -OVER
            row[at + 2] = 2 + below(state, highest - 1)
            row[at + 3] = -CLOSE
            at += 3 + brackets
        counts[index] = at


@lazy_kernel
def _trees(words, shape, items, counts, state, scratch):
    """Numbers joined two neighbours at a time, in random order, with brackets where the order needs them and some
    more; one number in four, and one joint in eight, is negative.

    The pieces stand in ``scratch`` int64 [SCRATCH], which is flat because slices compile slowly: a
    piece has ROOM places, the first for its length, the second for how tightly it binds. The last is the next joint.
    """
    for index in range(len(words)):
        state[0], row = words[index], items[index]
        count = shape[5] + below(state, shape[6] - shape[5] + 1)
        for term in range(count):
            at = term * ROOM
            number = shape[1] + below(state, shape[2] - shape[1] + 1)
            negative = 1 if number and below(state, 4) == 0 else 0
            scratch[at], scratch[at + 1], scratch[at + 2] = 1 + negative, _SINGLE, -MINUS
            scratch[at + 2 + negative] = number
        joint = MOST_TERMS * ROOM
        while count > 1:
            left = below(state, count - 1) * ROOM
            right = left + ROOM
            operator = shape[3] + below(state, shape[4] - shape[3])
            rank = _SUM if operator < 2 else _PRODUCT
            negative = below(state, 8) == 0
            at = joint + 2
            if negative:
                scratch[at], scratch[at + 1] = -MINUS, -OPEN
                at += 2
            at = _piece(scratch, at, scratch, left, scratch[left + 1] < rank)
            scratch[at] = OPERATOR[operator]
            # a-(b+c) needs its brackets, a+(b+c) does not: then they are there half of the time.
            same = scratch[right + 1] == rank and (operator % 2 == 1 or below(state, 2) == 0)
            at = _piece(scratch, at + 1, scratch, right, scratch[right + 1] < rank or same)
            if negative:
                scratch[at] = -CLOSE
                at += 1
            scratch[joint], scratch[joint + 1] = at - joint - 2, _SINGLE if negative else rank
            count -= 1
            for place in range(ROOM):
                scratch[left + place] = scratch[joint + place]
            for place in range(right, count * ROOM):
                scratch[place] = scratch[place + ROOM]
        counts[index] = _piece(row, 0, scratch, 0, False)


@inner
def _piece(target, at, scratch, piece, brackets):
    """Copy a piece of ``scratch``, in brackets where asked; the place after it."""
    if brackets:
        target[at] = -OPEN
        at += 1
    for place in range(scratch[piece]):
        target[at + place] = scratch[piece + 2 + place]
    at += scratch[piece]
    if brackets:
        target[at] = -CLOSE
        at += 1
    return at


WRITERS = {
    PAIR: _pairs,
    QUOTIENT: _quotients,
    CHAIN: _chains,
    CARRY: _carries,
    FRACTION: _fractions,
    TREE: _trees,
    LENGTHS: lengths,
    RATIO: ratios,
    POWER: powers,
    FRACTIONS: fractions,
    NEAR: near,
    DECIMALS: decimals,
}
"""The writer of each kind of level; those of pairs, quotients and powers count its problems through as words go up."""
