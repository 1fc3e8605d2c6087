"""Two attempts at a problem, as ARC grants them: which two, and what they are worth. Pure functions.

The source of the rule: the ARC Prize counts a test output as solved if one of two attempts is exactly right. Which two
of many drafts to hand in (one for each augmentation of the problem) is decided by vote, as in the published evaluation
of TRM (arXiv 2510.04871).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trm_gym.arc.augmentation import Augmentations
from trm_gym.arc.layout import as_problems
from trm_gym.arc.verifier import verify
from trm_gym.task import Problems

ATTEMPTS = 2


def augmented(problems: Problems, augmentations: Augmentations, size: int) -> Problems:
    """The problems, each under its augmentation; on panels of ``size``."""
    return as_problems(augmentations.apply(problems.solution, size), problems.level, size)


def most_voted(drafts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The two answers uint8 [2, B, L] that most of the drafts uint8 [A, B, L] of each problem agree on.

    Of equally many votes the answer that came first goes first; where all drafts agree, both attempts are the same.
    """
    attempts = np.empty((ATTEMPTS, *drafts.shape[1:]), np.uint8)
    for place in range(drafts.shape[1]):
        answers, firsts, votes = np.unique(drafts[:, place], axis=0, return_index=True, return_counts=True)
        ranked = answers[np.lexsort((firsts, -votes))]
        attempts[:, place] = ranked[0], ranked[min(1, len(ranked) - 1)]
    return attempts


def solved_in(problems: Problems, attempts: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether one of the attempts uint8 [A, B, L] at each problem is exactly right, bool [B]."""
    return np.any([verify(problems, attempt).solved for attempt in attempts], axis=0)


def tasks_solved(solved: NDArray[np.bool_], names: Sequence[str]) -> dict[str, bool]:
    """Whether all test inputs of each task are solved. solved: bool [B]; names: the B ids of their tasks."""
    found: dict[str, bool] = {}
    for name, right in zip(names, solved.tolist(), strict=True):
        found[name] = found.get(name, True) and right
    return found
