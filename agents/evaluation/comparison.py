"""Many runs as one report: means over networks and halting seeds, with intervals over problems and runs.

A run is one pretrained network with the heads of one halting seed on one level's test problems, which are the same for
all runs. What each rule did stands in a RuleSteps, so that nothing here needs a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from agents.evaluation import metrics
from agents.evaluation.protocol import EvaluationConfig, RuleSteps, TestOutcomes, shown_steps
from agents.evaluation.report import NO_TUNING, Comparison, Raw, Report, Row
from agents.halting import outcomes
from agents.halting.registry import LEARNER, no_tuning, oracle, verifier_rule

GRID = 96
"""Points of a mean curve."""

StepsByRule = Mapping[str, Sequence[Sequence[RuleSteps]]]
"""By rule: by network, by halting seed; a rule without a head has one entry per network."""


def merged(
    found: Sequence[tuple[TestOutcomes, Mapping[str, list[RuleSteps]]]],
) -> tuple[list[TestOutcomes], StepsByRule]:
    """All networks' outcomes and steps: rules in the order of tables, bounds last."""
    names = list(found[0][1])
    bounds = [verifier_rule().name, oracle().name]
    order = [name for name in names if name not in bounds] + bounds
    return [tested for tested, _ in found], {name: [steps[name] for _, steps in found] for name in order}


@final
class Runs:
    """Figures of every rule in every run, [networks, seeds], and on resamples, [resamples, networks, seeds].

    Figures: right answers, steps, and return at every price. One set of draws of problems and of runs serves all rules,
    so every difference is paired. Raises ValueError where runs do not share their problems, or their seeds.
    """

    def __init__(self, tested: Sequence[TestOutcomes], steps: StepsByRule, config: EvaluationConfig) -> None:
        self._prices = config.prices
        if len({network.solved.shape for network in tested}) != 1:
            raise ValueError("runs can be compared on the same test problems and budget only")
        counts = {len(seeds) for by_network in steps.values() for seeds in by_network}
        self.networks, self.seeds = len(tested), max(counts)
        if counts - {1, self.seeds}:
            raise ValueError(f"every learner needs as many halting seeds as any other, got {sorted(counts)}")
        self._place = {name: place for place, name in enumerate(steps)}
        columns = [
            column
            for by_network in steps.values()
            for network, seeds in zip(tested, by_network, strict=True)
            for seed in range(self.seeds)
            for column in self._columns(network, seeds[min(seed, len(seeds) - 1)])
        ]
        stacked = np.stack([*columns, *(network.oracle for network in tested)], 1).astype(float)
        means, draws = stacked.mean(0), metrics.bootstrap_means(stacked, config.resamples, config.seed)
        shape, rest = (len(steps), self.networks, self.seeds, 2 + len(config.prices)), len(columns)
        self._means, self._oracle = means[:rest].reshape(shape), means[rest:]
        self._draws, self._oracle_draws = draws[:, :rest].reshape(-1, *shape), draws[:, rest:]
        self._fixed = np.array([network.best_fixed for network in tested], float)[:, None]
        self._weights = metrics.run_weights(self.networks, self.seeds, config.resamples, config.seed)

    def _columns(self, network: TestOutcomes, one: RuleSteps) -> list[NDArray]:
        paid = zip(self._prices, one.prices, strict=True)
        returns = [outcomes.returns(network.solved, steps, price) for price, steps in paid]
        return [outcomes.solved_at(network.solved, one.point), one.point, *returns]

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

    def oracle_gap_closed(self, rule: str) -> metrics.Interval:
        """The share of the steps between each network's best fixed k and its oracle that a rule saves."""
        oracle, oracle_draws = self._oracle[..., None], self._oracle_draws[..., None]
        steps, draws = self.figure(rule, None)
        return self.interval(
            (
                np.asarray(metrics.oracle_gap_closed(steps, self._fixed, np.broadcast_to(oracle, steps.shape))),
                np.asarray(metrics.oracle_gap_closed(draws, self._fixed, np.broadcast_to(oracle_draws, draws.shape))),
            )
        )


def curve(network: TestOutcomes, one: RuleSteps) -> NDArray[np.float64]:
    """(mean steps, accuracy) of the settings on a rule's curve, [settings, 2], by growing steps."""
    right = outcomes.solved_at(network.solved, one.curve).mean(1)
    points = np.stack([one.curve.mean(1), right], 1)
    return points[np.lexsort(points.T[::-1])]


def mean_curve(played: Sequence[tuple[TestOutcomes, RuleSteps]]) -> NDArray[np.float64]:
    """Accuracy as a function of mean steps, [points, 2]: (steps, accuracy); of several runs the mean, on a grid."""
    if len(played) == 1:
        return curve(*played[0])
    grid = np.geomspace(1, played[0][0].solved.shape[1], GRID)
    heights = []
    for network, one in played:
        steps, right = curve(network, one).T
        heights.append(np.interp(grid, np.r_[1.0, steps], np.r_[network.solved[:, 0].mean(), right]))
    return np.stack([grid, np.mean(heights, 0)], 1)


