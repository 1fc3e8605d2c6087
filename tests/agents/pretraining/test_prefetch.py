"""Problems for supervision: one stream however it is taken, and fixed sets."""

from __future__ import annotations

import numpy as np
import pytest

from agents.pretraining.prefetch import Prefetcher
from agents.pretraining.sources import FixedSet, Fresh
from trm_gym import make_task
from trm_gym.task import Problems


def test_a_prefetcher_is_one_stream_however_it_is_taken():
    task = make_task("sudoku6x6")
    source = Fresh(task, tuple(map(task.level_index, ("clues13", "clues20"))), seed=3)
    parts = []
    for sizes in ((700,), (3, 500, 197)):
        prefetcher = Prefetcher(source)
        parts.append(np.concatenate([prefetcher.take(size).problem for size in sizes]))
        prefetcher.close()
    np.testing.assert_array_equal(*parts)
    resumed = Prefetcher(source, taken=600)
    np.testing.assert_array_equal(resumed.take(100).problem, parts[0][600:])
    resumed.close()
    clues = (parts[0] > 0).sum(1)
    assert set(clues) == {13, 20} and 0.4 < (clues == 13).mean() < 0.6


@pytest.mark.parametrize("augment", [False, True])
def test_a_fixed_set_holds_so_many_problems_and_no_others(augment):
    task = make_task("sudoku6x6")
    fresh = Fresh(task, (task.level_index("clues13"),), seed=3)
    source = FixedSet(fresh, 20, augment)
    drawn = Problems.concatenate([source.chunk(0), source.chunk(1)])
    assert task.verify(drawn, drawn.solution).solved.all()
    assert (np.where(drawn.free, 0, drawn.solution) == drawn.problem).all()
    different = {problem.tobytes() for problem in drawn.problem}
    assert len(different) > 1000 if augment else different == {problem.tobytes() for problem in source.whole.problem}
    # A symmetry keeps the number of clues of every line and box, and so does the set as a whole.
    assert {shape(problem) for problem in drawn.problem} == {shape(problem) for problem in source.whole.problem}


def shape(problem: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """How many clues lines have, in an order that no symmetry changes."""
    clues = problem.reshape(6, 6) > 0
    return tuple(tuple(sorted(clues.sum(axis).tolist())) for axis in (0, 1))


def test_a_task_without_symmetries_refuses_augmentation():
    task = make_task("arithmetic")
    with pytest.raises(ValueError, match="arithmetic has no symmetries"):
        FixedSet(Fresh(task, (0,), seed=0), 5, augment=True).chunk(0)
