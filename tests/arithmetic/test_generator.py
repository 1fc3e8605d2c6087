"""Generated problems are of their level, right, in their split, and the same for the same arguments everywhere."""

from __future__ import annotations

import re
from dataclasses import fields
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.oracles.arithmetic import answer, parse, value
from trm_gym.arithmetic import ArithmeticTask, generator
from trm_gym.splits import SPLITS
from trm_gym.streams import mix
from trm_gym.task import BLANK

TASK = ArithmeticTask()
NAMES = [level.name for level in TASK.levels]
every_level = pytest.mark.parametrize("name", NAMES)


def texts(name: str, count: int = 300, split: str = "train", seed: int = 1) -> list[str]:
    problems = TASK.generate(count, TASK.level_index(name), split, seed)
    return [TASK.decode(row) for row in problems.problem]


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", text)]


def same(first, second) -> bool:
    return all(np.array_equal(getattr(first, f.name), getattr(second, f.name)) for f in fields(first))


@every_level
@pytest.mark.parametrize("split", SPLITS)
def test_solutions_are_right_and_well_formed(name, split):
    problems = TASK.generate_at_most(200, TASK.level_index(name), split, 3)
    assert TASK.verify(problems, problems.solution).solved.all()
    assert not problems.problem[:, 32:].any() and np.array_equal(problems.solution[:, :32], problems.problem[:, :32])
    assert (problems.free == (np.arange(48) >= 32)).all()
    assert (problems.level == TASK.level_index(name)).all()
    for problem, solution in zip(problems.problem, problems.solution, strict=True):
        right = value(parse(TASK.decode(problem)))
        assert answer(solution[32:]) == right
        assert (solution[32] == 12) == (right < 0)
        assert (solution[40:] != BLANK).any() == (right.denominator > 1)
        assert abs(right.numerator) < 10**7 and right.denominator < 10**7


@pytest.mark.parametrize(
    ("name", "pattern", "low", "high"),
    [
        ("sum2", r"N[+-]N", 0, 99),
        ("sum3", r"N[+-]N", 0, 999),
        ("sum6", r"N[+-]N", 0, 999_999),
        ("product", r"N\*N", 0, 99),
        ("long_product", r"N\*N", 100, 999),
        ("quotient", r"N/N", 0, 98_901),
        ("chain", r"-?N([+-]-?N){2,5}", 0, 999),
        ("carry", r"N[+-]N", 100_000, 9_999_999),
        ("fraction", r"-?N/N([-+*]N/N|/\(N/N\))?", 1, 999),
    ],
)
def test_levels_keep_their_word(name, pattern, low, high):
    made = texts(name)
    for text in made:
        assert re.fullmatch(pattern, re.sub("[0-9]+", "N", text)), text
        assert all(low <= number <= high for number in numbers(text)), text
    found = [number for text in made for number in numbers(text)]
    assert max(found) > 0.8 * high and min(found) <= low + 0.1 * high
    endings = {value(parse(text)).denominator == 1 for text in made}
    assert endings == {name != "fraction"}


@pytest.mark.parametrize(("name", "operators"), [("mixed", "+-*"), ("rational", "+-*/")])
def test_trees_nest_brackets(name, operators):
    made = texts(name, 1000)
    assert set("".join(made)) - set("0123456789") == {*operators, "(", ")"}
    for text in made:
        assert 3 <= len(numbers(text)) <= 5 and max(numbers(text)) <= 20 and "(" in text
    deep = [text for text in made if re.search(r"\([^)]*\(", text)]
    assert len(deep) > 100
    whole = np.mean([value(parse(text)).denominator == 1 for text in made])
    assert whole == 1 if name == "mixed" else 0.2 < whole < 0.8


def test_of_near_numbers_the_highest_digits_cancel():
    made = [tuple(map(int, text.split("-"))) for text in texts("near", 1000)]
    assert all(10 <= first < 10**7 and 0 <= second < 10**7 for first, second in made)
    assert all(abs(first - second) < 10 ** (len(str(first)) - 1) for first, second in made)
    rounded = np.mean([re.fullmatch("[1-9]0+", str(first)) is not None for first, _ in made])
    negative = np.mean([first < second for first, second in made])
    assert 0.4 < rounded < 0.7 and 0.1 < negative < 0.3


