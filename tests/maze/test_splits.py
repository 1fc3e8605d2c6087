"""No maze is in two splits, in any guise."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.oracles.maze import guises
from trm_gym.maze import MazeTask
from trm_gym.maze._search.invariant import invariant_hash
from trm_gym.splits import SPLITS, split_of
from trm_gym.streams import mix

COUNTS = (14_000, 3_000, 3_000)


@pytest.mark.parametrize("level", range(6))
def test_fresh_mazes_of_the_splits_share_nothing(level):
    task, parts = MazeTask(11), []
    for split, count in zip(SPLITS, COUNTS, strict=True):
        hashes = invariant_hash(task.generate(count, level, split, 1).problem, 11)
        assert (split_of(hashes) == SPLITS.index(split)).all()
        parts.append(set(hashes.tolist()))
        assert len(parts[-1]) == count
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]


@pytest.mark.parametrize("size", [5, 8, 11, 30])
def test_every_guise_of_a_maze_has_its_hash(size):
    task = MazeTask(size)
    for level in range(len(task.levels)):
        problems = task.generate(4, level, "test", 2).problem
        for problem, known in zip(problems, invariant_hash(problems, size), strict=True):
            assert (invariant_hash(np.array(guises(problem)), size) == known).all()


@pytest.mark.parametrize("size", [5, 11])
def test_an_augmented_maze_is_turned_or_mirrored_with_its_path(size):
    task = MazeTask(size)
    problems = task.generate(300, 1, "train", 0)
    found = task.augment(problems, mix(4, np.arange(300)))
    assert task.verify(found, found.solution).solved.all() and (found.free == (found.problem == 0)).all()
    pairs = zip(problems.problem, found.problem, strict=True)
    ways = [[*map(bytes, guises(old)[::2])].index(bytes(new)) for old, new in pairs]
    assert len(set(ways)) == 8, "all of the eight, start and goal never exchanged"
    again = task.augment(problems, mix(4, np.arange(300)))
    assert (again.problem == found.problem).all()


def test_no_two_mazes_that_are_no_guises_of_each_other_share_a_hash():
    """By a minimal form that the hash knows nothing of: small mazes, where guises are met by chance."""
    problems = MazeTask(5).generate(3000, 0, "train", 0).problem
    forms = [min(guise.tobytes() for guise in guises(problem)) for problem in problems]
    hashes = invariant_hash(problems, 5).tolist()
    assert len(set(forms)) >= len(set(hashes)), "guises share a hash"
    # A maze moved on its canvas has the same hash but another form.
    assert len(set(hashes)) > 0.97 * len(set(forms))


def test_start_and_goal_and_every_cell_matter():
    rng, problem = np.random.default_rng(0), MazeTask(11).generate(1, 1, "train", 0).problem[0]
    others = [problem]
    for cell in np.flatnonzero(problem < 2):
        changed = problem.copy()
        changed[cell] = 1 - changed[cell]
        others.append(changed)
    for end in (2, 3):
        moved = problem.copy()
        cell = rng.choice(np.flatnonzero(problem == 0))
        moved[[cell, np.flatnonzero(problem == end)[0]]] = end, 0
        others.append(moved)
    assert len(np.unique(invariant_hash(np.array(others), 11))) == len(others)


def test_a_maze_is_in_one_split_on_canvases_of_all_sizes_and_wherever_it_stands():
    small = MazeTask(11).generate(1, 3, "train", 0).problem.reshape(11, 11)
    known = invariant_hash(small.reshape(1, -1), 11)[0]
    for down, right in ((0, 0), (9, 9), (3, 7)):
        canvas = np.ones((20, 20), np.uint8)
        canvas[down : down + 11, right : right + 11] = small
        assert invariant_hash(canvas.reshape(1, -1), 20)[0] == known


def test_a_tenth_of_what_there_is_goes_to_each_held_out_split():
    rng = np.random.default_rng(0)
    problems = (rng.random((20_000, 121)) < 0.35).astype(np.uint8)
    problems[:, 0], problems[:, -1] = 2, 3
    shares = np.bincount(split_of(invariant_hash(problems, 11)), minlength=3) / len(problems)
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.01)
