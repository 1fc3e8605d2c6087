"""Judges answers to mazes by the rules alone: a legal path from start to goal, and none shorter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.checks import check_answers
from trm_gym.jit import inner, lazy_kernel
from trm_gym.maze._search.field import flood, load, workspace
from trm_gym.maze.layout import OFF, ON
from trm_gym.task import Problems, Verdicts


@inner
def _marked(problem, free, answer, work):
    """Write the path of ``answer`` into ``work.marks``. Returns its number of cells, -1 where a free cell is neither on
    nor off the path or a fixed cell was changed.
    """
    count = 0
    for row in range(work.size):
        here = (row + 2) * work.width + 2
        for column in range(work.size):
            place = row * work.size + column
            token = answer[place]
            if free[place]:
                if token != ON and token != OFF:
                    return -1
            elif token != problem[place]:
                return -1
            on = bool(free[place]) and token == ON
            work.marks[here + column] = on
            count += on
    return count


@inner
def _walk(start, goal, count, work):
    """Whether the path in ``work.marks``, of ``count`` cells, leads from start to goal over each of them, unforked."""
    marks = work.marks
    marks[start] = marks[goal] = True
    here, before = start, -1
    for _ in range(count + 1):
        ways, following = 0, 0
        for cell in (here - work.width, here + 1, here + work.width, here - 1):
            if marks[cell] and cell != before:
                ways += 1
                following = cell
        if ways != 1:
            return False
        here, before = following, here
    return here == goal


@inner
def _path(problem, free, answer, work):
    """Start, goal and steps of the path that ``answer`` marks; 0 steps where it marks none."""
    count = _marked(problem, free, answer, work)
    if count < 0:
        return -1, -1, 0
    start, goal = load(problem, work)
    if start < 0 or goal < 0 or not _walk(start, goal, count, work):
        return start, goal, 0
    return start, goal, count + 1


@lazy_kernel
def _judge(problem, free, answers, solved, work):
    """The loop of ``verify``."""
    for index in range(len(problem)):
        solved[index] = False
        # The cheap test first: hardly any wrong answer is a path, and then nobody has to look for a shorter one.
        start, goal, steps = _path(problem[index], free[index], answers[index], work)
        if steps:
            flood(work, start, goal)
            solved[index] = work.steps[goal] == steps


@lazy_kernel
def _measure(problem, free, answers, found, work):
    """The loop of ``lengths``."""
    for index in range(len(problem)):
        _, _, steps = _path(problem[index], free[index], answers[index], work)
        found[index] = steps if steps else work.size * work.size


def verify(problems: Problems, answers: NDArray[np.uint8], size: int) -> Verdicts:
    """Judge answers uint8 [B, L]: any shortest path counts, whether or not it is ``problems.solution``.

    solved: every free cell is ON or OFF, the fixed ones are as given, and the cells that are ON are, with start and
    goal, those of one shortest path. score: 1 iff solved, else 0. Raises ValueError for answers of another shape or
    type.
    """
    check_answers(answers, problems.problem.shape)
    solved = np.empty(len(answers), np.bool_)
    problem, free = np.ascontiguousarray(problems.problem), np.ascontiguousarray(problems.free)
    _judge(problem, free, np.ascontiguousarray(answers), solved, workspace(size))
    return Verdicts(solved, solved.astype(np.float32))


def lengths(problems: Problems, answers: NDArray[np.uint8], size: int) -> NDArray[np.float64]:
    """Steps of the paths that answers uint8 [B, L] mark, float64 [B]; ``size`` squared where what is marked is none.

    Nobody looks for a shorter one. Raises ValueError for answers of another shape or type.
    """
    check_answers(answers, problems.problem.shape)
    found = np.empty(len(answers), np.float64)
    problem, free = np.ascontiguousarray(problems.problem), np.ascontiguousarray(problems.free)
    _measure(problem, free, np.ascontiguousarray(answers), found, workspace(size))
    return found
