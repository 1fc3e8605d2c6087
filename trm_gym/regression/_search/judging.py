"""Two formulas beside each other: a draft and the hidden function, at the points shown and elsewhere."""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner
from trm_gym.regression.layout import SLOTS
from trm_gym.regression.operations import INFINITE
from trm_gym.regression.programs import INPUTS, PROGRAM, STACK, run_draft, run_program

INSIDE, OUTSIDE = 500, 500
"""At how many points formulas are compared inside the box of those shown, and in the box twice as large."""
CLOSE = 1e-6
"""How far off the truth, in parts of it, a value may be."""
SMALL = 1e-3
"""Truths that are smaller than this, in parts of the root of the mean square of those shown, count as so large."""
UNEXPLAINED = 1e-6
"""What a right formula leaves of the squares about the truth's mean at most: 1e12 is nearly, and not, 1e12 + sin(x)."""
FIRST, TOGETHER = 8, 125
"""At how many points formulas are compared first, since most are wrong, and then at a time."""
_ROUNDING = 1e-15
"""What values of a constant may differ by, in parts of it."""


def _cube() -> NDArray[np.float64]:
    """Points float64 [INSIDE + OUTSIDE, INPUTS] that fill the unit cube evenly (Roberts' R3), in every stretch."""
    ratio = 1.2207440846057596  # the root of x**4 = x + 1
    steps = ratio ** -np.arange(1.0, INPUTS + 1)
    return (0.5 + np.arange(INSIDE + OUTSIDE)[:, None] * steps) % 1.0


@final
class Judge(NamedTuple):
    """What else is needed to judge formulas at up to n points at a time.

    cube: float64 [INSIDE + OUTSIDE, INPUTS], see ``_cube``. box: float64 [2, INPUTS], the lowest and the highest value
    of each variable. stack: float64 [STACK, n], whose first row gets the truth. shown: float64 [n], the targets shown.
    program: float64 [1, PROGRAM], the draft's. order: int64 [2, n], see ``load_points``.
    """

    cube: NDArray[np.float64]
    box: NDArray[np.float64]
    stack: NDArray[np.float64]
    shown: NDArray[np.float64]
    program: NDArray[np.float64]
    order: NDArray[np.int64]


@inner
def find_box(columns, count, box):
    """Write the lowest and the highest value of each variable at the first ``count`` points into ``box``."""
    for variable in range(INPUTS):
        box[0, variable], box[1, variable] = INFINITE, -INFINITE
        for at in range(count):
            box[0, variable] = min(box[0, variable], columns[variable, at])
            box[1, variable] = max(box[1, variable], columns[variable, at])


@inner
def fill(columns, judge, first, start, count):
    """Write points ``first`` to ``first + count`` of those that formulas are compared at into columns from ``start``.

    In the larger box a variable that is the same at all points shown goes up and down by 1.
    """
    for variable in range(INPUTS):
        low = judge.box[0, variable]
        width = judge.box[1, variable] - low
        for at in range(count):
            share = judge.cube[first + at, variable]
            if first + at < INSIDE:
                columns[variable, start + at] = low + share * width
            elif width > 0.0:
                columns[variable, start + at] = low + (2.0 * share - 0.5) * width
            else:
                columns[variable, start + at] = low + 2.0 * share - 1.0


@inner
def agree(truth, row, values, small, count):
    """Whether a formula, whose values are row SLOTS, has those of the truth, wherever they are finite."""
    for at in range(count):
        true = truth[row, at]
        if -INFINITE < true < INFINITE and not abs(values[SLOTS, at] - true) <= CLOSE * max(abs(true), small):
            return False
    return True


@inner
def explains(truth, row, values, count):
    """Whether a formula, whose values are row SLOTS, follows the truth about its mean, wherever that is finite.

    A truth that goes no further from its mean than rounding does is a constant: nothing is there to follow.
    """
    mean, known, spread, left = 0.0, 0, 0.0, 0.0
    for at in range(count):
        if -INFINITE < truth[row, at] < INFINITE:
            mean += truth[row, at]
            known += 1
    mean /= max(known, 1)
    for at in range(count):
        true = truth[row, at]
        if -INFINITE < true < INFINITE:
            spread += (true - mean) * (true - mean)
            left += (values[SLOTS, at] - true) * (values[SLOTS, at] - true)
    return left <= UNEXPLAINED * spread or spread <= known * (_ROUNDING * mean) * (_ROUNDING * mean)


@inner
def same_form(truth, index, program):
    """Whether two programs are the same, word for word; a number that is NaN in ``program`` stands for any number."""
    for at in range(PROGRAM):
        said, true = program[0, at], truth[index, at]
        if said != true and said == said:
            return False
        if at % 2 == 0 and said == 0.0:
            return True
    return True


@inner
def agrees_everywhere(drafts, index, truth, room, judge, small, count):
    """Whether draft ``index`` with the numbers in ``room`` is the truth wherever that is looked at."""
    find_box(room.columns, count, judge.box)
    for first in range(0, INSIDE + OUTSIDE, TOGETHER):
        fill(room.columns, judge, first, 0, TOGETHER)
        known = run_program(truth, index, room.columns, judge.stack, TOGETHER)
        run_draft(drafts, index, room.used, room.numbers, room.columns, room.rows, TOGETHER)
        if not (known and agree(judge.stack, 0, room.rows, small, TOGETHER)):
            return False
    return True


def judge(points: int) -> Judge:
    """Fresh room for that many points."""
    box, stack, program = np.empty((2, INPUTS)), np.empty((STACK, points)), np.zeros((1, PROGRAM))
    return Judge(_cube(), box, stack, np.empty(points), program, np.empty((2, points), np.int64))
