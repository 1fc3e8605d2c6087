"""Compiled search over bitmasks of candidates, shared by generating and solving.

A candidate mask has bit d-1 set where digit d is still possible. Everything is size-free: a ``Geometry`` says which
cells belong together, so one compilation serves every size.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import below, inner
from trm_gym.sudoku.geometry import Geometry


class Workspace(NamedTuple):
    """The arrays that a search over a board of L cells writes to; one for each thread.

    stack: uint16 [L + 1, L], the masks of every depth; ``stack[0]`` is where a search starts.
    queue: int64 [3L], cells left with one candidate that still shows in their peers.
    used: int64 [3s], the digits that the givens put into every unit, as masks.
    branched: int64 [L + 1], the cell branched on at every depth.
    found: uint8 [limit, L], room for as many solutions as are looked for.
    order: int64 [L], room for the order in which a generator visits the cells.
    effort: int64 [4], sweeps of naked singles and of hidden singles before the first branch, branch nodes, and the
        sweeps of all branches.
    state: uint64 [1], the random stream.
    budget: the branch nodes after which a search gives up.
    """

    stack: NDArray[np.uint16]
    queue: NDArray[np.int64]
    used: NDArray[np.int64]
    branched: NDArray[np.int64]
    found: NDArray[np.uint8]
    order: NDArray[np.int64]
    effort: NDArray[np.int64]
    state: NDArray[np.uint64]
    budget: int


def workspace(board: Geometry, limit: int = 1, budget: int = 1 << 62) -> Workspace:
    """A fresh workspace for searches of up to ``limit`` solutions; by default they end only by themselves."""
    cells = board.size**2
    return Workspace(
        np.empty((cells + 1, cells), np.uint16),
        np.empty(3 * cells, np.int64),
        np.empty(3 * board.size, np.int64),
        np.empty(cells + 1, np.int64),
        np.empty((limit, cells), np.uint8),
        np.empty(cells, np.int64),
        np.zeros(4, np.int64),
        np.zeros(1, np.uint64),
        budget,
    )


@inner
def candidates(problem, work, board):
    """Write what the givens of ``problem`` uint8 [L] leave to every cell into ``work.stack[0]`` and queue the blank
    cells left with one. Returns the length of the queue, or -1 where the givens clash or leave a cell nothing.
    """
    used, member = work.used, board.member
    for unit in range(3 * board.size):
        used[unit] = 0
    for cell in range(len(problem)):
        bit = (1 << problem[cell]) >> 1
        for kind in range(3):
            if used[member[cell, kind]] & bit:
                return -1
            used[member[cell, kind]] |= bit
    tail = 0
    for cell in range(len(problem)):
        left = (1 << problem[cell]) >> 1
        if left == 0:
            left = ((1 << board.size) - 1) & ~(used[member[cell, 0]] | used[member[cell, 1]] | used[member[cell, 2]])
            if left & (left - 1) == 0:
                work.queue[tail] = cell
                tail += 1
        if left == 0:
            return -1
        work.stack[0, cell] = left
    return tail


@inner
def _strike_singles(masks, tail, queue, effort, peers):
    """Strike queued cells' digits from their peers, and so on for cells that this leaves with one candidate; the
    length of the queue, or -1 on a contradiction. A sweep is what the queue held when the last sweep was through.
    """
    head, sweep_end = 0, 0
    while head < tail:
        if head == sweep_end:
            sweep_end = tail
            effort[0] += 1
        cell = queue[head]
        head += 1
        bit = np.int64(masks[cell])
        for place in range(peers.shape[1]):
            peer = peers[cell, place]
            mask = np.int64(masks[peer])
            if mask & bit:
                left = mask ^ bit
                if left == 0:
                    return -1
                masks[peer] = left
                if left & (left - 1) == 0:
                    queue[tail] = peer
                    tail += 1
    return tail


@inner
def _fix_hidden_singles(masks, queue, effort, units, size):
    """Fix and queue every cell that alone in a unit can take some digit; the length of the queue, or -1.

    All are found before any is fixed, so that symmetric problems take equally many sweeps.
    """
    finds = 0
    for unit in range(3 * size):
        once, twice, fixed = 0, 0, 0
        for place in range(size):
            mask = np.int64(masks[units[unit, place]])
            twice |= once & mask
            once |= mask
            if mask & (mask - 1) == 0:
                fixed |= mask
        if once != (1 << size) - 1:
            return -1
        hidden = once & ~twice & ~fixed
        if hidden == 0:
            continue
        for place in range(size):
            cell = units[unit, place]
            only = np.int64(masks[cell]) & hidden
            if only:
                queue[finds] = (only << 8) | np.int64(cell)
                finds += 1
    tail = 0
    for find in range(finds):
        cell, only = queue[find] & 255, queue[find] >> 8
        if masks[cell] & only == 0 or only & (only - 1):
            return -1
        if masks[cell] != only:
            masks[cell] = only
            queue[tail] = cell
            tail += 1
    effort[1] += tail > 0
    return tail


@inner
def propagate(masks, tail, queue, effort, units, peers, size):
    """Follow naked, then hidden singles to the end, in place, from ``tail`` queued cells; False on contradiction."""
    while True:
        if _strike_singles(masks, tail, queue, effort, peers) < 0:
            return False
        tail = _fix_hidden_singles(masks, queue, effort, units, size)
        if tail <= 0:
            return tail == 0


@inner
def _branching_cell(masks, state):
    """An open cell with fewest candidates, ties by a random scan; -1 where every cell is fixed."""
    best, fewest = -1, 99
    cell = below(state, len(masks))
    for _ in range(len(masks)):
        cell = cell + 1 if cell + 1 < len(masks) else 0
        mask = np.int64(masks[cell])
        count = 0
        while mask:
            mask &= mask - 1
            count += 1
        if 1 < count < fewest:
            best, fewest = cell, count
            if count == 2:
                break
    return best


@inner
def _random_bit(mask, bits, state):
    """One of the bits of a mask of ``bits`` places that is not 0."""
    while True:
        bit = 1 << below(state, bits)
        if mask & bit:
            return bit


@inner
def search(tail, work, board):
    """Look for solutions from ``work.stack[0]`` and the ``tail`` queued cells; fills ``found`` and ``effort``.

    Branches on "this digit here" or "not here". Returns the number of solutions, at most the length of ``work.found``,
    or -1 where it gave up after ``work.budget`` branch nodes.
    """
    stack, effort = work.stack, work.effort
    solutions, nodes, depth = 0, 0, 0
    naked, hidden = 0, 0
    effort[0] = effort[1] = 0
    while depth >= 0:
        masks = stack[depth]
        alive = propagate(masks, tail, work.queue, effort, board.units, board.peers, board.size)
        cell = _branching_cell(masks, work.state) if alive else -1
        if nodes == 0:
            naked, hidden = effort[0], effort[1]
        if cell >= 0 and nodes < work.budget:
            nodes += 1
            bit = _random_bit(np.int64(masks[cell]), board.size, work.state)
            for place in range(len(masks)):
                stack[depth + 1, place] = masks[place]
            stack[depth + 1, cell] = bit
            masks[cell] ^= bit
            work.branched[depth] = cell
            depth += 1
            work.queue[0] = cell
            tail = 1
            continue
        if cell >= 0:
            solutions = -1
            break
        if alive:
            for place in range(len(masks)):
                digit = 1
                while masks[place] >> digit:
                    digit += 1
                work.found[solutions, place] = digit
            solutions += 1
            if solutions == len(work.found):
                break
        depth -= 1
        if depth >= 0:
            cell = work.branched[depth]
            work.queue[0] = cell
            tail = 1 if stack[depth, cell] & (stack[depth, cell] - 1) == 0 else 0
    effort[3] = effort[0] + effort[1]
    effort[0], effort[1], effort[2] = naked, hidden, nodes
    return solutions
