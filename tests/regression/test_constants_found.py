"""Formulas with constants that the circuit finds in what is wanted of a slot, against formulas known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.regression.oracle import draft_of
from tests.regression.test_circuit import BLANK_DRAFT, points
from trm_gym.regression.circuit.reading import read_drafts
from trm_gym.regression.circuit.slots import FEATURES
from trm_gym.regression.circuit.telling import CONSTANT_FEATURES, ORIGINS, TOLD
from trm_gym.regression.feedback import execute
from trm_gym.regression.layout import BASE, FIRST_UNARY, LENGTH, SLOTS


def told(draft: np.ndarray, shown: np.ndarray, slot: int = 0) -> np.ndarray:
    """The draft that a slot and those below it are told would do there; blank where there is none."""
    features = read_drafts(draft[None], shown, 24, 3, True).slots[0, :, FEATURES:]
    assert features.shape == (SLOTS, CONSTANT_FEATURES)
    found = np.zeros(LENGTH, np.uint8)
    for place in range(SLOTS):
        for origin in range(ORIGINS):
            above, at = place, origin * TOLD
            for _ in range(origin):
                above = (above - 1) // 2
            if above == slot and features[place, at]:
                base, function = np.split(features[place, at + 1 : at + TOLD], [len(BASE)])
                assert base.sum() == function.sum() == 1
                found[place], found[SLOTS + place] = 1 + base.argmax(), FIRST_UNARY + function.argmax()
    return found


FORMS = [
    ([(0, "*", "id"), (1, "c", "id"), (2, "x", "sin")], lambda x, y, z: 2.7 * np.sin(x)),
    ([(0, "+", "exp"), (1, "x", "square"), (2, "c", "id")], lambda x, y, z: np.exp(x**2 - 0.37)),
    ([(0, "-", "log"), (1, "c", "id"), (2, "y", "cos")], lambda x, y, z: np.log(3.3 - np.cos(y))),
    (
        [(0, "+", "id"), (1, "*", "id"), (3, "c", "id"), (4, "x", "id"), (2, "c", "id")],
        lambda x, y, z: 1.7 * x - 0.4,
    ),
    (
        [(0, "-", "square"), (1, "c", "id"), (2, "*", "id"), (5, "3", "id"), (6, "x", "id")],
        lambda x, y, z: (9.7 - 3 * x) ** 2,
    ),
    ([(0, "/", "sqrt"), (1, "c", "id"), (2, "+", "id"), (5, "x", "id"), (6, "c", "id")], None),
    (
        [(0, "*", "id"), (1, "c", "id"), (2, "+", "log"), (5, "y", "square"), (6, "x", "id")],
        lambda x, y, z: 0.83 * np.log(y**2 + x),
    ),
    (
        [(0, "*", "id"), (1, "*", "exp"), (3, "c", "id"), (4, "x", "id"), (2, "y", "id")],
        lambda x, y, z: np.exp(-0.7 * x) * y,
    ),
    (
        [(0, "/", "id"), (1, "x", "id"), (2, "+", "id"), (5, "y", "exp"), (6, "c", "id")],
        lambda x, y, z: x / (np.exp(y) + 0.45),
    ),
    ([(0, "-", "id"), (1, "/", "id"), (3, "c", "id"), (4, "z", "cube"), (2, "x", "sin")], None),
]
UNNAMED = {5: lambda x, y, z: np.sqrt(2.3 / (x + 0.7)), 9: lambda x, y, z: 1.9 / z**3 - np.sin(x)}


@pytest.mark.parametrize("form", range(len(FORMS)))
def test_a_formula_with_constants_is_found(form):
    slots, function = FORMS[form]
    shown = points(function or UNNAMED[form], low=0.4, high=1.4)
    found, expected = told(BLANK_DRAFT, shown), draft_of(*slots)
    # Terms may stand in another order; what counts is that it fits with constants fitted, and is as short.
    assert execute(found[None], shown).error[0] < 1e-6
    assert np.bincount(found, minlength=24).tolist() == np.bincount(expected, minlength=24).tolist()


def test_numbers_are_written_as_numbers():
    found = told(BLANK_DRAFT, points(lambda x, y, z: 0.77 * np.cos(np.sin(x) * y) + 2, low=0.4, high=1.4))
    slots = [(0, "+", "id"), (1, "*", "id"), (2, "2", "id"), (3, "c", "id"), (4, "*", "cos")]
    np.testing.assert_array_equal(found, draft_of(*slots, (9, "x", "sin"), (10, "y", "id")))


def test_what_is_too_high_for_the_canvas_is_not_told():
    shown = points(lambda x, y, z: np.sin(z) * (0.77 * np.exp(np.sin(x) * y) + 2.2), low=0.4, high=1.4)
    draft = draft_of((0, "*", "id"), (1, "z", "sin"), (2, "x", "id"))
    assert not told(draft, shown, slot=2).any()


def test_a_part_with_a_constant_is_found_in_its_place():
    shown = points(lambda x, y, z: np.sin(z) * (0.77 * np.exp(x) + 2.2), low=0.4, high=1.4)
    draft = draft_of((0, "*", "id"), (1, "z", "sin"), (2, "x", "id"))
    expected = draft_of((2, "+", "id"), (5, "*", "id"), (11, "c", "id"), (12, "x", "exp"), (6, "c", "id"))
    np.testing.assert_array_equal(told(draft, shown, slot=2), expected)


def test_nothing_is_told_where_no_constants_do():
    assert not told(BLANK_DRAFT, points(lambda x, y, z: np.sin(1.3 * x * y + z) + np.log(y + 0.7 * z) * x)).any()
