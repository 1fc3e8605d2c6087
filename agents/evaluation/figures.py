"""Pictures of results, drawn without a display. Colours and markers are told apart by colour-blind readers too."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.typing import RcKeyType
from numpy.typing import NDArray

from agents.common.png import small_png
from agents.evaluation.report import Report
from agents.halting import outcomes
from agents.halting.registry import FIXED, LEARNER, ORACLE, VERIFIER
from trm_gym.atomic_io import atomic_write

# Okabe & Ito 2008, "Color Universal Design".
BLUE, ORANGE, GREEN, SKY, VERMILION, PURPLE = "#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00", "#CC79A7"
INK, GREY = "#222222", "#8A8A8A"
_STYLES = {
    LEARNER: (VERMILION, "-", 2.6),
    "expected": (PURPLE, "-", 1.6),
    "bce": (BLUE, "-", 1.6),
    "two_heads": (GREEN, "-", 1.6),
    "q": (SKY, "--", 1.6),
    "confidence": (ORANGE, "--", 1.6),
    "bce-capped": (BLUE, ":", 1.6),
    "confidence-capped": (ORANGE, ":", 1.6),
    "velocity": (GREY, "--", 1.6),
    "unchanged": (GREY, ":", 1.6),
    FIXED: (INK, "-", 1.2),
}
_LEARNT = [PURPLE, BLUE, GREEN, ORANGE, SKY]
_RC: dict[RcKeyType, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titleweight": "bold",
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.dpi": 140,
}


@contextmanager
def figure_file(path: str | os.PathLike[str], width: float, height: float) -> Iterator[Figure]:
    """A figure of so many inches that is written to ``path`` (PNG) at the end, without a display or global state."""
    with matplotlib.rc_context(_RC):
        figure = Figure(figsize=(width, height), layout="constrained")
        canvas = FigureCanvasAgg(figure)
        yield figure
        canvas.draw()
        atomic_write(path, small_png(np.asarray(canvas.buffer_rgba())[..., :3]))


def write_figures(report: Report, folder: str | os.PathLike[str]) -> None:
    """The pictures of a report: halting.png, accuracy.png and steps.png."""
    halting_figure(report, Path(folder, "halting.png"))
    accuracy_figure(report, Path(folder, "accuracy.png"))
    histogram_figure(report, Path(folder, "steps.png"))


def halting_figure(report: Report, path: str | os.PathLike[str]) -> Path:
    """Accuracy against mean steps: a curve per rule; the best fixed k, the verifier and the oracle as points."""
    with figure_file(path, 10.4, 4.4) as figure:
        whole, near = figure.subplots(1, 2)
        for axes in (whole, near):
            _curves(axes, report)
            axes.set_xlabel("mean steps")
        # Above both, and a source may be long: over one of them it would run into the other's.
        figure.suptitle(f"When to stop: {report.task}, {report.source}", x=0.01, ha="left", weight="bold", size=11)
        whole.set(ylabel="right answers (%)", title="whole range", xlim=(0.8, None))
        near.set(title="between the oracle and the best fixed k", xlim=_span(report.oracle, report.best_fixed))
        near.set_ylim(*_span(100 * report.target - 4, 100 * max(row.accuracy.value for row in report.rows)))
        figure.legend(*whole.get_legend_handles_labels(), loc="outside right center")
    return Path(path)


def _curves(axes: Axes, report: Report) -> None:
    spare = iter(_LEARNT * len(report.curves))
    for name, curve in report.curves.items():
        if len(curve) > 1:
            colour, line, width = _STYLES.get(name) or (next(spare), "-.", 1.6)
            steps, accuracy = np.array(curve).T
            axes.plot(steps, 100 * accuracy, line, color=colour, lw=width, label=name, zorder=2 + width)
    best = report.accuracy_of_fixed(report.best_fixed)
    axes.plot(report.best_fixed, 100 * best, "s", color=INK, ms=7, label=f"best fixed k = {report.best_fixed}")
    axes.axhline(100 * report.target, color=GREY, lw=1.2, ls=(0, (2, 3)), zorder=1, label="accuracy asked for")
    for name, marker, size in ((VERIFIER, "D", 6), (ORACLE, "*", 13)):
        for row in report.rows:
            if row.rule == name:
                axes.plot(row.steps, 100 * row.accuracy.value, marker, color=INK, ms=size, label=name, zorder=9)


def _span(low: float, high: float) -> tuple[float, float]:
    """Limits of an axis that shows ``low`` to ``high`` with some room around."""
    room = 0.08 * max(high - low, 1.0)
    return low - room, high + room


def accuracy_figure(report: Report, path: str | os.PathLike[str]) -> Path:
    """Accuracy of the drafts by step, with what the oracle could get by then."""
    solved = report.raw.solved
    steps = np.arange(1, solved.shape[1] + 1)
    with figure_file(path, 6.0, 3.8) as figure:
        axes = figure.subplots()
        ever = np.logical_or.accumulate(solved, axis=1).mean(0)
        axes.plot(steps, 100 * ever, ":", color=GREY, lw=2, label="right at this step or before")
        axes.plot(steps, 100 * solved.mean(0), "-o", color=BLUE, lw=2, ms=4, label="right at this step")
        axes.axvline(report.best_fixed, color=INK, lw=1, ls="--", label=f"best fixed k = {report.best_fixed}")
        axes.set(xlabel="step", ylabel="right answers (%)", title=f"Accuracy by step: {report.task}, {report.source}")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="lower right")
    return Path(path)


def histogram_figure(report: Report, path: str | os.PathLike[str], rule: str | None = None) -> Path:
    """Where a rule stops, at its operating point, by thirds of the problems' difficulty, beside the oracle.

    rule: GRPO where there is one, else the last but the bounds, by default.
    """
    names = list(report.raw.steps)
    rule = rule or (LEARNER if LEARNER in names else next(n for n in reversed(names) if n not in (ORACLE, VERIFIER)))
    thirds = _thirds(report.raw.difficulty)
    shown = [name for name in (rule, ORACLE) if name in names]
    with figure_file(path, 7.2, 2.2 + 1.9 * len(shown)) as figure:
        panels = np.atleast_1d(figure.subplots(len(shown), 1, sharex=True))
        for axes, name in zip(panels, shown, strict=True):
            _histogram(axes, report.raw.steps[name], thirds, report.budget)
            steps = report.raw.steps[name].mean()
            axes.set(title=f"{name}: stops after {steps:.2f} steps on average", ylabel="problems (%)")
        panels[0].legend(title="difficulty")
        panels[-1].set_xlabel("step at which it stops")
    return Path(path)


def _histogram(axes: Axes, steps: outcomes.Steps, thirds: list[tuple[str, outcomes.Bools]], budget: int) -> None:
    width = 0.8 / len(thirds)
    for place, ((label, mine), colour) in enumerate(zip(thirds, (SKY, BLUE, INK), strict=False)):
        counts = np.bincount(steps[mine], minlength=budget + 1)[1 : budget + 1]
        left = np.arange(1, budget + 1) + (place - (len(thirds) - 1) / 2) * width
        axes.bar(left, 100 * counts / max(1, mine.sum()), width, color=colour, label=label)
    axes.set_xticks(range(1, budget + 1, max(1, budget // 16)))
    axes.grid(axis="x", visible=False)


def _thirds(difficulty: NDArray[np.floating]) -> list[tuple[str, outcomes.Bools]]:
    """Problems by difficulty in up to three classes of about equal size, each with what to call it."""
    edges = np.unique(np.quantile(difficulty, [0, 1 / 3, 2 / 3, 1], method="nearest"))
    classes = []
    for low, high in itertools.pairwise(edges):
        last = high == edges[-1]
        mine = (difficulty >= low) & ((difficulty <= high) if last else (difficulty < high))
        classes.append((f"{low:g} to {'' if last else 'below '}{high:g}", mine))
    return classes or [(f"{difficulty[0]:g}", np.ones(len(difficulty), bool))]


def curriculum_figure(history: NDArray[np.floating], names: Sequence[str], path: str | os.PathLike[str]) -> Path:
    """How the mix of levels moved: ``history`` [iterations, levels], each iteration's weights, stacked to 100%."""
    history = np.asarray(history, float)
    if history.ndim != 2 or history.shape[1] != len(names) or not len(history):
        raise ValueError(f"history must be [iterations, {len(names)} levels], one name each, got {history.shape}")
    share = 100 * history / np.maximum(history.sum(1, keepdims=True), 1e-12)
    colours = matplotlib.colormaps["cividis"](np.linspace(0.05, 0.95, len(names)))
    with figure_file(path, 7.2, 3.8) as figure:
        axes = figure.subplots()
        axes.stackplot(np.arange(1, len(share) + 1), share.T, labels=list(names), colors=colours)
        axes.set(xlabel="iteration", ylabel="problems (%)", title="How the mix of levels moved", ylim=(0, 100))
        axes.margins(x=0)
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles[::-1], labels[::-1], loc="outside right center", title="level")
    return Path(path)


