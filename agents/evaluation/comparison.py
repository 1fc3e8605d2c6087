"""Many runs as one report: means over networks and halting seeds, with intervals over problems and runs.

A run is one pretrained network with the heads of one halting seed on one level's test problems, which are the same for
all runs. What each rule did stands in a Play, so that nothing here needs a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from agents.evaluation import metrics
from agents.evaluation.protocol import EvaluationConfig, shown_steps
from agents.evaluation.report import Comparison, Raw, Report, Row
from agents.halting import outcomes
from agents.halting.rules import LEARNER, ORACLE, as_learnt

AS_LEARNT = f"{LEARNER} as learnt"
"""The learner without any sweep: told each price, it stops when it finds that more likely than going on."""

GRID = 96
"""Points of a mean curve."""


@dataclass(frozen=True)
class Play:
    """Steps of a rule on test problems: at its operating point [n], per price [p, n], on its curve [k, n].

    swept: whether there was anything to choose on validation problems.
    """

    point: outcomes.Steps
    prices: outcomes.Steps
    curve: outcomes.Steps
    swept: bool


@dataclass(frozen=True)
class Ground:
    """One network on one level's test problems, before any rule.

    solved: bool [n, s]. level: int [n]. difficulty: float [n]. best_fixed: the most accurate number of steps on
    validation problems; target: the accuracy there that an operating point asks for.
    """

    solved: outcomes.Bools
    level: NDArray[np.integer]
    difficulty: NDArray[np.floating]
    best_fixed: int
    target: float

    @property
    def oracle(self) -> outcomes.Steps:
        """The oracle's steps."""
        return outcomes.oracle_steps(self.solved)


Plays = Mapping[str, Sequence[Sequence[Play]]]
"""By rule: by network, by halting seed; a rule without a head has one play per network."""


@final
class Runs:
    """Figures of every rule in every run, [networks, seeds], and on resamples, [resamples, networks, seeds].

    Figures: right answers, steps, and return at every price. One set of draws of problems and of runs serves all rules,
    so every difference is paired. Raises ValueError where runs do not share their problems, or their seeds.
    """

    def __init__(self, grounds: Sequence[Ground], plays: Plays, config: EvaluationConfig) -> None:
        self._prices = config.prices
        if len({ground.solved.shape for ground in grounds}) != 1:
            raise ValueError("runs can be compared on the same test problems and budget only")
        counts = {len(seeds) for by_network in plays.values() for seeds in by_network}
        self.networks, self.seeds = len(grounds), max(counts)
        if counts - {1, self.seeds}:
            raise ValueError(f"every learner needs as many halting seeds as any other, got {sorted(counts)}")
        self._place = {name: place for place, name in enumerate(plays)}
        columns = [
            column
            for by_network in plays.values()
            for ground, seeds in zip(grounds, by_network, strict=True)
            for seed in range(self.seeds)
            for column in self._columns(ground, seeds[min(seed, len(seeds) - 1)])
        ]
        stacked = np.stack(columns, 1).astype(float)
        shape = (len(plays), self.networks, self.seeds, 2 + len(config.prices))
        self._means = stacked.mean(0).reshape(shape)
        self._draws = metrics.bootstrap_means(stacked, config.resamples, config.seed).reshape(-1, *shape)
        self._weights = metrics.run_weights(self.networks, self.seeds, config.resamples, config.seed)

    def _columns(self, ground: Ground, play: Play) -> list[NDArray]:
        paid = zip(self._prices, play.prices, strict=True)
        returns = [outcomes.returns(ground.solved, steps, price) for price, steps in paid]
        return [outcomes.solved_at(ground.solved, play.point), play.point, *returns]

    def figure(self, rule: str, price: float | str | None) -> tuple[NDArray, NDArray]:
        """Return at a price, steps (None) or right answers ("right"): in every run, and on resampled problems."""
        column = 0 if price == "right" else 1 if price is None else 2 + self._prices.index(float(price))
        place = self._place[rule]
        return self._means[place, ..., column], self._draws[:, place, ..., column]

    def interval(self, figure: tuple[NDArray, NDArray]) -> metrics.Interval:
        """The mean of a figure over runs, with its interval over problems and runs."""
        value, draws = figure
        return metrics.interval(float(value.mean()), (draws * self._weights).sum((1, 2)))

    def difference(self, learner: str, rule: str, price: float | None) -> metrics.Interval:
        """Learner minus rule, paired."""
        (mine, my_draws), (theirs, their_draws) = self.figure(learner, price), self.figure(rule, price)
        return self.interval((mine - theirs, my_draws - their_draws))

    def share(self, rule: str, best_fixed: Sequence[int]) -> metrics.Interval:
        """The share of the way in steps from each network's best fixed number of steps to its oracle."""
        fixed = np.array(best_fixed, float)[:, None]
        shares = []
        for steps, oracle in zip(self.figure(rule, None), self.figure(ORACLE, None), strict=True):
            way = np.broadcast_to(fixed, oracle.shape) - oracle
            shares.append(np.divide(fixed - steps, way, out=np.full(way.shape, np.nan), where=way > 0))
        return self.interval((shares[0], shares[1]))


