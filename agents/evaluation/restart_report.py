"""The comparison of restarts as rows: every rule at every price, and at the steps that the policy takes."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from agents.evaluation import metrics
from agents.evaluation.restarts import (
    Candidate,
    Outcome,
    StartsBank,
    choose,
    choose_surest,
    clairvoyant,
    families,
    surest,
    with_checker,
)
from agents.halting.heads import Halter
from agents.halting.restart_head import RestartPolicy
from agents.halting.restart_policy import PolicyHalts, PolicyRestarts

UNTUNED = "policy of three acts, no tuning"
SUREST = "several branches, the surest"
CHECKED = "fixed cutoff with a checker (bound)"
CLAIRVOYANT = "clairvoyant (bound)"


@final
@dataclass(frozen=True)
class Played:
    """A rule in one run, on test problems, [n] each: by price, and within the policy's steps at that price."""

    best: dict[float, Outcome]
    equal: dict[float, Outcome]
    settings: dict[float, str]


def play_run(
    validation: StartsBank, test: StartsBank, head: RestartPolicy, two: Halter | None, prices: Sequence[float]
) -> dict[str, Played]:
    """Every rule of one network and halting seed: chosen on ``validation``, played on ``test``."""
    asked = [Candidate("", PolicyRestarts(head, price), PolicyHalts(head, price)) for price in prices]
    whole = np.array([[0.0, test.budget]])
    untuned = {p: _only(test.play(one, whole)) for p, one in zip(prices, asked, strict=True)}
    steps = [float(validation.play(one, whole).steps.mean()) for one in asked]
    found = {UNTUNED: Played(untuned, untuned, dict.fromkeys(prices, ""))}
    for name, candidates in families(validation, head, two).items():
        best, equal = choose(validation, candidates, prices, steps)
        labels = [f"{one.candidate.label}; threshold {one.setting[0]:.2f}, cap {one.setting[1]:g}" for one in best]
        found[name] = Played(
            {price: one.play(test) for price, one in zip(prices, best, strict=True)},
            {price: one.play(test) for price, one in zip(prices, equal, strict=True)},
            dict(zip(prices, labels, strict=True)),
        )
    branches, equal = choose_surest(validation, prices, steps)
    found[SUREST] = Played(
        {price: surest(test, *one) for price, one in zip(prices, branches, strict=True)},
        {price: surest(test, *one) for price, one in zip(prices, equal, strict=True)},
        {p: f"{b} branches; threshold {v:.2f}, cap {c}" for p, (b, v, c) in zip(prices, branches, strict=True)},
    )
    return found | _bounds(validation, test, prices)


def _bounds(validation: StartsBank, test: StartsBank, prices: Sequence[float]) -> dict[str, Played]:
    """What a checker would make of the best fixed cutoff, and whoever knows the future of the starts."""
    cutoffs = [float(cutoff) for cutoff in np.unique(np.round(np.geomspace(4, validation.budget, 12)))]
    tried = [with_checker(validation, cutoff) for cutoff in cutoffs]
    best = {p: cutoffs[int(np.argmax([one.returns(p, test.budget).mean() for one in tried]))] for p in prices}
    checked = {price: with_checker(test, cutoff) for price, cutoff in best.items()}
    known = {price: clairvoyant(test) for price in prices}
    labels = {price: f"every {cutoff:g}" for price, cutoff in best.items()}
    return {CHECKED: Played(checked, checked, labels), CLAIRVOYANT: Played(known, known, dict.fromkeys(prices, ""))}


def _only(outcome: Outcome) -> Outcome:
    return Outcome(*(part[0] for part in outcome))


@final
@dataclass(frozen=True)
class Row:
    """A rule at one price, over all runs; differences are the untuned policy's less the rule's."""

    rule: str
    price: float
    right: float
    steps: float
    starts: float
    lost: float
    value: float
    """Return."""
    value_gap: metrics.Interval
    equal_right: float
    equal_steps: float
    equal_gap: metrics.Interval
    """Right answers: at the steps that the policy takes."""
    setting: str
    """Of the first run."""


