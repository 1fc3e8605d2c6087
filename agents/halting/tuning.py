"""Rules whose settings are chosen: the settings worth trying, and where each of them stops every problem of an unroll.

Settings come from validation problems alone; which of them is used is chosen there too (evaluation/protocol.py). With
its setting a rule is a ``HaltingRule``, which stops a stream of problems at the very steps that were found here.
"""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from agents.halting import outcomes
from agents.halting.heads import Halter
from agents.halting.rules import AnyOf, HaltingRule, HeadThreshold
from agents.rollouts.unroll import Unroll

QUANTILES = 128
"""Thresholds tried per class of drafts (right, wrong); twice as many in all."""
EVAL_PRICES = (0.05, 0.1, 0.2, 0.3, 0.6, 1.0)
"""Prices of thinking at which a policy is asked, each with its own sweep of the stop logit."""

Settings = NDArray[np.float64]
"""Settings of a rule, [k, c]: a column for each of its labels."""


def scores_of(rule: HaltingRule, unroll: Unroll) -> NDArray[np.float32]:
    """The scores of every step, float32 [n, s]."""
    with torch.inference_mode():
        return rule.score(unroll).cpu().numpy()


def stopping_steps(rule: HaltingRule, unroll: Unroll) -> outcomes.Steps:
    """The step after which a rule stops each problem, int [n]."""
    with torch.inference_mode():
        return outcomes.first_true(rule.stops(unroll).cpu().numpy(), unroll.max_steps)


def thresholds(scores: NDArray[np.floating], solved: outcomes.Bools, count: int = QUANTILES) -> NDArray[np.float64]:
    """Thresholds worth trying on ``scores``, both [n, s]: quantiles of the right and of the wrong drafts' scores.

    Quantiles of all scores together would put few thresholds where they matter on a level that is nearly all solved.
    -inf (stop at once) and inf (never stop) are among them.
    """
    kinds = [kind for kind in (scores[solved], scores[~solved]) if kind.size]
    levels = np.linspace(0, 1, count)
    found = [np.quantile(kind.astype(np.float64), levels, method="nearest") for kind in kinds]
    return np.unique(np.concatenate([*found, [-np.inf, np.inf]]))


class TunableRule(abc.ABC):
    """A rule by its name in tables, with settings to choose from.

    labels: what the columns of the settings are called; a rule without any has nothing to choose.
    """

    name: str
    labels: tuple[str, ...] = ()

    def settings(self, unroll: Unroll) -> Settings:
        """Settings worth trying, [k, c], found on validation problems; one without numbers where there is no choice."""
        return np.zeros((1, 0))

    @abc.abstractmethod
    def steps(self, unroll: Unroll, settings: Settings) -> outcomes.Steps:
        """The step after which each setting stops each problem, int [k, n]."""

    @abc.abstractmethod
    def rule(self, setting: Sequence[float]) -> HaltingRule:
        """The rule with a setting. Raises ValueError for what cannot act on a stream of problems."""

    def default(self, price: float) -> tuple[float, ...] | None:
        """The setting of a rule that needs no choice, at a price of thinking; None where one has to be given."""
        return () if not self.labels else None


@final
class GivenSteps(TunableRule):
    """Steps found by other means, such as the oracle's, or those at which an environment's policy stopped."""

    def __init__(self, name: str, steps: Callable[[Unroll], outcomes.Steps]) -> None:
        self.name, self._steps = name, steps

    def steps(self, unroll: Unroll, settings: Settings) -> outcomes.Steps:
        return np.tile(self._steps(unroll), (len(settings), 1))

    def rule(self, setting: Sequence[float]) -> HaltingRule:
        raise ValueError(f"{self.name} is measured on whole unrolls and is no rule that could stop one")


@final
class SingleRule(TunableRule):
    """A halting rule without anything to choose."""

    def __init__(self, name: str, rule: HaltingRule) -> None:
        self.name, self._rule = name, rule

    def steps(self, unroll: Unroll, settings: Settings) -> outcomes.Steps:
        return np.tile(stopping_steps(self._rule, unroll), (len(settings), 1))

    def rule(self, setting: Sequence[float]) -> HaltingRule:
        return self._rule


