"""Many starts of a formula's constants at once: each is a stretch of columns, and every operation runs over all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inlined, inner
from trm_gym.regression._search.linear import equations
from trm_gym.regression._search.normal import dot, solve
from trm_gym.regression._search.room import (
    ALL,
    FEW,
    GRADIENT,
    GRID,
    LEFT,
    LINEAR,
    RESIDUAL,
    SPREAD,
    STEP,
    TARGETS,
    TOGETHER,
    UNIT,
    USED_UP,
    WEIGHTS,
)
from trm_gym.regression._search.slopes import run_slopes
from trm_gym.regression.layout import LAST_BINARY, SLOTS
from trm_gym.regression.operations import INFINITE, POWER, TIMES, unary_row
from trm_gym.regression.programs import CONSTANTS, run_draft

_USUAL = (0.3, 6.0)
"""Between which sizes values are usual."""
_SMALLEST, _LARGEST, _POSITIVE = 0.2, 10.0, 0.65
"""The sizes of numbers that several constants start from, and how many of them are positive."""


def _spread() -> NDArray[np.float64]:
    """Where several constants start: float64 [SPREAD, CONSTANTS], the first row ones, the others spread evenly."""
    # The golden ratio and roots of primes: multiples of them fill an interval, and several of them a cube, evenly.
    strides = np.array([(1 + 5**0.5) / 2, 2**0.5, 3**0.5, 5**0.5, 7**0.5, 11**0.5, 13**0.5, 17**0.5])
    places = (np.arange(SPREAD)[:, None] * strides[:CONSTANTS] + 0.5) % 1.0
    positive = places < _POSITIVE
    sizes = np.where(positive, places / _POSITIVE, (places - _POSITIVE) / (1 - _POSITIVE))
    numbers = np.where(positive, 1, -1) * _SMALLEST * (_LARGEST / _SMALLEST) ** sizes
    numbers[0] = 1.0
    return numbers


def _grid() -> NDArray[np.float64]:
    """Where a single constant starts: float64 [GRID] in rising order, a third of them negative."""
    sizes = np.sinh(np.linspace(0.1, np.arcsinh(10.0), 2 * GRID // 3))
    return np.concatenate([-sizes[::2][::-1], sizes])


_SPREAD, _GRID = _spread(), _grid()


@inner
def _mean_size(rows, row, count):
    """The mean of the sizes of a row's first ``count`` numbers."""
    total = 0.0
    for at in range(count):
        total += abs(rows[row, at])
    return total / count


@inner
def find_units(drafts, index, room, constants, count):
    """Write in what units each constant is to be looked for, from what it is joined to in ``room.rows``.

    It is 1 unless those values are much larger or much smaller than what formulas are usually made of: c * x with x of
    a thousand has its constants at thousandths, c + x has them at thousands.
    """
    for at in range(constants):
        slot, unit = room.places[ALL, at], 1.0
        above, beside = (slot - 1) // 2, slot - 1 if slot % 2 == 0 else slot + 1
        if slot and drafts[index, above] != POWER and not room.varying[beside]:
            unit = _mean_size(room.rows, SLOTS + beside, count)
            if not 0.0 < unit < INFINITE or _USUAL[0] <= unit <= _USUAL[1]:
                unit = 1.0
            if drafts[index, above] == TIMES:
                unit = 1.0 / unit
        room.small[UNIT, at] = unit


@inner
def begin(room, constants, start, single):
    """Set the constants to the fixed numbers of that start, the linear ones to 0.

    Every other start of several constants is without their units, which may mislead.
    """
    column = 0
    for at in range(constants):
        slot = room.places[ALL, at]
        room.numbers[slot] = 0.0
        if not room.linear[slot]:
            room.numbers[slot] = _GRID[start] if single else _SPREAD[start, column]
            if single or start % 2:
                room.numbers[slot] *= room.small[UNIT, at]
            column += 1


@inlined
def spread_out(room, count):
    """Repeat what does not vary, at the first few of ``count`` points, for TOGETHER starts."""
    points = min(count, FEW)
    for slot in range(1, SLOTS):
        if room.used[slot] and not room.varying[slot] and room.varying[(slot - 1) // 2]:
            for at in range(points * TOGETHER):
                room.tiles[SLOTS + slot, at] = room.rows[SLOTS + slot, at % points]
    for at in range(points * TOGETHER):
        room.tile_slopes[TARGETS, at] = room.slopes[TARGETS, at % points]
        room.tile_slopes[WEIGHTS, at] = room.slopes[WEIGHTS, at % points]


@inlined
def _run(drafts, index, room, constants, width):
    """Compute the draft at all columns, its constants standing in ``room.tiles``, and what is left of the targets."""
    for slot in range(SLOTS):
        room.joins[slot] = room.varying[slot] and drafts[index, slot] <= LAST_BINARY
    for at in range(constants):
        slot = room.places[ALL, at]
        unary_row(int(drafts[index, SLOTS + slot]), room.tiles, slot, SLOTS + slot, width)
    run_draft(drafts, index, room.joins, room.numbers, room.columns, room.tiles, width)
    for at in range(width):
        room.tile_slopes[RESIDUAL, at] = room.tile_slopes[TARGETS, at] - room.tiles[SLOTS, at]


@inner
def screen(drafts, index, room, constants, linear, single, count, first):
    """Write into ``room.starts`` what starts ``first`` to ``first + TOGETHER`` leave at the first few points.

    constants, linear: how many of them there are. single: whether it is the grid's starts. It comes after
    ``spread_out``.
    """
    points = min(count, FEW)
    width = points * TOGETHER
    for start in range(TOGETHER):
        begin(room, constants, first + start, single)
        for at in range(constants):
            slot = room.places[ALL, at]
            for column in range(start * points, (start + 1) * points):
                room.tiles[slot, column] = room.numbers[slot]
    _run(drafts, index, room, constants, width)
    if linear:
        run_slopes(drafts, index, room.varying, room.tiles, room.tile_slopes, width)
    for start in range(TOGETHER):
        low = start * points
        left = dot(room.tile_slopes, RESIDUAL, RESIDUAL, low, low + points)
        if linear and left < INFINITE:
            equations(room, room.tile_slopes, LINEAR, linear, low, low + points)
            if solve(room.small, linear, 1e-12):
                for at in range(linear):
                    left -= room.small[STEP, at] * room.small[GRADIENT, at]
        room.starts[LEFT, first + start] = left if left < INFINITE else INFINITE
        room.starts[USED_UP, first + start] = 0.0
