"""The tokens of a maze, the sizes of its canvas, and the ways to turn it."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

WALL, START, GOAL, OFF, ON = 1, 2, 3, 4, 5
"""The tokens: wall, start and goal are fixed; an answer says of every open cell whether the path goes over it."""

VOCAB = 6

SMALLEST, LARGEST = 5, 65
"""The sizes of a canvas."""

OPEN = 0
"""An open cell: in a problem, a blank to be filled in."""

TURNS = tuple((quarters, mirrored) for mirrored in (False, True) for quarters in range(4))
"""The eight ways to lay a square on itself: quarters of a turn, and whether it is mirrored first."""


@functools.cache
def turns(size: int) -> NDArray[np.int64]:
    """Which cell of a canvas comes to each place, int64 [TURNS, L]; not to be written to."""
    cells = np.arange(size * size).reshape(size, size)
    return np.stack([np.rot90(cells.T if mirrored else cells, quarters).ravel() for quarters, mirrored in TURNS])
