"""Generated problems are unique, of their level, in their split, and the same for the same arguments everywhere."""

from __future__ import annotations

import threading
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.oracles.sudoku import obeys, sat_solutions
from trm_gym.sudoku import SudokuTask
from trm_gym.sudoku.levels import LEVELS

TASKS = {size: SudokuTask(size) for size in (4, 6, 9)}
ALL_LEVELS = [(size, level.name) for size in TASKS for level in LEVELS[size]]


def same(first, second) -> bool:
    return all(np.array_equal(getattr(first, f.name), getattr(second, f.name)) for f in fields(first))


@settings(max_examples=40, deadline=None)
@given(size=st.sampled_from([4, 6, 9]), seed=st.integers(-(2**63), 2**63 - 1), which=st.integers(0, 9))
def test_problems_have_one_solution_by_sat(size, seed, which):
    task = TASKS[size]
    problems = task.generate(1, which % 3, "train", seed)
    found = sat_solutions(problems.problem[0], size)
    assert len(found) == 1
    assert problems.solution[0].tolist() == found[0]


@pytest.mark.parametrize(("size", "name"), ALL_LEVELS)
def test_levels_keep_their_word(size, name):
    task = TASKS[size]
    level = LEVELS[size][task.level_index(name)]
    problems = task.generate(4, task.level_index(name), "train", 7)
    clues = (problems.problem > 0).sum(axis=1)
    assert ((clues >= level.clues[0]) & (clues <= level.clues[1])).all()
    assert (problems.level == task.level_index(name)).all()
    assert np.array_equal(problems.free, problems.problem == 0)
    for problem, solution in zip(problems.problem, problems.solution, strict=True):
        assert obeys(solution, size)
        assert sat_solutions(problem, size) == [solution.tolist()]
        if level.minimal:
            for cell in np.flatnonzero(problem):
                fewer = problem.copy()
                fewer[cell] = 0
                assert len(sat_solutions(fewer, size)) == 2


@pytest.mark.parametrize("size", [6, 9])
def test_a_problem_depends_on_its_number_alone(size):
    task = TASKS[size]
    many = task.generate(20, task.default_level, "test", 3)
    assert same(task.generate(7, task.default_level, "test", 3), many[:7])
    assert not (task.generate(20, task.default_level, "test", 4).problem == many.problem).all(axis=1).any()
    assert not (task.generate(20, task.default_level, "train", 3).problem == many.problem).all(axis=1).any()


def test_generation_in_a_thread_gives_the_same():
    task, made = TASKS[9], []
    threads = [threading.Thread(target=lambda: made.append(task.generate(30, 4, "train", 5))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3
    assert same(made[0], made[1])
    assert same(made[0], made[2])


@pytest.mark.parametrize(
    ("size", "level", "expected"),
    [
        (4, "clues6-8", "34.2.1....43.32."),
        (6, "clues12", "142....3...24..1...6.......64..5.2.."),
        (9, "clues30", ".5..69.71..6....2..78.......3..97..8....167.44..83..161.........8..2....762....83"),
    ],
)
def test_problems_are_the_same_on_every_machine(size, level, expected):
    task = TASKS[size]
    assert task.decode(task.generate(1, task.level_index(level), "train", 0).problem[0]) == expected


def test_mean_difficulty_rises_with_fewer_clues():
    task = TASKS[9]
    levels = [task.level_index(f"clues{clues}") for clues in (60, 45, 36, 30, 26, 24)]
    means = [task.generate(60, level, "train", 0).difficulty.mean() for level in levels]
    assert means == sorted(means)


def test_unknown_sizes_levels_and_splits():
    with pytest.raises(ValueError, match="no sudoku of size 5: use one of 4, 6, 9"):
        SudokuTask(5)
    with pytest.raises(ValueError, match="unknown level"):
        TASKS[9].generate(1, 99, "train", 0)
    with pytest.raises(ValueError, match="unknown split 'dev'"):
        TASKS[9].generate(1, 0, "dev", 0)


@pytest.mark.parametrize("size", [6, 9])
def test_the_old_name_of_a_level_works_with_a_warning(size):
    task = SudokuTask(size)
    with pytest.warns(FutureWarning, match="'more' of sudoku.* is called 'locked_or_pairs' now"):
        assert task.level_index("more") == task.level_index("locked_or_pairs")
