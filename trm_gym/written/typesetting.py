"""Sets the text tasks' problems and drafts for people: superscripts in a terminal, mathematics in a picture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from gymnasium.error import DependencyNotInstalled

from trm_gym.written.signs import ARROW, NOTHING, raised

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_WORD = re.compile(r"[a-z]{2,}")
_INCHES, _DPI = (8.0, 2.4), 120
_PROBLEM, _DRAFT, _CAPTION = 0.74, 0.40, 0.06
_MARGIN, _LARGE, _SMALL = 0.03, 30.0, 12.0
_BLACK, _BLUE = "#111111", "#1e5ac8"


def draw_ansi(problem: str, draft: str) -> str:
    """``problem`` in bold and below it ``draft``, both as ``trm_gym.written.signs`` writes them, for a terminal.

    Powers are superscripts, products have a dot, an empty draft is an ellipsis, an arrow stands before another, which
    tells whoever reads it back where the problem ends.
    """
    return f"{_BOLD}{raised(problem)}{_PLAIN}\n{ARROW + raised(draft) if draft else NOTHING}"


def mathtext(text: str) -> str:
    """``text`` in the TeX-like language of matplotlib; anything that a draft can hold is legal there."""
    text = _WORD.sub(r"\\mathrm{\g<0>}", text.replace(" ", r"\;"))
    # The empty group carries the power, so that one may follow another or stand alone, which TeX forbids. A ^ without a
    # number is a sign like any other; both at once, since what one of them writes the other would read.
    text = re.sub(r"\^([0-9]*)", lambda sign: f"{{}}^{{{sign[1]}}}" if sign[1] else r"\wedge ", text)
    text = text.replace(",-", r",\;{-}")  # after a comma, a minus would stand apart from its number
    return f"${text.replace('*', chr(92) + 'cdot ')}$"


def draw_rgb(problem: str, draft: str, caption: str) -> NDArray[np.uint8]:
    """``problem`` in black, below it ``draft`` in blue, and a line of plain text, as a picture uint8 [288, 960, 3].

    Raises DependencyNotInstalled without matplotlib.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise DependencyNotInstalled("pictures of mathematics need matplotlib: pip install matplotlib") from None
    # A canvas of its own: pyplot would keep the figure, and choose a backend for the whole process.
    figure = Figure(_INCHES, _DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    _line(figure, canvas, _PROBLEM, problem, _BLACK)
    _line(figure, canvas, _DRAFT, draft, _BLUE)
    figure.text(_MARGIN, _CAPTION, caption, color=_BLACK, fontsize=_SMALL, family="DejaVu Sans", parse_math=False)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()


def _line(figure: Figure, canvas, height: float, text: str, colour: str) -> None:
    """Set one line of mathematics at ``height``, smaller where it would not fit."""
    line = figure.text(
        _MARGIN,
        height,
        mathtext(text) if text else "$\\ldots$",
        color=colour,
        fontsize=_LARGE,
        verticalalignment="center",
        math_fontfamily="stix",
        usetex=False,
    )
    width = line.get_window_extent(canvas.get_renderer()).width
    line.set_fontsize(_LARGE * min(1.0, (1 - 2 * _MARGIN) * figure.bbox.width / width))
