"""Which cells of a sudoku belong together, as arrays that compiled kernels read."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.short_repr import short, short_repr

BOXES = {4: (2, 2), 6: (2, 3), 9: (3, 3)}
"""Box height and width by size."""


@short_repr
class Geometry(NamedTuple):
    """A sudoku board of s x s cells, numbered row by row; s units of each kind: rows, columns, boxes.

    units: uint8 [3s, s], the cells of every unit: rows first, then columns, then boxes.
    member: uint8 [s*s, 3], the row, column and box unit of every cell, as indices into ``units``.
    peers: uint8 [s*s, P], the other cells that share a unit with a cell.
    """

    size: int
    box_height: int
    box_width: int
    units: NDArray[np.uint8]
    member: NDArray[np.uint8]
    peers: NDArray[np.uint8]


@functools.cache
def geometry(size: int) -> Geometry:
    """The board of a size. Raises ValueError for a size other than 4, 6 and 9."""
    if size not in BOXES:
        raise ValueError(f"no sudoku of size {short(size)}: use one of {', '.join(map(str, BOXES))}")
    height, width = BOXES[size]
    cell = np.arange(size * size)
    row, column = cell // size, cell % size
    box = row // height * (size // width) + column // width
    member = np.stack([row, size + column, 2 * size + box], axis=1)
    units = np.stack([np.flatnonzero((member == unit).any(axis=1)) for unit in range(3 * size)])
    together = (member[:, None, :] == member[None, :, :]).any(axis=2) & ~np.eye(size * size, dtype=bool)
    peers = np.stack([np.flatnonzero(line) for line in together])
    return Geometry(size, height, width, *(a.astype(np.uint8) for a in (units, member, peers)))
