"""Fresh sudokus with one solution: a random full grid, dug in random order for as long as the solution stays unique."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.splits import split_index, split_of
from trm_gym.streams import mix
from trm_gym.sudoku._search.batch import dug, searched
from trm_gym.sudoku._search.invariant import invariant_hash
from trm_gym.sudoku.geometry import Geometry, geometry
from trm_gym.sudoku.levels import SudokuLevel
from trm_gym.sudoku.solver import difficulty_of, efforts_of, needs
from trm_gym.task import Problems

_ADDED = 4
"""Cells that an exchange adds; with 2 of them problems get harder more slowly."""
_SEARCHES = 4
"""Searches by which it is told how hard a problem is."""


def split_hash(problems: NDArray[np.uint8], solutions: NDArray[np.uint8], board: Geometry) -> NDArray[np.uint64]:
    """The symmetry-invariant hash that decides the split: uint64 [B] of problems and solutions uint8 [B, L].

    A 9x9 problem goes by its solution grid: there are 5.5e9 classes of them, so whole grids can be held out. A 6x6
    or 4x4 problem goes by its givens: 6x6 has only a few dozen classes of grids and 4x4 two, so every grid is seen in
    training, and what is held out is the problem, under all its symmetries.
    """
    return invariant_hash(solutions if board.size == 9 else problems, board)


def exchanged(
    keys: NDArray[np.uint64], problems: NDArray[np.uint8], grids: NDArray[np.uint8], level: SudokuLevel, board: Geometry
) -> NDArray[np.uint8]:
    """Minimal problems uint8 [B, L] made harder: those with the most branch nodes of ``level.exchanges`` tries.

    Nodes are those of _SEARCHES searches that branch in other orders; by one of them a problem would be kept for its
    luck. A try adds _ADDED cells of the solution uint8 [B, L] and takes givens away again, in another order, for as
    long as the solution stays unique. It counts where the problem is not easier and keeps to the level's number of
    givens.
    """
    (fewest, most), best = level.clues, problems
    nodes, every = _nodes(keys, best, board), np.arange(len(best))
    for exchange in range(level.exchanges):
        drawn = mix(keys, exchange)
        tried = best.copy()
        for added in range(_ADDED):
            cells = (mix(drawn, added) % np.uint64(board.size**2)).astype(np.int64)
            tried[every, cells] = grids[every, cells]
        tried = dug(mix(drawn, _ADDED), tried, np.zeros(len(best), np.int64), board)
        found, sizes = _nodes(keys, tried, board), (tried > 0).sum(axis=1)
        better = (found >= nodes) & (sizes >= fewest) & (sizes <= most)
        best, nodes = np.where(better[:, None], tried, best), np.where(better, found, nodes)
    return best


def _nodes(keys: NDArray[np.uint64], problems: NDArray[np.uint8], board: Geometry) -> NDArray[np.int64]:
    """Branch nodes of all searches together that prove problems uint8 [B, L] unique, int64 [B]."""
    nodes = [searched(problems, 2, board, mix(keys, order)).efforts[:, 2] for order in range(_SEARCHES)]
    return np.sum(nodes, axis=0)


def attempt(
    keys: NDArray[np.uint64], level: SudokuLevel, split: int, board: Geometry
) -> tuple[NDArray[np.int64], Problems]:
    """One try per key, uint64 [B]: the indices of the keys that gave a problem of the level and split, and those."""
    fewest, most = level.clues
    blank = np.zeros((len(keys), board.size**2), np.uint8)
    grids = searched(blank, 1, board, mix(keys, 0)).solutions[:, 0]
    kept = np.arange(len(keys))
    if board.size == 9:
        kept = kept[split_of(split_hash(grids, grids, board)) == split]
    targets = fewest + (mix(keys[kept], 1) % np.uint64(most - fewest + 1)).astype(np.int64)
    problems = dug(mix(keys[kept], 2), grids[kept], 0 * targets if level.minimal else targets, board)
    sizes = (problems > 0).sum(axis=1)
    done = (sizes >= fewest) & (sizes <= most) if level.minimal else sizes == targets
    if board.size != 9:
        done[done] = split_of(split_hash(problems[done], grids[kept][done], board)) == split
    kept, problems = kept[done], problems[done]
    if level.exchanges:
        problems = exchanged(mix(keys[kept], 3), problems, grids[kept], level, board)
    efforts = efforts_of(problems, board)
    if level.technique is not None:
        right = needs(level.technique, problems, efforts, board)
        kept, problems, efforts = kept[right], problems[right], efforts[right]
    unnamed = np.full(len(kept), -1)
    return kept, Problems(problems, problems == 0, grids[kept], unnamed, difficulty_of(efforts))


def generate(size: int, level: SudokuLevel, index: int, count: int, split: str, seed: int) -> Problems:
    """``count`` unique problems of ``level``, which is number ``index`` of its size; problem i depends on
    (seed, i, index, split) alone.
    """
    board, part, cells = geometry(size), split_index(split), size * size
    keys = mix(seed, np.arange(count), index, part)
    made = Problems(
        np.empty((count, cells), np.uint8),
        np.empty((count, cells), np.bool_),
        np.empty((count, cells), np.uint8),
        np.empty(count, np.int64),
        np.empty(count, np.float32),
    )
    open_slots, tries = np.arange(count), 0
    while len(open_slots):
        kept, problems = attempt(mix(keys[open_slots], tries), level, part, board)
        made.put(open_slots[kept], problems)
        open_slots, tries = np.delete(open_slots, kept), tries + 1
    made.level[:] = index
    return made