def compare(
    task: str, source: str, tested: Sequence[TestOutcomes], steps: StepsByRule, config: EvaluationConfig
) -> Report:
    """One report of all runs on one level; ``setting`` and ``price_settings`` of its rows are empty.

    Its raw results are those of all runs one after another; ``n`` counts test problems once.
    """
    runs, budget = Runs(tested, steps, config), tested[0].solved.shape[1]
    played = {
        name: [(network, one) for network, seeds in zip(tested, by_network, strict=True) for one in seeds]
        for name, by_network in steps.items()
    }
    solved = np.stack([network.solved.mean(0) for network in tested]).mean(0)
    return Report(
        task=task,
        source=source,
        n=len(tested[0].solved),
        budget=budget,
        target=float(np.mean([network.target for network in tested])),
        best_fixed=round(float(np.median([network.best_fixed for network in tested]))),
        oracle=float(np.mean([network.oracle.mean() for network in tested])),
        accuracy_at={step: float(solved[step - 1]) for step in shown_steps(budget)},
        rows=[_row(name, same, runs, config) for name, same in played.items()],
        curves={name: _points(same) for name, same in played.items()},
        comparisons=_comparisons(list(steps), runs, config.prices),
        raw=_pooled(tested, steps, runs.seeds, config.prices),
    )


def _points(played: Sequence[tuple[TestOutcomes, RuleSteps]]) -> list[tuple[float, float]]:
    """The mean curve of a rule with settings, the mean point of one without."""
    if played[0][1].tuned:
        return [(float(steps), float(right)) for steps, right in mean_curve(played)]
    steps, right = np.mean([curve(*one)[0] for one in played], 0)
    return [(float(steps), float(right))]


def _comparisons(names: Sequence[str], runs: Runs, prices: Sequence[float]) -> list[Comparison]:
    """The learner against every other rule: tuned on validation, and without tuning, as it was taught each price."""
    if LEARNER not in names:
        return []
    untuned = {price: no_tuning(LEARNER, price) for price in prices}
    found = [
        Comparison(LEARNER, name, price, runs.difference(LEARNER, name, price))
        for name in names
        if name != LEARNER
        for price in (*prices, None)
    ]
    if not set(untuned.values()) <= set(names):
        return found
    return found + [
        Comparison(NO_TUNING, name, price, runs.difference(untuned[price], name, price))
        for name in names
        if name not in untuned.values()
        for price in prices
    ]


def _row(name: str, played: Sequence[tuple[TestOutcomes, RuleSteps]], runs: Runs, config: EvaluationConfig) -> Row:
    """The figures of one rule over all runs."""
    thinking = np.array([metrics.thinking(network.solved, one.point) for network, one in played])
    unsolved = thinking[:, 2][~np.isnan(thinking[:, 2])]
    ranks = [metrics.rank_correlation(one.point, network.difficulty) for network, one in played]
    return Row(
        rule=name,
        accuracy=runs.interval(runs.figure(name, "right")),
        steps=float(runs.figure(name, None)[0].mean()),
        oracle_gap_closed=runs.oracle_gap_closed(name),
        correlation=float(np.mean(ranks)),
        thinking=metrics.Thinking(
            float(thinking[:, 0].mean()),
            float(thinking[:, 1].mean()),
            float(unsolved.mean()) if len(unsolved) else np.nan,
        ),
        setting={},
        returns={price: runs.interval(runs.figure(name, price)) for price in config.prices},
        price_settings={},
        area=float(np.mean([_area(*one) for one in played])),
    )


def _area(network: TestOutcomes, one: RuleSteps) -> float:
    """The area under a rule's curve; not a number for a rule without settings."""
    steps, right = curve(network, one).T
    first, budget = float(network.solved[:, 0].mean()), network.solved.shape[1]
    return metrics.area(right, steps, first, budget) if one.tuned else np.nan


def _pooled(tested: Sequence[TestOutcomes], steps: StepsByRule, seeds: int, prices: Sequence[float]) -> Raw:
    """All runs' results one after another."""

    def repeated(name: str) -> NDArray:
        return np.concatenate([getattr(network, name) for network in tested for _ in range(seeds)])

    def runs(by_network: Sequence[Sequence[RuleSteps]]) -> list[RuleSteps]:
        return [few[min(seed, len(few) - 1)] for few in by_network for seed in range(seeds)]

    pooled = {name: runs(by_network) for name, by_network in steps.items()}
    return Raw(
        solved=repeated("solved"),
        level=repeated("level"),
        difficulty=repeated("difficulty"),
        steps={name: np.concatenate([one.point for one in same]) for name, same in pooled.items()},
        price_steps={
            name: {price: np.concatenate([one.prices[place] for one in same]) for place, price in enumerate(prices)}
            for name, same in pooled.items()
            if same[0].tuned
        },
    )
