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
from trm_gym.regression._search.constants import fit_draft
from trm_gym.regression._search.judging import (
    FIRST,
    SMALL,
    TOGETHER,
    agree,
    agrees_everywhere,
    fill,
    find_box,
    judge,
    same_form,
)
from trm_gym.regression._search.linear import residual
from trm_gym.regression._search.room import TARGETS, WEIGHTS, room
from trm_gym.regression.fitting import error_of, load_points, spread_of
from trm_gym.regression.layout import SLOTS
from trm_gym.regression.operations import IDENTITY, INFINITE, NAN
from trm_gym.regression.points import points_of
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
def _take_truth(truth, index, room, judge, count):
    """Make the truth the targets, and add points from the box where fewer than _ENOUGH are shown.

    Returns how many points there are then.
    """
    find_box(room.columns, count, judge.box)
    fill(room.columns, judge, 0, count, max(_ENOUGH - count, 0))
    run_program(truth, index, room.columns, judge.stack, max(count, _ENOUGH))
    total = count
    for at in range(max(count, _ENOUGH)):
        true = judge.stack[0, at]
        known = -INFINITE < true < INFINITE
        if at < count:
            judge.shown[at] = room.slopes[TARGETS, at]
            room.slopes[TARGETS, at] = true if known else judge.shown[at]
        elif known:
            for variable in range(INPUTS):
                room.columns[variable, total] = room.columns[variable, at]
            room.slopes[TARGETS, total], room.slopes[WEIGHTS, total] = true, 1.0
            total += 1
    return total


@inner
def _fit_to_truth(drafts, index, truth, room, judge, small, count):
    """Fit the constants of draft ``index`` to the truth. Returns what the points shown leave, and whether it agrees."""
    total = _take_truth(truth, index, room, judge, count)
    fit_draft(drafts, index, room, total)
    agrees = agree(room.slopes, TARGETS, room.rows, small, total)
    for at in range(count):
        room.slopes[TARGETS, at] = judge.shown[at]
    return residual(room, count), agrees


@inner
def _compare(drafts, index, truth, room, judge, small, count):
    """What draft ``index``, without constants, leaves at the points shown, and whether it is the truth at a few."""
    run_draft(drafts, index, room.used, room.numbers, room.columns, room.rows, count)
    known = run_program(truth, index, room.columns, judge.stack, min(count, FIRST))
    return residual(room, count), known and agree(judge.stack, 0, room.rows, small, min(count, FIRST))


@inner
def _fit_to_points(drafts, index, room, judge, small, count):
    """Fit the constants of draft ``index`` to the points shown, but for those held out.

    Returns what all points shown leave, and whether it agrees with all.
    """
    for at in range(count if count >= FEWEST_HELD_OUT else 0):
        judge.shown[at] = room.slopes[WEIGHTS, at]
        if judge.order[1, at] % HELD_OUT == HELD_OUT - 1:
            room.slopes[WEIGHTS, at] = 0.0
    fit_draft(drafts, index, room, count)
    for at in range(count if count >= FEWEST_HELD_OUT else 0):
        room.slopes[WEIGHTS, at] = judge.shown[at]
    return residual(room, count), agree(room.slopes, TARGETS, room.rows, small, count)


@inner
def _score(right, left, spread, nodes):
    """What a formula of so many nodes is worth that leaves so much: nothing if no less than the targets' mean does."""
    if right:
        return 1.0
    error = error_of(left, spread)
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
def _load(drafts, index, points, truth, free, room, judge):
    """Write a problem's points and a draft's slots and numbers into ``room``.

    free: float64 [B, CONSTANTS] of NaN, which stand for the constants. Returns how many points there are, 0 where the
    draft is no formula, their spread, what counts as small, and whether the draft has the truth's very form: then it
    is the truth with some constants, even if they are hard to find.
    """
    count = load_points(points, index, judge.order, room)
    if count == 0 or read_draft(drafts, index, room.used) == 0:
        return 0, 0.0, 0.0, False
    read_numbers(drafts, index, room.used, free, room.numbers)
    write_program(drafts, index, room.numbers, judge.program, 0)
    squares = 0.0
    for at in range(count):
        squares += room.slopes[TARGETS, at] * room.slopes[TARGETS, at]
    small = SMALL * math.sqrt(squares / count)
    return count, spread_of(room, count), small, same_form(truth, index, judge.program)


@lazy_kernel
def _verify_plain(which, drafts, points, truth, free, room, judge, solved, score):
    """Judge drafts ``which``, which have no constants, where the truth is known."""
    for place in range(len(which)):
        index = which[place]
        count, spread, small, right = _load(drafts, index, points, truth, free, room, judge)
        left = 0.0
        if count and not right:
            left, right = _compare(drafts, index, truth, room, judge, small, count)
            right = right and agrees_everywhere(drafts, index, truth, room, judge, small, count)
        if count:
            solved[index], score[index] = right, _score(right, left, spread, _nodes(drafts, index, room.used))


@lazy_kernel
def _verify_fitted(which, drafts, points, truth, free, room, judge, solved, score):
    """The same for drafts with constants, and where nobody knows the truth. It takes far longer to compile."""
    for place in range(len(which)):
        index = which[place]
        count, spread, small, right = _load(drafts, index, points, truth, free, room, judge)
        left = 0.0
        if count and truth[index, 0] == 0.0:
            left, right = _fit_to_points(drafts, index, room, judge, small, count)
        elif count and not right:
            left, right = _fit_to_truth(drafts, index, truth, room, judge, small, count)
            right = right and agrees_everywhere(drafts, index, truth, room, judge, small, count)
        if count:
            solved[index], score[index] = right, _score(right, left, spread, _nodes(drafts, index, room.used))


def verify(problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
    """Judge answers uint8 [B, L] by their values alone, whatever the label says.

    solved: a formula, equal to the hidden function to CLOSE, in parts of it, at the points shown and at INSIDE points
    in their box and OUTSIDE in the box twice as large, wherever the hidden function is finite. Its constants are fitted
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
    points = np.ascontiguousarray(points_of(problems.numbers))
    width = max(points.shape[1], TOGETHER, _ENOUGH)
    drafts, truth = np.ascontiguousarray(answers), np.ascontiguousarray(problems.truth)
    free, arrays = np.full((len(drafts), CONSTANTS), NAN), (room(width), judge(width))
    solved, score = np.zeros(len(drafts), np.bool_), np.zeros(len(drafts), np.float32)
    fitted = (drafts[:, :SLOTS] == FITTED).any(axis=1) | (truth[:, 0] == 0.0)
    for kernel, which in ((_verify_plain, np.flatnonzero(~fitted)), (_verify_fitted, np.flatnonzero(fitted))):
        if len(which):
            kernel(which, drafts, points, truth, free, *arrays, solved, score)
    return Verdicts(solved, score)
