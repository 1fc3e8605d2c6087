"""Problems by a curriculum: the levels that it draws, what it hears, and how a stream goes on."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from agents.pretraining.supply import ByCurriculum, EqualShares, new_supply
from agents.pretraining.trainer import Pretrainer
from tests.agents.pretraining.test_trainer import TINY
from trm_gym import make_task

TASK = make_task("sudoku4x4")
EASY, HARD = (TASK.level_index(name) for name in ("clues10-12", "clues6-8"))
CONFIG = dataclasses.replace(TINY, levels=("clues10-12", "clues6-8", "clues6-8"), curriculum="threshold", batch=4)


def test_what_a_curriculum_hears_and_draws():
    supply = new_supply(CONFIG, TASK)
    assert isinstance(supply, ByCurriculum) and supply.mixture == {"clues10-12": 0.75, "clues6-8": 0.25}
    levels, steps = np.full(4, EASY), np.array([1, 2, 3, 4])
    heard = []
    supply._curriculum.update = lambda *told: heard.append([part.tolist() for part in told])  # type: ignore[method-assign]
    supply.tell(levels, steps, np.array([True, False, True, True]), np.zeros(4, bool))
    supply.tell(levels, steps + 1, np.array([True, True, False, True]), np.array([True, False, True, False]))
    # Of the first both drafts of two steps were right, of the third one of four; the others go on.
    assert heard == [[[EASY] * 2, [True, False], [0.0, 0.1875]]]
    supply.tell(levels, steps, np.ones(4, bool), np.array([False, True, False, False]))
    assert heard[1] == [[EASY], [True], [0.0]], "two of two, though one was wrong before"
    supply.close()


def test_problems_are_of_the_levels_drawn_and_a_stream_goes_on():
    supply = new_supply(CONFIG, TASK)
    first = supply.take(600)
    assert 0.7 < (first.level == EASY).mean() < 0.8 and set(first.level) == {EASY, HARD}
    solved = np.ones(40, bool)
    supply._right = np.zeros(40, np.int64)  # type: ignore[attr-defined]
    supply.tell(np.full(40, EASY), np.ones(40, np.int64), solved, solved)
    supply._right = np.zeros(4, np.int64)  # type: ignore[attr-defined]
    assert supply.mixture["clues6-8"] == 0.75, "solved well: one level up"
    other = new_supply(CONFIG, TASK)
    other.load(json.loads(json.dumps(supply.note())))
    assert other.taken == supply.taken == 600
    more, again = supply.take(50), other.take(50)
    np.testing.assert_array_equal(more.problem, again.problem)
    assert (more.level == HARD).mean() > 0.5
    assert not (more.problem[:, None] == first.problem[None]).all(-1).all(), "the stream goes on, and does not repeat"
    for one in (supply, other):
        one.close()


@pytest.mark.parametrize("change", [{"taken": [1]}, {"right": [0]}, {"right": [9] * 4}, {"curriculum": {}}])
def test_a_note_of_something_else_is_refused(change):
    supply = new_supply(CONFIG, TASK)
    with pytest.raises((ValueError, KeyError)):
        supply.load(supply.note() | change)
    supply.close()


def test_a_run_of_equal_shares_says_nothing_of_curricula():
    trainer = Pretrainer(TINY)
    assert isinstance(trainer.supply, EqualShares) and trainer.supply.mixture == {}
    assert trainer.supply.note() == {"taken": TINY.batch}
    trainer.supply.close()
