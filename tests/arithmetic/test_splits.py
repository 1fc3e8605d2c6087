"""No problem is in two splits, however it is written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.oracles.arithmetic import form, parse
from trm_gym.arithmetic import ArithmeticTask
from trm_gym.arithmetic._search.invariant import invariant_hash
from trm_gym.splits import SPLITS, split_of
from trm_gym.streams import mix

TASK = ArithmeticTask()


def hashed(text: str) -> int:
    return int(invariant_hash(TASK.encode(text).problem)[0])


@pytest.mark.parametrize("level", range(len(TASK.levels)))
def test_no_problem_is_in_two_splits(level):
    forms = []
    for split, count in zip(SPLITS, (2000, 500, 500), strict=True):
        problems = TASK.sample(mix(7, np.arange(count)), np.full(count, level), split)
        forms.append({form(parse(TASK.decode(row))) for row in problems.problem})
    assert not forms[0] & forms[1] and not forms[0] & forms[2] and not forms[1] & forms[2]


@pytest.mark.parametrize("level", range(len(TASK.levels)))
def test_no_hash_is_in_two_splits(level):
    parts = []
    for split, count in zip(SPLITS, (16_000, 2000, 2000), strict=True):
        hashes = invariant_hash(TASK.sample(mix(8, np.arange(count)), np.full(count, level), split).problem)
        assert (split_of(hashes) == SPLITS.index(split)).all()
        parts.append(np.unique(hashes))
    assert len(np.unique(np.concatenate(parts))) == sum(len(part) for part in parts)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3+4", "4+3"),
        ("3-5", "5-3"),
        ("3-5", "-5+3"),
        ("3--5", "5+3"),
        ("2*(3-4)*5", "5*2*(4-3)"),
        ("1+2+3+4", "(4+2)+(3+1)"),
        ("9-(2-3)", "3+9-2"),
        ("8/(4/3)", "3*8/4"),
        ("8/4/3", "8/(3*4)"),
        ("-(7*-2)", "2*7"),
        ("0+5", "5"),
        ("-2/3+1", "1-2/3"),
        ("5^2", "5*5"),
        ("(3-4)^3*2", "-2*(4-3)*(4-3)*(3-4)*(3-4)/(4-3)"),
        ("7^1", "7"),
        ("9*8^0", "9*1"),
    ],
)
def test_the_same_problem_in_other_guises(one, other):
    assert hashed(one) == hashed(other)
    assert form(parse(one)) == form(parse(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("3+4", "3-4"), ("3*4", "3+4"), ("8/4", "4/8"), ("12+3", "1+23"), ("2*(3+4)", "2*3+4"), ("7", "6+1")],
)
def test_other_problems(one, other):
    assert hashed(one) != hashed(other)


def augment(tree):
    """The trees that a problem's terms and factors can be put in order as, one of them."""
    if isinstance(tree, int):
        return st.just(str(tree))
    if tree[0] == "neg":
        return augment(tree[1]).map(lambda part: f"-({part})")
    left, right = augment(tree[1]), augment(tree[2])
    ways = {
        "+": ["({0})+({1})", "({1})+({0})", "({0})-(-({1}))"],
        "-": ["({0})-({1})", "-({1})+({0})", "-(({1})-({0}))"],
        "*": ["({0})*({1})", "({1})*({0})", "-({0})*-({1})"],
        "/": ["({0})/({1})", "-({0})/-({1})"],
    }[tree[0]]
    return st.builds(lambda way, a, b: way.format(a, b), st.sampled_from(ways), left, right)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_guises_share_a_split(data):
    level = TASK.level_index(data.draw(st.sampled_from(["sum3", "product", "fraction"])))
    problem = TASK.generate(100, level, "test", 0).problem[data.draw(st.integers(0, 99))]
    text = TASK.decode(problem)
    other = data.draw(augment(parse(text)))
    if len(other) <= 32:
        assert hashed(other) == hashed(text)


def test_a_tenth_of_what_there_is_goes_to_each_held_out_split():
    sizes = np.array([TASK.split_size(TASK.level_index("quotient"), split) for split in SPLITS])
    assert sizes / sizes.sum() == pytest.approx([0.8, 0.1, 0.1], abs=0.02)


def test_what_is_no_expression_has_no_hash():
    with pytest.raises(ValueError, match="problem 0 of the batch is no expression"):
        invariant_hash(np.full((1, 48), 12, np.uint8))
