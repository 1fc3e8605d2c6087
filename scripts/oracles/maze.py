"""A second telling of the rules, by libraries that know nothing of the suite: NetworkX for paths, SciPy for steps."""

from __future__ import annotations

import networkx as nx
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

WALL, START, GOAL, OFF, ON = 1, 2, 3, 4, 5


def side(problem: np.ndarray) -> int:
    return round(problem.size**0.5)


def steps_from(problems: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Steps from one cell of each maze, int [B], to all its cells, by SciPy, float [B, L]; infinite where no way leads.

    problems: uint8 [B, L]. The mazes are islands of one graph, and one more node lies beside every source: the
    steps from there, less one, are found by a single search for all mazes.
    """
    count, size = len(problems), side(problems[0])
    open_cells = (problems != WALL).reshape(count, size, size)
    cells = np.arange(problems.size).reshape(count, size, size)
    across, down = open_cells[:, :, :-1] & open_cells[:, :, 1:], open_cells[:, :-1] & open_cells[:, 1:]
    ends = sources + np.arange(count) * size * size
    here = np.concatenate([cells[:, :, :-1][across], cells[:, :-1][down], ends])
    there = np.concatenate([cells[:, :, 1:][across], cells[:, 1:][down], np.full(count, problems.size)])
    graph = coo_array((np.ones(len(here)), (here, there)), shape=(problems.size + 1,) * 2)
    found = shortest_path(graph.tocsr(), directed=False, unweighted=True, indices=problems.size)
    return found[:-1].reshape(problems.shape) - 1


def ends_of(problems: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cells of start and goal of mazes uint8 [B, L], int64 [B] each."""
    return (problems == START).argmax(axis=1), (problems == GOAL).argmax(axis=1)


def steps_of(problem: np.ndarray) -> int:
    """Steps of a shortest path through one maze uint8 [L], by SciPy; -1 where there is none."""
    starts, goals = ends_of(problem[None])
    found = steps_from(problem[None], starts)[0, goals[0]]
    return int(found) if np.isfinite(found) else -1


def faults(problems: np.ndarray, solutions: np.ndarray) -> list[str]:
    """What is wrong with solutions uint8 [B, L] of mazes uint8 [B, L]; "" where nothing is."""
    fixed = problems > 0
    kept = np.where(fixed, solutions == problems, (solutions == OFF) | (solutions == ON)).all(axis=1)
    # A way over marked cells alone that needs as many steps as there are marked cells goes over each of them.
    marked = np.where(solutions == OFF, WALL, problems)
    starts, goals = np.tile(ends_of(problems), 2)
    found = steps_from(np.concatenate([problems, marked]), starts)[np.arange(len(starts)), goals]
    steps, along = np.split(found, 2)
    right = np.isfinite(steps) & (along == steps) & (steps == (marked != WALL).sum(axis=1) - 1)
    changed = "the solution changes the maze, or leaves cells undecided"
    return [
        changed if not keeps else "" if goes else f"the solution is no path of {needed:.0f} steps"
        for keeps, goes, needed in zip(kept, right, steps, strict=True)
    ]


def another(problems: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random shortest path of each of the mazes uint8 [B, L], marked as an answer is; where there is one."""
    size, (here, goals) = side(problems[0]), ends_of(problems)
    left, answers = steps_from(problems, goals), np.where(problems == 0, OFF, problems).astype(np.uint8)
    board = np.full((len(problems), size + 2, size + 2), np.inf)
    board[:, 1:-1, 1:-1] = left.reshape(-1, size, size)
    beside, each = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]]), np.arange(len(problems))
    while len(going := each[np.isfinite(left[each, here]) & (left[each, here] > 1)]):
        rows, columns = (part[:, None] + beside[:, way] for way, part in enumerate(divmod(here[going], size)))
        nearer = board[going[:, None], rows + 1, columns + 1] == left[going, here[going], None] - 1
        way = (nearer * rng.uniform(0.5, 1.0, nearer.shape)).argmax(axis=1)
        here[going] += beside[way] @ (size, 1)
        answers[going, here[going]] = ON
    return answers


def graph_of(problem: np.ndarray, keep: np.ndarray | None = None) -> nx.Graph:
    """The open cells of one maze uint8 [L] (those of ``keep``, bool [L]) and the steps between them."""
    size = side(problem)
    graph = nx.grid_2d_graph(size, size)
    away = (problem == WALL) if keep is None else ~keep
    graph.remove_nodes_from([divmod(int(cell), size) for cell in np.flatnonzero(away)])
    return graph


def obeys(problem: np.ndarray, answer: np.ndarray) -> bool:
    """Whether ``answer`` marks exactly a shortest path: a line of cells from start to goal as long as NetworkX's."""
    fixed = (problem == WALL) | (problem == START) | (problem == GOAL)
    if (answer[fixed] != problem[fixed]).any() or not np.isin(answer[~fixed], (OFF, ON)).all():
        return False
    start, goal = (divmod(int(np.flatnonzero(problem == end)[0]), side(problem)) for end in (START, GOAL))
    path = graph_of(problem, (answer == ON) | (answer == START) | (answer == GOAL))
    shortest = nx.shortest_path_length(graph_of(problem), start, goal)
    return nx.has_path(path, start, goal) and nx.shortest_path_length(path, start, goal) == shortest == len(path) - 1


def guises(problem: np.ndarray) -> list[np.ndarray]:
    """The 16 guises of one maze uint8 [L]: turned and mirrored, start and goal as they are and exchanged."""
    size = side(problem)
    swap = np.array([0, WALL, GOAL, START], np.uint8)
    found = []
    for board in (problem.reshape(size, size), problem.reshape(size, size).T):
        for turn in range(4):
            turned = np.rot90(board, turn).ravel()
            found += [turned, swap[turned]]
    return found
