"""What an evaluation found: rows of figures, tables for a terminal, files for whoever wants to compute their own."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agents.evaluation import metrics
from agents.evaluation.metrics import Interval
from agents.halting import outcomes
from trm_gym.atomic_io import atomic_write


@dataclass(frozen=True)
class Row:
    """One rule on the test problems; everything it could choose was chosen on validation problems.

    All but ``returns``, ``price_settings`` and ``area`` is at the operating point.
    """

    rule: str
    accuracy: Interval
    steps: float
    share: Interval
    """The share of the way in steps from the best fixed number of steps (0) to the oracle (1)."""
    correlation: float
    """Spearman's, of the step it stops at with the problem's difficulty."""
    thinking: metrics.Thinking
    setting: dict[str, float]
    returns: dict[float, Interval]
    """By price of thinking; the setting is chosen for each price anew."""
    price_settings: dict[float, dict[str, float]]
    area: float
    """Under the curve of accuracy over mean steps; not a number for a rule without settings."""


@dataclass(frozen=True)
class Comparison:
    """Learner minus rule on the same problems, at a price (return) or at the operating point (price None: steps)."""

    learner: str
    rule: str
    price: float | None
    difference: Interval


@dataclass(frozen=True)
class Raw:
    """Results per test problem: solved, bool [n, s]; level, int [n]; difficulty, float [n]; steps by rule, int [n].

    ``steps`` is at the operating point, ``price_steps`` by rule and price.
    """

    solved: outcomes.Bools
    level: NDArray[np.integer]
    difficulty: NDArray[np.floating]
    steps: dict[str, outcomes.Steps]
    price_steps: dict[str, dict[float, outcomes.Steps]]


@dataclass(frozen=True)
class Report:
    """One checkpoint on one set of problems.

    source: which problems. target: the accuracy that the operating point asks for, on validation. best_fixed: the
    fixed number of steps that was most accurate there. curves: by rule, (mean steps, accuracy) of the settings that
    no other beat on validation.
    """

    task: str
    source: str
    n: int
    budget: int
    target: float
    best_fixed: int
    oracle: float
    accuracy_at: dict[int, float]
    rows: list[Row]
    curves: dict[str, list[tuple[float, float]]]
    comparisons: list[Comparison]
    raw: Raw

    def row(self, rule: str) -> Row:
        """The row of a rule. Raises ValueError where there is none."""
        for row in self.rows:
            if row.rule == rule:
                return row
        raise ValueError(f"no rule {rule!r} in this report: it has {', '.join(row.rule for row in self.rows)}")

    def accuracy_of_fixed(self, steps: int) -> float:
        """Accuracy on the test problems when all are stopped after ``steps``."""
        return float(self.raw.solved[:, steps - 1].mean())

    def summary(self) -> list[dict[str, Any]]:
        """The rows as {rule, accuracy, steps, n}, accuracy in [0, 1]."""
        return [
            {"rule": row.rule, "accuracy": row.accuracy.value, "steps": row.steps, "n": self.n} for row in self.rows
        ]

    def table(self) -> RenderableType:
        """The figures for a terminal of 80 columns or more."""
        steps = "  ".join(f"{step}: {accuracy:.1%}" for step, accuracy in self.accuracy_at.items())
        never = 1 - self.raw.solved.any(1).mean()
        head = (
            f"{self.task}, {self.source}: {self.n:,} test problems, at most {self.budget} steps, "
            f"{never:.1%} never right\naccuracy after so many steps  {steps}\n"
            f"best fixed k: {self.best_fixed} steps (on validation), oracle: {self.oracle:.2f}"
        )
        return Group(Text(head), *self._operating_table(), *self._return_table())

    def _operating_table(self) -> list[RenderableType]:
        table = _table("rule", "right", "steps", "way", "95%", "rank", "over", "under", "never")
        for row in self.rows:
            over, under, hopeless = row.thinking
            table.add_row(
                row.rule,
                f"{row.accuracy.value:.1%}",
                f"{row.steps:.2f}",
                _number(row.share.value, ".0%"),
                f"{_number(100 * row.share.low, '.0f')}..{_number(100 * row.share.high, '.0f')}",
                f"{row.correlation:.2f}",
                f"{100 * over:.1f}",
                f"{100 * under:.1f}",
                _number(hopeless, ".1f"),
            )
        legend = (
            "way: in steps, from the best fixed k (0%) to the oracle (100%)\n"
            "rank: correlation of steps with difficulty; over: % that went on after a right\n"
            "draft; under: % stopped too soon; never: mean steps on what is never right"
        )
        title = f"\nAs few steps as leave {self.target:.1%} right on validation (A* - 0.5 points)"
        return [Text(title, "bold"), table, Text(legend, "dim")]

    def _return_table(self) -> list[RenderableType]:
        prices = list(self.rows[0].returns)
        learnt = self.comparisons[0].learner if self.comparisons else ""
        marks = {(one.rule, one.price): _mark(one) for one in self.comparisons if one.learner == learnt}
        table = _table("rule", *(f"price {price:g}" for price in prices), "area")
        for row in self.rows:
            cells = [f"{row.returns[price].value:.3f}{marks.get((row.rule, price), ' ')}" for price in prices]
            table.add_row(row.rule, *cells, _number(row.area, ".3f"))
        learner = [Text(f"+ {one.learner} is better, - worse (95%)", "dim") for one in self.comparisons[:1]]
        title = "\nReturn: right - price x steps / budget; settings chosen for each price on validation"
        legend = Text("area: under the curve of accuracy over mean steps", "dim")
        return [Text(title, "bold"), table, *learner, legend]

    def write(self, folder: str | os.PathLike[str]) -> Path:
        """Write report.json, problems.csv (raw results, one problem a line) and the pictures; returns the folder."""
        from agents.evaluation import figures  # matplotlib takes a second to load

        folder = Path(folder)
        atomic_write(folder / "report.json", self.json())
        atomic_write(folder / "problems.csv", self._csv())
        figures.halting_figure(self, folder / "halting.png")
        figures.accuracy_figure(self, folder / "accuracy.png")
        figures.histogram_figure(self, folder / "steps.png")
        return folder

    def json(self) -> str:
        """All but the raw results."""
        parts = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "raw"}
        return json.dumps(_plain(parts), indent=2, allow_nan=False) + "\n"

    def _csv(self) -> str:
        """Raw results: right says for every step whether its draft was right (1) or not (0)."""
        raw, text = self.raw, io.StringIO()
        columns: dict[str, Any] = {
            "problem": range(self.n),
            "level": raw.level.tolist(),
            "difficulty": [f"{value:g}" for value in raw.difficulty],
            "right": ["".join("01"[int(right)] for right in draft) for draft in raw.solved],
        }
        columns |= {f"steps {rule}": steps.tolist() for rule, steps in raw.steps.items()}
        for rule, by_price in raw.price_steps.items():
            columns |= {f"steps {rule} at {price:g}": steps.tolist() for price, steps in by_price.items()}
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        return text.getvalue()


def _table(*names: str) -> Table:
    """A table with these columns: text on the left, figures on the right."""
    table = Table(box=None, padding=(0, 1), header_style="cyan")
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place else "left", no_wrap=True)
    return table


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def _mark(comparison: Comparison) -> str:
    if not comparison.difference.excludes_zero:
        return " "
    return "+" if comparison.difference.value > 0 else "-"


def _plain(value: Any) -> Any:
    """``value`` as JSON knows it: named parts as objects, and null for what is not a finite number."""
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value
