"""Finds shortest paths through mazes, the canonical one or the nearest to a preference; measures how hard they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner, kernel, lazy_kernel
from trm_gym.maze._search.field import flood, load, workspace
from trm_gym.maze.layout import OFF, ON, OPEN


@inner
def mark(work, start, goal, problem, solution):
    """Write the solution of ``problem`` uint8 [L], which stands in ``work.field``, into ``solution`` uint8 [L].

    ``work.steps`` holds the steps to ``goal``. Returns the difficulty; see ``solve``.
    """
    for cell in range(len(problem)):
        solution[cell] = OFF if problem[cell] == OPEN else problem[cell]
    here, branches = start, 0
    while here != goal:
        following = 0
        # The last that qualifies is taken, so the order is that of the rule backwards.
        for cell in (here - 1, here + work.width, here + 1, here - work.width):
            if work.field[cell] == OPEN:
                branches += 1
                if work.steps[cell] == work.steps[here] - 1:
                    following = cell
        # Of a cell's open neighbours the one before it and the one after it are the path itself.
        branches -= 1 if here == start else 2
        here = following
        if here != goal:
            solution[(here // work.width - 2) * work.size + here % work.width - 2] = ON
    return np.float32(work.steps[start] + branches)


@lazy_kernel
def _solve(problem, solution, steps, difficulty, work):
    """The loop of ``solve``."""
    for index in range(len(problem)):
        start, goal = load(problem[index], work)
        steps[index] = -1
        if start >= 0 and goal >= 0:
            flood(work, goal, start)
            steps[index] = work.steps[start]
        if steps[index] >= 0:
            difficulty[index] = mark(work, start, goal, problem[index], solution[index])


def solve(problem: NDArray[np.uint8], size: int) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.float32]]:
    """Solutions uint8 [B, L], steps of a shortest path int64 [B] (-1: no way through, or no start or goal) and
    difficulty float32 [B] of mazes uint8 [B, L]; where there is no way, solution and difficulty are 0.

    Of several shortest paths the canonical one goes, from the start on, to the first of up, right, down and left that
    a shortest path goes to. The difficulty is its length in steps plus its branches: the open cells beside it, each
    counted as often as the path passes it by, at which a walker could leave it.
    """
    solution, steps = np.zeros_like(problem), np.empty(len(problem), np.int64)
    difficulty = np.zeros(len(problem), np.float32)
    _solve(np.ascontiguousarray(problem), solution, steps, difficulty, workspace(size))
    return solution, steps, difficulty


@kernel
def _nearest(problem, gain, solution, value, work):
    """The loop of ``nearest``; value: float32 [F], what the best way from a cell on is worth."""
    for index in range(len(problem)):
        start, goal = load(problem[index], work)
        reached = flood(work, goal, start)
        for place in range(reached):
            cell = work.queue[place]
            best = np.float32(-np.inf)
            for onward in (cell - work.width, cell + 1, cell + work.width, cell - 1):
                if work.steps[onward] >= 0 and work.steps[onward] == work.steps[cell] - 1:
                    best = max(best, value[onward])
            inside = (cell // work.width - 2) * work.size + cell % work.width - 2
            value[cell] = 0 if cell == goal else best + gain[index, inside]
        for cell in range(work.size * work.size):
            solution[index, cell] = OFF if problem[index, cell] == OPEN else problem[index, cell]
        here = start
        while here != goal:
            following = 0
            for onward in (here - 1, here + work.width, here + 1, here - work.width):
                nearer = work.steps[onward] >= 0 and work.steps[onward] == work.steps[here] - 1
                if nearer and (following == 0 or value[onward] >= value[following]):
                    following = onward
            here = following
            if here != goal:
                solution[index, (here // work.width - 2) * work.size + here % work.width - 2] = ON


def nearest(problem: NDArray[np.uint8], gain: NDArray[np.float32], size: int) -> NDArray[np.uint8]:
    """Of each maze's shortest paths the one over whose cells ``gain`` sums to the most, as a solution uint8 [B, L].

    problem: uint8 [B, L], solvable mazes. gain: float32 [B, L], what it is worth to put a cell on the path.
    """
    solution, work = np.zeros_like(problem), workspace(size)
    value = np.zeros(len(work.steps), np.float32)
    _nearest(np.ascontiguousarray(problem), np.ascontiguousarray(gain, np.float32), solution, value, work)
    return solution
