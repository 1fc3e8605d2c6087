"""Writers of problems with numbers of any length, as people have them; see ``writers`` for what a writer is."""

from __future__ import annotations

import numpy as np

from trm_gym.arithmetic._search.items import OPERATOR
from trm_gym.arithmetic.layout import CLOSE, HAT, MINUS, OPEN, OVER
from trm_gym.arithmetic.levels import HIGHEST_POWER
from trm_gym.jit import below, inner, lazy_kernel


@inner
def _any_length(state, digits):
    """A number of 1 to ``digits`` digits, each length as likely; 0 is one of one digit."""
    below_it = 10 ** (1 + below(state, digits))
    lowest = below_it // 10 if below_it > 10 else 0
    return lowest + below(state, below_it - lowest)


@inner
def _most_digits(number):
    """How many digits a number has."""
    digits = 1
    while number > 9:
        number, digits = number // 10, digits + 1
    return digits


@inner
def _begin(row, at, term, state, shape):
    """Write an operator before every term but the first; where the term begins."""
    if term:
        row[at] = OPERATOR[shape[3] + below(state, shape[4] - shape[3])]
        at += 1
    return at


@lazy_kernel
def lengths(words, shape, items, counts, state, scratch):
    """Numbers of any length joined by operators; one in eight is negative."""
    for index in range(len(words)):
        state[0], row = words[index], items[index]
        at = 0
        for term in range(shape[5] + below(state, shape[6] - shape[5] + 1)):
            at = _begin(row, at, term, state, shape)
            number = _any_length(state, _most_digits(shape[2]))
            if number and below(state, 8) == 0:
                row[at] = -MINUS
                at += 1
            row[at] = number
            at += 1
        counts[index] = at


@lazy_kernel
def ratios(words, shape, items, counts, state, scratch):
    """The product of a divisor of 1 to 3 digits and an answer of any length, and the divisor; one in eight negative."""
    for index in range(len(words)):
        state[0], row = words[index], items[index]
        divisor, answer = _any_length(state, 3), _any_length(state, _most_digits(shape[2]))
        divisor, answer = max(divisor, 1), max(answer, shape[1])
        negative = 1 if below(state, 8) == 0 else 0
        row[0] = -MINUS
        row[negative], row[negative + 1], row[negative + 2] = divisor * answer, -OVER, divisor
        counts[index] = 3 + negative


def powers(words, shape, items, counts, state, scratch):
    """A number and a power from 2 to HIGHEST_POWER."""
    rest, base = np.divmod(words, np.uint64(shape[2] + 1))
    items[:, 0], items[:, 1] = base.astype(np.int64), -HAT
    items[:, 2] = 2 + (rest % np.uint64(HIGHEST_POWER - 1)).astype(np.int64)
    counts[:] = 3


@lazy_kernel
def fractions(words, shape, items, counts, state, scratch):
    """Fractions, one in four a whole number, joined by operators; a fraction that is divided by is in brackets."""
    for index in range(len(words)):
        state[0], row = words[index], items[index]
        at = 0
        for term in range(shape[5] + below(state, shape[6] - shape[5] + 1)):
            operator = OPERATOR[shape[3] + below(state, shape[4] - shape[3])]
            if term:
                row[at] = operator
                at += 1
            whole = below(state, 4) == 0
            brackets = term > 0 and operator == -OVER and not whole
            if brackets:
                row[at] = -OPEN
                at += 1
            row[at] = shape[1] + below(state, shape[2])
            at += 1
            if not whole:
                row[at], row[at + 1] = -OVER, 2 + below(state, 11)
                at += 2
            if brackets:
                row[at] = -CLOSE
                at += 1
        counts[index] = at


@lazy_kernel
def near(words, shape, items, counts, state, scratch):
    """A number of 2 to 7 digits, half of them a digit and zeros, less another that differs from it in few digits."""
    for index in range(len(words)):
        state[0], row = words[index], items[index]
        digits = 2 + below(state, 6)
        lowest = 10 ** (digits - 1)
        number = lowest * (1 + below(state, 9)) if below(state, 2) else lowest + below(state, 9 * lowest)
        apart = _any_length(state, digits - 1)
        other = number - apart if below(state, 4) else min(number + apart, 10 * lowest - 1)
        row[0], row[1], row[2] = number, -MINUS, other
        counts[index] = 3


@lazy_kernel
def decimals(words, shape, items, counts, state, scratch):
    """Numbers of any length over 10, 100 or 1000, in lowest terms, joined by operators."""
    for index in range(len(words)):
        state[0], row = words[index], items[index]
        at = 0
        for term in range(shape[5] + below(state, shape[6] - shape[5] + 1)):
            at = _begin(row, at, term, state, shape)
            over, under = max(_any_length(state, _most_digits(shape[2])), shape[1]), 10 ** (1 + below(state, 3))
            for factor in (2, 5):
                while over % factor == 0 and under % factor == 0:
                    over, under = over // factor, under // factor
            row[at] = over
            at += 1
            if under > 1:
                row[at], row[at + 1] = -OVER, under
                at += 2
        counts[index] = at
