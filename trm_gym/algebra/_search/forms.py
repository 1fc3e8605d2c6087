"""Compiled reading of answers, each form by itself: fractions, sums of monomials, products of linear factors.

An answer is first cut into *items*: a number (>= 0) or minus the token of a symbol. A reader takes the items from
``at`` on and returns where it stopped, or -1 where they are not in its form.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.rational import WIDTH, multiply, set_number
from trm_gym.algebra._search.reading import EVALUATE, FACTOR
from trm_gym.algebra.layout import ANSWER, DEGREE
from trm_gym.jit import inner, lazy_kernel
from trm_gym.written.signs import DIGIT, TOKEN

MOST_DIGITS = 9

_PLUS, _MINUS, _TIMES, _OVER, _HAT, _OPEN, _CLOSE, _COMMA, _X = (-TOKEN[symbol] for symbol in "+-*/^(),x")
_END = -256
"""The item after the last one."""


@inner
def _cut(tokens, items):
    """Cut answer cells, uint8 [n], into ``items``, int64 [n + 1]; blanks only part numbers.

    Returns how many there are, or -1 for a number with a leading zero or with more than MOST_DIGITS digits.
    """
    count, digits, weight = 0, 0, 1
    for place in range(len(tokens) + 1):
        token = tokens[place] if place < len(tokens) else 0
        if DIGIT <= token <= DIGIT + 9:
            if digits == MOST_DIGITS:
                return -1
            if digits == 0:
                items[count] = 0
                weight = 1
                count += 1
            items[count - 1] += weight * (token - DIGIT)
            weight *= 10
            digits += 1
            continue
        # Units come first, so a leading zero is a last digit that adds nothing.
        if digits > 1 and items[count - 1] < weight // 10:
            return -1
        digits = 0
        if token:
            items[count] = -np.int64(token)  # minus an unsigned number would be a large one
            count += 1
    items[count] = _END
    return count


@inner
def _coprime(one, other):
    """Whether no number above 1 divides both."""
    one, other = abs(one), abs(other)
    while other:
        one, other = other, one % other
    return one == 1


@inner
def _fractions(items, values):
    """One number or two with a comma between them into ``values``, int64 [2, 2]: whole, or a fraction in lowest terms,
    a minus in front; -0 is none. Returns how many, or -1.
    """
    at = 0
    for which in range(2):
        sign = 1
        if items[at] == _MINUS:
            sign = -1
            at += 1
        if items[at] < 0 or (sign < 0 and items[at] == 0):
            return -1
        values[which, 0], values[which, 1] = sign * items[at], 1
        at += 1
        if items[at] == _OVER:
            values[which, 1] = items[at + 1]
            at += 2
            if values[which, 1] < 2 or not _coprime(values[which, 0], values[which, 1]):
                return -1
        if items[at] != _COMMA:
            return which + 1 if items[at] == _END else -1
        at += 1
    return -1


@inner
def _power(items, at):
    """The power that may follow x or a bracket: (power, end); 1 where there is none, 0 where it is no good one."""
    if items[at] != _HAT:
        return 1, at
    power = items[at + 1]
    return (power if 2 <= power <= DEGREE else 0), at + 2


@inner
def _collected(items, at, work, row):
    """A sum of monomials of different degrees into a row: ``-12x^2+3*x-4``; a coefficient 1 before x and terms of zero
    are left out, and 0 alone is written 0. Stops at the end or at a closing bracket.
    """
    set_number(work, row, 0)
    if items[at] == 0:
        return at + 1
    first = True
    while items[at] != _END and items[at] != _CLOSE:
        sign = 1
        if items[at] == _MINUS or (items[at] == _PLUS and not first):
            sign = -1 if items[at] == _MINUS else 1
            at += 1
        elif not first:
            return -1
        number, power = 1, 0
        if items[at] >= 0:
            number = items[at]
            at += 1
            if number == 0 or (number == 1 and (items[at] == _X or items[at] == _TIMES)):
                return -1
            if items[at] == _TIMES:
                at += 1
                if items[at] != _X:
                    return -1
        elif items[at] != _X:
            return -1
        if items[at] == _X:
            power, at = _power(items, at + 1)
            if power == 0:
                return -1
        if work[row + power] != 0:
            return -1
        work[row + power] = sign * number
        first = False
    return -1 if first else at


@inner
def _irreducible(work, row):
    """Whether a row of whole numbers is linear, its two coefficients without a common divisor."""
    for power in range(2, DEGREE + 1):
        if work[row + power] != 0:
            return False
    return work[row + 1] != 0 and _coprime(work[row], work[row + 1])


@inner
def _factored(items, work):
    """A product of a whole number (left out where it is 1; -1 is a minus) and of linear factors in lowest terms, such
    as ``-2x(x-1)^2*(2x+3)``, multiplied out into the first row of ``work``, which has three.
    """
    set_number(work, 0, 1)
    at, bare = 0, True  # bare: nothing precedes that a * could join
    if items[0] == _MINUS:
        work[0] = -1
        at = 1
    if items[at] >= 0:
        if items[at] < 2:
            return -1
        work[0] *= items[at]
        at += 1
        bare = False
    while items[at] != _END:
        if items[at] == _TIMES:
            if bare:
                return -1
            at += 1
        bare = False
        if items[at] == _X:
            set_number(work, WIDTH, 0)
            work[WIDTH + 1] = 1
        elif items[at] == _OPEN:
            at = _collected(items, at + 1, work, WIDTH)
            if at < 0 or items[at] != _CLOSE or not _irreducible(work, WIDTH):
                return -1
        else:
            return -1
        power, at = _power(items, at + 1)
        if power == 0:
            return -1
        for _ in range(power):
            if not multiply(work, 0, WIDTH, 2 * WIDTH):
                return -1
    return -1 if bare else at


@lazy_kernel
def _read(answers, kinds, counts, values, rows, items, work):
    """The loop of ``read``; items: int64 [ANSWER + 3], work: three rows."""
    for index in range(len(answers)):
        kind = kinds[index]
        counts[index] = -1
        if kind < 0 or _cut(answers[index], items) < 1:
            continue
        if kind <= EVALUATE:
            counts[index] = _fractions(items, values[index])
            continue
        at = _factored(items, work) if kind == FACTOR else _collected(items, 0, work, 0)
        counts[index] = 1 if at >= 0 and items[at] == _END else -1
        for place in range(WIDTH):
            rows[index, place] = work[place]


class Answers(NamedTuple):
    """What B answers say, each read in the form that its problem asks for.

    counts: int64 [B], how many numbers (or 1, for a polynomial); -1 where the answer is not in its form.
    values: int64 [B, 2, 2], the numbers, each (numerator, denominator); rows: int64 [B, WIDTH], the polynomial.
    """

    counts: NDArray[np.int64]
    values: NDArray[np.int64]
    rows: NDArray[np.int64]


def read(answers: NDArray[np.uint8], kinds: NDArray[np.int64]) -> Answers:
    """Read answers, uint8 [B, ANSWER], to problems of ``kinds`` (see ``reading``), int64 [B]."""
    count = len(answers)
    said = Answers(np.empty(count, np.int64), np.zeros((count, 2, 2), np.int64), np.zeros((count, WIDTH), np.int64))
    # A row of a wider array is laid out otherwise than several, and the kernel would be compiled for it anew.
    _read(np.ascontiguousarray(answers), kinds, *said, np.full(ANSWER + 3, _END), np.zeros(3 * WIDTH, np.int64))
    return said
