"""Pictures of how a network thinks: drafts, how sure it is, and its latents settling. For any task."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from agents.evaluation.figures import BLUE, GREEN, GREY, INK, ORANGE, VERMILION, figure_file
from agents.inference.formulas.figures import formula_figure
from agents.inference.settling import Settling
from agents.inference.trajectory import Trajectory
from agents.inference.voting import Point
from trm_gym.structure import HeapStructure
from trm_gym.task import Task

_DEEP_BLUE = "#00395C"
_WALL = "#"
_MOST_POINTS, _FEW_POINTS = 3000, 600
"""Points drawn per panel: more make a larger file and no other picture; few are drawn larger."""


def refinement_figure(found: Trajectory, task: Task, steps: Sequence[int], path: str | os.PathLike[str]) -> Path:
    """Drafts of one problem side by side, after each of ``steps`` (0 is the problem): the surer, the darker its ground.

    A text's answers stand below each other; of formulas, see ``formula_figure``. Raises ValueError for steps not in the
    trajectory.
    """
    if not steps or min(steps) < 0 or max(steps) > len(found):
        raise ValueError(f"steps must lie between 0 and {len(found)}, got {list(steps)}")
    if isinstance(task.structure, HeapStructure):
        return formula_figure(found, steps, path)
    height, width = _shape(task)
    rows, columns = (1, len(steps)) if height > 1 else (len(steps), 1)
    size = (0.3 * width + 0.1) * columns + 0.3, (0.3 * height + 0.65) * rows + 0.1
    with figure_file(path, *size) as figure:
        for axes, step in zip(np.ravel(figure.subplots(rows, columns)), steps, strict=True):
            _board(axes, found, task, step)
    return Path(path)


def trajectory_figure(found: Trajectory, path: str | os.PathLike[str]) -> Path:
    """What the network thinks of its drafts, step by step: velocity and entropy fall, confidence rises; every cell.

    A dashed line stands where the problem was begun again.
    """
    steps, free = np.arange(1, len(found) + 1), found.problems.free[0]
    with figure_file(path, 10.4, 3.4) as figure:
        falling, rising, cells = figure.subplots(1, 3, width_ratios=(1, 1, 1.2))
        falling.semilogy(steps, found.velocity, "-o", color=BLUE, ms=3, label="velocity |z' - z| / |z'|")
        falling.semilogy(steps, np.maximum(found.entropy, 1e-6), "-s", color=ORANGE, ms=3, label="entropy, nats")
        falling.set(title="What falls", xlabel="step")
        sure = np.where(free, found.confidence, np.nan)
        rising.plot(steps, 100 * np.nanmean(sure, 1), "-", color=GREEN, label="mean confidence")
        rising.plot(steps, 100 * np.nanmin(sure, 1), "--", color=GREEN, label="least confidence")
        rising.plot(steps, 100 * found.right, "-s", color=BLUE, ms=3, label="draft is right, it thinks")
        if found.policy:
            rising.plot(steps, 100 * found.halt, "-o", color=VERMILION, ms=3, label="would stop")
        rising.set(title="What rises", xlabel="step", ylabel="%", ylim=(-3, 103))
        for axes in (falling, rising):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.legend(fontsize=8)
            for begun in np.flatnonzero(np.diff(found.start)):
                axes.axvline(begun + 1.5, color=GREY, lw=1, ls="--")
            if found.solved.any():
                axes.axvline(float(found.solved.argmax()) + 1, color=INK, lw=1, ls=":", label="first right draft")
        _cells(cells, found)
    return Path(path)


def _cells(axes: Axes, found: Trajectory) -> None:
    """Every free cell's confidence over the steps, the last to become sure on top; dots where a draft changed."""
    free = found.problems.free[0]
    sure, drafts = found.confidence[:, free].T, found.drafts[:, free].T
    changed = np.diff(np.c_[found.problems.start[0][free], drafts].astype(int), axis=1) != 0
    order = np.argsort(sure.mean(1), kind="stable")
    extent = (0.5, len(found) + 0.5, len(order) - 0.5, -0.5)
    axes.imshow(100 * sure[order], aspect="auto", cmap="cividis", vmin=0, vmax=100, extent=extent)
    cell, step = np.nonzero(changed[order])
    axes.scatter(step + 1, cell, s=6, color="white", linewidths=0)
    axes.set(title="Confidence of each free cell", xlabel="step", ylabel="cells; a dot: it changed", yticks=[])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=False)


