"""The solver against a SAT solver and against solutions, techniques and uniqueness found by others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.oracles.sudoku import sat_solutions
from trm_gym.errors import ProblemError
from trm_gym.sudoku import SudokuTask
from trm_gym.sudoku._search.batch import searched
from trm_gym.sudoku._search.elimination import yields
from trm_gym.sudoku.geometry import geometry
from trm_gym.sudoku.parsing import read_file
from trm_gym.sudoku.solver import needs

FILES = ["6x6_blastcu_2000", "9x9_norvig_easy50", "9x9_norvig_top95", "9x9_norvig_hardest"]


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_solutions_are_counted_as_sat_counts_them(data):
    size = data.draw(st.sampled_from([4, 6, 9]))
    cells = data.draw(st.dictionaries(st.integers(0, size**2 - 1), st.integers(1, size), max_size=2 * size))
    problem = np.zeros(size**2, np.uint8)
    problem[list(cells)] = list(cells.values())
    result = searched(problem[None], 2, geometry(size))
    assert result.counts[0] == len(sat_solutions(problem, size))
    for which in range(result.counts[0]):
        assert sat_solutions(result.solutions[0, which], size) == [result.solutions[0, which].tolist()]
        assert (result.solutions[0, which] == problem)[problem > 0].all()


@pytest.mark.parametrize("name", FILES)
def test_published_solutions_and_techniques(benchmarks, name):
    size = int(name[0])
    board = geometry(size)
    # read_file holds each solution against the file's own.
    problems = read_file(benchmarks / "sudoku" / f"{name}.txt", size)
    lines = (benchmarks / "sudoku" / f"{name}.txt").read_text().splitlines()[1:]
    tiers = np.array([line.split("\t")[3] for line in lines])
    guesses = np.array([line.split("\t")[4] for line in lines])
    efforts = searched(problems.problem, 2, board).efforts
    assert np.array_equal(needs("naked", problems.problem, efforts, board), tiers == "N")
    assert np.array_equal(needs("hidden", problems.problem, efforts, board), tiers == "H")
    beyond = [needs(technique, problems.problem, efforts, board) for technique in ("locked_or_pairs", "search")]
    assert np.array_equal(beyond[0] ^ beyond[1], tiers == "X")
    assert np.array_equal(efforts[:, 2] > 0, guesses != "0")


def test_locked_candidates_and_pairs_solve_what_is_called_more_and_not_what_is_called_search():
    task, board = SudokuTask(9), geometry(9)
    problems = task.generate(50, task.level_index("locked_or_pairs"), "train", 2)
    assert yields(problems.problem, board).all()
    assert not yields(task.generate(50, task.level_index("search"), "train", 2).problem, board).any()


def test_hard_problems_are_minimal_and_take_far_more_branches_than_those_of_search():
    task, board = SudokuTask(9), geometry(9)
    hard, search = (task.generate(20, task.level_index(name), "validation", 5) for name in ("hard", "search"))
    branches = [searched(problems.problem, 2, board).efforts[:, 2] for problems in (hard, search)]
    assert np.median(branches[0]) > 2 * np.median(branches[1])
    for problem, solution in zip(hard.problem[:5], hard.solution[:5], strict=True):
        assert sat_solutions(problem, 9) == [solution.tolist()]
        for cell in np.flatnonzero(problem):
            without = problem.copy()
            without[cell] = 0
            assert len(sat_solutions(without, 9)) == 2


def test_difficulty_does_not_change_under_symmetry_where_nothing_is_guessed():
    task = SudokuTask(9)
    level = task.level_index("hidden")
    problems = task.sample(np.arange(200, dtype=np.uint64) * 7919, np.full(200, level), "train")
    efforts = searched(problems.problem, 2, geometry(9)).efforts
    assert (efforts[:, 2] == 0).all()
    assert np.array_equal(efforts[:, 0] + efforts[:, 1], problems.difficulty)


def test_solve_finds_a_solution_or_says_why_not():
    task = SudokuTask(9)
    problems = task.generate(3, task.default_level, "train", 0)
    for problem, solution in zip(problems.problem, problems.solution, strict=True):
        assert np.array_equal(task.solve(problem), solution)
    empty = task.solve(np.zeros(81, np.uint8))
    assert len(sat_solutions(empty, 9)) == 1
    impossible = np.zeros(81, np.uint8)
    impossible[:8], impossible[17] = range(1, 9), 9
    with pytest.raises(ProblemError, match="no solution"):
        task.solve(impossible)


def test_a_search_gives_up_at_its_budget():
    result = searched(np.zeros((1, 81), np.uint8), 2, geometry(9), budget=3)
    assert result.counts[0] == -1
    assert result.efforts[0, 2] == 3
