"""The headline table: what a policy without tuning gains over the best threshold, level by level, from the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents.evaluation.metrics import Interval
from agents.evaluation.report import NO_TUNING
from agents.evaluation.tables import CAPPED, difference, number, rule_in_words, without_tuning

THRESHOLDS = ("unchanged", "velocity", "confidence", "q", "bce")
"""Rules with one threshold and no more."""
CLASSIFIERS = ("two_heads", "two-heads")
PRICE = "0.6"
HEADER = (
    "level",
    "right after 1, 4, 16 steps, %",
    "unsolved at every step of the budget",
    f"return at lambda = {PRICE}: GRPO (no tuning)",
    "best threshold",
    "best threshold with a step limit",
    "two classifiers (right now, ever right), thresholds tuned per price",
    "oracle",
    "share of the return between the best threshold and the oracle that GRPO gains",
    "GRPO (no tuning) minus the best threshold (95%)",
)


def headline(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A table {header, rows} of reports (``Report.plain``), those with the most unsolved problems first.

    Raises ValueError for a report without the policy, a threshold or the oracle.
    """
    return {"header": HEADER, "rows": [_row(one) for one in sorted(reports, key=lambda one: -one["unsolved"])]}


def _row(report: Mapping[str, Any]) -> list[str]:
    """One level's row; the best rule of a kind is the one that the policy gains least over."""
    returns = {row["rule"]: row["returns"][PRICE]["value"] for row in without_tuning(report["rows"])}
    gains = {
        one["rule"]: Interval(**one["difference"])
        for one in report["comparisons"]
        if one["learner"] == NO_TUNING and one["price"] == float(PRICE)
    }
    plain = [name for name in THRESHOLDS if name in gains]
    if not plain or "oracle" not in gains:
        raise ValueError(
            f"{report['task']}, {report['source']}: the headline needs {NO_TUNING}, a threshold, an oracle"
        )
    best = min(plain, key=lambda name: gains[name].value)
    limited = [name for name in gains if name.removesuffix(CAPPED) != name]
    limited_return = returns[min(limited, key=lambda name: gains[name].value)] if limited else None
    gain, to_oracle = gains[best].value, gains[best].value - gains["oracle"].value
    at = report["accuracy_at"]
    return [
        f"{report['task']}, {report['source'].partition(' (')[0]}",
        ", ".join(f"{100 * at[step]:.1f}" for step in ("1", "4", "16")),
        f"{100 * report['unsolved']:.1f}%",
        number(returns[NO_TUNING], ".3f"),
        f"{returns[best]:.3f} ({rule_in_words(best).removeprefix('threshold on ')})",
        number(limited_return, ".3f"),
        number(next((returns[name] for name in CLASSIFIERS if name in returns), None), ".3f"),
        number(returns["oracle"], ".3f"),
        f"{100 * gain / to_oracle:.0f}%" if to_oracle else "-",
        difference(gains[best], 4),
    ]