def effects_figure(found: Mapping[str, Sequence[float]], what: str, path: str | os.PathLike[str]) -> Path:
    """One figure of runs that differ in one option each: a dot per seed; the first entry is what they differ from."""
    with figure_file(path, 7.2, 1.0 + 0.28 * len(found)) as figure:
        axes = figure.subplots()
        for place, values in enumerate(found.values()):
            axes.plot(values, [place] * len(values), "o", color=BLUE if place else INK, ms=6, alpha=0.8)
        axes.axvline(float(np.mean(next(iter(found.values())))), color=GREY, lw=1.2, ls="--", zorder=1)
        axes.set_yticks(range(len(found)), list(found))
        axes.set(xlabel=what, ylim=(len(found) - 0.5, -0.5))
    return Path(path)


def learning_figure(
    found: Mapping[str, NDArray[np.floating]],
    at: Sequence[float],
    what: str,
    path: str | os.PathLike[str],
    along: str = "iteration",
) -> Path:
    """Learning curves: by name [seeds, points], ``at`` these places ``along`` a run; means as lines, range shaded."""
    with figure_file(path, 7.2, 3.8) as figure:
        axes = figure.subplots()
        for colour, (name, curves) in zip(_LEARNT * len(found), found.items(), strict=False):
            axes.fill_between(at, curves.min(0), curves.max(0), color=colour, alpha=0.15, lw=0)
            axes.plot(at, curves.mean(0), "-o", color=colour, lw=1.8, ms=3, label=name)
        # What a head is worth before it has learnt anything would leave no room for the rest.
        axes.set(xlabel=along, ylabel=what, ylim=(min(curves[:, 1:].min() for curves in found.values()), None))
        figure.legend(loc="outside right center")
    return Path(path)