@final
@dataclass(frozen=True)
class Axis:
    """One number of a setting. rule: what stops at that number. values: the numbers worth trying, [k]."""

    label: str
    rule: Callable[[float], HaltingRule]
    values: Callable[[Unroll], NDArray[np.float64]]

    @staticmethod
    def of_steps(label: str, rule: Callable[[float], HaltingRule]) -> Axis:
        """Every number of steps within the budget."""
        return Axis(label, rule, lambda unroll: np.arange(1.0, unroll.max_steps + 1))

    @staticmethod
    def of_scores(label: str, rule: Callable[[float], HaltingRule], count: int = QUANTILES) -> Axis:
        """Thresholds on the rule's score."""
        return Axis(label, rule, lambda unroll: thresholds(scores_of(rule(0.0), unroll), unroll.solved.numpy(), count))

    def steps(self, unroll: Unroll, values: NDArray[np.float64]) -> outcomes.Steps:
        """The step after which each of ``values`` [k] stops each problem, int [k, n]."""
        different, which = np.unique(values, return_inverse=True)
        rules = [self.rule(value) for value in different.tolist()]
        return outcomes.halting_steps(scores_of(rules[0], unroll), np.array([one.threshold for one in rules]))[which]


@final
class ThresholdSweep(TunableRule):
    """A rule with one threshold, or that stops at the first of several: every combination of their values is tried.

    default: the setting that it has unless another is chosen, if there is one.
    """

    def __init__(self, name: str, *axes: Axis, default: tuple[float, ...] | None = None) -> None:
        self.name, self.labels = name, tuple(axis.label for axis in axes)
        self._axes, self._default = axes, default

    def settings(self, unroll: Unroll) -> Settings:
        grid = np.meshgrid(*(axis.values(unroll) for axis in self._axes), indexing="ij")
        return np.stack(grid, -1).reshape(-1, len(self._axes))

    def steps(self, unroll: Unroll, settings: Settings) -> outcomes.Steps:
        # It stops at the earliest of several steps: each threshold is swept alone, then they are combined.
        columns = zip(self._axes, settings.T, strict=True)
        return functools.reduce(np.minimum, (axis.steps(unroll, column) for axis, column in columns))

    def rule(self, setting: Sequence[float]) -> HaltingRule:
        rules = tuple(axis.rule(value) for axis, value in zip(self._axes, setting, strict=True))
        return rules[0] if len(rules) == 1 else AnyOf(rules)

    def default(self, price: float) -> tuple[float, ...] | None:
        return self._default


@final
class PolicySweep(TunableRule):
    """A policy that may be asked at several prices, each with thresholds of its own on the logit of stopping."""

    labels = ("price", "logit")

    def __init__(self, name: str, head: Halter, prices: Sequence[float] = EVAL_PRICES) -> None:
        self.name, self._head, self._prices = name, head, prices

    def settings(self, unroll: Unroll) -> Settings:
        parts = []
        for price in self._prices:
            values = self._axis(price).values(unroll)
            parts.append(np.stack([np.full(len(values), price), values], 1))
        return np.concatenate(parts)

    def steps(self, unroll: Unroll, settings: Settings) -> outcomes.Steps:
        halted = np.empty((len(settings), len(unroll)), np.int16)
        asked, logit = settings.T
        for price in np.unique(asked).tolist():
            mine = asked == price
            halted[mine] = self._axis(price).steps(unroll, logit[mine])
        return halted

    def rule(self, setting: Sequence[float]) -> HaltingRule:
        price, logit = setting
        return self._axis(price).rule(logit)

    def default(self, price: float) -> tuple[float, ...]:
        return price, 0.0

    def _axis(self, price: float) -> Axis:
        return Axis.of_scores("logit", lambda logit: HeadThreshold(self._head, logit, price), QUANTILES // 2)
