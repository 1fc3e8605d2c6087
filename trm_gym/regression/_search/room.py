"""The arrays that kernels work in while they find the constants of a formula."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.regression.layout import SLOTS
from trm_gym.regression.programs import CONSTANTS, INPUTS

TARGETS, WEIGHTS, RESIDUAL, WANTED = range(2 * SLOTS, 2 * SLOTS + 4)
"""Rows of ``slopes`` behind those of the canvas: what is to be met, how much each point counts, what is left, and what
a part of the formula must give."""

MATRIX, FACTOR = 0, CONSTANTS
GRADIENT, STEP, KEPT, BEST, UNIT = range(2 * CONSTANTS, 2 * CONSTANTS + 5)
"""Rows of ``small``: the normal equations, CONSTANTS rows each for matrix and factor, their right side and solution,
constants to come back to, the best so far, and in what units they are."""

ALL, LINEAR = 0, 1
"""Rows of ``places``: the slots of the constants, and of those that the formula, or a part of it, is linear in."""

LEFT, USED_UP = 0, 1
"""Rows of ``starts``: the squares that each start leaves, and 1 where it has been improved."""

GRID, SPREAD = 48, 128
"""How many starts there are for a single constant, and for several."""

FEW, TOGETHER = 12, 16
"""How many points starts are compared at, and how many of them at once."""


class Room(NamedTuple):
    """Room for formulas at up to n points; one for each call. Few arrays, since each costs time to compile.

    used, varying, joins: bool [SLOTS], the slots that count, those that constants have a part in, and the operators
    among them. linear: bool [SLOTS], the constants in row LINEAR of ``places``. numbers: float64 [SLOTS], those of the
    leaves. columns: float64 [INPUTS, n], the points' variables. rows: float64 [2 * SLOTS, n], see ``run_draft``.
    slopes: float64 [2 * SLOTS + 4, n], see ``run_slopes``. tiles, tile_slopes: the same for FEW * TOGETHER columns.
    small: float64 [2 * CONSTANTS + 5, CONSTANTS]. places: int64 [2, CONSTANTS]. starts: float64 [2, SPREAD].
    """

    used: NDArray[np.bool_]
    varying: NDArray[np.bool_]
    joins: NDArray[np.bool_]
    linear: NDArray[np.bool_]
    numbers: NDArray[np.float64]
    columns: NDArray[np.float64]
    rows: NDArray[np.float64]
    slopes: NDArray[np.float64]
    tiles: NDArray[np.float64]
    tile_slopes: NDArray[np.float64]
    small: NDArray[np.float64]
    places: NDArray[np.int64]
    starts: NDArray[np.float64]


def room(points: int) -> Room:
    """Fresh room for that many points."""
    used, varying, joins, linear = np.zeros((4, SLOTS), np.bool_)
    heights, width = (2 * SLOTS, WANTED + 1), FEW * TOGETHER
    rows, slopes = (np.zeros((height, points)) for height in heights)
    tiles, tile_slopes = (np.zeros((height, width)) for height in heights)
    numbers, columns = np.zeros(SLOTS), np.zeros((INPUTS, points))
    small, places, starts = np.zeros((UNIT + 1, CONSTANTS)), np.zeros((2, CONSTANTS), np.int64), np.zeros((2, SPREAD))
    return Room(used, varying, joins, linear, numbers, columns, rows, slopes, tiles, tile_slopes, small, places, starts)


assert SPREAD >= GRID and SPREAD % TOGETHER == GRID % TOGETHER == 0
