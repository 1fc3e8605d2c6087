"""Draws a maze and the draft on it, for terminals and as pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.maze.layout import GOAL, ON, START
from trm_gym.render import changes
from trm_gym.task import Problems

_SIDE, _MARGIN, _CAPTION = 480, 16, 40
_FRAME, _BROKEN, _WHITE, _BLACK = 2, 6, (255, 255, 255), (17, 17, 17)
_COLOURS = np.array(
    [(225, 225, 225), (45, 45, 55), (30, 150, 70), (225, 140, 20), (255, 255, 255), (70, 130, 230), (200, 30, 30)],
    np.uint8,
)
_SIGNS = ("· ", "██", "S ", "G ", "  ", "● ", "● ")
_STYLES = ("", "", "\x1b[1;32m", "\x1b[1;33m", "", "\x1b[34m", "\x1b[31m")
_CHANGED, _PLAIN = "\x1b[43m", "\x1b[0m"
_YELLOW = (250, 205, 60)


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
    """A batch of one and a draft uint8 [L] or [2, L] as text with colour codes, two characters a cell; blanks are dots.

    Cells that the draft changed in the one before have a yellow ground.
    """
    draft, changed = changes(draft)
    lines = []
    for row, marks in zip(cells(problems, draft, size).tolist(), changed.reshape(size, size).tolist(), strict=True):
        line = ""
        for token, mark in zip(row, marks, strict=True):
            style = _STYLES[token] + (_CHANGED if mark else "")
            line += style + _SIGNS[token] + (_PLAIN if style else "")
        lines.append(line)
    return "\n".join(lines)


def draw_rgb(problems: Problems, draft: NDArray[np.uint8], caption: str, size: int) -> NDArray[np.uint8]:
    """A batch of one and a draft uint8 [L] or [2, L] as a picture uint8 [H, W, 3], its size fixed by the canvas's.

    Start is green, goal orange, the path blue, red where it is broken; off the path is white, blank cells are grey.
    Cells that the draft changed in the one before have a yellow frame.
    """
    from PIL import Image, ImageDraw, ImageFont

    draft, changed = changes(draft)
    block = _SIDE // size
    board = _COLOURS[cells(problems, draft, size)].repeat(block, 0).repeat(block, 1)
    inside = np.zeros((block, block), np.bool_)
    inside[_FRAME:-_FRAME, _FRAME:-_FRAME] = True
    frames = changed.reshape(size, size).repeat(block, 0).repeat(block, 1) & ~np.tile(inside, (size, size))
    board[frames] = _YELLOW
    if block >= 10:  # Thin lines between cells, where there is room for them.
        board[block - 1 :: block] = board[:, block - 1 :: block] = (190, 190, 190)
    side = len(board)
    picture = Image.new("RGB", (side + 2 * _MARGIN, side + _MARGIN + _CAPTION), _WHITE)
    picture.paste(Image.fromarray(board), (_MARGIN, _MARGIN))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((_MARGIN - 1, _MARGIN - 1, _MARGIN + side, _MARGIN + side), outline=_BLACK)
    pen.text((_MARGIN, _MARGIN + side + 12), caption, fill=_BLACK, font=ImageFont.load_default(16))
    return np.asarray(picture).copy()
