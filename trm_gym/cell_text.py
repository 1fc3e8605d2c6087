"""Drafts from text with one sign a cell, as people and language models write them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from trm_gym.errors import ProblemError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_cells(text: str, signs: tuple[str, ...], shape: tuple[int, ...], task: str) -> NDArray[np.uint8]:
    """The draft uint8 [L] that ``text`` says, a sign for each cell, as ``Task.decode`` writes it.

    signs: of each token. shape: of the canvas. task: its name, for messages. White space at the ends of lines is free.
    Raises ProblemError for anything else.
    """
    tokens = {sign: token for token, sign in enumerate(signs)}
    cells = _cells(text, " " in tokens, shape)
    for place, sign in enumerate(cells):
        if sign not in tokens:
            raise ProblemError(f"{sign!r} at cell {place + 1} is no sign of {task}: use {' '.join(tokens)}")
    if len(cells) != math.prod(shape):
        raise ProblemError(f"a draft of {task} has {math.prod(shape)} cells, got {len(cells)}")
    return np.array([tokens[sign] for sign in cells], dtype=np.uint8)


def _cells(text: str, spaced: bool, shape: tuple[int, ...]) -> str:
    """The signs of all cells in order. spaced: whether a space is the sign of a cell, so that lines are rows."""
    if not spaced:
        return "".join(text.split())
    height, width = shape
    lines = text.replace("\r", "").split("\n")
    # An empty line is a row of spaces, unless there are too many lines.
    while len(lines) > height and not (lines[0] and lines[-1]):
        del lines[0 if lines[-1] else -1]
    return "".join(line.rstrip().ljust(width) for line in lines)
