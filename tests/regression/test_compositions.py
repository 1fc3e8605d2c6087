"""Formulas made of small ones: the table is what it says, and what can be made is found."""

import itertools

import numpy as np
import pytest

from trm_gym.regression.arranging import arranged
from trm_gym.regression.compositions import EXACT, Compositions, values_of
from trm_gym.regression.export import plain_text
from trm_gym.regression.families import FAMILIES, of_families
from trm_gym.regression.formula import Formula
from trm_gym.regression.parsing import parse
from trm_gym.regression.small_formulas import SmallFormulas
from trm_gym.regression.views import View, functions, joined, parts, rest

RNG = np.random.default_rng(3)
ONE, TWO, THREE = (RNG.uniform(0.5, 3.0, (30, variables)) for variables in (1, 2, 3))


def test_a_row_of_the_table_is_what_its_formula_gives():
    table = SmallFormulas(TWO, 5_000)
    for row in [*range(60), *range(100, len(table), 97)]:
        assert np.allclose(values_of(table.formula(row), TWO), table.values[row], rtol=1e-12)


def test_the_rest_of_a_part_gives_the_target_with_it():
    target, part = values_of(parse("x^2 + 1"), ONE), values_of(parse("sin(x)"), ONE)
    for form in range(5):
        left = rest(form, target, part)
        places = np.column_stack([ONE[:, 0], left])
        assert np.allclose(values_of(joined(form, parse("sin(x)"), Formula("y")), places), target)
        both = rest(form, target, np.stack([part, 0.0 * part]))
        assert (both[0] == left).all() and np.isfinite(both[1]).all() == (form in (0, 1, 3, 4))
    assert not np.isfinite(rest(2, target, 0.0 * part)).any() and not np.isfinite(rest(4, 0.0 * target, part)).any()


def test_no_two_rows_of_the_table_are_the_same_function():
    table = SmallFormulas(ONE, 3_000)
    scale = np.abs(table.values).max(axis=1, keepdims=True)
    for row in range(0, len(table), 53):
        same = (np.abs(table.values - table.values[row]) <= 1e-13 * scale).all(axis=1)
        assert same.sum() == 1, plain_text(table.formula(row))


def test_the_table_has_every_function_of_three_parts():
    table = SmallFormulas(ONE, 3_000)
    x = ONE[:, 0]
    leaves = [x, *(np.full_like(x, one) for one in range(1, 6))]
    known = table.values[: table.starts[4]]
    for left, right in itertools.product(leaves, repeat=2):
        for value in (left + right, left - right, left * right, left / right):
            if np.ptp(value) > 1e-9:
                assert np.isclose(known, value, rtol=1e-12, atol=0).all(axis=1).any()


# What each is for: a monomial, polynomials and functions of them, pairs, products, three parts, constants inside.
FOUND = [
    (THREE, "2.5 * x * y^2 / z", "simple"),
    (ONE, "x^6 + x^5 + x^4 + x^3 + x^2 + x", "simple"),
    (ONE, "log(x^3 + x^2 + x + 1)", "simple"),
    (TWO, "sin(x) + sin(y^2)", "pair"),
    (TWO, "3.7 * sin(x) - 0.41 * exp(y) + 1.3", "pair"),
    (ONE, "sin(x^2) * cos(x) - 1", "pair"),
    (THREE, "(x + y) / (1 + x * y / z^2)", "pair"),
    (THREE, "x + y + 2 * sqrt(x * y) * cos(z)", "three"),
    (ONE, "0.3 * x * sin(6.1 * x)", "inside"),
    (TWO, "1.2 + 3.1 * exp(-0.37 * x * y)", "inside"),
]


@pytest.mark.parametrize(("inputs", "text", "kind"), FOUND, ids=[text for _, text, _ in FOUND])
def test_what_can_be_made_is_found(inputs, text, kind):
    target = values_of(parse(text), inputs)
    found = next(candidates for candidates in Compositions(inputs, target).rounds() if candidates)
    fresh = np.random.default_rng(5).uniform(0.4, 3.5, (200, inputs.shape[1]))
    assert np.allclose(values_of(found[0].formula, fresh), values_of(parse(text), fresh), rtol=1e-6, atol=1e-9), kind


def test_nothing_is_found_for_noise():
    target = np.random.default_rng(0).normal(size=30)
    for candidates in itertools.islice(Compositions(ONE, target).rounds(), 12):
        assert candidates == []


def test_what_is_found_fits_exactly():
    compositions = Compositions(ONE, np.sqrt(ONE[:, 0]))
    for candidate in next(compositions.rounds()):
        assert candidate.error <= EXACT and compositions.error(candidate.formula) == candidate.error


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("sqrt(x^2 / (5 - y / z))", 8),
        ("exp(log(x) - 2 * log(y) + z)", 7),
        ("sqrt((x * y)^2)", 3),
        ("exp(x + 1)", 4),
        ("(2 * sqrt(x))^2", 3),
        ("sqrt(x * y)", 4),
    ],
)
def test_arranging_keeps_the_value_and_is_short(text, size):
    before, after = parse(text), arranged(parse(text))
    assert np.allclose(values_of(after, THREE), values_of(before, THREE), rtol=1e-12)
    assert sum(1 for _ in _parts(after)) <= size, plain_text(after)


@pytest.mark.parametrize(
    "text",
    ["(1e200 * x)^2", "(x / 1e-300)^4", "1 / (1e-200 * x)^3", "exp(699 + 2 * log(x))", "exp(3 * log(1e-200 * x))"],
)
def test_numbers_that_are_no_floats_once_they_are_worked_out_stay_as_they_stand(text):
    assert _parts(arranged(parse(text)))
    assert all(np.isfinite(one.value) for one in _parts(arranged(parse(text))) if one.value is not None)


def _parts(formula):
    yield formula
    for part in formula.parts:
        yield from _parts(part)


def test_views_lead_back_to_the_target():
    target = values_of(parse("0.2 + 0.1 * x"), ONE)
    views = [*functions(View(target)), *parts(View(target), ONE.T, [Formula("x")])]
    assert len(views) > 12
    for view in views:
        # A variable stands for the values that are to be found.
        known = view.whole(Formula("y"))
        assert np.allclose(values_of(known, np.column_stack([ONE[:, 0], view.values])), target), plain_text(known)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: f"{type(family).__name__}{vars(family)}")
def test_each_family_finds_its_constant(family):
    w = float(family.grid(ONE[:, 0])[7]) * 1.04
    target = 1.7 + 0.6 * family.columns(ONE[:, 0], np.array([w]))[0].sum(axis=1)
    found = list(of_families([View(target)], ONE.T, [Formula("x")], (family,)))
    assert found and np.allclose(values_of(found[0], ONE), target, rtol=1e-8)