def mean_curve(grounds: Sequence[Ground], by_network: Sequence[Sequence[Play]]) -> NDArray[np.float64]:
    """The mean over runs of accuracy as a function of mean steps, [points, 2]: (steps, accuracy), as metrics.area."""
    budget = grounds[0].solved.shape[1]
    grid = np.geomspace(1, budget, GRID)
    heights = []
    for ground, seeds in zip(grounds, by_network, strict=True):
        for play in seeds:
            steps, right = play.curve.mean(1), outcomes.solved_at(ground.solved, play.curve).mean(1)
            order = np.lexsort((right, steps))
            first = float(ground.solved[:, 0].mean())
            heights.append(np.interp(grid, np.r_[1.0, steps[order]], np.r_[first, right[order]]))
    return np.stack([grid, np.mean(heights, 0)], 1)


def compare(task: str, source: str, grounds: Sequence[Ground], plays: Plays, config: EvaluationConfig) -> Report:
    """One report of all runs on one level; ``setting`` and ``price_settings`` of its rows are empty.

    Its raw results are those of all runs one after another; ``n`` counts test problems once.
    """
    runs = Runs(grounds, plays, config)
    budget = grounds[0].solved.shape[1]
    rows = [_row(name, grounds, by_network, runs, config) for name, by_network in plays.items()]
    solved = np.stack([ground.solved.mean(0) for ground in grounds]).mean(0)
    return Report(
        task=task,
        source=source,
        n=len(grounds[0].solved),
        budget=budget,
        target=float(np.mean([ground.target for ground in grounds])),
        best_fixed=round(float(np.median([ground.best_fixed for ground in grounds]))),
        oracle=float(np.mean([ground.oracle.mean() for ground in grounds])),
        accuracy_at={step: float(solved[step - 1]) for step in shown_steps(budget)},
        rows=rows,
        curves={name: _points(grounds, by_network) for name, by_network in plays.items()},
        comparisons=_comparisons(list(plays), runs, config.prices),
        raw=_pooled(grounds, plays, runs.seeds),
    )


def _comparisons(names: Sequence[str], runs: Runs, prices: Sequence[float]) -> list[Comparison]:
    """The learner against every other rule: as swept, and without any sweep, as it was learnt for each price."""
    if LEARNER not in names:
        return []
    found = [
        Comparison(LEARNER, name, price, runs.difference(LEARNER, name, price))
        for name in names
        if name != LEARNER
        for price in (*prices, None)
    ]
    learnt = {price: as_learnt(LEARNER, price) for price in prices}
    if not set(learnt.values()) <= set(names):
        return found
    return found + [
        Comparison(AS_LEARNT, name, price, runs.difference(learnt[price], name, price))
        for name in names
        if name not in learnt.values()
        for price in prices
    ]


def _points(grounds: Sequence[Ground], by_network: Sequence[Sequence[Play]]) -> list[tuple[float, float]]:
    """The mean curve of a rule with settings, the mean point of one without."""
    if by_network[0][0].swept:
        return [(float(steps), float(right)) for steps, right in mean_curve(grounds, by_network)]
    played = [(ground, play) for ground, seeds in zip(grounds, by_network, strict=True) for play in seeds]
    right = np.mean([outcomes.solved_at(ground.solved, play.point).mean() for ground, play in played])
    return [(float(np.mean([play.point.mean() for _, play in played])), float(right))]


def _row(
    name: str,
    grounds: Sequence[Ground],
    by_network: Sequence[Sequence[Play]],
    runs: Runs,
    config: EvaluationConfig,
) -> Row:
    """The figures of one rule over all runs."""
    played = [(ground, play.point) for ground, seeds in zip(grounds, by_network, strict=True) for play in seeds]
    thinking = np.array([metrics.thinking(ground.solved, steps) for ground, steps in played])
    hopeless = thinking[:, 2][~np.isnan(thinking[:, 2])]
    budget, swept = grounds[0].solved.shape[1], by_network[0][0].swept
    curve = mean_curve(grounds, by_network) if swept else np.full((1, 2), np.nan)
    first = float(np.mean([ground.solved[:, 0].mean() for ground in grounds]))
    return Row(
        rule=name,
        accuracy=runs.interval(runs.figure(name, "right")),
        steps=float(runs.figure(name, None)[0].mean()),
        share=runs.share(name, [ground.best_fixed for ground in grounds]),
        correlation=float(np.mean([metrics.rank_correlation(steps, ground.difficulty) for ground, steps in played])),
        thinking=metrics.Thinking(
            float(thinking[:, 0].mean()),
            float(thinking[:, 1].mean()),
            float(hopeless.mean()) if len(hopeless) else np.nan,
        ),
        setting={},
        returns={price: runs.interval(runs.figure(name, price)) for price in config.prices},
        price_settings={},
        area=metrics.area(curve[:, 1], curve[:, 0], first, budget) if swept else np.nan,
    )


def _pooled(grounds: Sequence[Ground], plays: Plays, seeds: int) -> Raw:
    """All runs' results one after another."""

    def repeated(name: str) -> NDArray:
        return np.concatenate([getattr(ground, name) for ground in grounds for _ in range(seeds)])

    def steps(by_network: Sequence[Sequence[Play]]) -> outcomes.Steps:
        return np.concatenate([few[min(seed, len(few) - 1)].point for few in by_network for seed in range(seeds)])

    return Raw(
        solved=repeated("solved"),
        level=repeated("level"),
        difficulty=repeated("difficulty"),
        steps={name: steps(by_network) for name, by_network in plays.items()},
        price_steps={},
    )
