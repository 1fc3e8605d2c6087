"""Judges formulas by their values: at the points shown, and at others inside their box and in one twice as large.

A draft's constants are fitted first, to the hidden function without its noise. What nobody knows the function of is
judged by the points shown alone.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner, lazy_kernel
from trm_gym.problems import Problems, Verdicts
from trm_gym.regression._search.judging import (
    FIRST,
    SMALL,
    TOGETHER,
    Judge,
    agree,
    agrees_everywhere,
    explains,
    fill,
    find_box,
    judge,
    same_form,
)
from trm_gym.regression._search.linear import residual
from trm_gym.regression._search.room import TARGETS, WEIGHTS, Room, room
from trm_gym.regression.fitting import error_of, fit, load_points, spread_of
from trm_gym.regression.layout import SLOTS
from trm_gym.regression.operations import IDENTITY, INFINITE, NAN
from trm_gym.regression.points import PRESENT, ROW, TARGET, points_of
from trm_gym.regression.programs import (
    CONSTANTS,
    FITTED,
    INPUTS,
    check_drafts,
    read_draft,
    read_numbers,
    run_draft,
    run_program,
    write_program,
)

_ENOUGH = 24
"""At how many points at least constants are fitted."""
MOST = 0.9
"""What no score of a wrong formula reaches."""
PER_NODE = 0.004
"""What a node of a wrong formula costs."""
HELD_OUT, FEWEST_HELD_OUT = 4, 12
"""Where nobody knows the function, constants are not fitted to every so-manieth row, if there are so many rows."""


@inner
def _score(error, nodes):
    """What a wrong formula of so many nodes is worth: nothing where it is no nearer than the mean of the targets."""
    return max(MOST * (1.0 - error) / (1.0 + error) - PER_NODE * nodes, 0.0) if error < 1.0 else 0.0


@inner
def _nodes(drafts, index, used):
    """How many operators, functions and leaves a draft has."""
    count = 0
    for slot in range(SLOTS):
        if used[slot]:
            count += 1 if drafts[index, SLOTS + slot] == IDENTITY else 2
    return count


@inner
def _load(drafts, index, points, constants, room, judge):
    """Write a problem's points and a draft's slots and numbers into ``room``.

    Returns how many points there are; 0 where the draft is no formula.
    """
    count = load_points(points, index, judge.order, room)
    if count == 0 or read_draft(drafts, index, room.used) == 0:
        return 0
    read_numbers(drafts, index, room.used, constants, room.numbers)
    return count


@inner
def _small(room, count):
    """What counts as small beside the targets."""
    squares = 0.0
    for at in range(count):
        squares += room.slopes[TARGETS, at] * room.slopes[TARGETS, at]
    return SMALL * math.sqrt(squares / count)


@lazy_kernel
def _compare_forms(drafts, points, truth, free, room, judge, same):
    """Mark drafts that have the form of the truth: they are the truth with some constants, even if those are hard to
    find. free: float64 [B, CONSTANTS] of NaN, which stand for any number.
    """
    for index in range(len(drafts)):
        if _load(drafts, index, points, free, room, judge):
            write_program(drafts, index, room.numbers, judge.program, 0)
            same[index] = same_form(truth, index, judge.program)


@lazy_kernel
def _tell(points, truth, room, judge, told):
    """Write into ``told``, float64 [B, N + _ENOUGH, ROW], the points that constants are fitted to.

    They are those shown, with the truth for targets, and points from their box where there are fewer than _ENOUGH;
    where nobody knows the truth, those shown and not held out.
    """
    for index in range(len(points)):
        size, rank = points.shape[1], 0
        count = load_points(points, index, judge.order, room)
        known = run_program(truth, index, room.columns, judge.stack, count)
        for at in range(size + _ENOUGH):
            told[index, at, PRESENT] = 0.0
        for at in range(count):
            row, rank = judge.order[0, judge.order[1, at]], judge.order[1, at]
            for variable in range(INPUTS):
                told[index, row, variable] = room.columns[variable, at]
            told[index, row, TARGET] = judge.stack[0, at] if known else room.slopes[TARGETS, at]
            held_out = not known and count >= FEWEST_HELD_OUT and rank % HELD_OUT == HELD_OUT - 1
            told[index, row, PRESENT] = 0.0 if held_out else room.slopes[WEIGHTS, at]
        more = max(_ENOUGH - count, 0) if known else 0
        find_box(room.columns, count, judge.box)
        fill(room.columns, judge, 0, 0, more)
        run_program(truth, index, room.columns, judge.stack, more)
        for at in range(more):
            for variable in range(INPUTS):
                told[index, size + at, variable] = room.columns[variable, at]
            told[index, size + at, TARGET] = judge.stack[0, at]
            told[index, size + at, PRESENT] = 1.0 if -INFINITE < judge.stack[0, at] < INFINITE else 0.0


@inner
def _is_right(drafts, index, truth, room, judge, count):
    """Whether draft ``index``, whose values at the points shown are in ``room``, is the truth."""
    small = _small(room, count)
    if truth[index, 0] == 0.0:
        return agree(room.slopes, TARGETS, room.rows, small, count) and explains(room.slopes, TARGETS, room.rows, count)
    for some in (min(count, FIRST), count):  # most are wrong, which a few points tell
        if not run_program(truth, index, room.columns, judge.stack, some):
            return False
        if not agree(judge.stack, 0, room.rows, small, some):
            return False
    if not explains(judge.stack, 0, room.rows, count):
        return False
    return agrees_everywhere(drafts, index, truth, room, judge, small, count)


@lazy_kernel
def _judge(drafts, points, truth, constants, room, judge, solved, score):
    """The loop of ``verify``, with the drafts' constants, for those that are not solved already."""
    for index in range(len(drafts)):
        if solved[index]:
            score[index] = 1.0
            continue
        score[index] = 0.0
        count = _load(drafts, index, points, constants, room, judge)
        if count:
            run_draft(drafts, index, room.used, room.numbers, room.columns, room.rows, count)
            error = error_of(residual(room, count), spread_of(room, count))
            solved[index] = _is_right(drafts, index, truth, room, judge, count)
            score[index] = 1.0 if solved[index] else _score(error, _nodes(drafts, index, room.used))


