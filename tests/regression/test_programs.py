"""Drafts and programs: which slots count, and what they give, against mpmath and SymPy."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from tests.regression.oracle import (
    OutsideError,
    TooLargeError,
    constant_slots,
    draft_of,
    expression,
    precise,
    random_drafts,
)
from trm_gym.regression.layout import LENGTH, SLOTS, TOKEN, VARIABLES
from trm_gym.regression.operations import ABS, LITERAL, NEG
from trm_gym.regression.programs import CONSTANTS, PROGRAM, STEPS, evaluate, slot_values, to_programs, used_slots

pytestmark = pytest.mark.usefixtures("way")
LEAVES = ("x", "y", "z", "x", "y", "2", "3", "5", "c")
SINE = draft_of((0, "+", "id"), (1, "*", "sin"), (2, "c", "id"), (3, "x", "id"), (4, "3", "sqrt"))
"""sin(x * sqrt(3)) + c."""


def cases(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random formulas with constants, and three points for each."""
    rng = np.random.default_rng(seed)
    return random_drafts(count, seed, LEAVES), rng.uniform(-3, 3, (count, CONSTANTS)), rng.uniform(-2, 2, (count, 3, 3))


def test_slots_that_count():
    assert np.flatnonzero(used_slots(SINE[None])[0]).tolist() == [0, 1, 2, 3, 4]
    assert np.flatnonzero(used_slots(draft_of((0, "x", "id"), (1, "+", "id"))[None])[0]).tolist() == [0]


@pytest.mark.parametrize(
    ("cell", "token"),
    [(0, 0), (3, 0), (4, TOKEN["sin"]), (SLOTS + 1, 0), (SLOTS + 4, TOKEN["x"]), (SLOTS + 2, 24), (2, 255)],
)
def test_what_is_no_formula(cell, token):
    draft = SINE.copy()
    draft[cell] = token
    assert not used_slots(draft[None]).any()
    assert not to_programs(draft[None], np.zeros((1, CONSTANTS))).any()
    assert np.isnan(slot_values(draft[None], np.zeros((1, CONSTANTS)), np.zeros((1, 2, 3)))).all()


def test_no_operator_in_the_bottom_row():
    slots = [(0, "+", "id"), (1, "+", "id"), (3, "+", "id"), (2, "x", "id"), (4, "x", "id"), (8, "x", "id")]
    assert used_slots(draft_of(*slots, (7, "x", "id"))[None]).any()
    assert not used_slots(draft_of(*slots, (7, "+", "id"))[None]).any()


def test_cells_that_do_not_count_may_hold_anything():
    noisy = np.where(SINE == 0, 200, SINE).astype(np.uint8)
    inputs, constants = np.random.default_rng(0).normal(size=(1, 4, 3)), np.ones((1, CONSTANTS))
    np.testing.assert_array_equal(
        slot_values(noisy[None], constants, inputs), slot_values(SINE[None], constants, inputs)
    )


def test_values_by_hand():
    inputs = np.array([[[0.0, 9, 9], [2.0, 9, 9]]])
    constants = np.full((1, CONSTANTS), 0.5)
    values = slot_values(SINE[None], constants, inputs)[0]
    np.testing.assert_allclose(values[0], [0.5, np.sin(2 * 3**0.5) + 0.5], rtol=1e-15)
    np.testing.assert_allclose(values[[1, 2, 3, 4], 1], [np.sin(2 * 3**0.5), 0.5, 2.0, 3**0.5], rtol=1e-15)
    assert np.isnan(values[5:]).all()


def test_constants_come_in_the_order_of_their_slots():
    draft = draft_of((0, "-", "id"), (1, "*", "id"), (2, "c", "id"), (3, "c", "id"), (4, "c", "square"))
    constants = np.arange(2.0, 2 + CONSTANTS)[None]
    assert slot_values(draft[None], constants, np.zeros((1, 1, 3)))[0, 0, 0] == 3 * 4**2 - 2
    assert constant_slots(draft) == [2, 3, 4]


