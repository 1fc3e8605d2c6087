"""What a person reads of a formula found: it, in several notations, and how good it is on rows that it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from agents.evaluation.figures import figure_file
from agents.inference.formulas.config import SearchConfig
from agents.inference.formulas.progress import formula_bar
from agents.inference.formulas.search import Found, search
from agents.inference.own_problem import solver_for
from trm_gym import make_task
from trm_gym.regression._search.judging import CLOSE, SMALL, UNEXPLAINED
from trm_gym.regression.compositions import values_of
from trm_gym.regression.export import latex, plain_text, python
from trm_gym.regression.formula import Formula, variables_of
from trm_gym.regression.layout import VARIABLES
from trm_gym.regression.reading import read_named_points
from trm_gym.regression.verifier import FEWEST_HELD_OUT, HELD_OUT
from trm_gym.short_repr import short_repr


@short_repr
class Split(NamedTuple):
    """Points float64 [N, 2 to 4], the target last: those that a formula is fitted to, and those held out."""

    fitted: NDArray[np.float64]
    held_out: NDArray[np.float64]


def split(points: NDArray[np.float64]) -> Split:
    """Every fourth row held out; of few rows none, and then the same are judged."""
    if len(points) < FEWEST_HELD_OUT:
        return Split(points, points)
    held = np.arange(len(points)) % HELD_OUT == HELD_OUT - 1
    return Split(points[~held], points[held])


def quality(formula: Formula, points: NDArray[np.float64]) -> tuple[float, bool]:
    """R2 of a formula at points, NaN where the targets are all the same, and whether it is exact there."""
    values, target = np.broadcast_to(values_of(formula, points[:, :-1]), len(points)), points[:, -1]
    if not np.isfinite(values).all():
        return -np.inf, False
    spread = ((target - target.mean()) ** 2).sum()
    left = ((values - target) ** 2).sum()
    least = SMALL * np.sqrt((target**2).mean())
    close = bool((np.abs(values - target) <= CLOSE * np.maximum(np.abs(target), least)).all())
    if np.ptp(target) == 0.0 or spread == 0.0:  # of targets all alike rounding leaves a little
        return np.nan, close
    return float(1.0 - left / spread), close and bool(left <= UNEXPLAINED * spread)


def solve_points(
    console: Console, data: str, seconds: float, checkpoint: str | None = None, picture: Path | None = None
) -> bool:
    """Look for the formula of a person's points and print it; whether it is exact on the rows held out.

    data: a file or rows, see ``reading.read_points``. checkpoint: of a network that helps. picture: a file for points,
    formula and residuals. Raises ProblemError for what are no points.
    """
    points, names = read_named_points(data)
    parted = split(points)
    network = None if checkpoint is None else solver_for(make_task("regression"), checkpoint).checkpoint.model
    with formula_bar(seconds, console.is_terminal) as watch:
        found = search(parted.fitted, SearchConfig(seconds=seconds), network, watch)
    if found.best is None:
        console.print("No formula was found.", style="red")
        return False
    exact = _print(console, found, found.best.formula, parted, names)
    if picture is not None:
        draw(picture, found.best.formula, points, names)
        console.print(f"{picture}: points, formula and residuals", highlight=False, soft_wrap=True)
    return exact


def _print(console: Console, found: Found, formula: Formula, parted: Split, names: Sequence[str]) -> bool:
    def line(text: str, style: str = "") -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    line("size   error     formula", "bold")
    for one in found.candidates:
        line(f"{one.size:4d}   {one.error:<8.2g}  {plain_text(one.formula)}", "green" if one is found.best else "")
    line("error: root mean square of what is left, in standard deviations of the target")
    line(f"\n{plain_text(formula)}", "bold")
    columns = ", ".join(f"{variable} = column {name}" for variable, name in zip(VARIABLES, names[:-1], strict=False))
    line(f"Here {columns}; the target is column {names[-1]}.")
    line(f"LaTeX:  {latex(formula)}")
    line(f"Python: {python(formula)}")
    explained, exact = quality(formula, parted.held_out)
    fresh = parted.held_out is not parted.fitted
    rows = f"{len(parted.held_out)} rows that were held out"
    if not fresh:
        rows = f"all {len(parted.fitted)} rows, too few to hold any out"
    line(f"R2 on {rows}: {'none, the target is the same in all' if np.isnan(explained) else f'{explained:.9g}'}")
    answer = "yes" if exact else "no; of noisy points no formula is"
    line(f"Exact there, to six digits: {answer}", "green" if exact else "red")
    return exact


def draw(path: Path, formula: Formula, points: NDArray[np.float64], names: Sequence[str] = ()) -> None:
    """A picture of points, of the formula along its variable, or beside the target if it has several, and of residuals.

    names: of the columns, which label the axes.
    """
    values, target = np.broadcast_to(values_of(formula, points[:, :-1]), len(points)), points[:, -1]
    used = [at for at in range(points.shape[1] - 1) if VARIABLES[at] in variables_of(formula)]
    alone = len(used) < 2
    place = used[0] if used else 0
    names = [name.replace("$", "\\$") for name in names]  # which begins a formula in labels
    names = names or (*VARIABLES[: points.shape[1] - 1], "target")
    across = points[:, place] if alone else target
    with figure_file(path, 6.4, 6.0) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        above.plot(across, target, "o", markersize=4, label="points")
        if alone:
            along = np.tile(points[:1, :-1], (500, 1))
            along[:, place] = np.linspace(across.min(), across.max(), 500)
            above.plot(along[:, place], np.broadcast_to(values_of(formula, along), 500), label="formula")
        else:
            above.plot(across, values, "x", markersize=4, label="formula")
        above.set_title(f"${latex(formula)}$", fontsize=10)
        above.set_ylabel(names[-1])
        above.legend()
        below.axhline(0.0, color="grey", linewidth=0.8)
        below.plot(across, values - target, ".", markersize=4)
        below.set_ylabel("residual")
        below.set_xlabel(names[place] if alone else names[-1])