def _constants(
    drafts: NDArray[np.uint8], points: NDArray[np.float64], truth: NDArray[np.float64], arrays: tuple[Room, Judge]
) -> NDArray[np.float64]:
    """The constants of drafts uint8 [B, L], float64 [B, CONSTANTS]; points and truth are theirs."""
    told = np.empty((len(points), points.shape[1] + _ENOUGH, ROW))
    _tell(points, truth, *arrays, told)
    return fit(drafts, told).constants


def verify(problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
    """Judge answers uint8 [B, L] by their values alone, whatever the label says.

    solved: a formula, equal to the hidden function to CLOSE, in parts of it, at the points shown and at INSIDE points
    in their box and OUTSIDE in the box twice as large, wherever the hidden function is finite, and leaving UNEXPLAINED
    of its spread at the points shown at most, so that no constant is 1e12 + sin(x). Its constants are fitted
    to that function at the points shown; one of the very form of the hidden function needs no fit. Where nobody knows
    the function it is equal to all targets shown, with constants fitted to three rows of four, or to all of fewer than
    FEWEST_HELD_OUT.

    score: 1 iff solved. Otherwise, with the error e at the points shown in standard deviations of the targets,
    MOST * (1 - e) / (1 + e) - PER_NODE for each operator, function and leaf, and never below 0: so 0 for what is no
    formula and for any constant. Raises ValueError for answers of another shape or type.
    """
    if answers.shape != problems.problem.shape:
        raise ValueError(f"answers must have the shape {problems.problem.shape}, not {answers.shape}")
    check_drafts(answers)
    drafts, truth = np.ascontiguousarray(answers), np.ascontiguousarray(problems.truth)
    points = np.ascontiguousarray(points_of(problems.numbers))
    width = max(points.shape[1], TOGETHER, _ENOUGH)
    arrays, constants = (room(width), judge(width)), np.full((len(drafts), CONSTANTS), NAN)
    solved, score = np.zeros(len(drafts), np.bool_), np.zeros(len(drafts), np.float32)
    _compare_forms(drafts, points, truth, constants, *arrays, solved)
    fitted = np.flatnonzero((drafts[:, :SLOTS] == FITTED).any(axis=1) & ~solved)
    if len(fitted):
        constants[fitted] = _constants(drafts[fitted], points[fitted], truth[fitted], arrays)
    _judge(drafts, points, truth, constants, *arrays, solved, score)
    return Verdicts(solved, score)
