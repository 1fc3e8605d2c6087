"""The tokens of ARC and where its grids stand: pair after pair, the input and then the output, each on its own panel.

A panel is a square of the canvas's size with the grid in its top left corner; what is not grid is OUTSIDE, so that a
panel tells the shape of its grid as well. The last panel is the answer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.structure import PanelStructure
from trm_gym.task import Problems

OUTSIDE, COLOUR = 1, 2
"""The tokens beside 0, a blank: no part of the grid; and the first of the colours, so that colour c is COLOUR + c."""

COLOURS = 10
VOCAB = COLOUR + COLOURS

SHOWN_PAIRS = 3
"""Pairs that are shown as the context. About seven tasks in ten have no more."""

SMALLEST, LARGEST = 3, 30
"""The sizes of a panel: no task fits a smaller one, and no grid of ARC is larger."""

Grid = NDArray[np.uint8]
"""A grid uint8 [height, width] of colours 0..9."""

Pair = tuple[Grid, Grid]
"""A grid and what the rule makes of it."""


PANELS = (SHOWN_PAIRS + 1) * 2


def length(size: int) -> int:
    """L, the number of tokens of a problem on panels of ``size``."""
    return PANELS * size * size


def structure(size: int) -> PanelStructure:
    """Panels with their rows and columns, and each as a whole; all colours but black may be renamed."""
    row, column = np.divmod(np.arange(length(size)), size)
    whole = row // size
    units = (row, column + size * whole, whole)
    return PanelStructure((PANELS * size, size), units, exchangeable=(COLOUR + 1, VOCAB), panels=PANELS)


def as_panels(tokens: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Tokens uint8 [B, L] as panels uint8 [B, SHOWN_PAIRS + 1, 2, size, size]; a view."""
    return tokens.reshape(len(tokens), SHOWN_PAIRS + 1, 2, size, size)


def panel_of(grid: Grid, size: int) -> NDArray[np.uint8]:
    """A grid as a panel, uint8 [size, size]."""
    panel = np.full((size, size), OUTSIDE, np.uint8)
    panel[: grid.shape[0], : grid.shape[1]] = grid + COLOUR
    return panel


def extent(panels: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Heights and widths int64 [*n] of what stands on panels uint8 [*n, size, size]: up to the last cell inside."""
    inside = panels != OUTSIDE
    sides = []
    for axis in (-1, -2):
        lines = inside.any(axis)
        sides.append(np.where(lines.any(-1), lines.shape[-1] - lines[..., ::-1].argmax(-1), 0))
    return sides[0], sides[1]


def grid_of(panel: NDArray[np.uint8]) -> Grid | None:
    """The grid on a panel uint8 [size, size]; None where no rectangle of colours stands in the corner."""
    height, width = (int(side) for side in extent(panel))
    grid = panel[:height, :width]
    return grid - np.uint8(COLOUR) if grid.size and (grid >= COLOUR).all() else None


def as_problems(solution: NDArray[np.uint8], level: NDArray[np.int64], size: int) -> Problems:
    """Solutions uint8 [B, L] as the problems that have them, the last panel free; level: int64 [B].

    The difficulty is how many cells of the answer differ from the input beside it: what an echo would leave wrong. ARC
    has no solver that could measure more.
    """
    free = np.zeros(solution.shape, np.bool_)
    free[:, -size * size :] = True
    asked = as_panels(solution, size)[:, -1]
    difficulty = (asked[:, 0] != asked[:, 1]).sum(axis=(1, 2)).astype(np.float32)
    return Problems(solution * ~free, free, solution, level, difficulty)
