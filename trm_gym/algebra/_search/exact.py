"""Exact facts of whole batches of problems, by their rows: what is asked for. Solver and verifier both rest on it.

Everything fits int64, because no number of a row exceeds LIMIT; where a sum of sides would, that is told.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.rational import LIMIT, UNDER, Y
from trm_gym.algebra._search.reading import DIFFERENTIATE, EQUATION, EVALUATE, LARGE, SYSTEM, Reading
from trm_gym.algebra.layout import DEGREE, Integers

IMPOSSIBLE, ALWAYS, HIGH, IRRATIONAL, UNREAL = range(-14, -9)
"""Why an equation has no answer here: no solution; every x; a power above 2; irrational roots; none that are real."""


class Facts(NamedTuple):
    """What is asked for in B problems.

    counts: int64 [B], how many numbers (1 for a polynomial), or, negative, why there is no answer.
    values: int64 [B, 2, 2], those numbers, each (numerator, denominator) in lowest terms: x and y, or the roots in
    ascending order.
    rows: int64 [B, WIDTH], the polynomial; of an equation, one side minus the other, times a number.
    """

    counts: Integers
    values: Integers
    rows: Integers


def facts(reading: Reading) -> Facts:
    """What is asked for in problems that have been read."""
    kinds, rows = reading
    settled = {EQUATION: _equations, SYSTEM: _systems, EVALUATE: _values, DIFFERENTIATE: _derivatives}
    for kind, settle in settled.items():
        if len(kinds) and (kinds == kind).all():  # No copies: of one level all are of a kind.
            return settle(rows)
    found = Facts(np.ones(len(kinds), np.int64), np.ones((len(kinds), 2, 2), np.int64), rows[:, 0].copy())
    found.counts[kinds < 0] = kinds[kinds < 0]
    for kind, settle in settled.items():
        chosen = np.flatnonzero(kinds == kind)
        if len(chosen):
            for whole, part in zip(found, settle(rows[chosen]), strict=True):
                whole[chosen] = part
    return found


def quotient(over: Integers, under: Integers) -> Integers:
    """over / under in lowest terms, int64 [B, 2] of [B]; 0/1 where ``under`` is 0."""
    common = np.gcd(over, under) * np.sign(under)
    safe = np.where(common == 0, 1, common)
    return np.where((common == 0)[:, None], [0, 1], np.stack([over // safe, under // safe], axis=1))


def _fits(numbers: Integers) -> NDArray[np.bool_]:
    """Which rows of numbers, int64 [B, n], may be numbers of a row."""
    return np.abs(numbers).max(axis=1) <= LIMIT


def difference(one: Integers, other: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """One row minus another, times a number that makes it whole, and which fit; int64 [B, WIDTH]."""
    row = one * other[:, UNDER:] - other * one[:, UNDER:]
    row[:, UNDER] = 1
    fits = _fits(row)
    if not fits.all():
        large = row[~fits, :UNDER]
        row[~fits, :UNDER] = large // np.maximum(np.gcd.reduce(large, axis=1), 1)[:, None]
        fits = _fits(row)
    return row, fits


def degrees(rows: Integers) -> Integers:
    """The highest power of x, int64 [B] of [B, WIDTH]; 0 for a number."""
    powers = rows[:, DEGREE::-1] != 0
    return np.where(powers.any(axis=1), DEGREE - powers.argmax(axis=1), 0)


def roots(rows: Integers) -> tuple[Integers, Integers]:
    """How many roots, or why none, int64 [B], and the roots, int64 [B, 2, 2], of quadratics, int64 [B, WIDTH]."""
    constant, slope, square = rows[:, 0], rows[:, 1], rows[:, 2]
    discriminant = slope * slope - 4 * square * constant
    root = np.sqrt(np.maximum(discriminant, 0)).astype(np.int64)
    root -= root * root > discriminant
    root += (root + 1) * (root + 1) <= discriminant
    counts = np.where(root == 0, 1, 2)
    counts[root * root != discriminant] = IRRATIONAL
    counts[discriminant < 0] = UNREAL
    root *= np.sign(square)
    return counts, np.stack([quotient(-slope - root, 2 * square), quotient(-slope + root, 2 * square)], axis=1)


def _equations(rows: Integers) -> Facts:
    """The equations whose sides are rows, int64 [B, 4, WIDTH]."""
    row, fits = difference(rows[:, 0], rows[:, 1])
    degree = degrees(row)
    counts, values = np.ones(len(row), np.int64), np.empty((len(row), 2, 2), np.int64)
    values[:] = quotient(-row[:, 0], row[:, 1])[:, None]
    square = degree == 2
    if square.any():
        counts[square], values[square] = roots(row[square])
    counts[degree == 0] = np.where(row[degree == 0, 0] == 0, ALWAYS, IMPOSSIBLE)
    counts[degree > 2] = HIGH
    counts[~fits] = LARGE
    return Facts(counts, values, row)


def _systems(rows: Integers) -> Facts:
    """The systems whose sides are rows, int64 [B, 4, WIDTH], by Cramer's rule."""
    (one, fits), (two, fit) = difference(rows[:, 0], rows[:, 1]), difference(rows[:, 2], rows[:, 3])
    (a, b, c), (d, e, f) = one[:, [1, Y, 0]].T, two[:, [1, Y, 0]].T
    whole, over_x, over_y = a * e - b * d, b * f - c * e, c * d - a * f
    impossible = (over_x != 0) | (over_y != 0) | ((a == 0) & (b == 0) & (c != 0)) | ((d == 0) & (e == 0) & (f != 0))
    counts = np.where(whole != 0, 2, np.where(impossible, IMPOSSIBLE, ALWAYS))
    counts[(degrees(one) > 1) | (degrees(two) > 1)] = HIGH
    counts[~(fits & fit)] = LARGE
    return Facts(counts, np.stack([quotient(over_x, whole), quotient(over_y, whole)], axis=1), one)


def _values(rows: Integers) -> Facts:
    """The values of rows at points, int64 [B, 4, WIDTH], by Horner's rule."""
    row, point = rows[:, 0], rows[:, 1]
    value = np.tile([[0, 1]], (len(rows), 1))
    counts = np.ones(len(rows), np.int64)
    for power in range(degrees(row).max(initial=0), -1, -1):
        under = value[:, 1] * point[:, UNDER]
        counts[under > LIMIT] = LARGE
        value = quotient(value[:, 0] * point[:, 0] + row[:, power] * np.minimum(under, LIMIT), under)
        counts[~_fits(value)] = LARGE
        value[counts < 0] = 0, 1
    value = quotient(value[:, 0], value[:, 1] * row[:, UNDER])
    return Facts(counts, np.repeat(value[:, None], 2, axis=1), row)


def _derivatives(rows: Integers) -> Facts:
    """The derivatives of rows, int64 [B, 4, WIDTH]."""
    row = rows[:, 0].copy()
    row[:, :DEGREE] = row[:, 1 : DEGREE + 1] * np.arange(1, DEGREE + 1)
    row[:, DEGREE] = 0
    row //= np.gcd.reduce(row, axis=1)[:, None]
    counts = np.where(_fits(row), 1, LARGE)
    return Facts(counts, np.ones((len(row), 2, 2), np.int64), row)
