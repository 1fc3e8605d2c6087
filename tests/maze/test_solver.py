"""The canonical solution and the difficulty, told again by hand."""

from __future__ import annotations

import networkx as nx
import numpy as np

from scripts.oracles.maze import GOAL, OFF, ON, START, graph_of, steps_of
from trm_gym.maze import MazeTask
from trm_gym.maze.solver import nearest, solve

TASK = MazeTask(11)


def by_hand(problem: np.ndarray) -> tuple[set[tuple[int, int]], int]:
    """The cells between the ends of the canonical path, and the open cells beside it as the path passes them."""
    graph = graph_of(problem)
    start, goal = (divmod(int(np.flatnonzero(problem == end)[0]), 11) for end in (START, GOAL))
    to_goal = nx.single_source_shortest_path_length(graph, goal)
    path = [start]
    while path[-1] != goal:
        row, column = path[-1]
        ways = [(row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1)]
        path.append(next(way for way in ways if to_goal.get(way) == to_goal[path[-1]] - 1))
    beside = sum(len(set(graph[cell]) - set(path)) for cell in path[:-1])
    return set(path[1:-1]), beside


def test_solutions_follow_the_stated_rule_and_difficulty_counts_what_it_says():
    for level in range(len(TASK.levels)):
        problems = TASK.generate(20, level, "train", 3)
        for problem, solution, difficulty in zip(problems.problem, problems.solution, problems.difficulty, strict=True):
            path, beside = by_hand(problem)
            assert {divmod(int(cell), 11) for cell in np.flatnonzero(solution == ON)} == path
            assert difficulty == len(path) + 1 + beside
            assert np.array_equal(TASK.solve(problem), solution)


def test_steps_agree_with_scipy_where_there_is_a_way_and_where_there_is_none():
    rng = np.random.default_rng(0)
    problems = (rng.random((200, 121)) < 0.4).astype(np.uint8)
    for problem in problems:
        problem[rng.choice(121, 2, replace=False)] = START, GOAL
    solution, steps, difficulty = solve(problems, 11)
    assert steps.tolist() == [steps_of(problem) for problem in problems]
    assert 20 < (steps < 0).sum() < 180
    assert (difficulty[steps < 0] == 0).all()
    assert (solution[steps < 0] == 0).all()


def test_a_maze_without_start_or_goal_has_no_way():
    problems = TASK.generate(2, 1, "train", 0).problem
    problems[0, problems[0] == START] = 0
    problems[1, problems[1] == GOAL] = 0
    assert solve(problems, 11)[1].tolist() == [-1, -1]


def test_the_nearest_solution_is_the_best_of_all_shortest_paths():
    rng = np.random.default_rng(0)
    several = 0
    for level in ("near", "rooms", "random"):
        problems = TASK.generate(15, TASK.level_index(level), "train", 4)
        logits = rng.normal(size=(15, 121, 6)).astype(np.float32)
        answers = TASK.nearest(problems, logits)
        assert TASK.verify(problems, answers).solved.all()
        gain = (logits[..., ON] - logits[..., OFF]).reshape(15, 11, 11)
        for problem, answer, worth in zip(problems.problem, answers, gain, strict=True):
            start, goal = (divmod(int(np.flatnonzero(problem == end)[0]), 11) for end in (START, GOAL))
            paths = [path[1:-1] for path in nx.all_shortest_paths(graph_of(problem), start, goal)]
            several += len(paths) > 1
            best = max(paths, key=lambda path: sum(worth[cell] for cell in path))
            assert {divmod(int(cell), 11) for cell in np.flatnonzero(answer == ON)} == set(best)
    assert several > 20


def test_where_one_path_is_shortest_it_is_the_nearest_to_anything():
    problems = TASK.generate(10, TASK.level_index("perfect"), "train", 4)
    assert np.array_equal(nearest(problems.problem, np.zeros((10, 121), np.float32), 11), problems.solution)
