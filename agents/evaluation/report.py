"""What an evaluation found: rows of figures, tables for a terminal, files for whoever wants to compute their own."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agents.evaluation import metrics
from agents.evaluation.metrics import Interval
from agents.halting import outcomes
from agents.halting.registry import LEARNER
from trm_gym.short_repr import short, short_repr

NO_TUNING = f"{LEARNER} (no tuning)"
"""The learner without any sweep: given each price, it stops when it finds stopping more likely than going on."""


@short_repr
@dataclass(frozen=True)
class Row:
    """One rule on the test problems; everything it could choose was chosen on validation problems.

    All but ``returns``, ``price_settings`` and ``area`` is at the operating point.
    """

    rule: str
    accuracy: Interval
    steps: float
    oracle_gap_closed: Interval
    """The share of the steps between the best fixed k (0) and the oracle (1) that the rule saves."""
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


@short_repr
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


@short_repr
@dataclass(frozen=True)
class Report:
    """One checkpoint on one set of problems.

    source: which problems. target: the accuracy that the operating point asks for, on validation. best_fixed: the
    fewest steps, the same for all problems, that reach it there. oracle: the oracle's mean steps. curves: by rule,
    (mean steps, accuracy) of the settings that no other beat on validation.
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
        raise ValueError(f"no rule {short(rule)} in this report: it has {', '.join(row.rule for row in self.rows)}")

    def accuracy_of_fixed(self, steps: int) -> float:
        """Accuracy on the test problems when all are stopped after ``steps``."""
        return float(self.raw.solved[:, steps - 1].mean())

    def summary(self) -> list[dict[str, Any]]:
        """The rows as {rule, accuracy, steps, n}, accuracy in [0, 1]."""
        return [
            {"rule": row.rule, "accuracy": row.accuracy.value, "steps": row.steps, "n": self.n} for row in self.rows
        ]

    @property
    def unsolved(self) -> float:
        """The share of test problems that are unsolved at every step of the budget."""
        return float(1 - self.raw.solved.any(1).mean())

    def table(self) -> RenderableType:
        """The figures for a terminal of 80 columns or more."""
        steps = "  ".join(f"{step}: {accuracy:.1%}" for step, accuracy in self.accuracy_at.items())
        head = (
            f"{self.task}, {self.source}: {self.n:,} test problems, at most {self.budget} steps\n"
            f"unsolved at every step of the budget: {self.unsolved:.1%}\n"
            f"solved after so many steps: {steps}\n"
            f"best fixed k: {self.best_fixed} steps, the fewest that solve {self.target:.1%} on validation; "
            f"oracle: {self.oracle:.2f}"
        )
        return Group(Text(head), *self._operating_table(), *self._return_table())

    def _operating_table(self) -> list[RenderableType]:
        table = _table("rule", "right", "steps", "gap", "95%", "rank", "over", "under", "stuck")
        for row in self.rows:
            over, under, unsolved = row.thinking
            table.add_row(
                row.rule,
                f"{row.accuracy.value:.1%}",
                f"{row.steps:.2f}",
                number(row.oracle_gap_closed.value, ".0%"),
                f"{number(100 * row.oracle_gap_closed.low, '.0f')}..{number(100 * row.oracle_gap_closed.high, '.0f')}",
                f"{row.correlation:.2f}",
                f"{100 * over:.1f}",
                f"{100 * under:.1f}",
                number(unsolved, ".1f"),
            )
        legend = (
            "gap: share of the steps between the best fixed k and the oracle that are saved\n"
            "rank: correlation of steps with difficulty; over: % that went on after a right\n"
            "draft; under: % that stopped although a right draft would have come\n"
            "stuck: mean steps on problems that are unsolved at every step of the budget"
        )
        title = f"\nAs few steps as leave {self.target:.1%} right on validation"
        return [Text(title, "bold"), table, Text(legend, "dim")]

    def _return_table(self) -> list[RenderableType]:
        prices = list(self.rows[0].returns)
        learner = self.comparisons[0].learner if self.comparisons else ""
        marks = {(one.rule, one.price): _mark(one) for one in self.comparisons if one.learner == learner}
        table = _table("rule", *(f"lambda {price:g}" for price in prices), "area")
        for row in self.rows:
            cells = [f"{row.returns[price].value:.3f}{marks.get((row.rule, price), ' ')}" for price in prices]
            table.add_row(row.rule, *cells, number(row.area, ".3f"))
        last = f"{prices[-1]:g}"
        legend = (
            f"lambda = {last}: using all {self.budget} steps costs {last} of a right answer\n"
            "area: under the curve of accuracy over mean steps"
        )
        marked = [Text(f"+ {learner} is better, - worse (95%)", "dim")] if learner else []
        title = "\nReturn: solved - lambda x steps / budget; settings tuned for each lambda"
        return [Text(title, "bold"), table, *marked, Text(legend, "dim")]

    def plain(self) -> dict[str, Any]:
        """All but the raw results, as JSON knows it."""
        parts = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "raw"}
        return _plain({**parts, "unsolved": self.unsolved})

    def json(self) -> str:
        """All but the raw results."""
        return json.dumps(self.plain(), indent=2, allow_nan=False) + "\n"

    def csv(self) -> str:
        """Raw results of one run, one problem a line.

        right says for every step whether its draft was right (1) or not (0).
        """
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
        table.add_column(name, justify="right" if place else "left", no_wrap=place > 0)
    return table


def number(value: float | None, form: str, scale: float = 1, none: str = "-") -> str:
    """``scale`` times a figure as text; ``none`` where there is none, or what is not a number."""
    return none if value is None or math.isnan(value) else format(scale * value, form)


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
