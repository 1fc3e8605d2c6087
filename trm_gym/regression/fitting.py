"""Drafts at points: their constants as they fit the points best, and how far off they then are."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inlined, inner, lazy_kernel
from trm_gym.regression._search.constants import fit_draft
from trm_gym.regression._search.room import BEST, TARGETS, WEIGHTS, room
from trm_gym.regression.operations import INFINITE
from trm_gym.regression.points import PRESENT, ROW, TARGET
from trm_gym.regression.programs import CONSTANTS, INPUTS, check_drafts, read_draft, read_numbers, used_slots
from trm_gym.short_repr import short_repr

EXACT = 1e-9
"""The error, in standard deviations of the targets, of what fits exactly."""
PER_SLOT = 0.02
"""What a slot of a draft costs, in logarithms of the error."""


@short_repr
class Fit(NamedTuple):
    """B drafts fitted to their points.

    constants: float64 [B, CONSTANTS], in the order of the slots, 0 behind the last. error: float64 [B], the root of the
    mean square of what is left, over the targets' standard deviation; infinite for what is no formula or not finite at
    a point that counts.
    """

    constants: NDArray[np.float64]
    error: NDArray[np.float64]


@inlined
def load_points(points, index, order, room):
    """Write the points of ``index`` that count into ``room``, so that the first few are spread over all.

    order: int64 [2, >= N]; in its second row is then the how-manieth of those points stands in each column. Returns how
    many they are.
    """
    count = 0
    for at in range(points.shape[1]):
        if points[index, at, PRESENT] > 0.0:
            order[0, count] = at
            count += 1
    if count == 0:
        return 0
    stride, one, other = int(0.618 * count) + 1, 0, 0
    while one != 1:  # no common factor, so that every point is met once
        stride += 1
        one, other = count, stride
        while other:
            one, other = other, one % other
    for at in range(count):
        order[1, at] = at * stride % count
        row = order[0, order[1, at]]
        for variable in range(INPUTS):
            room.columns[variable, at] = points[index, row, variable]
        room.slopes[TARGETS, at], room.slopes[WEIGHTS, at] = points[index, row, TARGET], points[index, row, PRESENT]
    return count


@inlined
def spread_of(room, count):
    """The weighted sum of squares of the targets about their mean."""
    mean, total, spread = 0.0, 0.0, 0.0
    for at in range(count):
        mean += room.slopes[TARGETS, at] * room.slopes[WEIGHTS, at]
        total += room.slopes[WEIGHTS, at]
    mean /= total
    for at in range(count):
        spread += (room.slopes[TARGETS, at] - mean) * (room.slopes[TARGETS, at] - mean) * room.slopes[WEIGHTS, at]
    return spread


@inner
def error_of(left, spread):
    """The root of the squares ``left`` over that of ``spread``; where that is 0, 0 or infinite."""
    if spread > 0.0:
        return math.sqrt(left / spread)
    return 0.0 if left == 0.0 else INFINITE


@lazy_kernel
def _fit(drafts, points, order, room, constants, error):
    """The loop of ``fit``."""
    for index in range(len(drafts)):
        for at in range(CONSTANTS):
            constants[index, at] = room.small[BEST, at] = 0.0
        error[index] = INFINITE
        count = load_points(points, index, order, room)
        if count and read_draft(drafts, index, room.used):
            read_numbers(drafts, index, room.used, constants, room.numbers)
            left = fit_draft(drafts, index, room, count)
            error[index] = error_of(left, spread_of(room, count))
            for at in range(CONSTANTS):
                constants[index, at] = room.small[BEST, at]


def fit(drafts: NDArray[np.uint8], points: NDArray[np.float64]) -> Fit:
    """Fit the constants of each draft uint8 [B, L] to its points float64 [B, N, ROW] by least squares.

    How much a point counts is its entry PRESENT, 1 or any other weight; one with 0 does not, whatever it holds. Raises
    ValueError for arrays of another shape or type.
    """
    check_drafts(drafts)
    check_points(points, len(drafts))
    constants, error = np.empty((len(drafts), CONSTANTS)), np.empty(len(drafts))
    order, work = np.empty((2, points.shape[1]), np.int64), room(points.shape[1])
    _fit(np.ascontiguousarray(drafts), np.ascontiguousarray(points), order, work, constants, error)
    return Fit(constants, error)


def is_compiled() -> bool:
    """Whether an earlier process left the compiled code of ``fit``, and so very likely that of what goes with it."""
    return bool(getattr(_fit, "on_disk", True))  # without the compiler it is a plain function


def description(drafts: NDArray[np.uint8], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """What drafts uint8 [B, L] with errors float64 [B] leave unsaid and say, float64 [B]: less is better.

    The error's logarithm, all that fit exactly alike, and PER_SLOT for each slot.
    """
    return np.log(np.maximum(errors, EXACT)) + PER_SLOT * used_slots(drafts).sum(axis=1)


def check_points(points: NDArray[np.float64], count: int) -> None:
    """Raises ValueError for what is no float64 [count, N, ROW]."""
    if points.dtype != np.float64 or points.ndim != 3 or points.shape[0] != count or points.shape[2] != ROW:
        raise ValueError(
            f"points must be float64 of shape [{count}, N, {ROW}], not {points.dtype} of shape {points.shape}"
        )
