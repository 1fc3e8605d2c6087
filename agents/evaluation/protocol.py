"""Measures halting rules on a checkpoint: everything is chosen on validation problems, then measured on test problems.

Problems are run to the budget once, with every draft graded; a rule then only picks the step it stops at, so all
rules meet the same drafts. Nothing is learnt here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint
from agents.common.checks import at_least_one
from agents.evaluation import metrics
from agents.evaluation.report import Comparison, Raw, Report, Row
from agents.halting import outcomes
from agents.halting.budget_shift import Clock, retimed, told_price
from agents.halting.rules import LEARNER, ORACLE, Rule, Settings, all_rules
from agents.rollouts.unroll import BATCH, Unroll, draw, unroll
from trm_gym import make_task
from trm_gym.task import Problems

SHOWN_STEPS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class EvaluationConfig:
    """How a checkpoint is evaluated."""

    level: tuple[str, ...] = ()
    """Levels that problems are drawn from, in equal parts; none: those that the network was pretrained on."""
    problems: int = 5000
    """Test problems; a level with fewer gives all it has."""
    validation: int = 2000
    """Validation problems, on which every threshold, k and price is chosen."""
    max_steps: int = 16
    """The budget of steps."""
    prices: tuple[float, ...] = (0.1, 0.3, 0.6)
    """Prices of thinking (of the whole budget) at which returns are compared."""
    slack: float = 0.005
    """The operating point: this much less accuracy than the best fixed number of steps."""
    resamples: int = 2000
    """Bootstrap resamples behind every interval."""
    seed: int = 0
    """Decides which problems of the splits are drawn."""
    batch: int = BATCH
    """Problems that the network takes at a time."""
    chosen_on: tuple[str, ...] = ()
    """Levels whose validation problems thresholds, k and prices are chosen on; none: those that are tested."""
    taught_steps: int = 0
    """The budget that heads were taught at; 0: the same as max_steps."""
    clock: Clock = "budget"
    """What heads taught at another budget are told of the time: shares of this budget (budget), of theirs (taught), or
    of theirs until one step before its end (held)."""

    def __post_init__(self) -> None:
        at_least_one(self, "problems", "validation", "max_steps", "resamples", "batch")
        if self.taught_steps < 0:
            raise ValueError(f"taught_steps must be 0 or more, got {self.taught_steps}")
        if not self.prices or min(self.prices) <= 0:
            raise ValueError(f"prices must be one or more positive numbers, got {self.prices}")

    @property
    def scale(self) -> float:
        """What heads are told of a price, as a share of it."""
        return told_price(1.0, self.max_steps, self.taught_steps or self.max_steps, self.clock)

    def seen(self, graded: Unroll) -> Unroll:
        """Drafts as heads see them that were taught at another budget."""
        return retimed(graded, self.taught_steps or self.max_steps, self.clock)


def evaluate_checkpoint(
    checkpoint: Checkpoint, config: EvaluationConfig, out: Path | None = None, data: Problems | None = None
) -> Report:
    """Evaluate a checkpoint with all its heads; writes report, raw results and pictures into ``out``, if given.

    data: test problems from outside, in place of the test split; choices are still made on the validation split.
    Raises ValueError for unknown levels.
    """
    task = make_task(checkpoint.task)
    wanted = config.level or checkpoint.meta.get("pretraining", {}).get("levels", [task.default_level])
    levels = [task.level_index(level) for level in wanted]
    names = " + ".join(task.levels[level].name for level in levels)
    chosen_levels = [task.level_index(level) for level in config.chosen_on] or levels
    chosen_on = draw(task, chosen_levels, config.validation, "validation", config.seed)
    test = draw(task, levels, config.problems, "test", config.seed) if data is None else data

    def run(problems: Problems) -> Unroll:
        return config.seen(unroll(checkpoint.model, task, problems, config.max_steps, batch=config.batch))

    rules = all_rules(checkpoint.heads, config.max_steps, config.prices, config.scale)
    source = names if data is None else f"data from outside (settings from {names})"
    report = measure(rules, run(chosen_on), run(test), config, task.name, source)
    if out is not None:
        report.write(out)
    return report


@dataclass(frozen=True)
class Choice:
    """The settings of a rule that validation problems chose: of the operating point, per price, of the curve."""

    point: Settings
    prices: Settings
    curve: Settings


def choose(rule: Rule, validation: Unroll, target: float, prices: Sequence[float]) -> Choice:
    """Choose a rule's settings on validation problems: for ``target`` accuracy, for each price, and for the curve."""
    solved, settings = validation.solved.numpy(), rule.settings(validation)
    steps = rule.steps(validation, settings)
    accuracy, mean = outcomes.solved_at(solved, steps).mean(1), steps.mean(1)
    point = metrics.operating_point(accuracy, mean, target)
    best = [int((accuracy - price * mean / solved.shape[1]).argmax()) for price in prices]
    return Choice(settings[[point]], settings[best], settings[metrics.frontier(accuracy, mean)])


@dataclass(frozen=True)
class Played:
    """Steps of a rule on test problems: at its operating point [n], per price [p, n], on its curve [k, n]."""

    rule: Rule
    choice: Choice
    point: outcomes.Steps
    prices: outcomes.Steps
    curve: outcomes.Steps


def play(rule: Rule, choice: Choice, test: Unroll) -> Played:
    """Play a rule on test problems with the settings that validation chose."""
    steps = rule.steps(test, np.concatenate([choice.point, choice.prices, choice.curve]))
    rest = 1 + len(choice.prices)
    return Played(rule, choice, steps[0], steps[1:rest], steps[rest:])


