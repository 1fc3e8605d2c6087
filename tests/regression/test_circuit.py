"""What the circuit reads off drafts of formulas, against formulas known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.regression.oracle import draft_of, random_drafts
from trm_gym.regression.circuit.numbers import CODE, KNOWN
from trm_gym.regression.circuit.pairs import FUNCTIONS, NAME, OFFER
from trm_gym.regression.circuit.reading import WHOLE, chosen_points, read_drafts
from trm_gym.regression.circuit.search import BASES, ORIGINS, TOLD
from trm_gym.regression.circuit.slots import (
    AFFINE,
    CONSTANCIES,
    EQUAL,
    EXACT,
    FEATURES,
    FUNCTION,
    LIKENESS,
    MARKS,
    OFFERS,
    OPERATOR,
    PARTS,
)
from trm_gym.regression.layout import BINARY, FIRST_UNARY, LENGTH, SLOTS, UNARY, VARIABLES
from trm_gym.regression.points import PRESENT, ROW

COUNT = 40
BLANK_DRAFT = np.zeros(LENGTH, np.uint8)


def points(function, seed: int = 0, low: float = 0.3, high: float = 2.0) -> np.ndarray:
    """[1, COUNT, ROW] random points of a function of x, y and z."""
    inputs = np.random.default_rng(seed).uniform(low, high, (COUNT, 3))
    return np.concatenate([inputs, function(*inputs.T)[:, None], np.ones((COUNT, 1))], axis=1)[None]


def read(draft: np.ndarray, function, **options) -> np.ndarray:
    """The features of a draft's slots, [SLOTS, FEATURES]."""
    return read_drafts(draft[None], points(function, **options), 24, 3, False).slots[0]


def leaf(variable: str, function: str) -> int:
    """The place of a leaf among all."""
    return VARIABLES.index(variable) * FUNCTIONS + UNARY.index(function)


def number(features: np.ndarray, at: int) -> float:
    """The number of KNOWN that a code says, with its sign; NaN for none of them."""
    code = features[at : at + CODE]
    found = np.flatnonzero(code[2:])
    return math.nan if len(found) != 1 else code[1] * KNOWN[found[0]]


@pytest.mark.parametrize(("error", "expected"), [(1e-1, 0.1), (1e-2, 0.2), (1e-5, 0.5), (1e-12, 1.0), (0.0, 1.0)])
def test_closeness_is_a_logarithm(error, expected):
    features = read(BLANK_DRAFT, lambda x, y, z: 1 + error * (-1.0) ** np.arange(COUNT))
    assert features[0, CONSTANCIES] == pytest.approx(expected, abs=0.02)


def test_a_right_draft_is_what_is_wanted():
    draft = draft_of((0, "+", "id"), (1, "*", "exp"), (3, "x", "id"), (4, "y", "cube"), (2, "z", "sin"))
    features = read(draft, lambda x, y, z: np.exp(x * y**3) + np.sin(z), high=1.2)
    used = [0, 1, 2, 3, 4]
    assert np.flatnonzero(features[:, MARKS]).tolist() == used
    assert features[used, LIKENESS + 2] == pytest.approx(np.ones(5), abs=0.1)
    assert not features[5:, :PARTS].any()


def test_the_leaf_that_is_wanted():
    draft = draft_of((0, "-", "id"), (1, "x", "id"), (2, "y", "id"))
    features = read(draft, lambda x, y, z: np.sin(z) - y)
    equal = features[1, EQUAL:AFFINE]
    assert equal.argmax() == leaf("z", "sin") and equal.max() > 0.99 and np.sort(equal)[-2] < 0.3
    assert features[0, EQUAL:AFFINE].max() < 0.3


def test_a_coefficient_and_something_added():
    features = read(BLANK_DRAFT, lambda x, y, z: 3 - 2 * np.log(y))
    affine = features[0, AFFINE:FUNCTION]
    assert affine.argmax() == leaf("y", "log") and affine.max() > 0.7 and np.sort(affine)[-2] < 0.5


def test_one_other_token_would_do():
    features = read(draft_of((0, "+", "sin"), (1, "x", "id"), (2, "y", "id")), lambda x, y, z: np.log(x + y))
    functions = features[0, FUNCTION:OPERATOR]
    assert UNARY[functions.argmax()] == "log" and functions.max() > 0.99 and np.sort(functions)[-2] < 0.3
    features = read(draft_of((0, "+", "sin"), (1, "x", "id"), (2, "y", "id")), lambda x, y, z: np.sin(x / y))
    operators = features[0, OPERATOR : OPERATOR + len(BINARY)]
    assert BINARY[operators.argmax()] == "/" and operators.max() > 0.99 and np.sort(operators)[-2] < 0.3


