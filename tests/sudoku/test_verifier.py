"""Verdicts go by the rules: held against a second telling of them, and against answers that would cheat."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.oracles.sudoku import obeys, sat_solutions, units
from trm_gym.sudoku import SudokuTask
from trm_gym.sudoku.parsing import read_file
from trm_gym.task import Problems

SIZES = (4, 6, 9)


@functools.cache
def some(size: int, level: int = 1) -> Problems:
    return SudokuTask(size).generate(20, level, "train", 11)


def fill(problems: Problems, values) -> np.ndarray:
    return np.where(problems.free, np.uint8(values), problems.problem)


def score_by_hand(problem, free, answer, size) -> float:
    """The documented score, told cell by cell."""

    def alone(cells, cell):
        peers = {other for unit in units(size) if cell in unit for other in unit} - {cell}
        return 1 <= cells[cell] <= size and all(cells[other] != cells[cell] for other in peers)

    if (answer[~free] != problem[~free]).any():
        return 0.0
    if obeys(answer, size):
        return 1.0
    spots = np.flatnonzero(free)
    constants = [np.where(free, digit, problem) for digit in range(1, size + 1)]
    chance = max(sum(alone(constant, cell) for cell in spots) for constant in constants)
    right = sum(alone(answer, cell) for cell in spots)
    return (right - chance) / (len(spots) - chance) if right > chance else 0.0


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_verdicts_agree_with_the_rules_told_by_hand(data):
    size = data.draw(st.sampled_from(SIZES))
    which = data.draw(st.integers(0, 19))
    problems = some(size, data.draw(st.integers(0, 2)))[which : which + 1]
    answer = problems.solution[0].copy()
    tokens = st.one_of(st.integers(0, size), st.integers(0, 255))
    for cell, token in data.draw(st.lists(st.tuples(st.integers(0, size**2 - 1), tokens), max_size=6)):
        answer[cell] = token
    verdicts = SudokuTask(size).verify(problems, answer[None])
    kept = np.array_equal(answer[~problems.free[0]], problems.problem[~problems.free])
    assert verdicts.solved[0] == (kept and obeys(answer, size))
    assert verdicts.score[0] == pytest.approx(score_by_hand(problems.problem[0], problems.free[0], answer, size))


@settings(max_examples=30, deadline=None)
@given(size=st.sampled_from(SIZES), seed=st.integers(0, 2**32))
def test_any_sat_solution_of_the_givens_is_accepted(size, seed):
    rng = np.random.default_rng(seed)
    problems = some(size)[:1]
    shown = np.where(rng.random(size**2) < 0.5, problems.problem[0], 0).astype(np.uint8)
    many = Problems(shown[None], (shown == 0)[None], problems.solution, problems.level, problems.difficulty)
    for answer in sat_solutions(shown, size, limit=3):
        assert SudokuTask(size).verify(many, np.array([answer], np.uint8)).solved[0]


@pytest.mark.parametrize("size", SIZES)
def test_solutions_solve_and_cheats_score_nothing(size):
    task = SudokuTask(size)
    for level in range(3):
        problems = some(size, level)
        right = task.verify(problems, problems.solution)
        assert right.solved.all()
        assert (right.score == 1).all()
        for token in [*range(size + 1), 17, 255]:
            cheat = task.verify(problems, fill(problems, token))
            assert not cheat.solved.any()
            assert (cheat.score == 0).all()


def test_a_constant_scores_nothing_where_a_single_cell_of_its_units_is_free():
    task = SudokuTask(9)
    solution = some(9).solution[0]
    problem = solution.copy()
    first, second = np.flatnonzero(solution == 1)[:2]
    third = next(cell for cell in np.flatnonzero(solution == 2) if len({c // 9 for c in (first, second, cell)}) == 3)
    problem[[first, second, third]] = 0
    one = Problems(problem[None], (problem == 0)[None], solution[None], np.zeros(1, np.int64), np.zeros(1, np.float32))
    assert task.verify(one, fill(one, 1)).score[0] == 0
    better = fill(one, 1)
    better[0, third] = 2
    assert task.verify(one, better).score[0] == 1


def test_a_changed_given_is_no_answer():
    problems = some(9)
    other = np.array([0, 2, 3, 4, 5, 6, 7, 8, 9, 1], np.uint8)[problems.solution]
    verdicts = SudokuTask(9).verify(problems, other)
    assert not verdicts.solved.any()
    assert (verdicts.score == 0).all()


def test_the_score_rises_as_cells_are_put_right():
    problems = some(9)[:1]
    answer, scores = problems.start, []
    for cell in np.flatnonzero(problems.free[0]):
        scores.append(float(SudokuTask(9).verify(problems, answer).score[0]))
        answer[0, cell] = problems.solution[0, cell]
    assert scores == sorted(scores)
    assert scores[0] == 0
    assert scores[-1] < 1


def test_answers_of_a_wrong_shape_or_type():
    problems = some(9)
    with pytest.raises(ValueError, match="answers must be uint8 of shape"):
        SudokuTask(9).verify(problems, problems.solution[:5])
    with pytest.raises(ValueError, match="answers must be uint8 of shape"):
        SudokuTask(9).verify(problems, np.array(problems.solution, dtype=int))


def test_puzzles_with_many_solutions_take_each_of_them(benchmarks):
    problems = read_file(benchmarks / "sudoku" / "9x9_nonunique_100.txt", 9, unique=False)
    assert len(problems) == 100
    for index in range(10):
        for answer in sat_solutions(problems.problem[index], 9):
            assert SudokuTask(9).verify(problems[index : index + 1], np.array([answer], np.uint8)).solved[0]