def settling_figure(settled: Settling, path: str | os.PathLike[str]) -> Path:
    """A batch's answer latents in their principal plane, after some steps: a cloud that settles into points."""
    points, kinds = settled.points, np.unique(settled.labels)
    some = np.random.default_rng(0).permutation(points.shape[1])[:_MOST_POINTS]
    few, size = {0: GREY, 1: BLUE}, 2 if len(some) > _FEW_POINTS else 8
    said = "blue: a cell's right value, grey: its others" if set(kinds) == set(few) else "a colour for each token"
    shades = matplotlib.colormaps["turbo"](np.linspace(0.05, 0.95, len(kinds)))
    with figure_file(path, 1.9 * len(settled.steps) + 0.3, 2.5) as figure:
        panels = np.ravel(figure.subplots(1, len(settled.steps), sharex=True, sharey=True))
        for axes, step, here in zip(panels, settled.steps, points, strict=True):
            for kind, shade in zip(kinds, shades, strict=True):
                mine = some[settled.labels[some] == kind]
                colour = few[int(kind)] if set(kinds) == set(few) else shade
                axes.scatter(*here[mine].T, s=size, color=colour, alpha=0.5, linewidths=0, rasterized=True)
            axes.set_title(f"step {step}", loc="center", size=10)
            axes.set(xticks=[], yticks=[])
        panels[len(panels) // 2].set_xlabel(said, size=8)
        panels[0].set_ylabel(f"principal plane, {settled.share:.0%} of variance", size=8)
    return Path(path)


def scaling_figure(found: Mapping[str, Sequence[Point]], title: str, path: str | os.PathLike[str]) -> Path:
    """Accuracy against steps per problem, a curve for each way of thinking longer."""
    styles = itertools.cycle([(VERMILION, "-o"), (BLUE, "-s"), (GREEN, "-^"), (GREY, "--D")])
    with figure_file(path, 6.4, 4.0) as figure:
        axes = figure.subplots()
        for (name, points), (colour, line) in zip(found.items(), styles, strict=False):
            steps, right = [point.steps for point in points], [100 * point.accuracy for point in points]
            axes.semilogx(steps, right, line, color=colour, ms=5, label=name, base=2)
        axes.set(title=f"What more thinking buys: {title}", ylabel="right answers (%)")
        axes.set_xlabel("mean steps per problem, all branches together")
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.legend()
    return Path(path)


def depth_figure(found: Mapping[str, Float[np.ndarray, " steps"]], title: str, path: str | os.PathLike[str]) -> Path:
    """Right answers, in %, after every step from the first on, a curve for each kind of problems."""
    styles = itertools.cycle([(VERMILION, "-"), (BLUE, "-"), (GREEN, "-"), (GREY, "-")])
    with figure_file(path, 6.4, 4.0) as figure:
        axes = figure.subplots()
        for (name, right), (colour, line) in zip(found.items(), styles, strict=False):
            axes.semilogx(np.arange(1, len(right) + 1), right, line, color=colour, label=name, base=2)
        axes.set(title=f"Right after ever more steps: {title}", ylabel="right answers (%)", xlabel="steps")
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.legend()
    return Path(path)


def _shape(task: Task) -> tuple[int, int]:
    """Rows and columns of what is drawn: the board, or the line of a text's answer."""
    cells = task.length - task.structure.answer_start
    width = task.structure.shape[1] if len(task.structure.shape) == 2 else cells
    return cells // width, width


def _board(axes: Axes, found: Trajectory, task: Task, step: int) -> None:
    """One draft: givens bold on white, its own cells on blue as deep as they are sure, wrong ones in red."""
    (height, width), first = _shape(task), task.structure.answer_start
    draft, free = found.draft_after(step)[first:], found.problems.free[0, first:]
    wrong, signs = free & (draft != found.problems.solution[0, first:]), task.signs
    for cell in range(height * width):
        row, column = divmod(cell, width)
        sure = found.confidence[step - 1, first + cell] if step and free[cell] else 0.0
        wall = signs[draft[cell]] == _WALL
        colours = {"facecolor": INK, "alpha": 0.85} if wall else {"facecolor": BLUE, "alpha": 0.55 * sure**2}
        axes.add_patch(Rectangle((column, row), 1, 1, lw=0, **colours))
        if draft[cell] and not wall:
            colour = INK if not free[cell] else VERMILION if wrong[cell] else _DEEP_BLUE
            style = {"color": colour, "weight": "normal" if free[cell] else "bold", "size": 11}
            axes.text(column + 0.5, row + 0.54, signs[draft[cell]], ha="center", va="center", **style)
    _lines(axes, task, height, width)
    found_cells = int((free & ~wrong).sum()) if step else 0
    title = f"step {step}" if step else "problem"
    axes.set_title(title if height > 1 else f"{title}: {task.decode(found.draft_after(step))}", loc="center", size=11)
    counts = f"{found_cells} of {int(free.sum())} cells right" if step else f"{int((~free).sum())} given"
    if height > 1:
        axes.set_xlabel(counts, size=8.5)
    axes.set(xlim=(-0.03, width + 0.03), ylim=(height + 0.03, -0.03), aspect="equal", xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _lines(axes: Axes, task: Task, height: int, width: int) -> None:
    """Thin lines around cells, thick ones where the last kind of unit (a sudoku's boxes) changes."""
    cells = height * width
    unit = task.structure.units[-1][-cells:] if len(task.structure.units) and height > 1 else np.zeros(cells, int)
    units = np.pad(unit.reshape(height, width), 1, constant_values=-1)
    for thick in (False, True):
        style = {"color": INK if thick else "#BBBBBB", "lw": 1.6 if thick else 0.6, "solid_capstyle": "round"}
        for row in range(height + 1):
            for column in range(width + 1):
                here, above, left = units[row + 1, column + 1], units[row, column + 1], units[row + 1, column]
                if column < width and (here != above) == thick:
                    axes.plot([column, column + 1], [row, row], **style)
                if row < height and (here != left) == thick:
                    axes.plot([column, column], [row, row + 1], **style)


def ladder(steps: int) -> list[int]:
    """Steps worth showing of a trajectory: 0, 1, 2, 4, 8, ... and the last."""
    doubled = [2**power for power in range(int(math.log2(steps)) + 1)] if steps else []
    return sorted({0, *doubled, steps})


def chosen_steps(last: int, panels: int) -> list[int]:
    """The ladder up to step ``last``, cut to so many panels, the last step among them."""
    steps = ladder(last)
    return [*steps[: panels - 1], last] if len(steps) > panels else steps
