"""Generated problems: of their level, solved rightly, reproducible, in fields."""

from __future__ import annotations

import re

import numpy as np
import pytest
import sympy

from scripts.oracles.algebra import X, read, right, wanted
from trm_gym.algebra import AlgebraTask, generator
from trm_gym.algebra.layout import PLACE_OF_CELL, WRITTEN
from trm_gym.algebra.levels import LEVELS, AlgebraLevel
from trm_gym.splits import SPLITS
from trm_gym.streams import mix
from trm_gym.task import Problems
from trm_gym.written.signs import DIGIT, answer_text, as_text

TASK = AlgebraTask()
NAMES = [level.name for level in LEVELS]
every_level = pytest.mark.parametrize("name", NAMES)


def texts(problems: Problems) -> list[tuple[str, str]]:
    """The problems and solutions as text."""
    rows = zip(problems.problem[:, :WRITTEN], problems.solution[:, WRITTEN:], strict=True)
    return [(as_text(problem), answer_text(solution)) for problem, solution in rows]


def same(one: Problems, other: Problems) -> bool:
    parts = ("problem", "free", "solution", "level", "difficulty")
    return all(np.array_equal(getattr(one, part), getattr(other, part)) for part in parts)


@every_level
def test_solutions_are_right_to_the_verifier_and_to_the_oracle(name):
    for split in SPLITS:
        problems = TASK.generate(600, TASK.level_index(name), split, 3)
        assert TASK.verify(problems, problems.solution).solved.all()
        assert not TASK.verify(problems, problems.start).solved.any()
        for problem, answer in texts(problems[:5]):
            assert right(problem, answer), (problem, answer)


@every_level
def test_problems_have_their_form(name):
    problems = TASK.generate(300, TASK.level_index(name), "train", 1)
    assert problems.problem.shape == (300, TASK.length) and problems.problem.max() < TASK.vocab
    assert not problems.problem[:, WRITTEN:].any()
    assert (problems.solution[:, :WRITTEN] == problems.problem[:, :WRITTEN]).all()
    assert (problems.free == (np.arange(TASK.length) >= WRITTEN)).all()
    assert (problems.level == TASK.level_index(name)).all()
    assert (problems.difficulty > 0).all() and problems.difficulty.std() > 0
    for problem, _ in texts(problems):
        assert not re.search(r"\+-|--|\b0\*|\b1\*|\(0|^-?0[+-]", problem), problem
        for number in re.findall("[0-9]+", problem):
            assert number == str(int(number))


@every_level
def test_people_may_type_them_again(name):
    problems = TASK.generate(8, TASK.level_index(name), "test", 2)
    for row in range(8):
        again = TASK.encode(TASK.decode(problems.problem[row]))
        assert (again.problem[0] == problems.problem[row]).all()
        assert (again.solution[0] == problems.solution[row]).all()
        assert again.difficulty[0] == problems.difficulty[row]
        assert again.level.tolist() == [-1]


@every_level
def test_supply_is_a_pure_function_of_each_key(name):
    keys, level = mix(5, np.arange(70)), TASK.level_index(name)
    for split in ("train", "test"):
        whole = TASK.sample(keys, np.full(70, level), split)
        assert same(whole, TASK.sample(keys, np.full(70, level), split))
        assert same(whole[3:5], TASK.sample(keys[3:5], np.full(2, level), split))
        assert len(np.unique(whole.problem, axis=0)) > 50


def test_levels_may_be_mixed():
    keys, levels = mix(9, np.arange(60)), np.arange(60) % len(LEVELS)
    whole = TASK.sample(keys, levels, "validation")
    for index in range(0, 60, 7):
        one = slice(index, index + 1)
        assert same(whole[one], TASK.sample(keys[one], levels[one], "validation"))
    assert len(TASK.sample(keys[:0], levels[:0], "train")) == 0


def test_generating_depends_on_every_argument():
    first = TASK.generate(20, 4, "train", 1)
    assert same(first, TASK.generate(20, 4, "train", 1))
    assert same(first, TASK.generate(30, 4, "train", 1)[:20])
    for other in (TASK.generate(20, 4, "train", 2), TASK.generate(20, 4, "test", 1), TASK.generate(20, 3, "train", 1)):
        assert not same(first, other)


@pytest.mark.parametrize("name", [level.name for level in LEVELS if level.listed])
def test_levels_that_can_be_listed_give_each_problem_once(name):
    level = TASK.level_index(name)
    for split in SPLITS:
        held = TASK.split_size(level, split)
        assert held is not None and held > 400
        assert len(np.unique(TASK.generate(held, level, split, 1).problem, axis=0)) == held
        with pytest.raises(ValueError, match=f"{split} split of algebra has {held} different problems of level {name}"):
            TASK.generate(held + 1, level, split, 1)
    supplied = TASK.sample(mix(1, np.arange(400)), np.full(400, level), "test").problem[:, :WRITTEN]
    known = {row.tobytes() for row in generator.listed(level, "test")}
    assert {row.tobytes() for row in np.ascontiguousarray(supplied)} <= known


