"""Draws a maze and the draft on it, for terminals and as pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.maze.field import GOAL, ON, START
from trm_gym.task import Problems

_SIDE, _MARGIN, _CAPTION = 480, 16, 40
_BROKEN, _WHITE, _BLACK = 6, (255, 255, 255), (17, 17, 17)
_COLOURS = np.array(
    [(225, 225, 225), (45, 45, 55), (30, 150, 70), (225, 140, 20), (255, 255, 255), (70, 130, 230), (200, 30, 30)],
    np.uint8,
)
_SIGNS = ("· ", "██", "S ", "G ", "  ", "● ", "● ")
_STYLES = ("", "", "\x1b[1;32m", "\x1b[1;33m", "", "\x1b[34m", "\x1b[31m")
_PLAIN = "\x1b[0m"


def cells(problems: Problems, draft: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """What stands in each cell, uint8 [size, size]: a token, or 6 where the draft's path ends, forks or touches itself.

    Told from the draft alone, not from the solution: a cell on the path has two neighbours on it, start and goal one.
    """
    tokens = np.where(problems.free[0], draft, problems.problem[0]).reshape(size, size)
    on = np.isin(tokens, (START, GOAL, ON))
    padded = np.pad(on, 1).astype(np.int64)
    beside = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return np.where((tokens == ON) & (beside != 2), _BROKEN, tokens).astype(np.uint8)


def draw_ansi(problems: Problems, draft: NDArray[np.uint8], size: int) -> str:
    """A batch of one and a draft uint8 [L] as text with colour codes, two characters a cell; blanks are dots."""
    lines = []
    for row in cells(problems, draft, size).tolist():
        texts = (_STYLES[token] + _SIGNS[token] + (_PLAIN if _STYLES[token] else "") for token in row)
        lines.append("".join(texts))
    return "\n".join(lines)


def draw_rgb(problems: Problems, draft: NDArray[np.uint8], caption: str, size: int) -> NDArray[np.uint8]:
    """A batch of one and a draft uint8 [L] as a picture uint8 [H, W, 3], its size fixed by the canvas's.

    Start is green, goal orange, the path blue, red where it is broken; off the path is white, blank cells are grey.
    """
    from PIL import Image, ImageDraw, ImageFont

    block = _SIDE // size
    board = _COLOURS[cells(problems, draft, size)].repeat(block, 0).repeat(block, 1)
    if block >= 10:  # Thin lines between cells, where there is room for them.
        board[block - 1 :: block] = board[:, block - 1 :: block] = (190, 190, 190)
    side = len(board)
    picture = Image.new("RGB", (side + 2 * _MARGIN, side + _MARGIN + _CAPTION), _WHITE)
    picture.paste(Image.fromarray(board), (_MARGIN, _MARGIN))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((_MARGIN - 1, _MARGIN - 1, _MARGIN + side, _MARGIN + side), outline=_BLACK)
    pen.text((_MARGIN, _MARGIN + side + 12), caption, fill=_BLACK, font=ImageFont.load_default(16))
    return np.asarray(picture).copy()
