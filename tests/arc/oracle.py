"""What the tests hold ARC against: grids read off tokens cell by cell, and the eight symmetries of a grid by NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Corpus = dict[str, dict[str, Any]]

Pair = tuple[np.ndarray, np.ndarray]


def grids(tokens: np.ndarray, size: int) -> list[np.ndarray]:
    """The eight grids of a problem's tokens, colours 0..9, empty where a panel is: input, output, input, ..."""
    found = []
    for panel in tokens.reshape(8, size, size).astype(int):
        rows = [[token - 2 for token in row if token != 1] for row in panel.tolist()]
        found.append(np.array([row for row in rows if row]))
    return found


def pairs(tokens: np.ndarray, size: int) -> list[Pair]:
    """The pairs of a problem's solution, empty ones left out; the last is what is asked."""
    known = grids(tokens, size)
    return [(known[place], known[place + 1]) for place in range(0, 8, 2) if known[place].size]


def augment(pair: Pair) -> Iterator[Pair]:
    """A pair turned and mirrored in all eight ways."""
    for turn in range(4):
        turned = [np.rot90(grid, turn) for grid in pair]
        yield turned[0], turned[1]
        yield np.fliplr(turned[0]), np.fliplr(turned[1])


def renamed(pair: Pair) -> tuple:
    """A pair with its colours named in the order in which they are met; black stays."""
    names = {0: 0}
    return tuple((grid.shape, tuple(names.setdefault(int(c), len(names)) for c in grid.flat)) for grid in pair)


def canonical(pair: Pair) -> tuple:
    """What all symmetric copies of a pair have in common, however its colours are renamed."""
    return min(renamed(copy) for copy in augment(pair))
