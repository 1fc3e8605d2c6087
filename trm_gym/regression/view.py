"""Draws a problem's points and the draft's formula on them, for terminals and as pictures."""

from __future__ import annotations

import itertools
import textwrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trm_gym.problems import Problems
from trm_gym.regression.curve import Curve, curve_of
from trm_gym.regression.drafts import cells_text
from trm_gym.regression.export import marked_text, plain_text
from trm_gym.regression.layout import SLOTS
from trm_gym.render import changes

if TYPE_CHECKING:
    from PIL import ImageDraw

_ROWS, _COLUMNS = 13, 60
_WIDTH, _PLOT, _RESIDUALS, _MARGIN, _HEAD, _CAPTION = 640, 300, 90, 16, 64, 40
_WHITE, _BLACK, _GREY, _LINE = (255, 255, 255), (17, 17, 17), (225, 225, 225), (150, 150, 150)
_POINT, _CURVE, _YELLOW = (225, 140, 20), (30, 90, 200), (255, 236, 150)
_DOT = 3
_EXACT = 1e-6
_CHANGED, _PLAIN = "\x1b[43m", "\x1b[0m"


def draw_ansi(problems: Problems, draft: NDArray[np.uint8]) -> str:
    """A batch of one and a draft uint8 [L] or [2, L] as text: the formula, its error, points o and the formula's x.

    Where there are several variables, the values of the formula against the targets; exact ones are on the diagonal.
    Before there is a formula, the targets along x.
    """
    draft, changed = changes(draft)
    curve = curve_of(problems, draft, changed)
    head = _cells(draft, changed) if curve.formula is None else marked_text(curve.formula)
    return "\n".join([head, _told(curve), *_plot(curve)])


def _cells(draft: NDArray[np.uint8], marks: NDArray[np.bool_]) -> str:
    """The cells of a draft that is no formula, the marked ones on a yellow ground; nothing of a blank draft."""
    if not draft.any() and not marks.any():
        return ""
    signs = cells_text(draft).replace("[", "").replace("]", "").replace("|", "").split()
    shown = [f"{_CHANGED}{sign}{_PLAIN}" if mark else sign for sign, mark in zip(signs, marks, strict=True)]
    return f"[{' '.join(shown[:SLOTS])} | {' '.join(shown[SLOTS:])}]"


def _told(curve: Curve) -> str:
    """How well the draft fits, in words."""
    if curve.formula is None:
        return "no formula" if len(curve.target) else "no points"
    if np.isinf(curve.error):
        return "no value at some of the points"
    exact = " (exact at the points)" if curve.error < _EXACT else ""
    return f"error {curve.error:.3g} standard deviations of y{exact}"


def _axes(curve: Curve) -> list[tuple[NDArray[np.float64], NDArray[np.float64], str]]:
    """What is drawn: places, heights and a sign for each kind."""
    if curve.along_x:
        return [(curve.places, curve.line, "x"), (curve.inputs[:, 0], curve.target, "o")]
    steps = np.linspace(*_span(curve.target), _COLUMNS)
    return [(steps, steps, "."), (curve.target, curve.values, "x")]


def _span(values: NDArray[np.float64]) -> tuple[float, float]:
    """The least and the largest; zeros where there is none."""
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)


