"""Draws a problem of text and the draft of its answer, for terminals and as pictures.

Where two drafts are given, the answer's cells are drawn too, one by one, numbers units first, and changed ones
marked.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from trm_gym.render import changes
from trm_gym.task import Problems
from trm_gym.written import typesetting
from trm_gym.written.signs import SYMBOLS, answer_text, as_text

_BLUE, _CHANGED, _PLAIN = "\x1b[34m", "\x1b[43m", "\x1b[0m"
_TOP, _CELL, _MARGIN = 214, 34, 28
_BLACK, _GREY, _YELLOW, _WHITE = (17, 17, 17), (190, 190, 190), (255, 236, 150), (255, 255, 255)


def draw_ansi(problems: Problems, draft: NDArray[np.uint8], written: int) -> str:
    """A batch of one and a draft uint8 [L], whose first ``written`` cells are the problem's, as two lines of text.

    Of two drafts, uint8 [2, L], the answer's cells are a third line, changed ones marked.
    """
    draft, changed = changes(draft)
    shown = typesetting.draw_ansi(as_text(problems.problem[0, :written]), answer_text(draft[written:]))
    return _add_ansi(shown, draft[written:], changed[written:])


def draw_rgb(problems: Problems, draft: NDArray[np.uint8], caption: str, written: int) -> NDArray[np.uint8]:
    """A batch of one and a draft uint8 [L] or [2, L] as a picture uint8 [H, W, 3] with ``caption`` below.

    The answer's cells stand in a row; those that the draft changed in the one before have a yellow ground.
    """
    draft, changed = changes(draft)
    picture = typesetting.draw_rgb(as_text(problems.problem[0, :written]), answer_text(draft[written:]), caption)
    return _add_rgb(picture, draft[written:], changed[written:])


def _add_ansi(shown: str, cells: NDArray[np.uint8], changed: NDArray[np.bool_]) -> str:
    """``shown`` and, where any of the ``cells`` uint8 [L] has ``changed``, bool [L], a line with them all."""
    if not changed.any():
        return shown
    signs = [_CHANGED + _sign(cell) + _PLAIN + _BLUE if mark else _sign(cell) for cell, mark in _pairs(cells, changed)]
    return f"{shown}\n{_BLUE}{''.join(signs)}{_PLAIN}"


def _add_rgb(picture: NDArray[np.uint8], cells: NDArray[np.uint8], changed: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The picture uint8 [288, W, 3] with ``cells`` uint8 [L] in a row, ``changed`` ones in yellow."""
    from PIL import Image, ImageDraw

    canvas = Image.fromarray(picture)
    pen = ImageDraw.Draw(canvas)
    for place, (cell, mark) in enumerate(_pairs(cells, changed)):
        left = _MARGIN + place * _CELL
        box = (left, _TOP, left + _CELL, _TOP + _CELL)
        pen.rectangle(box, fill=_YELLOW if mark else _WHITE, outline=_GREY)
        if cell:
            pen.text((left + _CELL / 2, _TOP + _CELL / 2), _sign(cell), fill=_BLACK, font=_font(), anchor="mm")
    return np.asarray(canvas).copy()


def _pairs(cells: NDArray[np.uint8], changed: NDArray[np.bool_]) -> list[tuple[int, bool]]:
    return list(zip(cells.tolist(), changed.tolist(), strict=True))


def _sign(cell: int) -> str:
    """One letter for a token; a verb, which no answer holds, by its first."""
    return SYMBOLS[cell].strip()[:1] or "·"


@functools.cache
def _font():
    from PIL import ImageFont

    return ImageFont.load_default(20)
