"""Measures what sudokus demand of who solves them: the hardest technique, sweeps of propagation, branch nodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.sudoku._search.batch import searched
from trm_gym.sudoku.geometry import Geometry

BRANCH_WEIGHT = 10.0
"""How many sweeps one branch node counts for in the difficulty."""


def efforts_of(problems: NDArray[np.uint8], board: Geometry) -> NDArray[np.int64]:
    """What a search for two solutions of problems uint8 [B, L] takes, int64 [B, 4].

    These are the sweeps of naked and of hidden singles before the first branch, the branch nodes, and all sweeps.
    """
    return searched(problems, 2, board).efforts


def difficulty_of(efforts: NDArray[np.int64]) -> NDArray[np.float32]:
    """How hard unique problems are, float32 [B], by the efforts int64 [B, 4] of a search for two solutions.

    That is the sweeps of naked and of hidden singles, each applied everywhere at once before the next, plus
    BRANCH_WEIGHT times the branch nodes of a search that goes on from there and proves the solution unique.
    """
    return (efforts[:, 0] + efforts[:, 1] + BRANCH_WEIGHT * efforts[:, 2]).astype(np.float32)


def difficulty(problems: NDArray[np.uint8], board: Geometry) -> NDArray[np.float32]:
    """How hard unique problems uint8 [B, L] are, float32 [B]; see ``difficulty_of``."""
    return difficulty_of(efforts_of(problems, board))


def needs(
    technique: str, problems: NDArray[np.uint8], efforts: NDArray[np.int64], board: Geometry
) -> NDArray[np.bool_]:
    """Which unique problems uint8 [B, L], with their efforts int64 [B, 4], need exactly ``technique`` of TECHNIQUES."""
    stuck = efforts[:, 2] > 0
    if technique == "naked":
        return ~stuck & (efforts[:, 1] == 0)
    if technique == "hidden":
        return ~stuck & (efforts[:, 1] > 0)
    # Imported here so that nobody waits for its compilation who asks for problems that singles solve.
    from trm_gym.sudoku._search.elimination import yields

    answer = stuck.copy()
    answer[stuck] = yields(problems[stuck], board) == (technique == "locked_or_pairs")
    return answer
