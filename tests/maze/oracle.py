"""A second telling of the rules, by libraries that know nothing of the suite: NetworkX for paths, SciPy for steps."""

from __future__ import annotations

import networkx as nx
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

WALL, START, GOAL, OFF, ON = 1, 2, 3, 4, 5


def side(problem: np.ndarray) -> int:
    return round(problem.size**0.5)


def steps_of(problem: np.ndarray) -> int:
    """Steps of a shortest path through one maze uint8 [L], by SciPy; -1 where there is none."""
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
    start, goal = int(np.flatnonzero(problem == START)[0]), int(np.flatnonzero(problem == GOAL)[0])
    found = shortest_path(graph.tocsr(), directed=False, unweighted=True, indices=start)[goal]
    return int(found) if np.isfinite(found) else -1


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
