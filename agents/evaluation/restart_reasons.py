"""Why restarts win or do not: what starts of one problem have in common, and what a policy makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray

from agents.evaluation.restart_report import CLAIRVOYANT, UNTUNED, Played
from agents.evaluation.restarts import ONE_RUN, Outcome
from agents.halting import outcomes


def starts_table(solved: Bool[NDArray[np.bool_], "n g s"]) -> dict[str, Any]:
    """Of n problems with g graded starts each, the first without noise: from how many they are right, and how soon.

    What decides whether a clock helps is the last row: a quarter of the budget gone without a right draft, is one
    likelier in the next quarter of the same run, or in the first of another?
    """
    count, starts, budget = solved.shape
    quarter = max(1, budget // 4)
    first = outcomes.first_true(solved, 2 * budget)
    right = first <= budget
    never, late = ~right[:, 0], first[:, 0] > quarter
    several = [np.log(row[found]) for row, found in zip(first, right, strict=True) if found.sum() > 1]
    within = np.sqrt(np.mean([row.var() for row in several])) if several else np.nan
    between = np.std([row.mean() for row in several]) if several else np.nan
    spread = np.quantile(first[right], (0.1, 0.5, 0.9)) if right.any() else [np.nan] * 3
    numbers = ", ".join(map(str, np.bincount(right.sum(1), minlength=starts + 1)))
    rows = [
        (f"problems right from 0 to {starts} of their {starts} starts", numbers),
        ("never right from the first start", _share(never, np.ones(count, np.bool_))),
        ("of those, right from another", _share(right.any(1), never)),
        ("first right step: 10%, median, 90%", ", ".join(f"{step:.0f}" for step in spread)),
        (
            "deviation of its logarithm: between starts of a problem, between problems",
            f"{within:.2f}, {between:.2f}",
        ),
        (
            f"not right within {quarter} steps, but in the next {quarter}; within {quarter} of a fresh start",
            f"{_share(first[:, 0] <= 2 * quarter, late)}; {_share((first[:, 1:] <= quarter).mean(1), late)}",
        ),
    ]
    return {"title": "Starts of a problem", "header": ["", "test problems"], "rows": [list(row) for row in rows]}


def acts_table(runs: Sequence[Mapping[str, Played]], prices: Sequence[float], budget: int) -> dict[str, Any]:
    """What the untuned policy does at each price, over all runs, and how far it comes from one run to the bound."""
    header = [
        "lambda",
        "begun again",
        "of those, right",
        "right of the others",
        "steps: right from the first start",
        "right after a restart",
        "not right",
        "share of the way from one long run to the clairvoyant bound",
    ]
    rows = []
    for price in prices:
        mine, one, bound = (
            Outcome.stack([run[name].best[price] for run in runs]) for name in (UNTUNED, ONE_RUN, CLAIRVOYANT)
        )
        again = mine.starts > 1
        low, reached, high = (found.returns(price, budget).mean() for found in (one, mine, bound))
        rows.append(
            [
                f"{price:g}",
                _share(again, np.ones_like(again)),
                _share(mine.solved, again),
                _share(mine.solved, ~again),
                _mean(mine.steps, mine.solved & ~again),
                _mean(mine.steps, mine.solved & again),
                _mean(mine.steps, ~mine.solved),
                f"{100 * (reached - low) / (high - low):.0f}%" if high > low else "",
            ]
        )
    return {"title": "What the policy of three acts does", "header": header, "rows": rows}


def _share(what: NDArray[Any], of: NDArray[np.bool_]) -> str:
    return f"{100 * what[of].mean():.1f}%" if of.any() else "none"


def _mean(steps: NDArray[np.integer], of: NDArray[np.bool_]) -> str:
    return f"{steps[of].mean():.1f}" if of.any() else "none"
