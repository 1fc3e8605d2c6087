"""What came of playing: a record a problem as CSV, and a row of the table with its intervals as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from agents.benchmark.frozen import Version
from agents.benchmark.playable import PlayableSet
from agents.envs.play import Ends
from agents.evaluation import metrics
from agents.evaluation.report import number
from agents.evaluation.tables import difference, markdown_table
from trm_gym.reward import episode_return
from trm_gym.short_repr import short_repr

RESAMPLES = 2000
PARTS = ("steps", "right", "starts")
"""What a record says of a problem at each price."""
DIGITS = 6


@final
@short_repr
@dataclass(frozen=True)
class SetResult:
    """What a policy did on one problem set: by price, [n] each."""

    ends: Mapping[float, Ends]
    returns: Mapping[float, NDArray[np.floating]]
    fixed: Mapping[float, NDArray[np.floating]]
    """Returns of the version's best fixed number of steps."""
    bound: Mapping[float, NDArray[np.floating]]
    """Those of whoever knows every verdict."""

    @staticmethod
    def of(one: PlayableSet, ends: Mapping[float, Ends]) -> SetResult:
        """With the returns of what a policy did, and of what it is held against."""
        budget = one.set.max_steps
        returns = {price: episode_return(end.solved, end.steps, price / budget) for price, end in ends.items()}
        fixed = {price: one.fixed_returns(price) for price in ends}
        return SetResult(ends, returns, fixed, {price: one.bound_returns(price) for price in ends})


Played = Mapping[str, SetResult]
"""By the name of the problem set."""


def records(played: Played, prices: Sequence[float]) -> str:
    """One line a problem: problem set, number, and for each price steps, whether it was right, and starts."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["set", "problem", *_columns(prices)])
    for name, found in played.items():
        values = [
            part.astype(int)
            for price in prices
            for part in (found.ends[price].steps, found.ends[price].solved, found.ends[price].starts)
        ]
        writer.writerows([name, place, *line] for place, line in enumerate(np.stack(values, 1).tolist()))
    return text.getvalue()


def _columns(prices: Sequence[float]) -> list[str]:
    return [f"{part} {price:g}" for price in prices for part in PARTS]


Records = Mapping[str, NDArray[np.int64]]
"""What ``read_records`` gives."""


def read_records(path: Path, prices: Sequence[float]) -> dict[str, NDArray[np.int64]]:
    """What ``records`` wrote: by problem set, int64 [n, prices, 3]. Raises ValueError, naming the file and line."""
    found: dict[str, list[list[int]]] = {}
    try:
        header, *lines = csv.reader(path.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError, csv.Error) as error:
        raise ValueError(f"the records {path} cannot be read ({error}): name the folder of a finished run") from error
    if header != ["set", "problem", *_columns(prices)]:
        raise ValueError(f"{path} is no file of records at prices {prices}: its first line is {','.join(header)[:100]}")
    for at, line in enumerate(lines, 2):
        rows = found.setdefault("".join(line[:1]), [])
        if len(line) != len(header) or line[1] != str(len(rows)) or not all(one.isdecimal() for one in line[1:]):
            raise ValueError(f"{path}, line {at}: expected problem {len(rows)} of a set, and {len(header) - 2} numbers")
        rows.append([int(one) for one in line[2:]])
    return {name: np.array(rows).reshape(len(rows), len(prices), len(PARTS)) for name, rows in found.items()}


def differing(ours: Records, theirs: Records) -> float:
    """The share of problems and prices at which two records differ; ``ours`` may hold fewer problems of fewer sets.

    Raises ValueError where ``theirs`` lacks a problem.
    """
    unlike = total = 0
    for name, rows in ours.items():
        if name not in theirs or len(theirs[name]) < len(rows):
            raise ValueError(f"the records lack problems of {name}: expected {len(rows)}, play the whole version")
        unlike += int((rows != theirs[name][: len(rows)]).any(-1).sum())
        total += rows.shape[0] * rows.shape[1]
    return unlike / total


def paired(version: Version, mine: Records, theirs: Records) -> list[metrics.Interval]:
    """How much more the policy of one record returns than that of another at each price, on the same problems.

    Over all sets, each of the same weight; intervals are over problems. Raises ValueError where their problems differ.
    """
    shapes = [{name: part.shape for name, part in one.items()} for one in (mine, theirs)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"records of the same problems are needed, got {shapes[0]} and {shapes[1]}: play both anew")
    costs = {one.name: np.array(version.prices) / one.max_steps for one in version.sets}
    gaps = [_returns(part, costs[name]) - _returns(theirs[name], costs[name]) for name, part in mine.items()]
    draws = np.mean([metrics.bootstrap_means(gap, RESAMPLES, place) for place, gap in enumerate(gaps)], 0)
    means = np.mean([gap.mean(0) for gap in gaps], 0)
    return [metrics.interval(float(mean), draws[:, place]) for place, mean in enumerate(means)]


def _returns(record: NDArray[np.int64], step_costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns of a record [n, prices, 3], [n, prices]."""
    return episode_return(record[..., PARTS.index("right")], record[..., PARTS.index("steps")], step_costs)


