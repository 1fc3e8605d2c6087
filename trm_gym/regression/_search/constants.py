"""The constants with which a formula comes nearest to given numbers, by least squares.

Those that the formula is linear in are solved for. The others come from inside the formula or begin at fixed numbers.
From the best of these starts Levenberg and Marquardt's method goes on, with the linear constants solved for after each
step (variable projection; Golub and Pereyra, 1973). It ends with a fit that leaves nothing, with the same best fit
found twice, or after _DESCENTS.
"""

from __future__ import annotations

from trm_gym.jit import inlined, inner
from trm_gym.regression._search.linear import equations, find_linear, residual, settle
from trm_gym.regression._search.normal import solve
from trm_gym.regression._search.peeling import solve_peeled
from trm_gym.regression._search.room import (
    ALL,
    BEST,
    GRID,
    KEPT,
    LEFT,
    SPREAD,
    STEP,
    TARGETS,
    TOGETHER,
    USED_UP,
    WEIGHTS,
)
from trm_gym.regression._search.screening import begin, find_units, screen, spread_out
from trm_gym.regression._search.slopes import find_varying, run_slopes
from trm_gym.regression.layout import SLOTS
from trm_gym.regression.operations import IDENTITY, INFINITE
from trm_gym.regression.programs import FITTED, run_draft

_STEPS, _TRIES = 20, 6
"""How many steps are made from a start at most, and how often a step is shortened."""
_DESCENTS = 4
"""From how many starts steps are made at most."""
_SEARCHED = 24
"""How many points constants are looked for at; then they are improved at all."""
_NOTHING = 1e-22
"""What a fit leaves, as a share of the squares of the targets, if it leaves nothing."""
_SAME = 1e-3
"""Fits whose squares differ by less than this share are the same."""
_LITTLE = 1e-4
"""A step that betters the squares by less than this share is the last."""


@inlined
def _step(drafts, index, room, constants, linear, count, before, damping):
    """Make one step that leaves less than ``before``, shortened until it does. Returns what is left, and the damping.

    It is ``before`` again, and the constants are what they were, where no step leaves less.
    """
    if linear:
        run_draft(drafts, index, room.varying, room.numbers, room.columns, room.rows, count)
        residual(room, count)
    run_slopes(drafts, index, room.varying, room.rows, room.slopes, count)
    equations(room, room.slopes, ALL, constants, 0, count)
    for at in range(constants):
        room.small[KEPT, at] = room.numbers[room.places[ALL, at]]
    for _ in range(_TRIES):
        if solve(room.small, constants, damping):
            for at in range(constants):
                room.numbers[room.places[ALL, at]] = room.small[KEPT, at] + room.small[STEP, at]
            left = settle(drafts, index, room, linear, count)
            if left < before:
                return left, 0.1 * damping if damping > 1e-9 else 0.0
        # Settling has written over the equations.
        damping = 10.0 * damping if damping > 1e-3 else 1e-2
    for at in range(constants):
        room.numbers[room.places[ALL, at]] = room.small[KEPT, at]
    return before, damping


@inner
def descend(drafts, index, room, constants, linear, count, goal):
    """Improve the constants by Levenberg and Marquardt's method, from where they stand.

    Ends at the latest after _STEPS, or once the squares left are at most ``goal``. Returns those.
    """
    left, damping = settle(drafts, index, room, linear, count), 1e-3
    for _ in range(_STEPS):
        if not goal < left < INFINITE:
            break
        before = left
        left, damping = _step(drafts, index, room, constants, linear, count, before, damping)
        if before - left <= _LITTLE * before:
            break
    return left


@inner
def _keep(room, constants):
    """Remember the constants as the best."""
    for at in range(constants):
        room.small[BEST, at] = room.numbers[room.places[ALL, at]]


@inlined
def _next(starts, single, count):
    """The start that leaves least of those that steps have not been made from; -1 where none is left.

    Of a single constant's starts only those that are better than their neighbours count.
    """
    best, chosen = INFINITE, -1
    for start in range(count):
        left = starts[LEFT, start]
        if starts[USED_UP, start] == 0.0 and left < best:
            below = single and start > 0 and starts[LEFT, start - 1] < left
            above = single and start + 1 < count and starts[LEFT, start + 1] < left
            if not below and not above:
                best, chosen = left, start
    return chosen


@inner
def _mark_linear(drafts, index, room, constants):
    """Find the constants that the whole draft is linear in; returns how many."""
    for slot in range(SLOTS):
        room.linear[slot] = False
    return find_linear(drafts, index, room, constants, 0, 0) if drafts[index, SLOTS] == IDENTITY else 0


@inlined
def _search(drafts, index, room, constants, count, goal):
    """Look for constants, the best of which go to BEST; ends once the squares left are at most ``goal``."""
    best = solve_peeled(drafts, index, room, constants, count)
    linear = _mark_linear(drafts, index, room, constants)
    if best < INFINITE:
        best = descend(drafts, index, room, constants, linear, count, goal)
        _keep(room, constants)
        if best <= goal:
            return
    single = constants - linear == 1
    starts = GRID if single else SPREAD
    spread_out(room, count)
    for first in range(0, starts, TOGETHER):
        screen(drafts, index, room, constants, linear, single, count, first)
    for _ in range(_DESCENTS):
        start = _next(room.starts, single, starts)
        if start < 0:
            return
        room.starts[USED_UP, start] = 1.0
        begin(room, constants, start, single)
        left = descend(drafts, index, room, constants, linear, count, goal)
        same = abs(left - best) <= _SAME * best
        if left < best:
            best = left
            _keep(room, constants)
        if best <= goal or same:
            return


@inlined
def _find_constants(drafts, index, room):
    """Write the slots of the constants into ``room`` and set them to 1; returns how many there are."""
    count = 0
    for slot in range(SLOTS):
        if room.used[slot] and drafts[index, slot] == FITTED:
            room.places[ALL, count] = slot
            room.numbers[slot] = 1.0
            count += 1
    _keep(room, count)
    return count


@inlined
def fit_draft(drafts, index, room, count):
    """Fit the constants of draft ``index`` to the targets in ``room``; they go to BEST.

    The draft's slots are ``room.used``, its numbers ``room.numbers``, and there are ``count`` points, of which the
    first _SEARCHED are used to look for constants and all to improve them. Returns the squares left at all points,
    infinite where the formula is not finite at one of them. ``room.rows`` then holds the formula at all points.
    """
    constants = _find_constants(drafts, index, room)
    run_draft(drafts, index, room.used, room.numbers, room.columns, room.rows, count)
    if constants == 0:
        return residual(room, count)
    find_varying(drafts, index, room.used, room.varying)
    linear = _mark_linear(drafts, index, room, constants)
    if linear < constants:
        find_units(drafts, index, room, constants, count)
        few, goal = min(count, _SEARCHED), 0.0
        for at in range(few):
            goal += _NOTHING * room.slopes[WEIGHTS, at] * room.slopes[TARGETS, at] * room.slopes[TARGETS, at]
        _search(drafts, index, room, constants, few, goal)
        _mark_linear(drafts, index, room, constants)
    for at in range(constants):
        room.numbers[room.places[ALL, at]] = room.small[BEST, at]
    descend(drafts, index, room, constants, linear, count, 0.0)
    _keep(room, constants)
    run_draft(drafts, index, room.varying, room.numbers, room.columns, room.rows, count)
    return residual(room, count)