def test_decimals_are_fractions_in_lowest_terms_over_powers_of_ten():
    made = texts("decimals", 1000)
    for text in made:
        parts = re.split(r"[-+*]", text)
        assert 2 <= len(parts) <= 3, text
        for part in parts:
            over, _, under = part.partition("/")
            number = Fraction(int(over), int(under or 1))
            assert (str(number.denominator) if under else "") == under, "in lowest terms"
            assert 1000 % number.denominator == 0 and 0 < number < 1000
    assert {sign for text in made for sign in text if not sign.isdigit()} == {"+", "-", "*", "/"}


def test_a_carry_from_the_units_decides_five_places():
    come = []
    for text in texts("carry"):
        first, operator, second = re.split("([+-])", text)
        pairs = [(int(a), int(b)) for a, b in zip(reversed(first), reversed(second), strict=True)]
        for a, b in pairs[1:6]:
            assert a + b == 9 if operator == "+" else a == b
        (a, b), larger = pairs[0], int(first) >= int(second)
        assert a + b != 9 if operator == "+" else a != b
        come.append(a + b > 9 if operator == "+" else (a < b) == larger)
    assert 0.4 < np.mean(come) < 0.6


@every_level
def test_a_problem_depends_on_its_number_alone(name):
    level = TASK.level_index(name)
    many = TASK.generate(50, level, "test", 3)
    assert same(TASK.generate(20, level, "test", 3), many[:20])
    assert not same(TASK.generate(50, level, "test", 4), many)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, len(NAMES) - 1)), min_size=1, max_size=8))
def test_supply_is_a_function_of_each_key_alone(pairs):
    keys = np.array([key for key, _ in pairs], np.uint64)
    levels = np.array([level for _, level in pairs], np.int64)
    together = TASK.sample(keys, levels, "validation")
    for index in range(len(pairs)):
        assert same(
            TASK.sample(keys[index : index + 1], levels[index : index + 1], "validation"), together[index : index + 1]
        )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sum3", "427-297"),
        ("chain", "756-384--790+-422--615-112"),
        ("carry", "641692+358301"),
        ("fraction", "59/7-4/17"),
        ("rational", "(9+12)/(-7+-20)"),
    ],
)
def test_problems_are_the_same_on_every_machine(name, expected):
    assert texts(name, 1, "test", 0) == [expected]


@pytest.mark.parametrize(("name", "count"), [("sum2", 20_000), ("product", 10_000), ("quotient", 99_000)])
def test_small_levels_count_their_problems_and_hand_out_each_once(name, count):
    level = TASK.level_index(name)
    sizes = [TASK.split_size(level, split) or 0 for split in SPLITS]
    assert sum(sizes) == count
    everything: list[str] = []
    for split, size in zip(SPLITS, sizes, strict=True):
        everything += texts(name, size, split, 5)
        with pytest.raises(
            ValueError, match=f"has {size} different problems of level {name}, fewer than the {size + 1}"
        ):
            TASK.generate(size + 1, level, split, 5)
    assert len(set(everything)) == count


def test_large_levels_are_not_counted():
    assert TASK.split_size(TASK.level_index("sum6"), "test") is None


def test_difficulty_rises_with_digits_and_numbers():
    means = [
        [TASK.generate(200, TASK.level_index(name), "train", 0).difficulty.mean() for name in names]
        for names in (["sum2", "sum3", "sum6"], ["product", "long_product"], ["sum3", "chain"])
    ]
    assert all(row == sorted(row) for row in means)


def test_unknown_levels_and_splits():
    with pytest.raises(ValueError, match="unknown level 99 of arithmetic"):
        TASK.generate(1, 99, "train", 0)
    with pytest.raises(ValueError, match="unknown split 'dev'"):
        TASK.sample(mix(np.arange(2)), np.zeros(2, np.int64), "dev")


def test_a_level_without_problems_is_an_error_and_no_endless_search(monkeypatch):
    monkeypatch.setattr(generator, "MAX_DRAWS", 1)
    with pytest.raises(ValueError, match="no problem of level sum3 in the test split in 1 draws"):
        TASK.generate(100, TASK.level_index("sum3"), "test", 0)


def test_no_problem_at_all_is_a_batch_too():
    assert len(TASK.generate(0, 0, "train", 0)) == 0


def test_values_are_fractions_in_lowest_terms():
    assert value(parse("-(2+3)/4--1")) == Fraction(-1, 4)
