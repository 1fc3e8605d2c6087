"""Runs that differ in one option each: what they came to, as a table and as what a picture shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from agents.evaluation.tables import over_seeds
from trm_gym.short_repr import short_repr

SHARES = ("right", "oracle gap closed")
"""Figures by the beginning of their names that are shown in percent."""
COUNTS = ("parameters", "updates", "seconds")
"""Figures that are shown whole."""


@short_repr
class Run(NamedTuple):
    """One run. figures: by level, by name."""

    option: str
    value: str
    seed: int
    figures: Mapping[str, Mapping[str, float]]


def by_variant(runs: Sequence[Run]) -> dict[tuple[str, str], list[Run]]:
    """All seeds' runs of every option and value, in order."""
    found: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        found.setdefault((run.option, run.value), []).append(run)
    return found


def headline(runs: Sequence[Run], level: str, figure: str) -> dict[str, list[float]]:
    """One figure on a level, by what was varied, a number for every seed."""
    return {
        f"{option} {value}".strip(): [run.figures[level][figure] for run in same]
        for (option, value), same in by_variant(runs).items()
    }


def effects(runs: Sequence[Run], levels: Sequence[str]) -> list[dict[str, Any]]:
    """A table {caption, header, rows} per level: means over seeds, with the least and the most of several."""
    tables = []
    for level in levels:
        names = list(runs[0].figures[level])
        rows = []
        for (option, value), same in by_variant(runs).items():
            cells = [_cell(name, [run.figures[level][name] for run in same]) for name in names]
            rows.append([option, value, *cells])
        header = ["option", "value", *(f"{name} %" if name.startswith(SHARES) else name for name in names)]
        seeds = len({run.seed for run in runs})
        caption = f"{level}, {seeds} seed{'s' if seeds > 1 else ''}"
        tables.append({"caption": caption, "header": header, "rows": rows})
    return tables


def _cell(name: str, values: Sequence[float | None]) -> str:
    """A figure over seeds; nulls are what is not a number."""
    known = [math.nan if value is None else float(value) for value in values]
    return over_seeds(known, lambda value: _shown(name, value))


def _shown(name: str, value: float) -> str:
    if math.isnan(value):
        return "-"
    if name.startswith(SHARES):
        return f"{100 * value:.1f}"
    return f"{value:,.0f}" if name in COUNTS else f"{value:.3f}"