@pytest.mark.parametrize(
    ("which", "function", "constant"),
    [
        (0, lambda x, y, z: (x + 4) * y, 4),
        (1, lambda x, y, z: (x + z - 3) * y, -3),
        (2, lambda x, y, z: z / 2 * y, 0.5),
    ],
)
def test_which_constant_is_missing(which, function, constant):
    """The wanted itself, what it exceeds the value by, and its ratio to the value."""
    right = draft_of((0, "*", "id"), (1, "+", "id"), (3, "x", "id"), (4, "z", "id"), (2, "y", "id"))
    whole = draft_of((0, "*", "id"), (1, "z", "id"), (2, "y", "id"))
    slot, draft = {0: (4, right), 1: (1, right), 2: (1, whole)}[which]
    at = CONSTANCIES + which * (1 + CODE)
    features = read(draft, function)
    assert features[slot, at] > 0.9
    assert number(features[slot], at + 1) == pytest.approx(constant)
    others = [CONSTANCIES + other * (1 + CODE) for other in range(3) if other != which]
    assert (features[slot, others] < 0.5).all()


def name(features: np.ndarray, at: int) -> tuple[str, str]:
    """The leaf that NAME features say."""
    function, variable = features[at : at + FUNCTIONS].argmax(), features[at + FUNCTIONS : at + NAME].argmax()
    return VARIABLES[variable], UNARY[function]


def test_the_best_sum_of_leaves_under_a_function():
    features = read(BLANK_DRAFT, lambda x, y, z: np.exp(2 * np.sin(x) - 3 * y**2 + 1))
    at = OFFERS
    assert features[0, at] > 0.6 and features[0, at + 1] == 1
    assert UNARY[features[0, at + 2 : at + 2 + FUNCTIONS].argmax()] == "exp"
    first = at + 2 + FUNCTIONS
    found = {name(features[0], place): number(features[0], place + NAME) for place in (first, first + NAME + CODE)}
    assert found == {("x", "sin"): 2, ("y", "square"): -3}
    assert number(features[0], first + 2 * (NAME + CODE)) == 1


def test_the_best_product_of_leaves():
    features = read(BLANK_DRAFT, lambda x, y, z: 5 * x**3 / np.sin(z))
    at = OFFERS + OFFER
    first = at + 2 + FUNCTIONS
    assert features[0, at] > 0.6
    found = {name(features[0], place): number(features[0], place + NAME) for place in (first, first + NAME + CODE)}
    assert found == {("x", "id"): 3, ("z", "sin"): -1}
    assert number(features[0], first + 2 * (NAME + CODE)) == 5


def offered(features: np.ndarray, slot: int = 0) -> np.ndarray:
    """The draft that a slot and those below it are told would do there; blank where there is none."""
    draft = np.zeros(LENGTH, np.uint8)
    for place in range(SLOTS):
        for origin in range(ORIGINS):
            above, at = place, EXACT + origin * TOLD
            for _ in range(origin):
                above = (above - 1) // 2
            if above == slot and features[place, at]:
                base, function = features[place, at + 1 : at + 1 + BASES], features[place, at + 1 + BASES : at + TOLD]
                assert base.sum() == function.sum() == 1
                draft[place], draft[SLOTS + place] = 1 + base.argmax(), FIRST_UNARY + function.argmax()
    return draft


@pytest.mark.parametrize(
    ("slots", "function"),
    [
        ([(0, "+", "cos"), (1, "x", "square"), (2, "5", "id")], lambda x, y, z: np.cos(x**2 + 5)),
        ([(0, "*", "id"), (1, "3", "id"), (2, "y", "exp")], lambda x, y, z: 3 * np.exp(y)),
        ([(0, "/", "sqrt"), (1, "x", "id"), (2, "z", "log")], lambda x, y, z: np.sqrt(x / np.log(z))),
        ([(0, "^", "id"), (1, "z", "id"), (2, "x", "sin")], lambda x, y, z: z ** np.sin(x)),
        ([(0, "-", "square"), (1, "y", "id"), (2, "z", "id")], lambda x, y, z: (y - z) ** 2),
        ([(0, "*", "sin"), (1, "z", "cube"), (2, "x", "id")], lambda x, y, z: np.sin(x * z**3)),
        (
            [(0, "+", "log"), (1, "*", "id"), (3, "y", "exp"), (4, "x", "id"), (2, "2", "id")],
            lambda x, y, z: np.log(x * np.exp(y) + 2),
        ),
        (
            [(0, "/", "id"), (1, "x", "id"), (2, "+", "square"), (5, "y", "sqrt"), (6, "x", "id")],
            lambda x, y, z: x / (np.sqrt(y) + x) ** 2,
        ),
        (
            [(0, "^", "sin"), (1, "/", "id"), (3, "z", "id"), (4, "y", "id"), (2, "x", "id")],
            lambda x, y, z: np.sin((z / y) ** x),
        ),
        (
            [(0, "-", "fourth"), (1, "z", "id"), (2, "*", "sin"), (5, "x", "id"), (6, "y", "id")],
            lambda x, y, z: (np.sin(x * y) - z) ** 4,
        ),
    ],
)
def test_a_formula_of_few_leaves_is_found(slots, function):
    features = read(BLANK_DRAFT, function, low=1.1, high=2.5)
    np.testing.assert_array_equal(offered(features), draft_of(*slots))


