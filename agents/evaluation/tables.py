"""Reports as Markdown, for docs and whoever reads a folder of results."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from agents.evaluation import metrics
from agents.evaluation.report import Report, number
from agents.halting.registry import CAPPED, FIXED, ORACLE


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown, without a last line's end."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def over_seeds(values: Sequence[float], show: Callable[[float], str]) -> str:
    """The mean of a figure over seeds, and the least and the most where there are several."""
    mean = show(sum(values) / len(values))
    return mean if len(values) == 1 else f"{mean} ({show(min(values))}..{show(max(values))})"


WITHOUT_TUNING = " (no tuning)"
UNTUNED = re.compile(r"(\w+), (?:no tuning, )?price (.+)")
"""The rule of a policy that is given one price."""
RULES = {
    "best-fixed-k": "best fixed k",
    "unchanged": "draft unchanged for k steps",
    "velocity": "threshold on latent velocity",
    "confidence": "threshold on the least confident cell",
    "q": "threshold on the network's own halt head",
    "bce": "threshold on a BCE head",
    "two_heads": "two classifiers (right now, ever right), thresholds tuned per price",
    "two-heads": "two classifiers (right now, ever right), thresholds tuned per price",
    "verifier": "verifier (stops at the first valid draft)",
    "rule-checker": "verifier (stops at the first valid draft)",
    "oracle": "oracle (knows every verdict)",
}
"""Rules by what a table calls them, names of the version before among them; any other is a learner's policy."""


def rule_in_words(name: str) -> str:
    """What a row of a table is: ``confidence-capped`` -> "threshold on the least confident cell, with a step limit"."""
    plain = name.removesuffix(CAPPED)
    if plain != name:
        return f"{rule_in_words(plain)}, with a step limit"
    if name.startswith("always-"):
        return f"always {name.removeprefix('always-')} steps"
    if name in RULES:
        return RULES[name]
    if policy := UNTUNED.fullmatch(name):
        name = f"{policy[1]}{WITHOUT_TUNING}, lambda {policy[2]}"
    learner, bracket, rest = name.partition(" (")
    learner, comma, price = learner.partition(",")
    learner = learner.upper() if learner in ("grpo", "rloo") else learner
    return f"{learner}{bracket}{rest}{comma}{price}" if bracket else f"{learner}, tuned on validation"


def report_markdown(report: Mapping[str, Any]) -> str:
    """The figures of every rule, and how much better or worse than each of them the learner is.

    report: as ``Report.plain`` gives it; figures that a report of an earlier version lacks are left out.
    """
    at, prices, last = report["accuracy_at"], list(report["rows"][0]["returns"]), list(report["rows"][0]["returns"])[-1]
    shown = without_tuning(report["rows"])
    rows = [_cells(row, report, prices) for row in shown]
    header = [name for name in rows[0] if any(row.get(name) for row in rows)]
    said = [
        f"{report['task']}, {report['source']}: {report['n']:,} test problems",
        f"Unsolved at every step of the budget: {100 * report['unsolved']:.1f}%",
        f"Right after {', '.join(at)} steps: {', '.join(f'{100 * right:.1f}' for right in at.values())}%",
        f"Best fixed k: {fixed_k(report):.4g} steps; oracle: {report['oracle']:.2f}",
        f"The operating point asks for {100 * report['target']:.1f}% right on validation",
        f"lambda = {last}: using all {report['budget']} steps costs {last} of a right answer",
    ]
    if any(row["rule"].endswith(WITHOUT_TUNING) for row in shown):
        said.append(f"Without tuning, all but the returns is at lambda {last}")
    text = ". ".join(said) + ".\n\n"
    text += f"{markdown_table(header, [[row[name] for name in header] for row in rows])}\n"
    return text + (f"\n{difference_markdown(report['comparisons'])}" if report["comparisons"] else "")


def _cells(row: Mapping[str, Any], report: Mapping[str, Any], prices: Sequence[str]) -> dict[str, str]:
    """A row of the table by the names of its columns; empty where there is no figure."""
    thinking = row.get("thinking", {})
    cells = {
        "rule": rule_in_words(row["rule"]),
        "right %": percent(row["accuracy"], 1),
        "steps": number(row["steps"], ".2f"),
        "oracle gap closed %": percent(row.get("oracle_gap_closed") or gap_of_means(row, report), 0),
        "rank": number(row.get("correlation"), ".2f", none=""),
        "over %": number(thinking.get("over"), ".1f", 100, none=""),
        "under %": number(thinking.get("under"), ".1f", 100, none=""),
        "steps if unsolved": number(thinking.get("hopeless"), ".1f"),
    }
    cells |= {f"return at lambda {price}": number(row["returns"][price]["value"], ".3f") for price in prices}
    return cells | {"area": number(row["area"], ".3f") if "area" in row else ""}


