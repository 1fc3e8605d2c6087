"""What formulas are by their values: where they can be shown, and hashes that tell which of them are the same.

Every formula is computed at a few fixed points of each range. Its values are rounded to about six digits and hashed. A
formula with a value so near to where rounding changes that another way to write it may be rounded otherwise is told
apart as ``shaky``, and not used: so all ways to write the others have the same hash.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner, kernel, scramble
from trm_gym.regression.layout import SLOTS
from trm_gym.regression.levels import RANGES
from trm_gym.regression.operations import COS, SIN
from trm_gym.regression.programs import (
    FIRST_VARIABLE,
    INPUTS,
    evaluate,
    read_draft,
    read_numbers,
    run_draft,
    to_programs,
)

POINTS = 8
"""How many points of each range a formula is computed at."""

LARGEST = 1e6
"""Values beyond this are not shown."""
FLATTEST = 1e-3
"""A formula is shown where its values differ by this share of the largest of them, at least."""
MOVED = 1e-9
"""By what share of the largest value a variable must move one, for it to count."""
STEEPEST = 50.0
"""A sine or cosine of more than this turns too fast to be told from a few points."""
STEEPEST_FITTED = 10.0
"""The same in a formula with constants: how fast a sine turns could not be found from few points."""
SMALLEST = 1e-6
"""What is smaller than this share of the largest value is as good as zero; half of the values may be, at most."""

_TINY = 1e-10
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_UNKNOWN = np.uint64(1)
_S32, _HALF, _LOWER = np.uint64(32), np.uint64(1 << 31), np.uint64((1 << 32) - 1)
_EDGE = np.uint64(round(1e-4 * 2**32))
_STEPS = (0.8191725133961645, 0.6710436067037893, 0.5497004779019703)
"""Of the additive recurrence in three dimensions with the least discrepancy known (Roberts, 2018)."""


def spread(count: int, first: int = 1) -> NDArray[np.float64]:
    """Points float64 [count, INPUTS] that fill the unit cube evenly, always the same, from number ``first``."""
    return (0.5 + np.arange(first, first + count, dtype=np.float64)[:, None] * np.array(_STEPS)) % 1.0


class Traits(NamedTuple):
    """What B formulas are by their values.

    own: uint64 [B], equal where all values are; 0 for shaky ones. family: uint64 [B], the same whatever the variables
    are called; as own, if they are never called by other names. ranged: uint64 [B, R], as family, for a range's values
    alone. shown: int64 [B], bit r is set where a formula can be shown on range r.
    """

    own: NDArray[np.uint64]
    family: NDArray[np.uint64]
    ranged: NDArray[np.uint64]
    shown: NDArray[np.int64]


@inner
def _hash_row(values, bits, index, ranged):
    """Add a hash of each range's values, float64 [R * POINTS], to ``ranged`` uint64 [B, R], row ``index``.

    bits: the same memory as uint64. Returns a hash of all values; 0 where one of them is shaky.
    """
    whole = np.uint64(0)
    for part in range(ranged.shape[1]):
        mixed = np.uint64(part)
        for at in range(part * POINTS, (part + 1) * POINTS):
            word = _UNKNOWN
            if abs(values[at]) < _TINY:
                if abs(values[at]) > 0.1 * _TINY:
                    return np.uint64(0)
                word = np.uint64(0)
            elif values[at] == values[at]:
                # The upper half of a float is its sign, its exponent and 20 bits of its mantissa.
                word = bits[at] + _HALF
                rest = word & _LOWER
                if rest < _EDGE or rest > _LOWER - _EDGE:
                    return np.uint64(0)
                word >>= _S32
            mixed = scramble(mixed * _GOLDEN + word)
        ranged[index, part] += mixed
        whole = scramble(whole * _GOLDEN + mixed)
    return whole | np.uint64(1)


@inner
def is_telling(values, first, count):
    """Whether ``count`` values from ``first`` on are finite, not too large, not constant and not mostly zero."""
    least, most = math.inf, -math.inf
    for at in range(first, first + count):
        if not -LARGEST <= values[at] <= LARGEST:
            return False
        least, most = min(least, values[at]), max(most, values[at])
    largest, small = max(abs(least), abs(most)), 0
    for at in range(first, first + count):
        small += abs(values[at]) < SMALLEST * largest
    return most - least > FLATTEST * largest and 2 * small <= count


@inner
def is_wild(drafts, index, used, rows, first, count, steepest):
    """Whether a sine or cosine is taken of more than ``steepest`` at one of ``count`` points from ``first`` on."""
    for slot in range(SLOTS):
        if used[slot] and SIN <= drafts[index, SLOTS + slot] <= COS:
            for at in range(first, first + count):
                if abs(rows[slot, at]) > steepest:
                    return True
    return False


@kernel
def _traits(drafts, constants, columns, steepest, used, numbers, rows, words, own, family, ranged, shown):
    points, count = columns.shape[2], ranged.shape[1]
    for index in range(len(drafts)):
        if not read_draft(drafts, index, used):
            continue
        read_numbers(drafts, index, used, constants, numbers)
        bits = (1 << count) - 1
        for order in range(columns.shape[0]):
            run_draft(drafts, index, used, numbers, columns[order], rows, points)
            for part in range(count):
                first = part * POINTS
                wild = is_wild(drafts, index, used, rows, first, POINTS, steepest)
                if wild or not is_telling(rows[SLOTS], first, POINTS):
                    bits &= ~(1 << part)
            mixed = _hash_row(rows[SLOTS], words, index, ranged)
            if order == 0:
                own[index] = mixed
            if mixed == 0:
                own[index], bits = np.uint64(0), 0
                break
            family[index] += scramble(mixed)
        shown[index] = bits


def _columns(variables: int) -> NDArray[np.float64]:
    """The points of all ranges, float64 [orders, INPUTS, R * POINTS], for each order of the first ``variables``."""
    cubes = [low + (high - low) * spread(POINTS, 1 + POINTS * at) for at, (low, high) in enumerate(RANGES)]
    points = np.concatenate(cubes)
    rest = list(range(variables, INPUTS))
    orders = [list(order) + rest for order in itertools.permutations(range(variables))]
    return np.ascontiguousarray(np.stack([points[:, order].T for order in orders]))


def traits(
    drafts: NDArray[np.uint8], constants: NDArray[np.float64], variables: int, steepest: float = STEEPEST
) -> Traits:
    """What drafts uint8 [B, L] are by their values.

    constants: float64 [B, CONSTANTS], the numbers that stand for theirs. variables: how many there are to be called by
    other names; with 1, all keep theirs. steepest: what a sine or cosine is taken of at most, where one is shown.
    """
    count, columns = len(drafts), _columns(variables)
    found = Traits(
        np.zeros(count, np.uint64),
        np.zeros(count, np.uint64),
        np.zeros((count, len(RANGES)), np.uint64),
        np.zeros(count, np.int64),
    )
    rows = np.empty((2 * SLOTS, columns.shape[2]))
    room = np.empty(SLOTS, np.bool_), np.empty(SLOTS), rows, rows[SLOTS].view(np.uint64)
    _traits(drafts, constants, columns, steepest, *room, *found)
    return found


def all_count(drafts: NDArray[np.uint8], constants: NDArray[np.float64], shown: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether every variable of drafts uint8 [B, L] moves their values on the ranges ``shown``, int64 [B], bool [B].

    constants: float64 [B, CONSTANTS].
    """
    told, programs = np.zeros(len(drafts), np.bool_), to_programs(drafts, constants)
    for which, (low, high) in enumerate(RANGES):
        here = np.flatnonzero((shown >> which & 1 > 0) & ~told)
        points = low + (high - low) * spread(POINTS, 1 + POINTS * which)
        values, moved = _at(programs[here], points), np.ones(len(here), np.bool_)
        for variable in range(INPUTS):
            other = points.copy()
            other[:, variable] = points[::-1, variable]
            apart = np.abs(_at(programs[here], other) - values) > MOVED * np.abs(values).max(axis=1, keepdims=True)
            has = (drafts[here, :SLOTS] == FIRST_VARIABLE + variable).any(axis=1)
            moved &= ~has | np.any(apart, axis=1)
        told[here] = moved
    return told


def _at(programs: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Programs float64 [B, PROGRAM] at points float64 [N, INPUTS], float64 [B, N]; infinite outside the domain."""
    values = evaluate(programs, np.repeat(points[None], len(programs), axis=0))
    return np.where(np.isfinite(values), values, LARGEST)
