"""Pictures of a formula as it is found: after each step it and its curve, and how the network comes to rest."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.mathtext import MathTextParser
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from agents.evaluation.figures import BLUE, GREEN, GREY, INK, ORANGE, VERMILION, figure_file
from agents.inference.trajectory import Trajectory
from trm_gym.regression.curve import Curve, curve_of
from trm_gym.regression.export import latex, plain_text
from trm_gym.regression.fitting import EXACT
from trm_gym.regression.formula import Formula
from trm_gym.regression.programs import used_slots

_WIDE = 2.6
"""Inches of a panel."""
_LONGEST = 42
"""Characters of a formula that a panel has room for as mathematics; a longer one is cut."""
_LEAST_SHOWN = 1e-9
"""What an error of nothing is drawn at, on an axis of logarithms."""


def formula_figure(found: Trajectory, steps: Sequence[int], path: str | os.PathLike[str]) -> Path:
    """The formula after each of ``steps`` (0 is none yet) above its curve over the points, and below all steps.

    Of one variable its curve; of several its values against the targets, where right ones lie on the diagonal. Below:
    the latent's velocity and the tokens' entropy, which fall as it comes to rest, and the error at the points.
    """
    drafts = [found.draft_after(step) for step in range(len(found) + 1)]
    curves = [curve_of(found.problems, draft) for draft in drafts]
    with figure_file(path, _WIDE * max(len(steps), 4) + 0.4, 5.8) as figure:
        above, below = np.asarray(figure.subfigures(2, 1, height_ratios=(1.0, 1.1)), dtype=object).flat
        panels = np.ravel(above.subplots(1, len(steps), sharey=True))
        for axes, step in zip(panels, steps, strict=True):
            _panel(axes, curves[step], step, bool(step and found.solved[step - 1]))
        rest, error = below.subplots(1, 2)
        _rest(rest, found)
        _errors(error, found, [curve.error for curve in curves])
    return Path(path)


def _panel(axes: Axes, curve: Curve, step: int, solved: bool) -> None:
    """One formula and its curve, green where it is right."""
    colour, (low, high) = GREEN if solved else BLUE, _span(curve.target)
    if curve.along_x:
        axes.plot(curve.places, curve.line, "-", color=colour, lw=1.8)
        axes.plot(curve.inputs[:, 0], curve.target, "o", color=ORANGE, ms=3.5)
        axes.set(ylim=(low, high), xlabel="x")
    else:
        axes.plot((low, high), (low, high), "-", color=GREY, lw=0.8)
        axes.plot(curve.target, curve.values, "o", color=colour, ms=3.5)
        axes.set(xlim=(low, high), ylim=(low, high), xlabel="target")
    title = f"step {step}" if step else "the points"
    axes.set_title(f"{title}\n{_written(curve.formula)}", loc="center", size=10, weight="normal", color=INK)


def _written(formula: Formula | None) -> str:
    """A formula as mathematics, or as text where it is long or cannot be set; nothing where there is none."""
    if formula is None:
        return ""
    text, plain = f"${latex(formula)}$", plain_text(formula)
    if len(plain) > _LONGEST:
        return f"{plain[: _LONGEST - 4]} ..."
    try:
        MathTextParser("path").parse(text)
    except ValueError:
        return plain
    return text


def _span(target: NDArray[np.float64]) -> tuple[float, float]:
    """What is shown of the values: those of the targets, and a little more."""
    low, high = float(target.min()), float(target.max())
    return low - 0.1 * (high - low), high + 0.1 * (high - low)


def _rest(axes: Axes, found: Trajectory) -> None:
    """Velocity and entropy over the steps, and the doubt about those cells that count."""
    steps, used = np.arange(1, len(found) + 1), np.tile(used_slots(found.drafts), 2)
    doubt = 1.0 - (found.confidence * used).sum(axis=1) / np.maximum(used.sum(axis=1), 1)
    axes.semilogy(steps, found.velocity, "-o", color=BLUE, ms=3.5, label="latent velocity |z' - z| / |z'|")
    axes.semilogy(steps, np.maximum(found.entropy, 1e-6), "-s", color=ORANGE, ms=3.5, label="entropy of a token, nats")
    axes.semilogy(
        steps, np.maximum(doubt, 1e-6), "-^", color=GREEN, ms=3.5, label="doubt where it counts (1 - confidence)"
    )
    axes.set(title="How it comes to rest", xlabel="step")
    _mark(axes, found, axes.get_lines())


def _errors(axes: Axes, found: Trajectory, errors: Sequence[float]) -> None:
    """The error at the points over the steps, and what the network thinks of its draft."""
    steps, off = np.arange(1, len(found) + 1), np.array(errors[1:])
    shown = np.where(np.isfinite(off), np.maximum(off, _LEAST_SHOWN), np.nan)
    axes.semilogy(steps, shown, "-o", color=INK, ms=3.5, label="error, standard deviations of y")
    axes.axhline(EXACT, color=GREY, lw=0.8, ls="--")
    axes.set(
        title="How near it is", xlabel="step", ylim=(_LEAST_SHOWN / 4, max(4.0, 2.0 * np.nanmax(shown, initial=0.0)))
    )
    other = axes.twinx()
    other.plot(steps, 100 * found.right, "-s", color=GREEN, ms=3, label="it is right, it thinks")
    if found.policy:
        other.plot(steps, 100 * found.halt, "-^", color=VERMILION, ms=3, label="would stop")
    other.set(ylabel="%", ylim=(-3, 103))
    other.grid(visible=False)
    handles = [*axes.get_lines()[:1], *other.get_lines()]
    _mark(axes, found, handles)


def _mark(axes: Axes, found: Trajectory, handles: Sequence[Line2D]) -> None:
    """A dotted line at the first right formula, and below it what the lines are."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if found.solved.any():
        first = axes.axvline(float(found.solved.argmax()) + 1, color=INK, lw=1, ls=":", label="first right formula")
        handles = [*handles, first]
    axes.legend(handles=handles, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=2)
