"""A hash that no symmetry of a maze changes: turned, mirrored, moved on its canvas, walked from goal to start.

It is a sum over the open cells of a random word for each cell's place in the smallest rectangle around them, and the
sum over the eight symmetries of that. The canvas's size does not enter, so a maze is in one split on all of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner, lazy_kernel, scramble
from trm_gym.maze._search.field import load, workspace
from trm_gym.maze.layout import LARGEST, OPEN
from trm_gym.streams import mix

CELL_WORDS = mix(0x3A2E, np.arange(LARGEST)[:, None], np.arange(LARGEST))
"""A random word for each place, uint64 [LARGEST, LARGEST]."""


@inner
def _add(sums, places, row, column, height, width, end):
    """Add the words of a place in a rectangle of ``height`` and ``width``, under the eight symmetries, to ``sums``."""
    below, right = height - 1 - row, width - 1 - column
    words = (
        places[row, column],
        places[row, right],
        places[below, column],
        places[below, right],
        places[column, row],
        places[right, row],
        places[column, below],
        places[right, below],
    )
    for turn in range(8):
        sums[turn] += scramble(words[turn]) if end else words[turn]


@inner
def maze_hash(work, start, goal, places):
    """The hash of the maze in ``work.field`` with these ends, a uint64."""
    size = work.size
    top, left, bottom, right = size, size, -1, -1
    for row in range(size):
        here = (row + 2) * work.width + 2
        for column in range(size):
            if work.field[here + column] == OPEN:
                top, left = min(top, row), min(left, column)
                bottom, right = max(bottom, row), max(right, column)
    height, width = bottom - top + 1, right - left + 1
    work.sums[:] = 0
    for row in range(height):
        here = (row + top + 2) * work.width + 2 + left
        for column in range(width):
            cell = here + column
            if work.field[cell] == OPEN:
                _add(work.sums, places, row, column, height, width, cell in (start, goal))
    total = np.uint64(0)
    for turn in range(8):
        total += scramble(work.sums[turn])
    return scramble(total)


@lazy_kernel
def _hash(problem, hashes, places, work):
    for index in range(len(problem)):
        start, goal = load(problem[index], work)
        hashes[index] = maze_hash(work, start, goal, places)


def invariant_hash(problem: NDArray[np.uint8], size: int) -> NDArray[np.uint64]:
    """The invariant hash that decides the split, uint64 [B], of mazes uint8 [B, L]."""
    hashes, work = np.empty(len(problem), np.uint64), workspace(size)
    _hash(np.ascontiguousarray(problem), hashes, CELL_WORDS, work)
    return hashes