def target_of(validation: Unroll, slack: float) -> tuple[int, float]:
    """The most accurate number of steps on validation problems, and the accuracy that an operating point asks for."""
    known = validation.solved.numpy()
    best_fixed = metrics.best_fixed_step(known)
    return best_fixed, float(known[:, best_fixed - 1].mean()) - slack


def measure(
    rules: Sequence[Rule], validation: Unroll, test: Unroll, config: EvaluationConfig, task: str = "", source: str = ""
) -> Report:
    """Measure rules on graded drafts: chosen on ``validation``, measured on ``test``."""
    solved = test.solved.numpy()
    best_fixed, target = target_of(validation, config.slack)
    played = [play(rule, choose(rule, validation, target, config.prices), test) for rule in rules]
    oracle = outcomes.oracle_steps(solved)
    resampled = _Resampled(played, solved, oracle, config)
    rows = [_row(one, test, oracle, best_fixed, resampled) for one in played]
    return Report(
        task=task,
        source=source,
        n=len(solved),
        budget=config.max_steps,
        target=target,
        best_fixed=best_fixed,
        oracle=float(oracle.mean()),
        accuracy_at={step: float(solved[:, step - 1].mean()) for step in shown_steps(solved.shape[1])},
        rows=rows,
        curves={one.rule.name: _curve(one, solved) for one in played},
        comparisons=_comparisons(played, resampled),
        raw=Raw(
            solved=solved,
            level=test.level.numpy(),
            difficulty=test.difficulty.numpy(),
            steps={one.rule.name: one.point for one in played},
            price_steps={
                one.rule.name: dict(zip(config.prices, one.prices, strict=True)) for one in played if one.rule.labels
            },
        ),
    )


class _Resampled:
    """Means of every rule's steps and returns, and of the oracle's steps, on the problems and on resamples of them.

    One set of draws serves all of them, so every difference is paired.
    """

    def __init__(
        self, played: Sequence[Played], solved: outcomes.Bools, oracle: outcomes.Steps, config: EvaluationConfig
    ) -> None:
        self.prices = config.prices
        columns: dict[tuple[str, float | None], NDArray] = {(ORACLE, 0.0): oracle}
        for one in played:
            columns[one.rule.name, None] = one.point
            for price, steps in zip(config.prices, one.prices, strict=True):
                columns[one.rule.name, price] = outcomes.returns(solved, steps, price)
        self._place = {key: place for place, key in enumerate(columns)}
        stacked = np.stack(list(columns.values()), 1).astype(float)
        self._means = stacked.mean(0)
        self._draws = metrics.bootstrap_means(stacked, config.resamples, config.seed)

    def value(self, rule: str, price: float | None) -> float:
        """Mean return at a price, or mean steps at the operating point (None)."""
        return float(self._means[self._place[rule, price]])

    def draws(self, rule: str, price: float | None) -> outcomes.Floats:
        """The same on every resample, [resamples]."""
        return self._draws[:, self._place[rule, price]]


def _row(one: Played, test: Unroll, oracle: outcomes.Steps, best_fixed: int, resampled: _Resampled) -> Row:
    """The figures of one rule."""
    solved, name = test.solved.numpy(), one.rule.name
    right = outcomes.solved_at(solved, one.point)
    share = metrics.share_of_way(one.point.mean(), best_fixed, oracle.mean())
    shares = metrics.share_of_way(resampled.draws(name, None), best_fixed, resampled.draws(ORACLE, 0.0))
    curve, first = np.array(_curve(one, solved)), float(solved[:, 0].mean())
    return Row(
        rule=name,
        accuracy=metrics.wilson(int(right.sum()), len(right)),
        steps=float(one.point.mean()),
        share=metrics.interval(float(share), np.asarray(shares)),
        correlation=metrics.rank_correlation(one.point, test.difficulty.numpy()),
        thinking=metrics.thinking(solved, one.point),
        setting=named(one.rule, one.choice.point[0]),
        returns={
            price: metrics.interval(resampled.value(name, price), resampled.draws(name, price))
            for price in resampled.prices
        },
        price_settings={
            price: named(one.rule, chosen) for price, chosen in zip(resampled.prices, one.choice.prices, strict=True)
        },
        area=metrics.area(curve[:, 1], curve[:, 0], first, solved.shape[1]) if one.rule.labels else math.nan,
    )


def _comparisons(played: Sequence[Played], resampled: _Resampled) -> list[Comparison]:
    """The learner minus every other rule: return at every price, steps at the operating point."""
    names = [one.rule.name for one in played]
    if LEARNER not in names:
        return []
    found = []
    for name in names:
        for price in (*resampled.prices, None):
            gap = resampled.value(LEARNER, price) - resampled.value(name, price)
            draws = resampled.draws(LEARNER, price) - resampled.draws(name, price)
            found.append(Comparison(LEARNER, name, price, metrics.interval(gap, draws)))
    return [one for one in found if one.rule != LEARNER]


def _curve(one: Played, solved: outcomes.Bools) -> list[tuple[float, float]]:
    """(mean steps, accuracy) of the settings on a rule's curve, by growing steps."""
    right = outcomes.solved_at(solved, one.curve)
    return sorted((float(steps.mean()), float(hits.mean())) for steps, hits in zip(one.curve, right, strict=True))


def named(rule: Rule, setting: NDArray[np.float64]) -> dict[str, float]:
    """A setting of a rule by the names of its parts."""
    return dict(zip(rule.labels, setting.tolist(), strict=True))


def shown_steps(budget: int) -> list[int]:
    """The steps whose accuracy is reported."""
    return [*(step for step in SHOWN_STEPS if step < budget), budget]