def without_tuning(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows in which a policy without tuning has one, and not one for every price that it is given.

    The return at a price is that of the policy given this price; all else is that of the last price.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        policy = UNTUNED.fullmatch(row["rule"])
        if policy is None:
            found[row["rule"]] = row
            continue
        name, price = policy.groups()
        before = found.get(f"{name}{WITHOUT_TUNING}", row)["returns"]
        returns = {one: (row if one == price else {"returns": before})["returns"][one] for one in row["returns"]}
        found[f"{name}{WITHOUT_TUNING}"] = {**row, "rule": f"{name}{WITHOUT_TUNING}", "returns": returns}
    return list(found.values())


def fixed_k(report: Mapping[str, Any]) -> float:
    """The best fixed k; of several networks' the mean where the report does not say it."""
    named = {row["rule"]: row["steps"] for row in report["rows"]}
    return report["best_fixed"] if report.get("best_fixed") else named[FIXED]


def gap_of_means(row: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, float | None]:
    """The share of the oracle gap that a rule closes, of mean steps alone and therefore without an interval.

    It is counted from the steps of the best fixed k's row, which closes none of it.
    """
    fixed = next((one["steps"] for one in report["rows"] if one["rule"] == FIXED), fixed_k(report))
    gap = metrics.oracle_gap_closed(row["steps"], fixed, report["oracle"])
    return {"value": None if math.isnan(gap) else float(gap), "low": None, "high": None}


def difference_markdown(comparisons: Sequence[Mapping[str, Any]]) -> str:
    """Each learner minus every other rule: return at each price, steps at the operating point; bold where it counts."""
    tables = []
    for learner in dict.fromkeys(one["learner"] for one in comparisons):
        found = {(one["rule"], one["price"]): one["difference"] for one in comparisons if one["learner"] == learner}
        prices = list(dict.fromkeys(price for _, price in found))
        header = [
            f"{rule_in_words(learner)}, minus",
            *("steps (95%)" if price is None else f"return at lambda {price:g} (95%)" for price in prices),
        ]
        rows = [
            [rule_in_words(rule)]
            + [difference(metrics.Interval(**found[rule, price]), 2 if price is None else 4) for price in prices]
            for rule in dict.fromkeys(rule for rule, _ in found)
        ]
        tables.append(markdown_table(header, rows) + "\n")
    return "\n".join(tables)


def levels_markdown(reports: Sequence[Report], rule: str, taught: int) -> str:
    """Level by level: does a rule think longer where it must, and as long as the oracle?"""
    rows = []
    for report in reports:
        mine, oracle = report.row(rule), report.row(ORACLE)
        at = [100 * report.accuracy_of_fixed(steps) for steps in (min(taught, report.budget), report.budget)]
        unsolved = mine.thinking.hopeless
        cells = [report.source, *(f"{value:.1f}" for value in at), percent(mine.accuracy._asdict(), 1)]
        cells += [f"{mine.steps:.2f}", f"{oracle.steps:.2f}", number(unsolved, ".2f")]
        rows.append([*cells, f"{mine.correlation:.2f}", f"{oracle.correlation:.2f}"])
    budget = reports[0].budget
    mine = rule_in_words(rule)
    header = ["level", f"right at {taught} %", f"right at {budget} %", f"{mine}: right %", "steps", "oracle's steps"]
    return markdown_table([*header, "steps if unsolved", "rank", "oracle's rank"], rows) + "\n"


def percent(one: Mapping[str, float | None], digits: int) -> str:
    """A share, {value, low, high}, with its interval where it has one, in percent."""
    value, low, high = (number(one[part], f".{digits}f", 100) for part in ("value", "low", "high"))
    return f"{value} ({low}..{high})" if one["low"] is not None else value


def difference(one: metrics.Interval, digits: int) -> str:
    """A difference with its interval; bold where that leaves 0 out."""
    text = f"{one.value:+.{digits}f} ({one.low:+.{digits}f}..{one.high:+.{digits}f})"
    return f"**{text}**" if one.excludes_zero else text
