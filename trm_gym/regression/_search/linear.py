"""Constants that a formula is linear in: which they are, and what they must be."""

from __future__ import annotations

from trm_gym.jit import inner
from trm_gym.regression._search.normal import dot, solve
from trm_gym.regression._search.room import ALL, GRADIENT, LINEAR, MATRIX, RESIDUAL, STEP, TARGETS
from trm_gym.regression._search.slopes import run_slopes
from trm_gym.regression.layout import SLOTS
from trm_gym.regression.operations import IDENTITY, INFINITE, OVER, TIMES
from trm_gym.regression.programs import run_draft


@inner
def _marked_below(marks, top):
    """Whether ``top`` or a slot below it is marked."""
    first, width = top, 1
    while first < SLOTS:
        for slot in range(first, first + width):
            if marks[slot]:
                return True
        first, width = 2 * first + 1, 2 * width
    return False


@inner
def _is_linear(drafts, index, linear, slot, top):
    """Whether what ``top`` is before its function is linear in the constant at ``slot`` and the marked ones at once.

    False for a slot that is not below ``top``.
    """
    while slot > top:
        above, on_right = (slot - 1) // 2, slot % 2 == 0
        base = drafts[index, above]
        if drafts[index, SLOTS + slot] != IDENTITY or base > OVER or (base == OVER and on_right):
            return False
        # A product of two of them is not linear in both.
        if base == TIMES and _marked_below(linear, slot - 1 if on_right else slot + 1):
            return False
        slot = above
    return slot == top


@inner
def find_linear(drafts, index, room, constants, top, linear):
    """Add to row LINEAR of ``room.places``, which holds ``linear`` slots, constants that ``top`` is linear in.

    What counts is ``top`` before its function. constants: how many the draft has. Returns how many slots the row holds
    then; ``room.linear`` marks them. Those that it holds already must be in no part that ``top`` has.
    """
    for at in range(constants):
        slot = room.places[ALL, at]
        if _is_linear(drafts, index, room.linear, slot, top):
            room.linear[slot] = True
            room.places[LINEAR, linear] = slot
            linear += 1
    return linear


@inner
def residual(room, count):
    """Write what is left of the targets; returns its weighted square, infinite where it is not finite."""
    for at in range(count):
        room.slopes[RESIDUAL, at] = room.slopes[TARGETS, at] - room.rows[SLOTS, at]
    return squares(room, count)


@inner
def squares(room, count):
    """The weighted square of what is left, infinite where it is not finite."""
    total = dot(room.slopes, RESIDUAL, RESIDUAL, 0, count)
    return total if total < INFINITE else INFINITE


@inner
def equations(room, slopes, which, size, begin, end):
    """The normal equations for the first ``size`` constants in row ``which`` of ``room.places``.

    slopes: those of ``room`` or of its tiles, of which columns ``begin`` to ``end`` count.
    """
    for one in range(size):
        slot = room.places[which, one]
        room.small[GRADIENT, one] = dot(slopes, slot, RESIDUAL, begin, end)
        for other in range(one + 1):
            room.small[MATRIX + one, other] = dot(slopes, slot, room.places[which, other], begin, end)


@inner
def solve_linear(room, linear, count):
    """Move the constants in row LINEAR so that the least is left; returns whether that could be done."""
    equations(room, room.slopes, LINEAR, linear, 0, count)
    if not (solve(room.small, linear, 0.0) or solve(room.small, linear, 1e-9)):
        return False
    for at in range(linear):
        slot = room.places[LINEAR, at]
        room.numbers[slot] += room.small[STEP, at]
        for point in range(count):
            room.slopes[RESIDUAL, point] -= room.small[STEP, at] * room.slopes[slot, point]
    return True


@inner
def settle(drafts, index, room, linear, count):
    """Set the linear constants to the best for the others as they stand; returns the squares left."""
    run_draft(drafts, index, room.varying, room.numbers, room.columns, room.rows, count)
    left = residual(room, count)
    if linear and left < INFINITE:
        run_slopes(drafts, index, room.varying, room.rows, room.slopes, count)
        if solve_linear(room, linear, count):
            left = squares(room, count)
    return left