def test_three_leaves_are_looked_for_where_they_are_asked_for():
    shown = points(lambda x, y, z: x * np.exp(y) + z)
    for leaves, found in ((2, 0), (3, 5)):
        draft = offered(read_drafts(BLANK_DRAFT[None], shown, 24, leaves, False).slots[0])
        assert np.count_nonzero(draft[:SLOTS]) == found


def test_what_a_part_should_be_is_found():
    draft = draft_of((0, "*", "id"), (1, "z", "sin"), (2, "*", "id"), (5, "x", "id"), (6, "x", "id"))
    features = read(draft, lambda x, y, z: np.sin(z) * np.exp(x - 2 / y))
    assert not offered(features).any()
    expected = draft_of((2, "-", "exp"), (5, "x", "id"), (6, "/", "id"), (13, "2", "id"), (14, "y", "id"))
    np.testing.assert_array_equal(offered(features, 2), expected)


def test_nothing_is_found_where_nothing_is():
    features = read(BLANK_DRAFT, lambda x, y, z: np.exp(x) * y + np.sin(z * x) / y)
    assert not features[:, EXACT:].any()


def test_values_that_nearly_vanish_are_compared():
    draft = draft_of((0, "/", "id"), (1, "x", "id"), (2, "*", "exp"), (5, "5", "cube"), (6, "2", "id"))
    features = read(draft, lambda x, y, z: 1e-90 * x)
    assert np.isfinite(features).all()
    assert features[0, LIKENESS] == pytest.approx(1)


def test_only_points_that_are_there_are_seen():
    whole = points(lambda x, y, z: x * y)
    padded = np.concatenate([np.zeros((1, 5, ROW)), whole[:, :10], np.zeros((1, 5, ROW)), whole[:, 10:24]], axis=1)
    draft = draft_of((0, "+", "id"), (1, "x", "id"), (2, "y", "id"))[None]
    one, two = read_drafts(draft, whole[:, :24], 24, 3, False), read_drafts(draft, padded, 24, 3, False)
    np.testing.assert_array_equal(one.slots, two.slots)


def test_branches_of_a_problem_are_read_as_single_ones():
    drafts = random_drafts(6, 5, ("x", "y", "2"))
    drafts[4:] = drafts[[2, 0]]  # one as another problem's, and one as its own problem's
    shown = np.concatenate([points(lambda x, y, z: x * np.exp(y) + z, seed) for seed in (0, 0, 1, 1, 0, 0)])
    whole = read_drafts(drafts, shown, 24, 3, False)
    for place in range(6):
        alone = read_drafts(drafts[place : place + 1], shown[place : place + 1], 24, 3, False)
        np.testing.assert_array_equal(alone.slots[0], whole.slots[place])


def test_points_are_chosen_over_the_whole_range():
    rows = points(lambda x, y, z: x)
    rows[0, :, 0] = np.arange(COUNT)
    rows[0, ::2, PRESENT] = 0
    assert chosen_points(rows, 5)[0, :, 0].tolist() == [1, 9, 17, 25, 33]
    assert chosen_points(rows, 30)[0, :21, 0].tolist() == [*range(1, 40, 2), 0]
    assert chosen_points(rows, 30)[0, :, PRESENT].sum() == 20


def test_features_are_numbers_whatever_the_points():
    drafts = random_drafts(60, 3, ("x", "y", "2", "c"))
    rng = np.random.default_rng(4)
    wild = rng.choice([0.0, 1.0, -1.0, 1e-300, 1e6, -1e6, 0.5], (60, 12, ROW))
    wild[:, :, PRESENT] = rng.random((60, 12)) < rng.random((60, 1))
    reading = read_drafts(drafts, wild, 24, 3, False)
    assert reading.slots.shape == (60, SLOTS, FEATURES) and reading.whole.shape == (60, WHOLE)
    assert np.isfinite(reading.slots).all() and np.isfinite(reading.whole).all()
    assert abs(reading.slots).max() < 10 and abs(reading.whole).max() < 10
