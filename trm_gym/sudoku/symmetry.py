"""Random symmetries of sudoku, applied to whole batches.

A symmetry renames the digits, reorders the bands (rows of boxes), the rows inside a band, the stacks and the columns
inside a stack, and, where boxes are square, may swap rows and columns.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import below, kernel
from trm_gym.sudoku.geometry import Geometry

_FREE = 16  # Beyond every digit: a base cell is its digit, plus this where it is to be found.


@functools.cache
def line_orders(size: int, group: int) -> NDArray[np.uint8]:
    """All orders of ``size`` lines that keep groups of ``group`` neighbours together, uint8 [n, size]."""
    inside = list(itertools.permutations(range(group)))
    orders = [
        [group * which + line for which, order in zip(groups, chosen, strict=True) for line in order]
        for groups in itertools.permutations(range(size // group))
        for chosen in itertools.product(inside, repeat=size // group)
    ]
    return np.array(orders, np.uint8)


@kernel
def _augment(keys, chosen, bases, row_orders, column_orders, names, state, packed, ways):
    """The loop of ``augmented``. names: uint8 [2 * _FREE], scratch: what a cell of a base puzzle becomes. ways: 2 where
    rows and columns may swap, else 1.
    """
    size = row_orders.shape[1]
    for index in range(len(keys)):
        state[0] = keys[index]
        if chosen[index] < 0:
            chosen[index] = below(state, len(bases))
        base = bases[chosen[index]]
        rows = row_orders[below(state, len(row_orders))]
        columns = column_orders[below(state, len(column_orders))]
        down, right = size, 1
        if below(state, ways):
            down, right = 1, size
        for digit in range(1, size + 1):
            # An inside-out shuffle (Fisher and Yates) of the digits' new names.
            other = 1 + below(state, digit)
            names[digit] = names[other]
            names[other] = digit
        for digit in range(1, size + 1):
            names[_FREE + digit] = _FREE + names[digit]
        here = 0
        for row in range(size):
            start = down * np.int64(rows[row])
            for column in range(size):
                packed[index, here] = names[base[start + right * np.int64(columns[column])]]
                here += 1


def pack(problem: NDArray[np.uint8], solution: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Base puzzles and their solutions, uint8 [N, L], as the one array uint8 [N, L] that ``augmented`` works on."""
    return np.where(problem == 0, _FREE + solution, solution).astype(np.uint8)


def augmented(
    keys: NDArray[np.uint64], chosen: NDArray[np.int64] | None, bases: NDArray[np.uint8], board: Geometry
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    """Base puzzles, each under a random symmetry drawn from its key, uint64 [B].

    chosen: int64 [B], rows of ``bases`` (see ``pack``); None draws them from the keys too. Returns the rows chosen,
    int64 [B], problem and solution, uint8 [B, L], and free, bool [B, L].
    """
    count, cells = len(keys), board.size**2
    chosen = np.full(count, -1) if chosen is None else chosen.copy()
    packed, names, state = np.empty((count, cells), np.uint8), np.zeros(2 * _FREE, np.uint8), np.empty(1, np.uint64)
    orders = line_orders(board.size, board.box_height), line_orders(board.size, board.box_width)
    ways = 2 if board.box_height == board.box_width else 1
    _augment(keys, chosen, bases, *orders, names, state, packed, ways)
    free = packed >= _FREE
    return chosen, packed * (~free).view(np.uint8), packed & np.uint8(_FREE - 1), free
