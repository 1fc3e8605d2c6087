"""Symmetries keep problems what they are, and the hash that decides the split does not see them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.oracles.sudoku import BOXES, obeys, sat_solutions
from trm_gym.splits import SPLITS, split_of
from trm_gym.streams import mix
from trm_gym.sudoku import SudokuTask
from trm_gym.sudoku._search.classes import classes_4x4
from trm_gym.sudoku._search.invariant import invariant_hash
from trm_gym.sudoku.generator import split_hash
from trm_gym.sudoku.geometry import geometry
from trm_gym.sudoku.symmetry import line_orders

SIZES = (4, 6, 9)


def moved(cells: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A random symmetry of cells uint8 [L], composed here from its elementary parts."""
    board = cells.reshape(size, size)
    height, width = BOXES[size]
    for group in (height, width):
        order = np.arange(size).reshape(-1, group)
        order = rng.permuted(rng.permutation(order), axis=1).ravel()
        board = board[order].T
    if height == width and rng.random() < 0.5:
        board = board.T
    names = np.concatenate([[0], 1 + rng.permutation(size)]).astype(np.uint8)
    return names[board].ravel()


@settings(max_examples=100, deadline=None)
@given(size=st.sampled_from(SIZES), seed=st.integers(0, 2**32))
def test_the_hash_is_invariant(size, seed):
    task, rng = SudokuTask(size), np.random.default_rng(seed)
    problems = task.generate(2, seed % len(task.levels[:3]), "train", seed)
    board = geometry(size)
    for cells in (problems.problem, problems.solution):
        images = np.array([moved(cells[0], size, rng) for _ in range(5)] + [cells[0]])
        assert len(set(invariant_hash(images, board).tolist())) == 1


def test_the_hash_tells_classes_apart():
    problem, _ = classes_4x4()
    assert len(np.unique(invariant_hash(problem, geometry(4)))) > 0.99 * len(problem)
    for size, level in ((6, "clues12"), (9, "clues60")):
        task = SudokuTask(size)
        problems = task.generate(1000, task.level_index(level), "train", 0)
        cells = problems.solution if size == 9 else problems.problem
        assert len(np.unique(invariant_hash(cells, geometry(size)))) > 990


@pytest.mark.parametrize(("size", "rows", "columns"), [(4, 8, 8), (6, 48, 72), (9, 1296, 1296)])
def test_all_orders_of_lines(size, rows, columns):
    height, width = BOXES[size]
    for group, count in ((height, rows), (width, columns)):
        orders = line_orders(size, group)
        assert len(np.unique(orders, axis=0)) == count == len(orders)
        assert np.array_equal(np.sort(orders, axis=1), np.tile(np.arange(size), (count, 1)))


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("size", SIZES)
def test_supplied_problems_are_unique_and_of_their_split(size, split):
    task, board = SudokuTask(size), geometry(size)
    levels = np.arange(60) % 3
    problems = task.sample(mix(1, np.arange(60)), levels, split)
    assert np.array_equal(problems.level, levels)
    assert np.array_equal(problems.free, problems.problem == 0)
    assert np.array_equal(problems.solution[~problems.free], problems.problem[~problems.free])
    hashes = split_hash(problems.problem, problems.solution, board)
    assert (split_of(hashes) == SPLITS.index(split)).all()
    for index in range(0, 60, 4):
        assert obeys(problems.solution[index], size)
        assert sat_solutions(problems.problem[index], size) == [problems.solution[index].tolist()]


def test_a_supplied_problem_depends_on_its_key_alone():
    task = SudokuTask(9)
    keys, levels = mix(2, np.arange(50)), np.arange(50) % 2 + 3
    batch = task.sample(keys, levels, "train")
    for index in (0, 17, 49):
        alone = task.sample(keys[index : index + 1], levels[index : index + 1], "train")
        assert np.array_equal(alone.problem[0], batch.problem[index])
        assert alone.difficulty[0] == batch.difficulty[index]
    assert len(np.unique(batch.problem, axis=0)) == 50
    assert len(task.sample(keys[:0], levels[:0], "train")) == 0


def test_hashes_are_the_same_on_every_machine():
    grid = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
    puzzle = ".423....6.1.....6...1..42...45.5....".replace(".", "0")
    for cells, size, expected in ((grid, 9, 53458698281034533), (puzzle, 6, 7174092617002980527)):
        hashes = invariant_hash(np.array([[int(letter) for letter in cells]], np.uint8), geometry(size))
        assert int(hashes[0]) == expected


def test_supplied_problems_are_the_same_on_every_machine():
    task = SudokuTask(9)
    assert task.decode(task.sample(mix(0, 0), np.array([4]), "train").problem[0]) == (
        "...6.143.2...5...7.3..946....5.....44..583.6.96.......7..8....2..3.45.....42..8.9"
    )
