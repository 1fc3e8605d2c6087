"""What a person tries when singles are stuck: locked candidates and pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner, kernel
from trm_gym.sudoku._search.kernels import Workspace, candidates, propagate, workspace
from trm_gym.sudoku.geometry import Geometry


@inner
def _locked(masks, strike, board):
    """A digit whose places in one of a box and a line all lie in both goes from the rest of the other."""
    size = board.size
    for box in range(2 * size, 3 * size):
        for line in range(2 * size):
            kind = line // size
            shared, box_rest, line_rest = 0, 0, 0
            for place in range(size):
                cell = board.units[box, place]
                if board.member[cell, kind] == line:
                    shared |= masks[cell]
                else:
                    box_rest |= masks[cell]
                cell = board.units[line, place]
                if board.member[cell, 2] != box:
                    line_rest |= masks[cell]
            for place in range(size):
                cell = board.units[box, place]
                if board.member[cell, kind] != line:
                    strike[cell] |= shared & ~line_rest
                cell = board.units[line, place]
                if board.member[cell, 2] != box:
                    strike[cell] |= shared & ~box_rest


@inner
def _is_pair(first, second):
    """Whether two bit masks are the same two bits."""
    rest = first & (first - 1)
    return first == second and rest != 0 and rest & (rest - 1) == 0


@inner
def _pairs(masks, strike, places, board):
    """Two cells of a unit with the same two candidates take them from the rest; two digits with the same two places
    in a unit clear these. places: int64 [s], scratch: where in the unit each digit can go.
    """
    size = board.size
    for unit in range(3 * size):
        for digit in range(size):
            places[digit] = 0
            for place in range(size):
                places[digit] |= ((np.int64(masks[board.units[unit, place]]) >> digit) & 1) << place
        for first in range(size):
            mask = np.int64(masks[board.units[unit, first]])
            for second in range(first + 1, size):
                naked = _is_pair(mask, np.int64(masks[board.units[unit, second]]))
                hidden = _is_pair(places[first], places[second])
                for place in range(size):
                    cell = board.units[unit, place]
                    if naked and place != first and place != second:
                        strike[cell] |= mask
                    if hidden and (places[first] >> place) & 1:
                        strike[cell] |= ~((1 << first) | (1 << second))


@kernel
def _yields(problems, answer, strike, places, work, board):
    """Fill answer bool [B]: whether singles, locked candidates and pairs solve the problem, uint8 [B, L]."""
    masks = work.stack[0]
    for index in range(len(problems)):
        tail = candidates(problems[index], work, board)
        progress = True
        while progress:
            propagate(masks, tail, work.queue, work.effort, board.units, board.peers, board.size)
            for cell in range(len(masks)):
                strike[cell] = 0
            _locked(masks, strike, board)
            _pairs(masks, strike, places, board)
            tail, progress = 0, False
            answer[index] = True
            for cell in range(len(masks)):
                left = masks[cell] & ~strike[cell]
                if left != masks[cell]:
                    progress = True
                    masks[cell] = left
                    if left & (left - 1) == 0:
                        work.queue[tail] = cell
                        tail += 1
                answer[index] &= left & (left - 1) == 0


def yields(problems: NDArray[np.uint8], board: Geometry) -> NDArray[np.bool_]:
    """Which unique problems uint8 [B, L] singles, locked candidates and pairs solve, bool [B]."""
    answer = np.empty(len(problems), np.bool_)
    strike, places = np.empty(board.size**2, np.int64), np.empty(board.size, np.int64)
    work: Workspace = workspace(board)
    _yields(np.ascontiguousarray(problems), answer, strike, places, work, board)
    return answer