def test_other_levels_are_too_large_to_be_listed():
    assert TASK.split_size(TASK.level_index("linear"), "train") is None


def test_a_family_without_a_valid_problem_is_an_error(monkeypatch):
    def never(draw):
        pieces, valid = LEVELS[0].family(draw)
        return pieces, valid & False

    monkeypatch.setattr(generator, "LEVELS", (AlgebraLevel("never", "", never),))
    with pytest.raises(RuntimeError, match="no problem of level never and split train in"):
        generator.sample(mix(np.arange(2)), np.zeros(2, np.int64), "train")


def test_linear_levels_keep_their_bounds():
    for name, shape in {
        "shift": r"x[+-]\d+|-?\d+\+x",
        "scale": r"-?\d+\*x",
        "linear": r"-?(\d\*)?x[+-]\d+|-?\d+[+-](\d\*)?x",
        "both_sides": r"-?(\d\*)?x([+-]\d+)?|-?\d+[+-](\d\*)?x",
    }.items():
        problems = texts(TASK.generate(500, TASK.level_index(name), "train", 4))
        for problem, answer in problems:
            left, right_ = problem.split("=")
            assert re.fullmatch(shape, left) or re.fullmatch(shape, right_), problem
            assert abs(int(answer)) <= 20
        if name != "both_sides":
            assert 0.3 < np.mean(["x" in problem.split("=")[0] for problem, _ in problems]) < 0.7
        assert len({answer for _, answer in problems}) == 41


def test_special_levels_are_what_they_say():
    assert all("/" in answer for _, answer in texts(TASK.generate(200, TASK.level_index("rational"), "train", 0)))
    nested = [problem for problem, _ in texts(TASK.generate(200, TASK.level_index("brackets"), "train", 0))]
    assert all(re.search(r"\([^()]*\(", problem) for problem in nested)
    roots = [answer for _, answer in texts(TASK.generate(400, TASK.level_index("quadratic"), "train", 0))]
    assert any("," not in answer for answer in roots) and any("/" in answer for answer in roots)
    for answer in roots:
        values = [sympy.Rational(part) for part in answer.split(",")]
        assert values == sorted(set(values))
    for problem, _ in texts(TASK.generate(60, TASK.level_index("collect"), "train", 0)):
        assert 4 <= len(re.findall(r"[+-]?[^+-]+", problem.split()[1])) <= 7
    for problem, answer in texts(TASK.generate(30, TASK.level_index("factor3"), "train", 0)):
        assert sympy.Poly(wanted(problem), X).degree() == 3 and read(answer) is not None


def test_solutions_that_are_to_be_fractions_are():
    assert all("/" in answer for _, answer in texts(TASK.generate(200, TASK.level_index("ratios"), "train", 0)))
    assert all("/" in answer for _, answer in texts(TASK.generate(200, TASK.level_index("crossings"), "train", 0)))


@pytest.mark.parametrize("name", ["long_terms", "powers", "high_products"])
def test_answers_that_are_to_be_long_have_no_room_in_their_fields(name):
    for problem, answer in texts(TASK.generate(100, TASK.level_index(name), "train", 0)):
        found = sympy.Poly(wanted(problem), X)
        assert found.degree() > 3 or max(abs(number) for number in found.all_coeffs()) >= 1000, (problem, answer)


def test_products_are_split_into_three_factors_and_four():
    problems = texts(TASK.generate(300, TASK.level_index("splits"), "train", 0))
    degrees = [sympy.Poly(wanted(problem), X).degree() for problem, _ in problems]
    assert set(degrees) == {3, 4} and 0.15 < np.mean(np.array(degrees) == 4) < 0.35


def test_digits_stand_at_their_places():
    # Factors have fields of their own, and answers beyond what fields hold have none.
    for level, (name, family) in enumerate((level.name, level.family.__module__) for level in LEVELS):
        if name.startswith("factor") or family.endswith((".high", ".edges")):
            continue
        answers = TASK.generate(200, level, "train", 0).solution[:, WRITTEN:]
        digits = (answers >= DIGIT) & (answers < DIGIT + 10) & (np.roll(answers, 1, axis=1) != 15)
        assert (PLACE_OF_CELL[np.nonzero(digits)[1]] >= 0).all()
        begins = digits & ~np.roll(digits, 1, axis=1)
        assert (PLACE_OF_CELL[np.nonzero(begins)[1]] == 0).all()


def test_difficulty_grows_with_the_level():
    levels = [TASK.level_index(name) for name in ("shift", "both_sides", "brackets")]
    means = [TASK.generate(300, level, "train", 0).difficulty.mean() for level in levels]
    assert means == sorted(means)
