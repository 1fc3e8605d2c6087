"""Judges sudoku answers by the rules alone: givens kept, every row, column and box a permutation of the digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.compiled import inner, patient
from trm_gym.sudoku.geometry import Geometry
from trm_gym.task import Problems, Verdicts


@patient
def _judge(problem, free, answers, solved, score, weight, tally, board):
    """The loop of ``verify``. weight: uint64 [256], one in the four bits of a token's digit; tally: uint64 [3s]."""
    size = board.size
    full = np.uint64(0)
    for digit in range(1, size + 1):
        full += weight[digit]
    for index in range(len(problem)):
        for unit in range(3 * size):
            tally[unit] = 0
        changed = 0
        for row in range(size):
            total = np.uint64(0)
            for column in range(size):
                cell = row * size + column
                token = answers[index, cell]
                changed += (not free[index, cell]) & (token != problem[index, cell])
                one = weight[token]
                total += one
                tally[size + column] += one
                tally[board.member[cell, 2]] += one
            tally[row] = total
        right = changed == 0
        for unit in range(3 * size):
            right &= tally[unit] == full
        solved[index] = right
        score[index] = 1.0 if right else 0.0
        if not right and changed == 0:
            score[index] = _partial(problem[index], free[index], answers[index], full, weight, tally, board)


@inner
def _partial(problem, free, answer, full, weight, tally, board):
    """The score of an answer that keeps the givens but does not solve; ``tally`` is that of the answer."""
    size, member = board.size, board.member
    cells, alone, chances = 0, 0, np.uint64(0)
    for row in range(size):
        spaces, last = 0, 0
        for cell in range(row * size, row * size + size):
            one = weight[answer[cell]]
            # Four bits that hold 1: of a unit with the digit once, the mask leaves "one" itself.
            held = (tally[row] | tally[member[cell, 1]] | tally[member[cell, 2]]) & (np.uint64(15) * one)
            alone += free[cell] & (one > 1) & (held == one)
            spaces += free[cell]
            last = cell if free[cell] else last
        cells += spaces
        if spaces == 1:
            chances += _last_digit(problem, free, last, full, weight, board)
    constant = 0
    for _ in range(size):
        chances >>= np.uint64(4)
        constant = max(constant, np.int64(chances & np.uint64(15)))
    return (alone - constant) / (cells - constant) if alone > constant else 0.0


@inner
def _last_digit(problem, free, cell, full, weight, board):
    """One in the four bits of the digit that a constant fill puts right in ``cell``; 0 where there is none.

    There is one where row, column and box all lack that digit alone.
    """
    lacking = np.uint64(0)
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
    if answers.shape != problems.problem.shape or answers.dtype != np.uint8:
        raise ValueError(
            f"answers must be uint8 of shape {problems.problem.shape}, not {answers.dtype} of shape {answers.shape}"
        )
    solved, score = np.empty(len(problems), np.bool_), np.empty(len(problems), np.float32)
    # Blanks, and tokens that are no digit, count in the lowest four bits, which no full unit has set.
    weight = np.ones(256, np.uint64)
    weight[1 : board.size + 1] = np.uint64(16) ** np.arange(1, board.size + 1, dtype=np.uint64)
    problem, free = np.ascontiguousarray(problems.problem), np.ascontiguousarray(problems.free)
    tally = np.empty(3 * board.size, np.uint64)
    _judge(problem, free, np.ascontiguousarray(answers), solved, score, weight, tally, board)
    return Verdicts(solved, score)