def rows(runs: Sequence[Mapping[str, Played]], prices: Sequence[float], budget: int, resamples: int) -> list[Row]:
    """Every rule at every price; ``runs``: of every network and halting seed, on the same test problems."""

    def of(name: str, price: float, part: Callable[[Played], dict[float, Outcome]]) -> Outcome:
        return Outcome.stack([part(run[name])[price] for run in runs])

    found = []
    for price in prices:
        mine = of(UNTUNED, price, lambda one: one.best)
        for name in runs[0]:
            best, equal = of(name, price, lambda one: one.best), of(name, price, lambda one: one.equal)
            paid = [one.returns(price, budget) for one in (mine, best)]
            found.append(
                Row(
                    rule=name,
                    price=price,
                    right=float(best.solved.mean()),
                    steps=float(best.steps.mean()),
                    starts=float(best.starts.mean()),
                    lost=float(best.lost.mean()),
                    value=float(paid[1].mean()),
                    value_gap=metrics.paired_bootstrap(paid[0], paid[1], resamples),
                    equal_right=float(equal.solved.mean()),
                    equal_steps=float(equal.steps.mean()),
                    equal_gap=metrics.paired_bootstrap(mine.solved * 1.0, equal.solved * 1.0, resamples),
                    setting=runs[0][name].settings[price],
                )
            )
    return found


HEADER = (
    "rule",
    "right, %",
    "steps",
    "starts",
    "right and not handed in, %",
    "return",
    "policy minus rule",
    "right within the policy's steps, % (steps)",
    "policy minus rule, points",
    "setting",
)


def tables(found: Sequence[Row]) -> list[dict[str, Any]]:
    """A table for each price, as records have them. In bold what leaves 0 out."""
    return [
        {
            "caption": f"lambda = {price:g}. The policy is asked at that price, without tuning; rules are tuned on "
            "validation problems, for the return and for right answers within the policy's steps.",
            "header": list(HEADER),
            "rows": [_cells(row) for row in found if row.price == price],
        }
        for price in dict.fromkeys(row.price for row in found)
    ]


def by_network(
    networks: Sequence[Sequence[Mapping[str, Played]]], prices: Sequence[float], budget: int, resamples: int
) -> dict[str, Any]:
    """The untuned policy against every rule, network by network, each with all its halting seeds."""
    table: list[list[str]] = []
    for number, runs in enumerate(networks, 1):
        for price, (mine, *others) in itertools.groupby(rows(runs, prices, budget, resamples), lambda row: row.price):
            first = [str(number), f"{price:g}", f"{100 * mine.right:.1f} ({mine.steps:.2f})"]
            table.append([*first, *(_gap(row.value_gap, 1, 3) for row in others)])
    rules = [name for name in networks[0][0] if name != UNTUNED]
    return {
        "title": "By network",
        "caption": "The return of the policy of three acts, asked at the price without tuning, less each rule's.",
        "header": ["network", "lambda", "right, % (steps)", *rules],
        "rows": table,
    }


def _cells(row: Row) -> list[str]:
    return [
        row.rule,
        f"{100 * row.right:.1f}",
        f"{row.steps:.2f}",
        f"{row.starts:.2f}",
        f"{100 * row.lost:.1f}",
        f"{row.value:.4f}",
        _gap(row.value_gap, 1, 4),
        f"{100 * row.equal_right:.1f} ({row.equal_steps:.2f})",
        _gap(row.equal_gap, 100, 1),
        row.setting,
    ]


def as_json(found: Sequence[Row], about: Mapping[str, Any]) -> str:
    """The rows and what they are about."""
    return json.dumps({"about": dict(about), "rows": [dataclasses.asdict(row) for row in found]}, indent=1) + "\n"


def _gap(gap: metrics.Interval, unit: float, digits: int) -> str:
    if gap.value == gap.low == gap.high == 0:
        return ""
    text = f"{unit * gap.value:+.{digits}f} ({unit * gap.low:+.{digits}f}..{unit * gap.high:+.{digits}f})"
    return f"**{text}**" if gap.excludes_zero else text
