"""Judges sudoku answers by the rules alone: givens kept, every row, column and box a permutation of the digits."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from trm_gym.checks import check_answers
from trm_gym.jit import inner, lazy_kernel
from trm_gym.sudoku.geometry import Geometry
from trm_gym.task import Problems, Verdicts

_ONE, _TWO, _THREE = np.uint64(1), np.uint64(2), np.uint64(3)


@lazy_kernel
def _judge(problem, free, answers, solved, score, weight, ones, tally, board):
    """The loop of ``verify``. free: uint8 [B, L]. weight: uint64 [256], one in the four bits of a token's digit.

    ones: uint64 [L] and tally: uint64 [3s], scratch. Units are summed up one after the other, each sum in a register:
    sums in memory, three for each cell, would wait for each other.
    """
    size, units = board.size, board.units
    full = np.uint64(0)
    for digit in range(1, size + 1):
        full += weight[digit]
    for index in range(len(problem)):
        changed = 0
        for cell in range(size * size):
            changed |= (free[index, cell] == 0) & (answers[index, cell] != problem[index, cell])
            ones[cell] = weight[answers[index, cell]]
        right = changed == 0
        for unit in range(3 * size):
            total = np.uint64(0)
            for place in range(size):
                total += ones[units[unit, place]]
            tally[unit] = total
            right &= total == full
        solved[index] = right
        score[index] = 1.0 if right else 0.0
        if not right and changed == 0:
            score[index] = _partial(problem[index], free[index], full, weight, ones, tally, board)


@inner
def _partial(problem, free, full, weight, ones, tally, board):
    """The score of an answer that keeps the givens but does not solve; ``ones`` and ``tally`` are the answer's."""
    size, member = board.size, board.member
    for unit in range(3 * size):
        # Four bits that hold 1 stay, and nothing else: the digits that the unit holds once.
        held = tally[unit]
        tally[unit] = held & ~(held >> _ONE) & ~(held >> _TWO) & ~(held >> _THREE) & full
    cells, alone, chances = 0, 0, np.uint64(0)
    for row in range(size):
        spaces = 0
        for column in range(size):
            cell = row * size + column
            held = ones[cell] & tally[row] & tally[size + column] & tally[member[cell, 2]]
            alone += free[cell] & (held != 0)
            spaces += free[cell]
        cells += spaces
        if spaces == 1:
            chances += _last_digit(problem, free, row, full, weight, board)
    constant = 0
    for _ in range(size):
        chances >>= np.uint64(4)
        constant = max(constant, np.int64(chances & np.uint64(15)))
    return (alone - constant) / (cells - constant) if alone > constant else 0.0


@inner
def _last_digit(problem, free, row, full, weight, board):
    """One in the four bits of the digit that a constant fill puts right in the one free cell of ``row``; 0 where there
    is none.

    There is one where row, column and box all lack that digit alone.
    """
    cell, lacking = row * board.size, np.uint64(0)
    while not free[cell]:
        cell += 1
    for kind in range(3):
        rest = full + weight[0]
        for place in range(board.size):
            other = board.units[board.member[cell, kind], place]
            rest -= weight[0 if free[other] else problem[other]]
        if rest & np.uint64(15) or (kind and rest != lacking):
            return np.uint64(0)
        lacking = rest
    return lacking


def verify(problems: Problems, answers: NDArray[np.uint8], board: Geometry) -> Verdicts:
    """Judge answers uint8 [B, L]; any valid filling counts, whether or not it is ``problems.solution``.

    solved: the givens are as given and every unit holds every digit once. score: 1 iff solved; 0 where a given was
    changed; else the share of free cells whose digit no other cell of their row, column and box holds, above what the
    best constant fill gets: max(0, (alone - constant) / (free - constant)). An echo of the problem and a constant
    fill therefore score 0, unless they solve it. Raises ValueError for answers of another shape or type.
    """
    check_answers(answers, problems.problem.shape)
    solved, score = np.empty(len(problems), np.bool_), np.empty(len(problems), np.float32)
    problem, free = np.ascontiguousarray(problems.problem), np.ascontiguousarray(problems.free).view(np.uint8)
    ones, tally = np.empty(board.size**2, np.uint64), np.empty(3 * board.size, np.uint64)
    _judge(problem, free, np.ascontiguousarray(answers), solved, score, _weight(board.size), ones, tally, board)
    return Verdicts(solved, score)


@functools.cache
def _weight(size: int) -> NDArray[np.uint64]:
    """What a token counts in the sum of a unit, uint64 [256]: one in the four bits of its digit.

    Blanks, and tokens that are no digit, count in the lowest four bits, which no full unit has set.
    """
    weight = np.ones(256, np.uint64)
    weight[1 : size + 1] = np.uint64(16) ** np.arange(1, size + 1, dtype=np.uint64)
    return weight
