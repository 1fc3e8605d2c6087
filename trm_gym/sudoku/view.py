"""Draws a sudoku and the draft on it, for terminals and as pictures."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from trm_gym.render import changes
from trm_gym.sudoku.geometry import Geometry
from trm_gym.task import Problems

_BOLD, _RED, _CHANGED, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[43m", "\x1b[0m"
_CELL, _MARGIN, _CAPTION = 48, 16, 40
_WHITE, _BLACK, _GREY, _BLUE, _CRIMSON = (255, 255, 255), (17, 17, 17), (190, 190, 190), (30, 90, 200), (200, 30, 30)
_YELLOW = (255, 236, 150)


def conflicts(problems: Problems, draft: NDArray[np.uint8], board: Geometry) -> tuple[NDArray, NDArray]:
    """The cells as they stand, uint8 [L], and which of the draft's own clash with another cell, bool [L]."""
    free = problems.free[0]
    cells = np.where(free, draft, problems.problem[0])
    return cells, free & (cells > 0) & (cells[board.peers] == cells[:, None]).any(axis=1)


def draw_ansi(problems: Problems, draft: NDArray[np.uint8], board: Geometry) -> str:
    """A batch of one and a draft uint8 [L] or [2, L] as lines of text with colour codes; blanks are dots.

    Cells that the draft changed in the one before have a yellow ground.
    """
    draft, changed = changes(draft)
    cells, wrong = conflicts(problems, draft, board)
    lines = []
    for row in range(board.size):
        if row and row % board.box_height == 0:
            bars = ["─" * (2 * board.box_width + 1)] * (board.size // board.box_width)
            lines.append("┼".join(bars))
        text = ""
        for column in range(board.size):
            cell = row * board.size + column
            style = _RED if wrong[cell] else "" if problems.free[0, cell] else _BOLD
            style = _CHANGED + style if changed[cell] else style
            token = str(cells[cell]) if cells[cell] else "·"
            bar = " │ " if column and column % board.box_width == 0 else " "
            text += bar + style + token + (_PLAIN if style else "")
        lines.append(text)
    return "\n".join(lines)


def draw_rgb(problems: Problems, draft: NDArray[np.uint8], caption: str, board: Geometry) -> NDArray[np.uint8]:
    """A batch of one and a draft uint8 [L] or [2, L] as a picture uint8 [H, W, 3], its size fixed by the board's.

    Cells that the draft changed in the one before have a yellow ground.
    """
    from PIL import Image, ImageDraw

    draft, changed = changes(draft)
    cells, wrong = conflicts(problems, draft, board)
    side = board.size * _CELL
    picture = Image.new("RGB", (side + 2 * _MARGIN, side + _MARGIN + _CAPTION), _WHITE)
    pen = ImageDraw.Draw(picture)
    for cell, token in enumerate(cells):
        row, column = divmod(cell, board.size)
        left, top = _MARGIN + column * _CELL, _MARGIN + row * _CELL
        if changed[cell]:
            pen.rectangle((left, top, left + _CELL, top + _CELL), fill=_YELLOW)
        if token:
            colour = _CRIMSON if wrong[cell] else _BLUE if problems.free[0, cell] else _BLACK
            centre = left + _CELL / 2, top + _CELL / 2
            pen.text(centre, str(token), fill=colour, font=_font(30), anchor="mm")
    # Thick lines come last, so that no thin one cuts them.
    for thick in (False, True):
        for line in range(board.size + 1):
            at = _MARGIN + line * _CELL
            colour, width = (_BLACK, 3) if thick else (_GREY, 1)
            if (line % board.box_width == 0) == thick:
                pen.line([(at, _MARGIN), (at, _MARGIN + side)], fill=colour, width=width)
            if (line % board.box_height == 0) == thick:
                pen.line([(_MARGIN, at), (_MARGIN + side, at)], fill=colour, width=width)
    pen.text((_MARGIN, _MARGIN + side + 12), caption, fill=_BLACK, font=_font(16))
    return np.asarray(picture).copy()


@functools.cache
def _font(size: int):
    from PIL import ImageFont

    return ImageFont.load_default(size)
