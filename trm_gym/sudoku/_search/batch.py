"""Searches and digs whole batches of problems: the one way from Python into the search.

It is one compiled function, because each function that calls the search costs the first reset its compilation again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import below, inlined, kernel
from trm_gym.sudoku._search.kernels import candidates, search, workspace
from trm_gym.sudoku.geometry import Geometry

NO_BUDGET = 1 << 62
"""For searches that end by themselves."""


class Searched(NamedTuple):
    """What a search found on B problems: counts int64 [B] (-1: it gave up), solutions uint8 [B, limit, L] (as many as
    counted) and efforts int64 [B, 4] (see ``kernels.Workspace``).
    """

    counts: NDArray[np.int64]
    solutions: NDArray[np.uint8]
    efforts: NDArray[np.int64]


def searched(
    problems: NDArray[np.uint8],
    limit: int,
    board: Geometry,
    keys: NDArray[np.uint64] | None = None,
    budget: int = NO_BUDGET,
) -> Searched:
    """Up to ``limit`` solutions of every problem, uint8 [B, L], each search with at most ``budget`` branch nodes.

    keys: uint64 [B], from which it is drawn which solutions are found first; None: the same ones every time.
    """
    keys = np.zeros(len(problems), np.uint64) if keys is None else keys
    return _run(keys, problems.copy(), np.full(len(problems), board.size**2), limit, budget, board)


def dug(
    keys: NDArray[np.uint64], grids: NDArray[np.uint8], targets: NDArray[np.int64], board: Geometry
) -> NDArray[np.uint8]:
    """Full grids, uint8 [B, L], dug in a random order drawn from keys, uint64 [B], while the solution stays unique.

    Stops where ``targets`` int64 [B] givens are left, or more where no given can go.
    """
    problems = grids.copy()
    _run(keys, problems, targets, 1, NO_BUDGET, board)
    return problems


def _run(
    keys: NDArray[np.uint64],
    problems: NDArray[np.uint8],
    targets: NDArray[np.int64],
    limit: int,
    budget: int,
    board: Geometry,
) -> Searched:
    count, cells = problems.shape
    solutions = np.zeros((count, limit, cells), np.uint8)
    result = Searched(np.zeros(count, np.int64), solutions, np.zeros((count, 4), np.int64))
    _search_and_dig(keys, problems, targets, *result, workspace(board, limit, budget), board)
    return result


@kernel
def _search_and_dig(keys, problems, targets, counts, found, efforts, work, board):
    """Search every problem, then take givens from it, in place, until ``targets`` are left; a problem that has no
    more than its target stays as it is. Arguments as in ``searched``, ``dug`` and ``Searched``.
    """
    for index in range(len(problems)):
        work.state[0] = keys[index]
        problem = problems[index]
        tail = candidates(problem, work, board)
        if tail < 0:
            continue
        counts[index] = search(tail, work, board)
        for kind in range(len(work.effort)):
            efforts[index, kind] = work.effort[kind]
        for which in range(counts[index]):
            for cell in range(len(problem)):
                found[index, which, cell] = work.found[which, cell]
        _dig(problem, targets[index], work, board)


@inlined
def _dig(problem, target, work, board):
    """Take givens from a unique problem, uint8 [L], in random order, while it stays unique and has over ``target``.

    A given can go iff no other digit in its cell leads to a solution, and that is all that is tested: before, the
    solution was unique.
    """
    left = 0
    for place in range(len(problem)):
        left += problem[place] > 0
        # An inside-out shuffle (Fisher and Yates).
        other = below(work.state, place + 1)
        work.order[place] = work.order[other]
        work.order[other] = place
    for place in range(len(problem)):
        cell = work.order[place]
        digit = problem[cell]
        if left <= target or digit == 0:
            continue
        problem[cell] = 0
        tail = candidates(problem, work, board)
        rest = np.int64(work.stack[0, cell]) & ~(1 << (digit - 1))
        if rest and rest & (rest - 1) == 0:
            work.queue[tail] = cell
            tail += 1
        work.stack[0, cell] = rest
        if rest and search(tail, work, board):
            problem[cell] = digit
        else:
            left -= 1