def test_random_formulas_are_what_mpmath_has():
    drafts, constants, inputs = cases(2000, 1)
    values, compared, outside = slot_values(drafts, constants, inputs)[:, 0], 0, 0
    for draft, own, points, row in zip(drafts, constants, inputs, values, strict=True):
        for point, value in zip(points, row, strict=True):
            try:
                wanted = precise(draft, own, point)
                near = precise(draft, own, point * (1 + 1e-12))
            except OutsideError:
                outside += 1
                assert not np.isfinite(value)
                continue
            except TooLargeError:
                continue
            if abs(wanted - near) < 1e-9 * abs(wanted) and 1e-200 < abs(wanted) < 1e200:
                compared += 1
                assert value == pytest.approx(float(wanted), rel=1e-8)
    assert compared > 3000 and outside > 800


def test_random_formulas_are_what_sympy_has():
    drafts, constants, inputs = cases(80, 2)
    values, compared = slot_values(drafts, constants, inputs)[:, 0], 0
    for draft, own, points, row in zip(drafts, constants, inputs, values, strict=True):
        names = [*VARIABLES, *(f"c{k}" for k in range(len(constant_slots(draft))))]
        function = sympy.lambdify(sympy.symbols(names), expression(draft), "mpmath")
        for point, value in zip(points, row, strict=True):
            if np.isfinite(value) and 1e-3 < abs(value) < 1e6:
                compared += 1
                wanted = complex(function(*point, *own[: len(names) - 3]))
                assert abs(wanted - value) < 1e-6 * abs(value)
    assert compared > 80


def test_programs_give_what_their_drafts_give():
    drafts, constants, inputs = cases(400, 3)
    drafts[::7, 0] = 0
    programs = to_programs(drafts, constants)
    assert programs.shape == (400, PROGRAM)
    np.testing.assert_array_equal(evaluate(programs, inputs), slot_values(drafts, constants, inputs)[:, 0])


def program(*steps: tuple[float, float]) -> np.ndarray:
    """A program [1, PROGRAM] of pairs."""
    result = np.zeros((1, PROGRAM))
    result[0, : 2 * len(steps)] = np.ravel(steps)
    return result


def test_functions_that_only_programs_have():
    assert to_programs(SINE[None], np.full((1, CONSTANTS), 2.5))[0, :14].tolist() == (
        [TOKEN["x"], 0, LITERAL, 3, TOKEN["sqrt"], 0, TOKEN["*"], 0, TOKEN["sin"], 0, LITERAL, 2.5, TOKEN["+"], 0]
    )
    negative = program((TOKEN["y"], 0), (LITERAL, 2.5), (TOKEN["*"], 0), (ABS, 0), (NEG, 0))
    assert evaluate(negative, np.array([[[7.0, -2.0, 7.0]]]))[0, 0] == -5.0


def test_the_longest_program():
    steps = [(LITERAL, 1.0)] * (STEPS // 2) + [(float(TOKEN["+"]), 0.0)] * (STEPS // 2 - 1)
    assert evaluate(program(*steps), np.zeros((1, 1, 3)))[0, 0] == STEPS // 2


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [(TOKEN["+"], 0)],
        [(TOKEN["x"], 0), (TOKEN["+"], 0)],
        [(TOKEN["sin"], 0)],
        [(TOKEN["x"], 0)] * 2,
        [(TOKEN["x"], 0)] * STEPS,
        [(TOKEN["5"], 0)],
        [(99, 0)],
        [(-1, 0)],
        [(np.nan, 0)],
    ],
)
def test_what_is_no_program_has_no_values(steps):
    assert np.isnan(evaluate(program(*steps), np.ones((1, 3, 3)))).all()


@pytest.mark.parametrize("drafts", [np.zeros((2, LENGTH)), np.zeros(LENGTH, np.uint8), np.zeros((2, 9), np.uint8)])
def test_other_shapes_and_types_are_refused(drafts):
    for call in (used_slots, lambda drafts: to_programs(drafts, np.zeros((2, CONSTANTS)))):
        with pytest.raises(ValueError, match=r"drafts must be uint8 of shape \[B, 30\], not"):
            call(drafts)