def _scaled(values: NDArray[np.float64], over: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """``values`` as places 0 to ``size`` - 1 of the span of ``over``, -1 for those outside it."""
    low, high = _span(over)
    with np.errstate(invalid="ignore", over="ignore"):
        share = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    inside = np.isfinite(share) & (share >= -0.05) & (share <= 1.05)
    return np.where(inside, np.rint(np.where(inside, share, 0.0) * (size - 1)), -1).clip(-1, size - 1).astype(np.int64)


def _plot(curve: Curve) -> list[str]:
    """The lines of a plot in characters."""
    board = np.full((_ROWS, _COLUMNS), " ")
    across = curve.inputs[:, 0] if curve.along_x else curve.target
    for places, heights, sign in _axes(curve):
        columns, rows = _scaled(places, across, _COLUMNS), _scaled(heights, curve.target, _ROWS)
        seen = (columns >= 0) & (rows >= 0)
        board[_ROWS - 1 - rows[seen], columns[seen]] = sign
    name, below = ("y", "x") if curve.along_x else ("formula", "y")
    (bottom, top), (left, right) = _span(curve.target), _span(across)
    lines = ["".join(row).rstrip() for row in board]
    told = f"{name} from {bottom:.4g} to {top:.4g}, {below} from {left:.4g} to {right:.4g}"
    return [*(f"| {line}".rstrip() for line in lines), f"+{'-' * _COLUMNS}", told]


def draw_rgb(problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
    """A batch of one and a draft uint8 [L] or [2, L] as a picture uint8 [H, W, 3].

    The formula, on yellow where the draft changed it; the points in orange and the formula's curve in blue, or, where
    there are several variables, its values against the targets; below, what the formula is off at each point.
    """
    from PIL import Image, ImageDraw, ImageFont

    draft, changed = changes(draft)
    curve = curve_of(problems, draft)
    height = _HEAD + _PLOT + _RESIDUALS + _CAPTION + 3 * _MARGIN
    picture = Image.new("RGB", (_WIDTH, height), _WHITE)
    pen = ImageDraw.Draw(picture)
    if changed.any():
        pen.rectangle((0, 0, _WIDTH, _HEAD), fill=_YELLOW)
    written = cells_text(draft) if curve.formula is None else plain_text(curve.formula)
    font, small = ImageFont.load_default(16), ImageFont.load_default(13)
    shown = textwrap.shorten(written, 150, placeholder=" ...") if draft.any() else "no draft yet"
    pen.text((_MARGIN, 8), "\n".join(textwrap.wrap(shown, 74)[:2]), fill=_BLACK, font=font)
    pen.text((_MARGIN, _HEAD - 18), _told(curve) if draft.any() else "", fill=_BLACK, font=small)
    _draw_points(pen, curve, (_MARGIN, _HEAD + _MARGIN, _WIDTH - _MARGIN, _HEAD + _MARGIN + _PLOT))
    top = _HEAD + 2 * _MARGIN + _PLOT
    _draw_residuals(pen, curve, (_MARGIN, top, _WIDTH - _MARGIN, top + _RESIDUALS))
    pen.text((_MARGIN, height - _CAPTION + 4), caption, fill=_BLACK, font=font)
    return np.asarray(picture).copy()


def _draw_points(pen: ImageDraw.ImageDraw, curve: Curve, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    pen.rectangle(box, outline=_LINE)
    across = curve.inputs[:, 0] if curve.along_x else curve.target
    wide, high = right - left - 20, bottom - top - 20
    for places, heights, sign in _axes(curve):
        columns, rows = _scaled(places, across, wide), _scaled(heights, curve.target, high)
        seen = (columns >= 0) & (rows >= 0)
        dots = list(zip((left + 10 + columns).tolist(), (bottom - 10 - rows).tolist(), seen.tolist(), strict=True))
        if sign == "o" or (sign == "x" and not curve.along_x):
            colour = _POINT if sign == "o" else _CURVE
            for across_at, up, visible in dots:
                if visible:
                    pen.ellipse((across_at - _DOT, up - _DOT, across_at + _DOT, up + _DOT), fill=colour)
            continue
        for (one, first, shown), (other, second, too) in itertools.pairwise(dots):
            if shown and too:
                pen.line((one, first, other, second), fill=_CURVE if sign == "x" else _GREY, width=2)


def _draw_residuals(pen: ImageDraw.ImageDraw, curve: Curve, box: tuple[int, int, int, int]) -> None:
    """What the draft is off at each point, in the order of the first variable or of the targets."""
    left, top, right, bottom = box
    middle = (top + bottom) // 2
    pen.rectangle(box, outline=_LINE)
    pen.line((left, middle, right, middle), fill=_GREY)
    off = curve.values - curve.target
    largest = np.abs(off[np.isfinite(off)]).max(initial=0.0)
    spread = max(largest, 1e-12 * np.abs(curve.target).max(initial=0.0), 1e-300)
    across = curve.inputs[:, 0] if curve.along_x else curve.target
    columns = _scaled(across, across, right - left - 20)
    for column, one in zip(columns.tolist(), off.tolist(), strict=True):
        if np.isfinite(one):
            up = middle - round(one / spread * (bottom - top - 12) / 2)
            pen.line((left + 10 + column, middle, left + 10 + column, up), fill=_CURVE, width=2)
