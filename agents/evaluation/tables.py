"""Reports as Markdown, for docs and whoever reads a folder of results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from agents.evaluation import metrics
from agents.evaluation.report import NO_TUNING, Report, number
from agents.halting.rules import CAPPED, CHECKER, FIXED, ORACLE


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown, without a last line's end."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def over_seeds(values: Sequence[float], show: Callable[[float], str]) -> str:
    """The mean of a figure over seeds, and the least and the most where there are several."""
    mean = show(sum(values) / len(values))
    return mean if len(values) == 1 else f"{mean} ({show(min(values))}..{show(max(values))})"


RULES = {
    FIXED: "best fixed k",
    "unchanged": "draft unchanged for k steps",
    "velocity": "threshold on latent velocity",
    "confidence": "threshold on the least confident cell",
    "q": "threshold on the network's own halt head",
    "bce": "threshold on a BCE head",
    "two_heads": "two classifiers (right now, ever right), thresholds tuned per price",
    CHECKER: "verifier (stops at the first valid draft)",
    ORACLE: "oracle (knows every verdict)",
}
"""Rules by what a table calls them in words; any other is a learner's policy."""


def rule_in_words(name: str) -> str:
    """What a row of a table is: ``confidence-capped`` -> "threshold on the least confident cell, with a step limit"."""
    plain = name.removesuffix(CAPPED)
    if plain != name:
        return f"{rule_in_words(plain)}, with a step limit"
    if name.startswith("always-"):
        return f"always {name.removeprefix('always-')} steps"
    policy, comma, price = name.partition(", ")
    if comma:
        return f"{_learner(policy)} (no tuning), {price}"
    return RULES.get(name.replace("-", "_")) or RULES.get(name) or f"{_learner(name)}, tuned on validation"


def _learner(name: str) -> str:
    return name.upper() if name in ("grpo", "rloo") else name


def report_markdown(report: Report) -> str:
    """The figures of every rule, and how much better or worse than each of them the learner is."""
    at = ", ".join(f"{100 * accuracy:.1f}" for accuracy in report.accuracy_at.values())
    steps = ", ".join(str(step) for step in report.accuracy_at)
    prices = list(report.rows[0].returns)
    header = ["rule", "right %", "steps", "oracle gap closed %", "rank", "over %", "under %", "steps if unsolved"]
    rows = []
    for row in report.rows:
        over, under, unsolved = row.thinking
        cells = [rule_in_words(row.rule), percent(row.accuracy, 1), f"{row.steps:.2f}"]
        cells += [
            percent(row.oracle_gap_closed, 0),
            f"{row.correlation:.2f}",
            f"{100 * over:.1f}",
            f"{100 * under:.1f}",
        ]
        cells += [number(unsolved, ".1f"), *(f"{row.returns[price].value:.3f}" for price in prices)]
        rows.append([*cells, number(row.area, ".3f")])
    header += [*(f"return at lambda {price:g}" for price in prices), "area"]
    text = (
        f"{report.task}, {report.source}: {report.n:,} test problems. Unsolved at every step of the budget: "
        f"{100 * report.unsolved:.1f}%. Right after {steps} steps: {at}%. Best fixed k: {report.best_fixed} steps; "
        f"oracle: {report.oracle:.2f}; the operating point asks for {100 * report.target:.1f}%. "
        f"lambda = {prices[-1]:g}: using all {report.budget} steps costs {prices[-1]:g} of a right answer."
        f"\n\n{markdown_table(header, rows)}\n"
    )
    return text + (f"\n{difference_markdown(report)}" if report.comparisons else "")


def difference_markdown(report: Report) -> str:
    """Each learner minus every other rule: return at each price, steps at the operating point; bold where it counts."""
    tables = []
    for learner in dict.fromkeys(one.learner for one in report.comparisons):
        found = {(one.rule, one.price): one.difference for one in report.comparisons if one.learner == learner}
        prices = list(dict.fromkeys(price for _, price in found))
        header = [
            f"{learner if learner == NO_TUNING else rule_in_words(learner)}, minus",
            *("steps (95%)" if price is None else f"return at lambda {price:g} (95%)" for price in prices),
        ]
        rows = [
            [rule_in_words(rule), *(difference(found[rule, price], 2 if price is None else 4) for price in prices)]
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
        cells = [report.source, *(f"{value:.1f}" for value in at), percent(mine.accuracy, 1)]
        cells += [f"{mine.steps:.2f}", f"{oracle.steps:.2f}", number(unsolved, ".2f")]
        rows.append([*cells, f"{mine.correlation:.2f}", f"{oracle.correlation:.2f}"])
    budget = reports[0].budget
    mine = rule_in_words(rule)
    header = ["level", f"right at {taught} %", f"right at {budget} %", f"{mine}: right %", "steps", "oracle's steps"]
    return markdown_table([*header, "steps if unsolved", "rank", "oracle's rank"], rows) + "\n"


def percent(one: metrics.Interval, digits: int) -> str:
    """A share with its interval, in percent."""
    value, low, high = (number(100 * part, f".{digits}f") for part in one)
    return f"{value} ({low}..{high})"


def difference(one: metrics.Interval, digits: int) -> str:
    """A difference with its interval; bold where that leaves 0 out."""
    text = f"{one.value:+.{digits}f} ({one.low:+.{digits}f}..{one.high:+.{digits}f})"
    return f"**{text}**" if one.excludes_zero else text
