"""Formulas as they are run: drafts on the canvas, and programs in postfix, which hold functions that no draft has.

A program is PROGRAM numbers, pairs of a code and a value: a code is a token of an operator, a function (never "id") or
a variable, LITERAL for the number beside it, or one of FURTHER; 0 ends it. One that begins with 0 is no formula.
Numbers of a draft are its tokens "1" to "5" and its constants, which come in the order of their slots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner, lazy_kernel
from trm_gym.regression.layout import (
    CONSTANT,
    FIRST_BOTTOM,
    FIRST_UNARY,
    LAST_BINARY,
    LENGTH,
    NUMBERS,
    SLOTS,
    TOKEN,
    VARIABLES,
    VOCAB,
)
from trm_gym.regression.operations import CODES, IDENTITY, LITERAL, NAN, binary_row, unary_row
from trm_gym.task import BLANK

STEPS = 64
"""How many pairs a program has at most."""
PROGRAM = 2 * STEPS
STACK = STEPS // 2 + 1
"""How many rows a program needs to be run."""
CONSTANTS = FIRST_BOTTOM + 1
"""How many constants a draft has at most."""
INPUTS = len(VARIABLES)

FIRST_VARIABLE = TOKEN[VARIABLES[0]]
LAST_VARIABLE = TOKEN[VARIABLES[-1]]
FIRST_NUMBER = TOKEN[NUMBERS[0]]
FITTED = TOKEN[CONSTANT]
"""The token of a constant."""

assert SLOTS <= STACK * 2 and 2 * SLOTS < STEPS  # the longest draft fits a program


@inner
def read_draft(drafts, index, used):
    """Mark in ``used`` which slots of draft ``index`` count. Returns their number; 0 for what is no formula.

    A formula's slots that count have a base token and a function each, and no operator in the bottom row.
    """
    count = 0
    for slot in range(SLOTS):
        used[slot] = slot == 0 or (used[(slot - 1) // 2] and drafts[index, (slot - 1) // 2] <= LAST_BINARY)
        if used[slot]:
            base = drafts[index, slot]
            function = drafts[index, SLOTS + slot]
            if base == BLANK or base > FITTED or function < FIRST_UNARY or function >= VOCAB:
                return 0
            if base <= LAST_BINARY and slot >= FIRST_BOTTOM:
                return 0
            count += 1
    return count


@inner
def read_numbers(drafts, index, used, constants, numbers):
    """Write the number at each leaf of draft ``index`` into ``numbers`` [SLOTS], from its tokens and ``constants``.

    constants: float64 [B, CONSTANTS], those of the drafts. Returns how many the draft has.
    """
    count = 0
    for slot in range(SLOTS):
        if used[slot]:
            base = drafts[index, slot]
            if base == FITTED:
                numbers[slot] = constants[index, count]
                count += 1
            elif base >= FIRST_NUMBER:
                numbers[slot] = 1.0 + base - FIRST_NUMBER
    return count


@inner
def run_draft(drafts, index, used, numbers, columns, rows, count):
    """Compute draft ``index`` at the first ``count`` points: the result is row SLOTS of ``rows``.

    used, numbers: see ``read_draft`` and ``read_numbers``. columns: float64 [INPUTS, >= count], the variables.
    rows: float64 [2 * SLOTS, >= count]; row i gets what slot i is before its function and row SLOTS + i its value, in
    the order of the canvas's cells. Rows of slots that do not count stay as they are.
    """
    for slot in range(SLOTS - 1, -1, -1):
        if used[slot]:
            base = int(drafts[index, slot])
            if base <= LAST_BINARY:
                binary_row(base, rows, SLOTS + 2 * slot + 1, SLOTS + 2 * slot + 2, slot, count)
            elif base <= LAST_VARIABLE:
                for at in range(count):
                    rows[slot, at] = columns[base - FIRST_VARIABLE, at]
            else:
                number = numbers[slot]
                for at in range(count):
                    rows[slot, at] = number
            unary_row(int(drafts[index, SLOTS + slot]), rows, slot, SLOTS + slot, count)


@inner
def run_program(programs, index, columns, rows, count):
    """Compute program ``index`` at the first ``count`` points: the result is row 0 of ``rows`` [STACK, >= count].

    Returns whether it is a program.
    """
    height = 0
    for step in range(STEPS):
        code, value = programs[index, 2 * step], programs[index, 2 * step + 1]
        if code == BLANK:
            break
        if not 0 < code < CODES:
            return False
        code = int(code)
        if code <= LAST_BINARY:
            if height < 2:
                return False
            height -= 1
            binary_row(code, rows, height - 1, height, height - 1, count)
        elif code <= LAST_VARIABLE or code == LITERAL:
            if height == STACK:
                return False
            for at in range(count):
                rows[height, at] = value if code == LITERAL else columns[code - FIRST_VARIABLE, at]
            height += 1
        else:
            if height < 1 or code < FIRST_UNARY:
                return False
            unary_row(code, rows, height - 1, height - 1, count)
    return height == 1


@inner
def load_columns(points, index, first, count, columns):
    """Write the variables of points ``first`` to ``first + count`` of problem ``index`` into ``columns``."""
    for variable in range(INPUTS):
        for at in range(count):
            columns[variable, at] = points[index, first + at, variable]


@inner
def write_program(drafts, index, numbers, programs, place):
    """Write draft ``index``, which is a formula, as program ``place``: slot after slot, children first.

    numbers: see ``read_numbers``.
    """
    step, slot, back = 0, 0, False
    while True:
        base = drafts[index, slot]
        if base <= LAST_BINARY and not back:
            slot = 2 * slot + 1
            continue
        number = base >= FIRST_NUMBER
        programs[place, 2 * step] = LITERAL if number else base
        programs[place, 2 * step + 1] = numbers[slot] if number else 0.0
        step += 1
        if drafts[index, SLOTS + slot] != IDENTITY:
            programs[place, 2 * step] = drafts[index, SLOTS + slot]
            programs[place, 2 * step + 1] = 0.0
            step += 1
        if slot == 0:
            break
        back = slot % 2 == 0
        slot = (slot - 1) // 2 if back else slot + 1
    for pair in range(2 * step, PROGRAM):
        programs[place, pair] = 0.0


@lazy_kernel
def _to_programs(drafts, constants, used, numbers, programs):
    for index in range(len(drafts)):
        if read_draft(drafts, index, used):
            read_numbers(drafts, index, used, constants, numbers)
            write_program(drafts, index, numbers, programs, index)


@lazy_kernel
def _used_slots(drafts, used, result):
    for index in range(len(drafts)):
        if read_draft(drafts, index, used):
            for slot in range(SLOTS):
                result[index, slot] = used[slot]


@lazy_kernel
def _evaluate(programs, inputs, columns, rows, values):
    count = inputs.shape[1]
    for index in range(len(programs)):
        load_columns(inputs, index, 0, count, columns)
        known = run_program(programs, index, columns, rows, count)
        for at in range(count):
            values[index, at] = rows[0, at] if known else NAN


@lazy_kernel
def _run(drafts, constants, inputs, columns, used, numbers, rows, values):
    count = inputs.shape[1]
    for index in range(len(drafts)):
        if read_draft(drafts, index, used):
            read_numbers(drafts, index, used, constants, numbers)
            load_columns(inputs, index, 0, count, columns)
            run_draft(drafts, index, used, numbers, columns, rows, count)
            for slot in range(SLOTS):
                for at in range(count if used[slot] else 0):
                    values[index, slot, at] = rows[SLOTS + slot, at]


def check_drafts(drafts: NDArray[np.uint8]) -> None:
    """Raises ValueError for what is no uint8 [B, L]."""
    if drafts.dtype != np.uint8 or drafts.ndim != 2 or drafts.shape[1] != LENGTH:
        raise ValueError(f"drafts must be uint8 of shape [B, {LENGTH}], not {drafts.dtype} of shape {drafts.shape}")


def used_slots(drafts: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which slots of drafts uint8 [B, L] count, bool [B, SLOTS]: all of a row False where the draft is no formula.

    Raises ValueError for drafts of another shape or type.
    """
    check_drafts(drafts)
    result = np.zeros((len(drafts), SLOTS), np.bool_)
    _used_slots(np.ascontiguousarray(drafts), np.empty(SLOTS, np.bool_), result)
    return result


