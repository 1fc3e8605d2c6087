"""All essentially different uniquely solvable 4x4 problems: few enough to list, so a split is known to the last one."""

from __future__ import annotations

import functools
import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.sudoku.geometry import geometry

_CELLS = 16


class Classes(NamedTuple):
    """One representative of each of the 4,710 classes: problem and solution, uint8 [4710, 16]."""

    problem: NDArray[np.uint8]
    solution: NDArray[np.uint8]


def _grids() -> NDArray[np.uint8]:
    """All 288 full 4x4 grids, uint8 [288, 16]."""
    rows = np.array(list(itertools.permutations(range(1, 5))), np.uint8)
    grids = rows[:, None, :]
    for _ in range(3):
        more = np.concatenate([np.repeat(grids, len(rows), axis=0), np.tile(rows, (len(grids), 1))[:, None, :]], axis=1)
        units = [unit for unit in geometry(4).units if unit.max() < 4 * more.shape[1]]
        flat = more.reshape(len(more), -1)
        legal = np.all([np.diff(np.sort(flat[:, unit], axis=1), axis=1).all(axis=1) for unit in units], axis=0)
        columns = [flat[:, column::4] for column in range(4)]
        legal &= np.all([np.diff(np.sort(column, axis=1), axis=1).all(axis=1) for column in columns], axis=0)
        grids = more[legal]
    return grids.reshape(-1, _CELLS)


def _moves() -> NDArray[np.int64]:
    """The 128 symmetries of the 4x4 board: int64 [128, 16], new cell i is old cell moves[m, i]."""
    lines = [p for p in itertools.permutations(range(4)) if {p[0] // 2, p[1] // 2} in ({0}, {1})]
    board = np.arange(_CELLS).reshape(4, 4)
    straight = [board[np.ix_(rows, columns)] for rows in lines for columns in lines]
    return np.array([move.ravel() for move in straight] + [move.T.ravel() for move in straight])


def _relabelled(grids: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grids uint8 [n, 16] with their digits renamed so that the first row reads 1 2 3 4."""
    names = np.argsort(grids[:, :4], axis=1) + 1
    return np.take_along_axis(names, grids.astype(np.int64) - 1, axis=1).astype(np.uint8)


@functools.cache
def classes_4x4() -> Classes:
    """The classes, in a fixed order.

    A symmetry that carries a unique problem to another carries its solution along, so it is enough to take one grid
    of each class of grids and, of the 65,536 ways to blank it, one per orbit of the symmetries that keep the grid.
    """
    grids, moves = _grids(), _moves()
    masks = np.arange(1 << _CELLS)
    bits = 1 << np.arange(_CELLS)
    problems, solutions, seen = [], [], set()
    for grid in _relabelled(grids):
        images = _relabelled(grid[moves])
        if grid.tobytes() in seen:
            continue
        seen.update(image.tobytes() for image in images)
        differing = (grids != grid) @ bits
        unique = np.ones(len(masks), bool)
        for difference in differing[differing > 0]:
            unique &= masks & difference > 0
        keepers = moves[(images == grid).all(axis=1)]
        moved = [sum((masks >> cell & 1) << place for place, cell in enumerate(move)) for move in keepers]
        shown = masks[unique & (np.min(moved, axis=0) == masks)]
        problems.append(np.where(shown[:, None] & bits > 0, grid, 0))
        solutions.append(np.tile(grid, (len(shown), 1)))
    return Classes(np.concatenate(problems).astype(np.uint8), np.concatenate(solutions))
