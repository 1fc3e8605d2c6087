"""No problem is in two splits, in any guise, and every 4x4 problem is accounted for."""

from __future__ import annotations

import numpy as np
import pytest

from trm_gym.splits import SPLITS, split_of
from trm_gym.streams import mix
from trm_gym.sudoku import SudokuTask
from trm_gym.sudoku._search.classes import classes_4x4
from trm_gym.sudoku.base_puzzles import base_puzzles
from trm_gym.sudoku.generator import split_hash
from trm_gym.sudoku.geometry import geometry
from trm_gym.sudoku.levels import LEVELS


def test_the_classes_of_4x4():
    problem, solution = classes_4x4()
    counts = np.bincount((problem > 0).sum(axis=1), minlength=17)
    assert len(problem) == 4710
    assert counts[[4, 6, 8, 15, 16]].tolist() == [13, 376, 1040, 2, 2]
    assert np.array_equal(solution[problem > 0], problem[problem > 0])


@pytest.mark.parametrize("level", range(3))
def test_4x4_splits_cover_every_class_once(level):
    task, spec = SudokuTask(4), LEVELS[4][level]
    sizes = {split: task.split_size(level, split) for split in SPLITS}
    clues = (classes_4x4().problem > 0).sum(axis=1)
    assert sum(size or 0 for size in sizes.values()) == ((clues >= spec.clues[0]) & (clues <= spec.clues[1])).sum()
    for split, size in sizes.items():
        problems = task.generate(size or 0, level, split, 5)
        hashes = split_hash(problems.problem, problems.solution, geometry(4))
        assert (split_of(hashes) == SPLITS.index(split)).all()
        assert len(np.unique(hashes)) > 0.97 * len(problems)
        with pytest.raises(ValueError, match=f"has {size} different problems"):
            task.generate((size or 0) + 1, level, split, 5)
        assert np.array_equal(task.generate_at_most(10_000, level, split, 5).problem, problems.problem)
        assert np.array_equal(
            task.generate_at_most(3, level, split, 5).problem, task.generate(3, level, split, 5).problem
        )


def test_sizes_without_a_count_of_their_problems():
    task = SudokuTask(9)
    assert task.split_size(0, "test") is None and len(task.generate_at_most(7, 0, "test", 0)) == 7


@pytest.mark.parametrize(("size", "level"), [(6, "clues12"), (9, "clues30")])
def test_fresh_problems_of_the_splits_share_nothing(size, level):
    task, board = SudokuTask(size), geometry(size)
    parts = []
    for split, count in zip(SPLITS, (3000, 400, 400), strict=True):
        problems = task.generate(count, task.level_index(level), split, 1)
        hashes = split_hash(problems.problem, problems.solution, board)
        assert (split_of(hashes) == SPLITS.index(split)).all()
        parts.append(set(hashes.tolist()))
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]


@pytest.mark.parametrize("size", [4, 6, 9])
def test_no_overlap_in_100_000_supplied_problems(size):
    task, board, parts = SudokuTask(size), geometry(size), []
    for split, count in zip(SPLITS, (80_000, 10_000, 10_000), strict=True):
        problems = task.sample(mix(3, np.arange(count)), np.full(count, task.default_level), split)
        hashes = split_hash(problems.problem, problems.solution, board)
        assert (split_of(hashes) == SPLITS.index(split)).all()
        parts.append(np.unique(hashes))
    assert len(np.unique(np.concatenate(parts))) == sum(len(part) for part in parts)


@pytest.mark.parametrize("size", [4, 6, 9])
def test_a_tenth_of_what_there_is_goes_to_each_held_out_split(size):
    if size == 4:
        hashes = split_hash(*classes_4x4(), geometry(4))
    else:
        rng = np.random.default_rng(0)
        grids = np.array([rng.permutation(size**2) % (size + 1) for _ in range(5000)], np.uint8)
        hashes = split_hash(grids, grids, geometry(size))
    shares = np.bincount(split_of(hashes), minlength=3) / len(hashes)
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.02)


def test_base_puzzles_are_distinct():
    bases = base_puzzles(6, SudokuTask(6).default_level, "train").packed
    assert len(np.unique(bases, axis=0)) == len(bases) == 2048
