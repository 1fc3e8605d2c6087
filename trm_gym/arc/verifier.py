"""Judges answers to ARC: the right grid, shape and colours, to the last cell.

ARC states no rules that an answer could be held against: its only judge is the published output, so here, unlike in
every other task, ``problems.solution`` is what answers are compared with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.checks import check_answers
from trm_gym.task import BLANK, Problems, Verdicts


def verify(problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
    """Judge answers uint8 [B, L]: every cell as in the solution, inside the grid and outside.

    An answer that nobody told (a person's own task without the output) is blank there and never counts as solved.
    score: 1 iff solved, else 0. Raises ValueError for answers of another shape or type.
    """
    check_answers(answers, problems.problem.shape)
    solved = (answers == problems.solution).all(axis=1) & (problems.solution != BLANK).all(axis=1)
    return Verdicts(solved, solved.astype(np.float32))
