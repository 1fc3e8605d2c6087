"""What is known of a maze when news has travelled so far, told again by NetworkX."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from scripts.oracles.maze import GOAL, OFF, ON, START, WALL, graph_of
from trm_gym import make_task
from trm_gym.maze import MazeTask

TASK = MazeTask(11)
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))


def by_hand(problem: np.ndarray, solution: np.ndarray, travelled: float) -> tuple[list[set[int]], np.ndarray]:
    """Kinds of each cell, and what of the solution is known."""
    graph, cells = graph_of(problem), [divmod(cell, 11) for cell in range(len(problem))]
    start, goal = (cells[int(np.flatnonzero(problem == end)[0])] for end in (START, GOAL))
    to_goal = nx.single_source_shortest_path_length(graph, goal)
    way = [start, *(cell for cell, token in zip(cells, solution, strict=True) if token == ON), goal]
    along = nx.single_source_shortest_path_length(graph.subgraph(way), start)
    kinds, known = list[set[int]](), solution.copy()
    for place, cell in enumerate(cells):
        far = to_goal.get(cell, 10**9)
        if problem[place] == WALL or (cell == goal and travelled >= 0):
            kinds.append(set())
        elif far > travelled:
            kinds.append({4})
        else:
            onward = [(cell[0] + down, cell[1] + right) for down, right in MOVES]
            kinds.append({kind for kind, there in enumerate(onward) if to_goal.get(there) == far - 1})
        if solution[place] == ON and to_goal[start] + along[cell] > travelled:
            known[place] = OFF
    return kinds, known


@pytest.mark.parametrize("travelled", [-1.0, 0.0, 1.0, 7.5, 18.0, 40.0, 1000.0])
def test_hints_are_a_flood_from_the_goal_and_a_walk_from_the_start(travelled):
    for level in range(len(TASK.levels)):
        problems = TASK.generate(12, level, "train", 3)
        solutions = TASK.nearest(problems, np.random.default_rng(level).normal(size=(12, 121, 6)).astype(np.float32))
        hints = TASK.hints(problems, solutions, np.full(12, travelled))
        for row in range(12):
            kinds, known = by_hand(problems.problem[row], solutions[row], travelled)
            assert [set(np.flatnonzero(cell).tolist()) for cell in hints.kinds[row]] == kinds
            assert np.array_equal(hints.answer[row], known)


def test_each_maze_has_news_of_its_own_age_and_at_last_the_whole_solution():
    problems = TASK.generate(6, TASK.level_index("rooms"), "train", 0)
    ages = np.array([0.0, 3.0, 6.0, 9.0, 12.0, 1e9])
    together = TASK.hints(problems, problems.solution, ages)
    for row, age in enumerate(ages):
        one = slice(row, row + 1)
        alone = TASK.hints(problems[one], problems.solution[one], np.array([age]))
        assert np.array_equal(alone.kinds[0], together.kinds[row])
        assert np.array_equal(alone.answer[0], together.answer[row])
    assert not (together.answer[0] == ON).any() and np.array_equal(together.answer[5], problems.solution[5])


def test_cells_that_no_way_leads_to_stay_without_news():
    problems = TASK.encode("\n".join(["#######", "#S..G##", "#####.#", "#######"]))
    told = TASK.hints(problems, problems.solution, np.array([1e9])).kinds[0]
    enclosed = [cell for cell in np.flatnonzero(problems.free[0]) if told[cell, 4]]
    assert (
        len(enclosed) == 1 and told.any(-1).sum() == 4
    )  # the start and two cells of the way are told, the goal is not


def test_a_maze_without_its_source_has_no_goal_and_is_else_the_same():
    problems = TASK.generate(4, 0, "train", 0)
    without = TASK.without_source(problems)
    assert without.dtype == np.uint8 and (without != GOAL).all()
    assert ((without != problems.problem).sum(1) == 1).all() and (without[problems.problem == GOAL] == 0).all()


def test_other_tasks_have_none():
    task = make_task("sudoku4x4")
    problems = task.generate(2, 0, "train", 0)
    assert task.hint_kinds == 0
    with pytest.raises(ValueError, match=r"sudoku4x4 has no hints to train on: leave hints\.weight at 0"):
        task.hints(problems, problems.solution, np.ones(2))
    with pytest.raises(ValueError, match="sudoku4x4 has no hints"):
        task.without_source(problems)
