"""Verdicts go by value and form: held against fractions, and against answers that would cheat."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.oracles.arithmetic import answer, parse, value
from trm_gym.arithmetic import ArithmeticTask
from trm_gym.task import Problems
from trm_gym.written.signs import SYMBOLS, answer_tokens, as_text

TASK = ArithmeticTask()


def judged(problem: str, cells: str | np.ndarray) -> bool:
    """The verdict on an answer given as cells, or as text whose every character is a cell."""
    problems = TASK.encode(problem)
    draft = problems.start
    if isinstance(cells, str):
        cells = np.array([0 if cell == " " else SYMBOLS.index(cell) for cell in cells.ljust(16)], np.uint8)
    draft[0, 32:] = cells
    verdicts = TASK.verify(problems, draft)
    assert verdicts.score[0] == float(verdicts.solved[0])
    return bool(verdicts.solved[0])


@pytest.mark.parametrize(
    ("problem", "cells", "solved"),
    [
        ("5+7", " 21", True),
        ("5+7", "21", True),
        ("5+7", "             21 ", True),
        ("5+7", "12", False),
        ("5+7", "2 1", False),
        ("5+7", "210", False),
        ("5+7", "+21", False),
        ("5+7", "21/1", False),
        ("5+7", "21,", False),
        ("5+7", "5+7", False),
        ("5+7", "21 21", False),
        ("5+7", "", False),
        ("5-7", "-2", True),
        ("5-7", "-   2", True),
        ("5-7", "2-", False),
        ("5-7", "2", False),
        ("5-7", "--2", False),
        ("5-5", "0", True),
        ("5-5", "-0", False),
        ("5-5", "00", False),
        ("5-5", "0/5", False),
        ("6/4", "3/2", True),
        ("6/4", " 3      /2", True),
        ("6/4", "6/4", False),
        ("6/4", "3/", False),
        ("6/4", "/2", False),
        ("6/4", "3/2/1", False),
        ("6/4", "3/02", False),
        ("6/4", "3/20", False),
        ("-6/4", "-3/2", True),
        ("6/-4", "3/-2", False),
        ("8/2", "4/1", False),
        ("8/2", "4", True),
        ("1/12-1/10", "-1/06", True),
        ("9999999", "9999999", True),
        ("9999999", "9999999000", False),
        ("1+1", "2000000000000000", False),
    ],
)
def test_value_and_form(problem, cells, solved):
    assert judged(problem, cells) is solved


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_verdicts_agree_with_fractions(data):
    level = data.draw(st.integers(0, len(TASK.levels) - 1))
    problems = TASK.generate(10, level, "train", 2)[data.draw(st.integers(0, 9)) :][:1]
    draft = problems.solution.copy()
    for cell, token in data.draw(st.lists(st.tuples(st.integers(32, 47), st.integers(0, 255)), max_size=3)):
        draft[0, cell] = token if token < 40 else token % 15
    right = value(parse(TASK.decode(problems.problem[0])))
    assert TASK.verify(problems, draft).solved[0] == (answer(draft[0, 32:]) == right)


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789-/ ", max_size=16), st.integers(-99, 99), st.integers(1, 12))
def test_any_text_of_digits_agrees_with_fractions(cells, top, bottom):
    said = answer(np.array([SYMBOLS.index(c) if c != " " else 0 for c in cells], np.uint8))
    assert judged(f"{top}/{bottom}", cells) == (said == value(parse(f"{top}/{bottom}")))
    if said is not None and abs(said.numerator) < 10**7 and said.denominator < 10**7:
        assert judged(f"{said.numerator}/{said.denominator}", cells)


@pytest.mark.parametrize("level", range(len(TASK.levels)))
def test_cheats_earn_nothing(level):
    problems = TASK.generate(50, level, "train", 4)
    right = TASK.verify(problems, problems.solution)
    assert right.solved.all() and (right.score == 1).all()
    assert not TASK.verify(problems, problems.start).solved.any()
    for cell in range(32, 48):
        other = problems.solution.copy()
        other[:, cell] = (other[:, cell] + 1) % 28
        for row, solved in zip(other, TASK.verify(problems, other).solved, strict=True):
            assert solved == (answer(row[32:]) == value(parse(as_text(row[:32]))))


def test_the_solution_at_hand_is_not_looked_at():
    problems = TASK.encode("5+7")
    lie = Problems(problems.problem, problems.free, problems.start, problems.level, problems.difficulty)
    assert TASK.verify(lie, problems.solution).solved.all()
    assert not TASK.verify(lie, problems.start).solved.any()


def test_a_changed_problem_is_no_answer():
    problems = TASK.encode("5+7")
    draft = TASK.encode("6+6").solution
    assert np.array_equal(draft[0, 32:], problems.solution[0, 32:])
    assert not TASK.verify(problems, draft).solved[0]


@pytest.mark.parametrize("text", ["5+", "5+7)", "(5+7", "5++7", "5 7", "", "5/0", "x+1", "5=5", "9" * 10])
def test_an_unreadable_problem_has_no_answer(text):
    problem = np.zeros((1, 48), np.uint8)
    problem[0, : len(text)] = [0 if cell == " " else SYMBOLS.index(cell) for cell in text]
    problems = TASK.encode("5+7")
    odd = Problems(problem, problems.free, problem, problems.level, problems.difficulty)
    for claim in ("0", "1", "12", "5", "7", "999999999"):
        draft = problem.copy()
        draft[0, 32:] = answer_tokens(claim, 16)
        assert not TASK.verify(odd, draft).solved[0]


def test_answers_of_a_wrong_shape_or_type():
    problems = TASK.generate(3, 0, "train", 0)
    with pytest.raises(ValueError, match="answers must be uint8 of shape"):
        TASK.verify(problems, problems.solution[:2])
    with pytest.raises(ValueError, match="answers must be uint8 of shape"):
        TASK.verify(problems, np.array(problems.solution, dtype=int))
