"""Draws the pairs of a problem and the draft of its answer, for terminals and as pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.arc.layout import COLOUR, OUTSIDE, SHOWN_PAIRS, as_panels, extent
from trm_gym.render import changes
from trm_gym.task import BLANK, Problems

_SIDE, _MARGIN, _GAP, _CAPTION = 200, 16, 16, 40
_COLOURS = np.array(
    [
        *((205, 205, 205), (255, 255, 255)),
        *((0, 0, 0), (30, 110, 210), (230, 60, 50), (60, 170, 70), (250, 215, 40)),
        *((140, 140, 140), (220, 40, 160), (240, 135, 40), (130, 205, 245), (125, 30, 55)),
    ],
    np.uint8,
)
"""Blank, outside, and ARC's ten colours from black to maroon, as its own site has them: near enough to be known."""
_WIRE, _WHITE, _BLACK = (85, 85, 85), (255, 255, 255), (17, 17, 17)
_CHANGED, _PLAIN = "\x1b[4m", "\x1b[0m"
_YELLOW = (250, 205, 60)
_ARROW = "  ->  "


def panels(problems: Problems, draft: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """What stands on the panels, uint8 [SHOWN_PAIRS + 1, 2, size, size]: the problem and the draft of the answer."""
    return as_panels(np.where(problems.free, draft, problems.problem), size)[0]


def draw_ansi(problems: Problems, draft: NDArray[np.uint8], size: int) -> str:
    """A batch of one and a draft uint8 [L] or [2, L] as text with colour codes, two characters a cell: pair below pair.

    A cell shows its colour's number; blank cells are dots. Cells that the draft changed in the one before are
    underlined.
    """
    draft, changed = changes(draft)
    blocks = []
    for (shown, answer), marks in zip(panels(problems, draft, size), _marks(changed, size), strict=True):
        (tall, low), (wide, narrow) = extent(np.stack([shown, answer]))
        rows = range(max(tall, low))
        if tall or low:
            sides = ((_row(shown[r, :wide]), _row(answer[r, :narrow], marks[1, r])) for r in rows)
            blocks.append("\n".join(_ARROW.join(pair) for pair in sides))
    return "\n\n".join(blocks)


def _marks(changed: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Changed cells, bool [L], as panels."""
    return as_panels(changed[None].view(np.uint8), size)[0].view(np.bool_)


def _row(tokens: NDArray[np.uint8], marks: NDArray[np.bool_] | None = None) -> str:
    marked = np.zeros(len(tokens), np.bool_) if marks is None else marks[: len(tokens)]
    return "".join(_cell(token, mark) for token, mark in zip(tokens.tolist(), marked.tolist(), strict=True))


def _cell(token: int, mark: bool) -> str:
    style = _CHANGED if mark else ""
    if token in (OUTSIDE, BLANK):
        sign = "  " if token == OUTSIDE else "· "
        return style + sign + _PLAIN if mark else sign
    red, green, blue = _COLOURS[token].tolist()
    ink = 30 if red + green + blue > 380 else 97
    return f"{style}\x1b[{ink};48;2;{red};{green};{blue}m{token - COLOUR} {_PLAIN}"


def draw_rgb(problems: Problems, draft: NDArray[np.uint8], caption: str, size: int) -> NDArray[np.uint8]:
    """A batch of one and a draft uint8 [L] or [2, L] as a picture uint8 [H, W, 3], its size fixed by the canvas's.

    The inputs stand above their outputs, the grid that is asked for at the right; blank cells are grey. Cells that the
    draft changed in the one before have a yellow corner.
    """
    from PIL import Image, ImageDraw, ImageFont

    draft, changed = changes(draft)
    marks = _marks(changed, size)
    block = max(_SIDE // size, 1)
    side = block * size
    wide, tall = (SHOWN_PAIRS + 1) * (side + _GAP) - _GAP, 2 * side + _GAP
    picture = Image.new("RGB", (wide + 2 * _MARGIN, tall + _MARGIN + _CAPTION), _WHITE)
    pen = ImageDraw.Draw(picture)
    for place, pair in enumerate(panels(problems, draft, size)):
        for role, panel in enumerate(pair):
            left, top = _MARGIN + place * (side + _GAP), _MARGIN + role * (side + _GAP)
            height, width = (int(part) * block for part in extent(panel))
            board = _COLOURS[panel].repeat(block, 0).repeat(block, 1)
            if block >= 5:  # Thin lines between cells, where there is room for them.
                board[block - 1 :: block], board[:, block - 1 :: block] = _WIRE, _WIRE
            corner = max(block // 3, 1)
            for row, column in np.argwhere(marks[place, role]) * block:
                board[row : row + corner, column : column + corner] = _YELLOW
            if height and width:
                picture.paste(Image.fromarray(board[:height, :width]), (left, top))
                pen.rectangle((left - 1, top - 1, left + width, top + height), outline=_BLACK)
    pen.text((_MARGIN, _MARGIN + tall + 12), caption, fill=_BLACK, font=ImageFont.load_default(16))
    return np.asarray(picture).copy()
