"""A hash that no symmetry of sudoku changes: it decides which split a problem belongs to."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inlined, kernel, scramble
from trm_gym.sudoku.geometry import Geometry, geometry

_ROUNDS = 3
_S2 = np.uint64(2)
_LINE, _BOX, _DIGIT = np.uint64(0xA0761D6478BD642F), np.uint64(0xE7037ED1A0B428DB), np.uint64(0x8EBC6AF09C88C6E3)


@functools.cache
def _relations(size: int) -> NDArray[np.uint8]:
    """How two rows [0] or two columns [1] lie to each other, uint8 [2, s + 1, s + 1]: 0 where one is absent (number
    s), 1 the same, 2 in the same band or stack, 3 apart.
    """
    board = geometry(size)
    table = np.zeros((2, board.size + 1, board.size + 1), np.uint8)
    lines = np.arange(board.size)
    for axis, group in enumerate((board.box_height, board.box_width)):
        together = (lines // group)[:, None] == lines // group
        table[axis, :-1, :-1] = 3 - together - np.eye(board.size, dtype=int)
    return table


@inlined
def _pair_colours(grid, colours, places, relations, size):
    """The first colour of every cell, uint64 [L]: 0 for a blank, else how the lines through the cell permute.

    For every other cell of the cell's row, the two digits' places in each other's columns, and rows and columns
    exchanged. Plain colour refinement cannot tell the cells of a full grid apart; how pairs of lines permute does.
    places: uint8 [2, s, s + 1], scratch: places[0, row, digit] is a column, places[1, column, digit] a row.
    """
    for line in range(size):
        for digit in range(size + 1):
            places[0, line, digit] = places[1, line, digit] = size
    for row in range(size):
        for column in range(size):
            digit = grid[row * size + column]
            colours[row * size + column] = 0
            places[0, row, digit] = column
            places[1, column, digit] = row
    for axis in range(2):
        down, right = (1, size) if axis else (size, 1)
        for fixed in range(size):
            for moving in range(size):
                digit = grid[fixed * down + moving * right]
                for other in range(size):
                    twin = grid[fixed * down + other * right]
                    if digit == 0 or twin == 0 or other == moving:
                        continue
                    here, there = places[1 - axis, moving, twin], places[1 - axis, other, digit]
                    code = np.uint64(relations[axis, here, there])
                    code = code << _S2 | np.uint64(relations[axis, here, fixed])
                    code = code << _S2 | np.uint64(relations[axis, there, fixed])
                    code = code << _S2 | np.uint64(relations[1 - axis, other, moving])
                    colours[fixed * down + moving * right] += scramble(code)


@kernel
def _hash_all(grids, hashes, colours, unit_sums, digit_sums, places, relations, member):
    """The loop of ``invariant_hash``; colours uint64 [L], unit_sums [3s], digit_sums [s + 1]: scratch."""
    for index in range(len(grids)):
        grid = grids[index]
        _pair_colours(grid, colours, places, relations, len(digit_sums) - 1)
        for _ in range(_ROUNDS):
            for unit in range(len(unit_sums)):
                unit_sums[unit] = 0
            for digit in range(len(digit_sums)):
                digit_sums[digit] = 0
            for cell in range(len(grid)):
                mixed = scramble(colours[cell])
                digit_sums[grid[cell]] += mixed
                for kind in range(3):
                    unit_sums[member[cell, kind]] += mixed
            # Blanks are no digit: to count them together would say nothing that the givens do not.
            digit_sums[0] = 0
            for cell in range(len(grid)):
                around = scramble(unit_sums[member[cell, 0]] ^ _LINE)
                around += scramble(unit_sums[member[cell, 1]] ^ _LINE)
                around += scramble(unit_sums[member[cell, 2]] ^ _BOX)
                around += scramble(digit_sums[grid[cell]] ^ _DIGIT)
                colours[cell] = scramble(colours[cell] ^ around)
        total = np.uint64(0)
        for cell in range(len(grid)):
            total += scramble(colours[cell])
        hashes[index] = scramble(total)


def invariant_hash(grids: NDArray[np.uint8], board: Geometry) -> NDArray[np.uint64]:
    """A hash that equivalent problems (or full grids) share, uint64 [B] of uint8 [B, L], blanks 0.

    Colour refinement: a cell's colour takes in the colours found in its row and column (on equal terms), its box and
    its digit; the hash is of the multiset of final colours. Problems that are not equivalent may share one too, which
    only puts them into the same split.
    """
    size = board.size
    hashes, colours = np.empty(len(grids), np.uint64), np.empty(size * size, np.uint64)
    unit_sums, digit_sums = np.empty(3 * size, np.uint64), np.empty(size + 1, np.uint64)
    places = np.empty((2, size, size + 1), np.uint8)
    scratch = colours, unit_sums, digit_sums, places
    _hash_all(np.ascontiguousarray(grids), hashes, *scratch, _relations(size), board.member)
    return hashes