def to_programs(drafts: NDArray[np.uint8], constants: NDArray[np.float64]) -> NDArray[np.float64]:
    """Drafts uint8 [B, L] with their constants float64 [B, CONSTANTS] as programs float64 [B, PROGRAM].

    What is no formula becomes the empty program. Raises ValueError for drafts of another shape or type.
    """
    check_drafts(drafts)
    programs = np.zeros((len(drafts), PROGRAM))
    constants = np.ascontiguousarray(constants, dtype=np.float64)
    _to_programs(np.ascontiguousarray(drafts), constants, np.empty(SLOTS, np.bool_), np.empty(SLOTS), programs)
    return programs


def evaluate(programs: NDArray[np.float64], inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Programs float64 [B, PROGRAM], each at its own N points, as float64 [B, N].

    inputs: float64 [B, N, >= INPUTS], the variables first. NaN outside the domain, and for what is no program.
    """
    count = inputs.shape[1]
    values = np.empty((len(programs), count))
    programs, inputs = np.ascontiguousarray(programs), np.ascontiguousarray(inputs)
    _evaluate(programs, inputs, np.empty((INPUTS, count)), np.empty((STACK, count)), values)
    return values


def slot_values(
    drafts: NDArray[np.uint8], constants: NDArray[np.float64], inputs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The value of every slot of drafts uint8 [B, L] at the points of each, float64 [B, SLOTS, N]; slot 0 is the whole.

    constants: float64 [B, CONSTANTS]. inputs: float64 [B, N, >= INPUTS]. NaN outside the domain, for slots that do not
    count and for what is no formula. Raises ValueError for drafts of another shape or type.
    """
    check_drafts(drafts)
    count = inputs.shape[1]
    values = np.full((len(drafts), SLOTS, count), NAN)
    arrays = np.ascontiguousarray(drafts), np.ascontiguousarray(constants), np.ascontiguousarray(inputs)
    room = np.empty((INPUTS, count)), np.empty(SLOTS, np.bool_), np.empty(SLOTS), np.empty((2 * SLOTS, count))
    _run(*arrays, *room, values)
    return values
