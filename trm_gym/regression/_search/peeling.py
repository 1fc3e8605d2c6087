"""Constants from inside a formula: what is around the part that they stand in is undone on the targets.

So sqrt(c * x + c) is as good as linear, and so is a quotient of two linear parts, multiplied out.
"""

from __future__ import annotations

from trm_gym.jit import inlined, inner
from trm_gym.regression._search.linear import find_linear, settle, solve_linear
from trm_gym.regression._search.room import LINEAR, RESIDUAL, TARGETS, WANTED
from trm_gym.regression._search.slopes import operand_slopes, run_slopes_from
from trm_gym.regression.inverses import left_inverse, right_inverse, unary_inverse
from trm_gym.regression.layout import LAST_BINARY, SLOTS
from trm_gym.regression.operations import IDENTITY, INFINITE, OVER
from trm_gym.regression.programs import run_draft

_ASKED = 5
"""How many points are asked what a constant must be."""


@inlined
def _peel(drafts, index, room, count):
    """Find the lowest slot that all constants have a part in; write what it must be before its function as WANTED.

    NaN where nothing would do. Where several would, it is the one nearest to what the slot is, in ``room.rows``.
    """
    rows, slopes, slot = room.rows, room.slopes, 0
    for at in range(count):
        slopes[WANTED, at] = slopes[TARGETS, at]
    while True:
        function, base = int(drafts[index, SLOTS + slot]), int(drafts[index, slot])
        for at in range(count):
            slopes[WANTED, at] = unary_inverse(function, slopes[WANTED, at], rows[slot, at])
        left, right = 2 * slot + 1, 2 * slot + 2
        if base > LAST_BINARY or (room.varying[left] and room.varying[right]):
            return slot
        on_left = room.varying[left]
        one, other = SLOTS + left, SLOTS + right
        for at in range(count):
            if on_left:
                slopes[WANTED, at] = left_inverse(base, slopes[WANTED, at], rows[one, at], rows[other, at])
            else:
                slopes[WANTED, at] = right_inverse(base, slopes[WANTED, at], rows[one, at])
        slot = left if on_left else right


@inlined
def _from_points(drafts, index, room, slot, count):
    """Set the one constant, at ``slot``, to what one of a few points wants it to be, whichever leaves least."""
    best, found = INFINITE, room.numbers[slot]
    for at in range(min(count, _ASKED)):
        wanted = room.slopes[WANTED, at]
        if -INFINITE < wanted < INFINITE:
            room.numbers[slot] = wanted
            left = settle(drafts, index, room, 0, count)
            if left < best:
                best, found = left, wanted
    room.numbers[slot] = found
    return best


@inner
def _begin_slopes(drafts, index, room, top, count):
    """Run the draft and begin the slopes below ``top``, for what is left of WANTED there; for a quotient, of what that
    is multiplied out. Returns whether anything is left at all.
    """
    run_draft(drafts, index, room.varying, room.numbers, room.columns, room.rows, count)
    left, right, quotient = SLOTS + 2 * top + 1, SLOTS + 2 * top + 2, drafts[index, top] == OVER
    rows, slopes, some = room.rows, room.slopes, False
    for at in range(count):
        wanted = slopes[WANTED, at]
        known = -INFINITE < wanted < INFINITE  # points where nothing would do are left out
        if quotient:
            slopes[left, at] = 1.0 if known else 0.0
            slopes[right, at] = -wanted if known else 0.0
            slopes[RESIDUAL, at] = wanted * rows[right, at] - rows[left, at] if known else 0.0
        else:
            slopes[top, at] = 1.0 if known else 0.0
            slopes[RESIDUAL, at] = wanted - rows[top, at] if known else 0.0
        some = some or slopes[RESIDUAL, at] != 0.0
    if not quotient:
        operand_slopes(drafts, index, room.varying, rows, slopes, top, count)
    return some


@inlined
def _find_linear(drafts, index, room, constants, top):
    """How many constants ``top`` is linear in, or if it is a quotient, its two operands; they go to row LINEAR."""
    for slot in range(SLOTS):
        room.linear[slot] = False
    if drafts[index, top] != OVER:
        return find_linear(drafts, index, room, constants, top, 0)
    linear = 0
    for operand in range(2 * top + 1, 2 * top + 3):
        if drafts[index, SLOTS + operand] == IDENTITY:
            linear = find_linear(drafts, index, room, constants, operand, linear)
    return linear


@inner
def solve_peeled(drafts, index, room, constants, count):
    """Set the constants to what the part that all of them are in wants them to be, where it is linear in them.

    They stand as a start before; row LINEAR and ``room.linear`` are written over. Returns the squares left, infinite
    where nothing was found.
    """
    run_draft(drafts, index, room.varying, room.numbers, room.columns, room.rows, count)
    top = _peel(drafts, index, room, count)
    if drafts[index, top] > LAST_BINARY:
        return _from_points(drafts, index, room, top, count)
    linear = _find_linear(drafts, index, room, constants, top)
    if linear < constants:
        return INFINITE
    for at in range(constants):
        room.numbers[room.places[LINEAR, at]] = 0.0
    if not _begin_slopes(drafts, index, room, top, count):
        # Numerator and denominator are both 0, so they may have any common factor: one constant is 1.
        linear -= 1
        room.numbers[room.places[LINEAR, linear]] = 1.0
        _begin_slopes(drafts, index, room, top, count)
    run_slopes_from(drafts, index, room.varying, room.rows, room.slopes, count, 2 * top + 1)
    if not solve_linear(room, linear, count):
        return INFINITE
    return settle(drafts, index, room, 0, count)
