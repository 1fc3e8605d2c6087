"""No task is in two splits, under any augmentation; what ARC holds out is held out."""

from __future__ import annotations

import pytest

from tests.arc.oracle import canonical, pairs
from trm_gym.arc import ArcTask
from trm_gym.splits import SPLITS

pytestmark = pytest.mark.usefixtures("corpus")


def test_no_pair_of_a_task_is_in_two_splits(corpus):
    """By a canonical form that the splits know nothing of: it finds the tasks that share a pair under another name."""
    every = {name: task for tasks in corpus.values() for name, task in tasks.items()}
    where: dict[tuple, set[int]] = {}
    for task in ArcTask(30).base_puzzles.tasks:
        for pair in every[task.name].train + every[task.name].test:
            where.setdefault(canonical(pair), set()).add(task.split)
    assert all(len(splits) == 1 for splits in where.values())


def test_augmented_problems_of_two_splits_share_no_pair():
    task, parts = ArcTask(10), []
    for split in SPLITS:
        drawn = [task.generate(min(60, task.split_size(0, split)), 0, split, seed) for seed in (0, 1)]
        parts.append({canonical(pair) for part in drawn for tokens in part.solution for pair in pairs(tokens, 10)})
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]


def test_what_arc_holds_out_is_in_the_test_split(corpus):
    splits = {task.name: SPLITS[task.split] for task in ArcTask(30).base_puzzles.tasks}
    for source in ("evaluation", "evaluation2"):
        assert {splits[name] for name in corpus[source]} == {"test"}
    shares = [sum(splits[name] == split for name in corpus["training"]) / 400 for split in SPLITS]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.04)


def test_two_training_tasks_that_are_evaluation_tasks_are_held_out_with_them():
    splits = {task.name: SPLITS[task.split] for task in ArcTask(30).base_puzzles.tasks}
    assert splits["40853293"] == splits["caa06a1f"] == "test"


def test_a_task_is_in_one_split_on_every_canvas():
    splits = {task.name: task.split for task in ArcTask(30).base_puzzles.tasks}
    for size in (5, 10):
        assert all(splits[task.name] == task.split for task in ArcTask(size).base_puzzles.tasks)
