"""Looks for walls at random between which some way is long, a whole row of cells at a time.

Hardly one maze in a hundred has a way of more than 110 steps, so what counts is how fast the others are thrown away. A
row of cells is a word, a bit for each cell, and a flood moves on by a step everywhere at once.
"""

from __future__ import annotations

import numpy as np

from trm_gym.jit import below, inner, scramble
from trm_gym.maze.layout import OPEN, WALL

WIDEST = 64
"""The largest canvas whose rows are words."""

BITS = 8
"""A cell is a wall with a chance in parts of 2**BITS."""

DRAWS_AT_ONCE = 100
"""Mazes that are drawn in one go."""

_OPEN, _LEFT, _FRONT, _NEXT = range(4)
_ONE, _NONE, _ALL = np.uint64(1), np.uint64(0), np.uint64(2**64 - 1)
_GAMMA = np.uint64(0x9E3779B97F4A7C15)


@inner
def draw_walls(work, share):
    """Draw open cells into ``work.rows``: each a wall by itself, with a chance of ``share``.

    Eight random words decide a row: read down its column, they are a number for each cell, and numbers below the share
    are walls. From the lowest bit up: a number is below it if its bit is 0 and that of the share is 1, or if the bits
    are equal and what was read before is below it.
    """
    full = _ALL >> np.uint64(WIDEST - work.size)
    word = work.state[0]
    for row in range(1, work.size + 1):
        wall = _NONE
        for bit in range(BITS):
            word += _GAMMA
            number = scramble(word)
            wall = wall | ~number if share >> bit & 1 else wall & ~number
        work.rows[_OPEN, row] = ~wall & full
    work.state[0] = word


@inner
def pick(work):
    """A random open cell as row (from 1) and column; 0 and 0 where none was met in many tries."""
    for _ in range(1000):
        row, column = 1 + below(work.state, work.size), below(work.state, work.size)
        if work.rows[_OPEN, row] >> np.uint64(column) & _ONE:
            return row, column
    return 0, 0


@inner
def reach(work, row, column):
    """How many steps the farthest cell is away, and its row and column (one of them, where several are)."""
    left, front, following = work.rows[_LEFT], work.rows[_FRONT], work.rows[_NEXT]
    for place in range(1, work.size + 1):
        left[place] = work.rows[_OPEN, place]
        front[place] = _NONE
    front[row] = _ONE << np.uint64(column)
    left[row] ^= front[row]
    steps, reached = -1, _ONE
    while reached:
        steps += 1
        reached = _NONE
        for place in range(1, work.size + 1):
            here = front[place]
            new = (here << _ONE | here >> _ONE | front[place - 1] | front[place + 1]) & left[place]
            following[place] = new
            left[place] ^= new
            reached |= new
        front, following = following, front
    # The last front is empty, and the one before it is in the other array.
    for place in range(1, work.size + 1):
        if following[place]:
            row, column = place, 0
            while following[place] >> np.uint64(column) & _ONE == _NONE:
                column += 1
    return steps, row, column


@inner
def seek(work, low, high, fewest):
    """Draw walls with a share between two, and a cell, until a way from there or from its farthest cell has ``fewest``
    steps, DRAWS_AT_ONCE times at most; write them into ``work.field``. Returns the cell, -1 where there was none.
    """
    for _ in range(DRAWS_AT_ONCE):
        draw_walls(work, low + below(work.state, high - low + 1))
        top, left = pick(work)
        if top == 0:
            continue
        steps, row, column = reach(work, top, left)
        if 2 * steps < fewest:  # No two cells are farther apart than by way of this one.
            continue
        if steps < fewest and reach(work, row, column)[0] < fewest:
            continue
        for line in range(work.size):
            for place in range(work.size):
                is_open = work.rows[_OPEN, line + 1] >> np.uint64(place) & _ONE
                work.field[(line + 2) * work.width + 2 + place] = OPEN if is_open else WALL
        return (top + 1) * work.width + 2 + left
    return -1
