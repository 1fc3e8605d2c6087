"""Reports as Markdown, for docs and whoever reads a folder of results."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from agents.evaluation import metrics
from agents.evaluation.report import Report
from agents.halting.rules import ORACLE


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown, without a last line's end."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def over_seeds(values: Sequence[float], show: Callable[[float], str]) -> str:
    """The mean of a figure over seeds, and the least and the most where there are several."""
    mean = show(sum(values) / len(values))
    return mean if len(values) == 1 else f"{mean} ({show(min(values))}..{show(max(values))})"


def report_markdown(report: Report) -> str:
    """The figures of every rule, and how much better or worse than each of them the learner is."""
    at = ", ".join(f"{100 * accuracy:.1f}" for accuracy in report.accuracy_at.values())
    steps = ", ".join(str(step) for step in report.accuracy_at)
    never = 100 * (1 - report.raw.solved.any(1).mean())
    prices = list(report.rows[0].returns)
    header = ["rule", "right %", "steps", "way %", "rank", "over %", "under %", "steps if never right"]
    rows = []
    for row in report.rows:
        over, under, hopeless = row.thinking
        cells = [f"{row.rule}", _share(row.accuracy, 1), f"{row.steps:.2f}", _share(row.share, 0)]
        cells += [f"{row.correlation:.2f}", f"{100 * over:.1f}", f"{100 * under:.1f}", _number(hopeless, ".1f")]
        rows.append([*cells, *(f"{row.returns[price].value:.3f}" for price in prices), _number(row.area, ".3f")])
    header += [*(f"return at {price:g}" for price in prices), "area"]
    text = (
        f"{report.task}, {report.source}: {report.n:,} test problems, {never:.1f}% never right in {report.budget} "
        f"steps. Right after {steps} steps: {at}%. Best fixed k {report.best_fixed}, oracle {report.oracle:.2f} steps;"
        f" the operating point asks for {100 * report.target:.1f}%.\n\n{markdown_table(header, rows)}\n"
    )
    return text + (f"\n{difference_markdown(report)}" if report.comparisons else "")


def difference_markdown(report: Report) -> str:
    """Each learner minus every other rule: return at each price, steps at the operating point; bold where it counts."""
    tables = []
    for learner in dict.fromkeys(one.learner for one in report.comparisons):
        found = {(one.rule, one.price): one.difference for one in report.comparisons if one.learner == learner}
        prices = list(dict.fromkeys(price for _, price in found))
        header = [
            f"{learner} minus",
            *("steps (95%)" if price is None else f"return at {price:g} (95%)" for price in prices),
        ]
        rows = [
            [rule, *(difference(found[rule, price], 2 if price is None else 4) for price in prices)]
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
        never = mine.thinking.hopeless
        cells = [report.source, *(f"{value:.1f}" for value in at), _share(mine.accuracy, 1)]
        cells += [f"{mine.steps:.2f}", f"{oracle.steps:.2f}", _number(never, ".2f")]
        rows.append([*cells, f"{mine.correlation:.2f}", f"{oracle.correlation:.2f}"])
    budget = reports[0].budget
    header = ["level", f"right at {taught} %", f"right at {budget} %", f"{rule} right %", "steps", "oracle's steps"]
    return markdown_table([*header, "steps if never right", "rank", "oracle's rank"], rows) + "\n"


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def _share(one: metrics.Interval, digits: int) -> str:
    value, low, high = (_number(100 * part, f".{digits}f") for part in one)
    return f"{value} ({low}..{high})"


def difference(one: metrics.Interval, digits: int) -> str:
    """A difference with its interval; bold where that leaves 0 out."""
    text = f"{one.value:+.{digits}f} ({one.low:+.{digits}f}..{one.high:+.{digits}f})"
    return f"**{text}**" if one.excludes_zero else text
