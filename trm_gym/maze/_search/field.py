"""A maze as compiled code walks it: generating, solving and verifying stand on this.

Kernels work on a *field*: the canvas with a border two cells wide around it, flat, so that they need no bounds checks.
A cell of a field is OPEN, or WALL, or BORDER, which nothing carves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner
from trm_gym.maze.layout import GOAL, OPEN, START, WALL

BORDER = 2


class Workspace(NamedTuple):
    """The arrays that kernels write to, for a canvas of ``size``; F = (size + 4)**2. One for each call.

    field: uint8 [F], OPEN, WALL or BORDER. steps: int32 [F], see ``flood``. queue: int32 [F], cells.
    marks: bool [F], a path. sums: uint64 [8], the hashes under the symmetries. state: uint64 [1], the random stream.
    rows: uint64 [4, size + 2], see ``screen``. size: the canvas's. width: size + 4, how far a cell is from the one
    below it.
    """

    field: NDArray[np.uint8]
    steps: NDArray[np.int32]
    queue: NDArray[np.int32]
    marks: NDArray[np.bool_]
    sums: NDArray[np.uint64]
    state: NDArray[np.uint64]
    rows: NDArray[np.uint64]
    size: int
    width: int


def workspace(size: int) -> Workspace:
    """Room to work on a canvas of ``size``."""
    width = size + 4
    field = np.full((width, width), BORDER, np.uint8)
    field[2:-2, 2:-2] = WALL
    cells = width * width
    return Workspace(
        field.ravel(),
        np.empty(cells, np.int32),
        np.empty(cells, np.int32),
        np.zeros(cells, np.bool_),
        np.empty(8, np.uint64),
        np.empty(1, np.uint64),
        np.zeros((4, size + 2), np.uint64),
        size,
        width,
    )


@inner
def load(problem, work):
    """Write the walls of ``problem`` uint8 [L] into ``work.field``. Returns the cells of start and goal, or -1."""
    start = goal = -1
    for row in range(work.size):
        here = (row + 2) * work.width + 2
        for column in range(work.size):
            token = problem[row * work.size + column]
            work.field[here + column] = WALL if token == WALL else OPEN
            if token == START:
                start = here + column
            elif token == GOAL:
                goal = here + column
    return start, goal


@inner
def flood(work, source, target):
    """Write the steps from ``source`` to every open cell into ``work.steps``, below 0 where no way leads.

    The cells reached stand in ``work.queue``, near ones first; returns their number. Stops at ``target``, if that is a
    cell (a number below 0 is none), when all cells nearer than it are written.
    """
    field, steps, queue = work.field, work.steps, work.queue
    for cell in range(len(steps)):
        steps[cell] = -1 - np.int32(field[cell])
    steps[source] = 0
    queue[0] = source
    head, tail = 0, 1
    while head < tail:
        here = queue[head]
        head += 1
        if here == target:
            break
        onward = steps[here] + 1
        for cell in (here - work.width, here + 1, here + work.width, here - 1):
            # Without a branch, which no processor could predict: three times as fast.
            fresh = steps[cell] == -1
            steps[cell] = onward if fresh else steps[cell]
            queue[tail] = cell
            tail += fresh
    return tail
