"""What a draft does at the points shown: the values of its parts, and what they must have been for it to be right.

The second is semantic backpropagation (Pawlak, Wieloch and Krawiec 2015, "Semantic Backpropagation for Designing Search
Operators in Genetic Programming"): the target is wanted of the root; what is wanted of an operand follows from what is
wanted of the result and from what the other operand is now. All of it follows from what is shown. Nothing here knows
the hidden formula.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner, lazy_kernel
from trm_gym.regression.inverses import left_inverse, right_inverse, unary_inverse
from trm_gym.regression.layout import LAST_BINARY, SLOTS
from trm_gym.regression.operations import INFINITE, NAN
from trm_gym.regression.points import PRESENT, ROW, TARGET
from trm_gym.regression.programs import (
    CONSTANTS,
    INPUTS,
    check_drafts,
    load_columns,
    read_draft,
    read_numbers,
    run_draft,
)
from trm_gym.short_repr import short_repr


@short_repr
class Execution(NamedTuple):
    """B drafts at N points each; NaN in what is not there, in slots that do not count, and where nothing would do.

    constants: float64 [B, CONSTANTS], in the order of the slots; all 1 for now. error: float64 [B], the root of the
    mean square of what is left, over the targets' standard deviation; infinite where that is no number. used: bool
    [B, SLOTS], the slots that count; none where a draft is no formula, and then slot 0 alone has a wanted value.
    before: float64 [B, SLOTS, N], what a slot is before its function is taken. value: the same,
    after it. wanted: the same, what the slot's value must have been for the whole to equal the target, all other parts
    as they are; of several numbers that would do, the one nearest to what is there now.
    """

    constants: NDArray[np.float64]
    error: NDArray[np.float64]
    used: NDArray[np.bool_]
    before: NDArray[np.float64]
    value: NDArray[np.float64]
    wanted: NDArray[np.float64]


@inner
def _want(drafts, index, slot, rows, wanted, count):
    """Write what is wanted of the operands of ``slot`` into ``wanted``, from what is wanted of the slot itself."""
    code, function = int(drafts[index, slot]), int(drafts[index, SLOTS + slot])
    left, right = 2 * slot + 1, 2 * slot + 2
    for at in range(count):
        joined = unary_inverse(function, wanted[index, slot, at], rows[slot, at])
        one, other = rows[SLOTS + left, at], rows[SLOTS + right, at]
        wanted[index, left, at] = finite(left_inverse(code, joined, one, other))
        wanted[index, right, at] = finite(right_inverse(code, joined, one))


@inner
def finite(number):
    """The number itself; NaN for an infinite one."""
    return number if -INFINITE < number < INFINITE else NAN


@lazy_kernel
def _execute(drafts, points, constants, used, numbers, columns, rows, before, value, wanted):
    """The loop of ``execute``; before, value and wanted come filled with NaN."""
    count = points.shape[1]
    for index in range(len(drafts)):
        for at in range(count):
            if points[index, at, PRESENT] > 0.0:
                wanted[index, 0, at] = points[index, at, TARGET]
        if not read_draft(drafts, index, used[index]):
            for slot in range(SLOTS):
                used[index, slot] = False
            continue
        read_numbers(drafts, index, used[index], constants, numbers)
        load_columns(points, index, 0, count, columns)
        run_draft(drafts, index, used[index], numbers, columns, rows, count)
        for slot in range(SLOTS):
            if used[index, slot]:
                for at in range(count):
                    if points[index, at, PRESENT] > 0.0:
                        before[index, slot, at], value[index, slot, at] = rows[slot, at], rows[SLOTS + slot, at]
                if drafts[index, slot] <= LAST_BINARY:
                    _want(drafts, index, slot, rows, wanted, count)


def execute(drafts: NDArray[np.uint8], points: NDArray[np.float64]) -> Execution:
    """Run drafts uint8 [B, L] at points float64 [B, N, ROW], forwards and backwards.

    Raises ValueError for arrays of another shape or type.
    """
    check_drafts(drafts)
    if points.dtype != np.float64 or points.ndim != 3 or len(points) != len(drafts) or points.shape[2] != ROW:
        raise ValueError(
            f"points must be float64 of shape [{len(drafts)}, N, {ROW}], not {points.dtype} of shape {points.shape}"
        )
    constants = np.ones((len(drafts), CONSTANTS))
    count = points.shape[1]
    used = np.zeros((len(drafts), SLOTS), np.bool_)
    before, value, wanted = np.full((3, len(drafts), SLOTS, count), NAN)
    room = np.empty(SLOTS), np.empty((INPUTS, count)), np.empty((2 * SLOTS, count))
    arrays = np.ascontiguousarray(drafts), np.ascontiguousarray(points), constants
    _execute(*arrays, used, *room, before, value, wanted)
    return Execution(constants, _error(value[:, 0], points), used, before, value, wanted)


def _error(values: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The root of the mean square of what is left, over the targets' standard deviation, float64 [B]."""
    present = points[:, :, PRESENT] > 0
    count = np.maximum(present.sum(1), 1)
    with np.errstate(all="ignore"):
        left = np.where(present, (values - points[:, :, TARGET]) ** 2, 0.0).sum(1) / count
        mean = np.where(present, points[:, :, TARGET], 0.0).sum(1) / count
        spread = np.where(present, (points[:, :, TARGET] - mean[:, None]) ** 2, 0.0).sum(1) / count
        error = np.sqrt(left / spread)
    return np.where(np.isfinite(error), error, np.where(left == 0, 0.0, np.inf))
