"""How a formula changes with its constants: slopes from the whole down to each slot (reverse mode)."""

from __future__ import annotations

from trm_gym.jit import inner
from trm_gym.regression.layout import LAST_BINARY, SLOTS
from trm_gym.regression.operations import (
    IDENTITY,
    MINUS,
    PLUS,
    TIMES,
    left_slope,
    right_slope,
    unary_slope,
)
from trm_gym.regression.programs import FITTED


@inner
def find_varying(drafts, index, used, varying):
    """Mark in ``varying`` the slots of draft ``index`` whose value a constant has a part in."""
    for slot in range(SLOTS - 1, -1, -1):
        base = drafts[index, slot]
        varying[slot] = used[slot] and (
            base == FITTED or (base <= LAST_BINARY and (varying[2 * slot + 1] or varying[2 * slot + 2]))
        )


@inner
def _function_slopes(code, rows, slopes, slot, count):
    """From the slope by a slot's value to the one by what its function ``code`` is taken of."""
    if code == IDENTITY:
        for at in range(count):
            slopes[slot, at] = slopes[SLOTS + slot, at]
    else:
        for at in range(count):
            slopes[slot, at] = slopes[SLOTS + slot, at] * unary_slope(code, rows[slot, at], rows[SLOTS + slot, at])


@inner
def _left_slopes(code, rows, slopes, slot, count):
    """From the slope by what a slot's operator ``code`` gives to the one by its left operand."""
    left, right = SLOTS + 2 * slot + 1, SLOTS + 2 * slot + 2
    if code in (PLUS, MINUS):
        for at in range(count):
            slopes[left, at] = slopes[slot, at]
    elif code == TIMES:
        for at in range(count):
            slopes[left, at] = slopes[slot, at] * rows[right, at]
    else:
        for at in range(count):
            slopes[left, at] = slopes[slot, at] * left_slope(code, rows[left, at], rows[right, at], rows[slot, at])


@inner
def _right_slopes(code, rows, slopes, slot, count):
    """The same by its right operand."""
    left, right = SLOTS + 2 * slot + 1, SLOTS + 2 * slot + 2
    if code == PLUS:
        for at in range(count):
            slopes[right, at] = slopes[slot, at]
    elif code == TIMES:
        for at in range(count):
            slopes[right, at] = slopes[slot, at] * rows[left, at]
    else:
        for at in range(count):
            slopes[right, at] = slopes[slot, at] * right_slope(code, rows[left, at], rows[right, at], rows[slot, at])


@inner
def operand_slopes(drafts, index, varying, rows, slopes, slot, count):
    """From the slope by what a slot is before its function to those by the values of its operands that vary."""
    base = int(drafts[index, slot])
    if base <= LAST_BINARY:
        if varying[2 * slot + 1]:
            _left_slopes(base, rows, slopes, slot, count)
        if varying[2 * slot + 2]:
            _right_slopes(base, rows, slopes, slot, count)


@inner
def run_slopes_from(drafts, index, varying, rows, slopes, count, first):
    """The slopes of ``run_slopes`` for slots from ``first`` on, once those by the values right below others stand."""
    for slot in range(first, SLOTS):
        if varying[slot]:
            _function_slopes(int(drafts[index, SLOTS + slot]), rows, slopes, slot, count)
            operand_slopes(drafts, index, varying, rows, slopes, slot, count)


@inner
def run_slopes(drafts, index, varying, rows, slopes, count):
    """The derivative of draft ``index`` by what each of its ``varying`` slots gives, at the first ``count`` points.

    rows: what ``run_draft`` wrote. slopes: float64 [>= 2 * SLOTS, >= count], row i by what slot i is before its
    function and row SLOTS + i by its value; rows of other slots stay as they are. What has no derivative is NaN.
    """
    for at in range(count):
        slopes[SLOTS, at] = 1.0
    run_slopes_from(drafts, index, varying, rows, slopes, count, 0)
