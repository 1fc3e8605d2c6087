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
from trm_gym.regression.fitting import fit
from trm_gym.regression.inverses import left_inverse, right_inverse, unary_inverse
from trm_gym.regression.layout import LAST_BINARY, SLOTS
from trm_gym.regression.operations import INFINITE, NAN
from trm_gym.regression.points import PRESENT, TARGET
from trm_gym.regression.programs import (
    INPUTS,
    load_columns,
    read_draft,
    read_numbers,
    run_draft,
)
from trm_gym.short_repr import short_repr


@short_repr
class Execution(NamedTuple):
    """B drafts at N points each; NaN in what is not there, in slots that do not count, and where nothing would do.

    constants: float64 [B, CONSTANTS], and error: float64 [B], see ``fitting.Fit``. used: bool [B, SLOTS], the slots
    that count; none where a draft is no formula, and then slot 0 alone has a wanted value. before: float64 [B, SLOTS,
    N], what a slot is before its function is taken. value: the same,
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
    """Fit the constants of drafts uint8 [B, L] to points float64 [B, N, ROW] and run them there, both ways.

    Raises ValueError for arrays of another shape or type.
    """
    constants, error = fit(drafts, points)
    count = points.shape[1]
    used = np.zeros((len(drafts), SLOTS), np.bool_)
    before, value, wanted = np.full((3, len(drafts), SLOTS, count), NAN)
    room = np.empty(SLOTS), np.empty((INPUTS, count)), np.empty((2 * SLOTS, count))
    arrays = np.ascontiguousarray(drafts), np.ascontiguousarray(points), constants
    _execute(*arrays, used, *room, before, value, wanted)
    return Execution(constants, error, used, before, value, wanted)
