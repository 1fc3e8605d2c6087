"""Splits whole batches of polynomials into linear factors over the whole numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.exact import degrees, roots
from trm_gym.algebra._search.rational import LIMIT, UNDER
from trm_gym.algebra.layout import DEGREE, MAX_FACTORS, Integers

UNSPLIT, BROKEN, CONSTANT = range(-18, -15)
"""Why a polynomial has no linear factors here: it has none; its coefficients are no whole numbers; it is a number."""


def factored(rows: Integers) -> tuple[Integers, Integers, Integers]:
    """The factors of polynomials, int64 [B, WIDTH]: counts int64 [B], or why there are none (negative); contents int64
    [B], with the sign; and factors int64 [B, MAX_FACTORS, 2] of (a, b) for a*x + b, a positive, in ascending order.
    """
    rest, degree = rows[:, : DEGREE + 1].copy(), degrees(rows)
    contents = np.maximum(np.gcd.reduce(rest, axis=1), 1)
    contents *= np.where(np.take_along_axis(rest, degree[:, None], axis=1)[:, 0] < 0, -1, 1)
    rest //= contents[:, None]
    factors = np.full((len(rows), MAX_FACTORS, 2), LIMIT)  # what is not filled sorts last
    counts = np.zeros(len(rows), np.int64)
    while (left := np.flatnonzero((counts >= 0) & (degree > counts))).size:
        found, factor = _one_factor(rest[left])
        counts[left[~found]] = UNSPLIT
        mine = left[found]
        factors[mine, counts[mine]] = factor[found]
        rest[mine] = _divided(rest[mine], factor[found])[0]
        counts[mine] += 1
    counts[degree == 0] = CONSTANT
    counts[rows[:, UNDER] != 1] = BROKEN
    order = np.lexsort((factors[:, :, 1], factors[:, :, 0]), axis=1)
    return counts, contents, np.take_along_axis(factors, order[:, :, None], axis=1)


def _one_factor(rows: Integers) -> tuple[NDArray[np.bool_], Integers]:
    """A linear factor of each primitive polynomial, int64 [B, DEGREE + 1], of degree 1 or more: which have one, bool
    [B], and it, int64 [B, 2].
    """
    degree, factor, found = degrees(rows), np.ones((len(rows), 2), np.int64), np.zeros(len(rows), np.bool_)
    bare = rows[:, 0] == 0
    factor[bare] = 1, 0
    line = ~bare & (degree == 1)
    factor[line] = rows[line, 1::-1]
    square = np.flatnonzero(~bare & (degree == 2))
    if square.size:
        counts, values = roots(rows[square])
        factor[square] = values[:, 0, ::-1] * (1, -1)
        found[square] = counts > 0
    found |= bare | line
    for top in range(3, DEGREE + 1):
        chosen = np.flatnonzero(~bare & (degree == top))
        if chosen.size:
            found[chosen], factor[chosen] = _guessed(rows[chosen], top)
    return found, factor


def _guessed(rows: Integers, top: int) -> tuple[NDArray[np.bool_], Integers]:
    """The same for polynomials of one degree, 3 or more: roots in floating point, rounded and then tried exactly.

    A rational root has the leading coefficient, or a divisor of it, for denominator.
    """
    companion = np.zeros((len(rows), top, top))
    companion[:, np.arange(1, top), np.arange(top - 1)] = 1.0
    companion[:, :, -1] = -rows[:, :top] / rows[:, top : top + 1]
    guesses = np.linalg.eigvals(companion).real
    found, factor = np.zeros(len(rows), np.bool_), np.ones((len(rows), 2), np.int64)
    for guess in guesses.T:
        over = np.rint(np.clip(guess * rows[:, top], -LIMIT, LIMIT)).astype(np.int64)
        common = np.gcd(over, rows[:, top])
        one = np.stack([rows[:, top] // common, -over // common], axis=1)
        new = ~found & _divided(rows, one)[1]
        factor[new] = one[new]
        found |= new
    return found, factor


def _divided(rows: Integers, factor: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """Polynomials, int64 [B, DEGREE + 1], by factors, int64 [B, 2], and which divide without a remainder.

    From the highest power down: what the factor's slope must divide is what is left of the coefficient there.
    """
    quotient, last = np.zeros_like(rows), np.zeros(len(rows), np.int64)
    fits = np.ones(len(rows), np.bool_)
    for power in range(DEGREE, 0, -1):
        last, remainder = np.divmod(rows[:, power] - factor[:, 1] * last, factor[:, 0])
        fits &= (remainder == 0) & (np.abs(last) <= LIMIT)
        last = np.where(fits, last, 0)
        quotient[:, power - 1] = last
    return quotient, fits & (rows[:, 0] == factor[:, 1] * last)
