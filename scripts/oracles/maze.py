"""A second telling of the rules, by libraries that know nothing of the suite: NetworkX for paths, SciPy for steps."""

from __future__ import annotations

import networkx as nx
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

WALL, START, GOAL, OFF, ON = 1, 2, 3, 4, 5


def side(problem: np.ndarray) -> int:
    return round(problem.size**0.5)


def steps_from(problem: np.ndarray, source: int) -> np.ndarray:
    """Steps from a cell to every cell of one maze uint8 [L], by SciPy, float [L]; infinite where no way leads."""
    size = side(problem)
    open_cells = (problem != WALL).reshape(size, size)
    cells = np.arange(size * size).reshape(size, size)
    pairs = np.concatenate(
        [
            np.stack([cells[:, :-1], cells[:, 1:]], -1)[open_cells[:, :-1] & open_cells[:, 1:]],
            np.stack([cells[:-1], cells[1:]], -1)[open_cells[:-1] & open_cells[1:]],
        ]
    )
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size * size,) * 2)
    return shortest_path(graph.tocsr(), directed=False, unweighted=True, indices=source)


def ends_of(problem: np.ndarray) -> tuple[int, int]:
    """The cells of start and goal."""
    return int(np.flatnonzero(problem == START)[0]), int(np.flatnonzero(problem == GOAL)[0])


def steps_of(problem: np.ndarray) -> int:
    """Steps of a shortest path through one maze uint8 [L], by SciPy; -1 where there is none."""
    start, goal = ends_of(problem)
    found = steps_from(problem, start)[goal]
    return int(found) if np.isfinite(found) else -1


def fault(problem: np.ndarray, solution: np.ndarray) -> str:
    """What is wrong with a solution uint8 [L] of a maze uint8 [L]; "" if nothing."""
    fixed = problem > 0
    if (solution[fixed] != problem[fixed]).any() or not np.isin(solution[~fixed], (OFF, ON)).all():
        return "the solution changes the maze, or leaves cells undecided"
    # A way over marked cells alone that needs as many steps as there are marked cells goes over each of them.
    marked, steps = np.where(solution == OFF, WALL, problem), steps_of(problem)
    right = steps_of(marked) == steps == int((marked != WALL).sum()) - 1
    return "" if right else f"the solution is no path of {steps} steps"


def another(problem: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random shortest path of a maze uint8 [L], marked as an answer is."""
    size, (here, goal) = side(problem), ends_of(problem)
    left, answer = steps_from(problem, goal), np.where(problem == 0, OFF, problem).astype(np.uint8)
    while left[here] > 1:
        row, column = divmod(here, size)
        beside = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        cells = [r * size + c for r, c in beside if 0 <= r < size and 0 <= c < size]
        here = int(rng.choice([cell for cell in cells if left[cell] == left[here] - 1]))
        answer[here] = ON
    return answer


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
