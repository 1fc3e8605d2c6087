"""Fresh mazes: lawful, of their level, the same for the same key."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from scipy.ndimage import label as components

from scripts.oracles.maze import OFF, ON, WALL, graph_of, steps_of
from trm_gym.maze import MazeTask, generator
from trm_gym.maze._search.invariant import invariant_hash
from trm_gym.maze.levels import levels
from trm_gym.streams import mix
from trm_gym.task import Problems

TASKS = {size: MazeTask(size) for size in (5, 8, 11, 16, 30)}


def same(one: Problems, other: Problems) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(vars(one).values(), vars(other).values(), strict=True))


def every_level(counts: dict[int, int]) -> list:
    return [
        pytest.param(size, level, count, id=f"{size}-{known.name}")
        for size, count in counts.items()
        for level, known in enumerate(TASKS[size].levels)
    ]


@pytest.mark.parametrize(("size", "level", "count"), every_level({5: 40, 8: 40, 11: 40, 16: 20, 30: 10}))
def test_mazes_are_of_their_level(size, level, count):
    task, known = TASKS[size], levels(size)[level]
    for split in ("train", "test"):
        problems = task.generate(count, level, split, 5)
        assert (problems.level == level).all()
        assert np.array_equal(problems.free, problems.problem == 0)
        assert np.array_equal(problems.solution[~problems.free], problems.problem[~problems.free])
        assert np.isin(problems.solution[problems.free], (OFF, ON)).all()
        assert task.verify(problems, problems.solution).solved.all()
        steps = np.array([steps_of(problem) for problem in problems.problem])
        assert np.array_equal(steps, 1 + (problems.solution == ON).sum(axis=1))
        assert steps.min() >= known.steps[0] >= 2
        assert steps.max() <= known.steps[1]
        assert (problems.difficulty >= steps).all()


@pytest.mark.parametrize("name", ["perfect", "long"])
def test_perfect_mazes_have_one_way_between_any_two_cells(name):
    task = TASKS[16]
    for problem in task.generate(30, task.level_index(name), "train", 0).problem:
        assert nx.is_tree(graph_of(problem))


def test_rooms_have_loops_and_open_ground():
    task = TASKS[16]
    for problem in task.generate(30, task.level_index("rooms"), "train", 0).problem:
        open_cells = (problem != WALL).reshape(16, 16)
        assert components(open_cells, output=np.empty((16, 16), int)) == 1
        assert not nx.is_tree(graph_of(problem))
        corners = open_cells[:-1, :-1] & open_cells[1:, :-1] & open_cells[:-1, 1:] & open_cells[1:, 1:]
        assert corners.sum() >= 4, "a room of two by two corridors is three cells wide and tall"


def test_long_mazes_go_to_the_far_ends_of_the_tree():
    task = TASKS[11]
    problems = task.generate(30, task.level_index("long"), "train", 1)
    for problem in problems.problem:
        assert steps_of(problem) >= 0.6 * nx.diameter(graph_of(problem))


def test_walls_at_random_are_as_dense_as_asked():
    task = TASKS[30]
    walls = (task.generate(300, task.level_index("near"), "train", 0).problem == WALL).mean(axis=1)
    assert 0.1 < walls.min() < 0.2 < walls.mean() < 0.3 < walls.max() < 0.4


def test_maze_hard_is_like_the_official_set(benchmarks):
    """Its train split has 109 steps and more, and walls as dense as ours."""
    from trm_gym.maze.parsing import read_jsonl

    records = read_jsonl(benchmarks / "maze" / "hrm_maze_hard_30x30_train.jsonl")[:300]
    theirs = Problems.concatenate([record.problems for record in records if record.problems])
    ours = TASKS[30].generate(300, TASKS[30].level_index("hard"), "train", 0)
    assert steps_of(ours.problem[0]) > 110
    density, official = ((problems.problem == WALL).mean(axis=1) for problems in (ours, theirs))
    assert density.mean() == pytest.approx(official.mean(), abs=0.01)
    lengths, known = ((problems.solution == ON).sum(axis=1) for problems in (ours, theirs))
    assert lengths.mean() == pytest.approx(known.mean(), abs=4)
    assert ours.difficulty.mean() == pytest.approx(theirs.difficulty.mean(), rel=0.05)


def test_mean_difficulty_rises_from_level_to_level():
    task = TASKS[30]
    means = {
        known.name: task.generate(100, level, "train", 0).difficulty.mean() for level, known in enumerate(task.levels)
    }
    assert list(means.values()) == sorted(means.values())


def test_a_problem_depends_on_its_key_and_level_alone():
    task = TASKS[11]
    keys, chosen = mix(3, np.arange(60)), np.arange(60) % len(task.levels)
    for split in ("train", "test"):
        many = task.sample(keys, chosen, split)
        order = np.random.default_rng(0).permutation(60)
        assert same(task.sample(keys[order], chosen[order], split), many[order])
        assert same(task.sample(keys[:1], chosen[:1], split), many[:1])
    other = task.sample(mix(4, np.arange(60)), chosen, "train")
    assert not (other.problem == task.sample(keys, chosen, "train").problem).all(axis=1).any()


def test_fresh_problems_depend_on_what_they_are_asked_for_with():
    task = TASKS[11]
    many = task.generate(20, 2, "test", 3)
    assert same(task.generate(7, 2, "test", 3), many[:7])
    for other in (task.generate(20, 2, "test", 4), task.generate(20, 2, "train", 3), task.generate(20, 3, "test", 3)):
        assert not (other.problem == many.problem).all(axis=1).any()


def test_problems_are_the_same_on_every_machine():
    task = TASKS[11]
    text = task.decode(task.generate(1, task.default_level, "train", 0).problem[0])
    assert text.split("\n") == EXPECTED


EXPECTED = [
    "###########",
    "#.........#",
    "#.#.#.###.#",
    "#.#.#.#...#",
    "#.#S#####.#",
    "#.#...#..G#",
    "#.#.###.###",
    "#.#.#.....#",
    "#.###.#.###",
    "#.#...#...#",
    "###########",
]


def test_generated_mazes_are_all_different(monkeypatch):
    """Where there are few, and a supply meets the same ones again."""
    task = MazeTask(9)
    level = task.level_index("long")
    supplied = task.sample(mix(0, np.arange(3000)), np.full(3000, level), "test")
    assert len(np.unique(invariant_hash(supplied.problem, 9))) < 3000
    assert len(np.unique(invariant_hash(task.generate(3000, level, "test", 0).problem, 9))) == 3000
    tiny = MazeTask(5)
    assert len(np.unique(invariant_hash(tiny.generate(5000, 0, "test", 0).problem, 5))) == 5000
    monkeypatch.setattr(generator, "MAX_REDRAWS", 1)
    with pytest.raises(
        ValueError, match=r"test split at size 9 holds hardly more than \d+ different mazes of level long"
    ):
        task.generate(3000, level, "test", 0)


def test_levels_that_are_too_rare_say_so(monkeypatch):
    rare = levels(5)[-1]
    rare = type(rare)(rare.name, rare.description, rare.kind, (0.0, 0.0), (24, 25))
    with pytest.raises(ValueError, match="no maze of level far was found in 100,000 attempts at size 5: use another"):
        generator.attempt(mix(np.arange(1)), np.zeros(1, np.int64), 5, (rare,))


def test_every_size_from_5_to_65_gives_mazes():
    for size in [*range(5, 20), 40, 64, 65]:
        task = MazeTask(size)
        chosen = np.arange(3 * len(task.levels)) % len(task.levels)
        problems = task.sample(mix(1, np.arange(len(chosen))), chosen, "train")
        assert task.verify(problems, problems.solution).solved.all()
        assert task.name == f"maze{size}x{size}"
        assert task.structure.shape == (size, size)


def test_unknown_sizes_levels_and_splits():
    sizes: list[Any] = [4, 66, 0, -11, 11.0, True, "11", None]
    for size in sizes:
        with pytest.raises(ValueError, match=r"size of a maze must be a whole number from 5 to 65"):
            MazeTask(size)
    with pytest.raises(ValueError, match="unknown level"):
        TASKS[11].generate(1, 99, "train", 0)
    with pytest.raises(ValueError, match="unknown split 'dev'"):
        TASKS[11].generate(1, 0, "dev", 0)