def row(version: Version, policy: str, played: Played, about: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a policy: over all sets, each of the same weight, and of each. Intervals are over problems.

    ``gained``: the share of the return between the best fixed number of steps and the bound that the policy earns.
    """
    draws = {name: _draws(found, version, place) for place, (name, found) in enumerate(played.items())}
    means = {name: _means(found, version) for name, found in played.items()}
    sets = {name: _figures(means[name], draws[name], played[name], version) for name in played}
    whole = _figures(np.mean([*means.values()], 0), np.mean([*draws.values()], 0), None, version)
    facts = {"version": version.name, "policy": policy, **about}
    return {**facts, "problems": {name: len(found.fixed[version.prices[0]]) for name, found in played.items()}} | {
        "all": whole,
        "sets": sets,
    }


def _columns_of(found: SetResult, version: Version) -> NDArray[np.float64]:
    """Returns of the policy, of the best fixed k and of the bound at each price, [n, prices * 3]."""
    parts = [part[price] for price in version.prices for part in (found.returns, found.fixed, found.bound)]
    return np.stack(parts, 1).astype(np.float64)


def _means(found: SetResult, version: Version) -> NDArray[np.float64]:
    return _columns_of(found, version).mean(0)


def _draws(found: SetResult, version: Version, place: int) -> NDArray[np.floating]:
    return metrics.bootstrap_means(_columns_of(found, version), RESAMPLES, place)


def _figures(
    mean: NDArray[np.floating], draws: NDArray[np.floating], found: SetResult | None, version: Version
) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for place, price in enumerate(version.prices):
        mine, fixed, bound = mean[3 * place : 3 * place + 3]
        many = draws[:, 3 * place : 3 * place + 3]
        gained = (many[:, 0] - many[:, 1]) / np.maximum(many[:, 2] - many[:, 1], 1e-9)
        at = {
            "return": metrics.interval(float(mine), many[:, 0]),
            "minus_fixed": metrics.interval(float(mine - fixed), many[:, 0] - many[:, 1]),
            "gained": metrics.interval(float((mine - fixed) / max(bound - fixed, 1e-9)), gained),
        }
        shown = {
            name: dict(zip(one._fields, (round(part, DIGITS) for part in one), strict=True)) for name, one in at.items()
        }
        if found is not None:
            end = found.ends[price]
            shown |= {name: round(float(part.mean()), DIGITS) for name, part in _ends(end).items()}
        figures[f"{price:g}"] = shown
    return figures


def _ends(end: Ends) -> dict[str, NDArray[Any]]:
    return {"right": end.solved, "steps": end.steps, "starts": end.starts}


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows of one version and track as Markdown, best first by the mean return over prices."""
    shown = ordered(rows)
    prices = list(shown[0]["all"])
    header = [
        "policy",
        *(f"return at {price}" for price in prices),
        *(f"minus best fixed k at {price}" for price in prices),
    ]
    header += [f"gained at {price}" for price in prices]
    return markdown_table(header, (_cells(one, prices) for one in shown))


def ordered(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows, best first by the mean return over prices."""
    return sorted(rows, key=lambda one: -np.mean([at["return"]["value"] for at in one["all"].values()]))


def paired_table(version: Version, found: Mapping[str, Records]) -> str:
    """The first of several policies minus each other at each price as Markdown; by name, the best first."""
    first, *others = found
    header = [f"{first} minus", *(f"at {price:g}" for price in version.prices)]
    lines = [[name, *(difference(one, 3) for one in paired(version, found[first], found[name]))] for name in others]
    return markdown_table(header, lines)


def _cells(one: Mapping[str, Any], prices: Sequence[str]) -> Iterator[str]:
    yield one["policy"]
    for price in prices:
        yield _with_interval(one["all"][price]["return"])
    for price in prices:
        yield difference(metrics.Interval(**one["all"][price]["minus_fixed"]), 3)
    for price in prices:
        yield f"{100 * one['all'][price]['gained']['value']:.0f}%"


def _with_interval(one: Mapping[str, float]) -> str:
    return f"{number(one['value'], '.3f')} ({number(one['low'], '.3f')}..{number(one['high'], '.3f')})"


def sets_table(one: Mapping[str, Any]) -> str:
    """One policy's figures on every set: return with its interval, right answers and steps at each price."""
    header = ["set", "lambda", "return (95%)", "minus best fixed k (95%)", "gained", "right", "steps", "starts"]
    lines = []
    for name, by_price in one["sets"].items():
        for price, at in by_price.items():
            minus, share = metrics.Interval(**at["minus_fixed"]), at["gained"]["value"]
            figures = [f"{share:.0%}", f"{at['right']:.1%}", f"{at['steps']:.2f}", f"{at['starts']:.2f}"]
            lines.append([name, price, _with_interval(at["return"]), difference(minus, 3), *figures])
    return markdown_table(header, lines)


def load_row(path: Path) -> dict[str, Any]:
    """A row that was kept. Raises ValueError where the file is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not {"version", "policy", "all", "sets", "restarts"} <= found.keys():
            raise ValueError("it lacks parts of a row")
        return found
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path} is no row of the benchmark ({error}): name the folder of a finished run") from error
