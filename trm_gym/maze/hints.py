"""What is known of a maze when news has travelled so many cells: the front of a flood, and the way that is walked back.

A maze is solved by two waves that each go from a cell to the next. One starts at the goal and tells every cell which of
its neighbours is nearer. When it has come to the start, the other one starts there and follows what the first one told.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import kernel
from trm_gym.maze._search.field import flood, load, workspace
from trm_gym.maze.layout import OFF, ON, OPEN
from trm_gym.task import Hints

KINDS = 5
"""The next cell on a shortest way to the goal lies above, right, below or left, or no news has come from there yet."""
_UNKNOWN = 4


@kernel
def _hints(problem, solution, travelled, kinds, answer, work):
    """The loop of ``hints``."""
    for index in range(len(problem)):
        start, goal = load(problem[index], work)
        flood(work, goal, -1)
        way = work.steps[start]
        for row in range(work.size):
            for column in range(work.size):
                cell, place = (row + 2) * work.width + 2 + column, row * work.size + column
                steps = work.steps[cell]
                # A cell of the way lies way - steps from the start, where the second wave begins after ``way`` cells.
                if solution[index, place] == ON and 2 * way - steps > travelled[index]:
                    answer[index, place] = OFF
                if work.field[cell] != OPEN or (cell == goal and travelled[index] >= 0):
                    continue
                if steps < 0 or steps > travelled[index]:
                    kinds[index, place, _UNKNOWN] = True
                    continue
                for kind, onward in enumerate((cell - work.width, cell + 1, cell + work.width, cell - 1)):
                    kinds[index, place, kind] = work.steps[onward] >= 0 and work.steps[onward] == steps - 1


def hints(problem: NDArray[np.uint8], solution: NDArray[np.uint8], travelled: NDArray[np.float64], size: int) -> Hints:
    """What is known of mazes uint8 [B, L] with these solutions uint8 [B, L], when news has ``travelled`` that many
    cells, float64 [B]: kinds bool [B, L, KINDS] and what of the solution can be told, uint8 [B, L].

    Walls and the goal are told nothing. A cell of the way is told when the flood has gone from the goal to the start,
    and what it found from there to the cell; until then it stands off the path. Before the flood has begun (below 0)
    the goal has heard nothing either.
    """
    kinds, answer = np.zeros((*problem.shape, KINDS), np.bool_), solution.copy()
    _hints(np.ascontiguousarray(problem), solution, travelled, kinds, answer, workspace(size))
    return Hints(kinds, answer)
