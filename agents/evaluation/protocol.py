"""How halting rules are measured: everything is chosen on validation problems, then measured on test problems.

Problems are run to the budget once, with every draft graded; a rule then only picks the step it stops at, so all
rules meet the same drafts. Nothing is learnt here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from agents.common.checks import Checked, a_share, above_zero, at_least, at_least_one
from agents.evaluation import metrics
from agents.halting import outcomes
from agents.halting.budget_shift import Clock, retimed, shifted_price
from agents.halting.tuning import Settings, TunableRule
from agents.rollouts.unroll import BATCH, Unroll
from trm_gym.short_repr import short_repr

SHOWN_STEPS = (1, 2, 4, 8, 16, 32, 64)
"""The steps whose accuracy is reported, as far as the budget goes."""


@dataclass(frozen=True)
class EvaluationConfig(Checked):
    """How a checkpoint is evaluated."""

    level: tuple[str, ...] = ()
    """Levels that problems are drawn from, in equal parts; by default those that the network was pretrained on."""
    problems: int = 5000
    """Test problems; a level with fewer gives all it has."""
    validation: int = 2000
    """Validation problems, on which every threshold, k and price is chosen."""
    max_steps: int = 16
    """The budget of steps."""
    prices: tuple[float, ...] = (0.1, 0.3, 0.6)
    """Prices of thinking (of the whole budget) at which returns are compared."""
    slack: float = 0.005
    """Accuracy that may be given up: an operating point, and the best fixed k, may be this far below the most accurate
    number of steps on validation problems."""
    resamples: int = 2000
    """Bootstrap resamples behind every interval."""
    seed: int = 0
    """Decides which problems of the splits are drawn."""
    batch: int = BATCH
    """Problems that the network takes at a time."""
    chosen_on: tuple[str, ...] = ()
    """Levels whose validation problems thresholds, k and prices are chosen on; by default those that are tested."""
    taught_steps: int = 0
    """The budget of steps that halting heads were taught at; 0 stands for max_steps."""
    clock: Clock = "budget"
    """What heads that were trained at another budget see of the time: shares of this budget (budget), of theirs
    (taught), or of theirs up to one step before its end (held)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        a_share(self, "slack")
        at_least_one(self, "problems", "validation", "max_steps", "resamples", "batch")
        at_least(0, self, "taught_steps")
        above_zero(self, "prices")
        if not self.prices:
            raise ValueError("prices is empty: give one or more, above 0")

    @property
    def scale(self) -> float:
        """The price at which heads are asked, as a share of the price that is paid."""
        return shifted_price(1.0, self.max_steps, self.taught_steps or self.max_steps, self.clock)

    def seen(self, graded: Unroll) -> Unroll:
        """Drafts as heads see them that were taught at another budget."""
        return retimed(graded, self.taught_steps or self.max_steps, self.clock)


@dataclass(frozen=True)
class TunedSettings:
    """The settings of a rule that validation problems chose: of the operating point, per price, of the curve."""

    point: Settings
    prices: Settings
    curve: Settings


def choose(rule: TunableRule, validation: Unroll, target: float, prices: Sequence[float]) -> TunedSettings:
    """Choose a rule's settings on validation problems: for ``target`` accuracy, for each price, and for the curve."""
    solved, settings = validation.solved.numpy(), rule.settings(validation)
    steps = rule.steps(validation, settings)
    accuracy, mean = outcomes.solved_at(solved, steps).mean(1), steps.mean(1)
    point = metrics.operating_point(accuracy, mean, target)
    best = [int((accuracy - price * mean / solved.shape[1]).argmax()) for price in prices]
    return TunedSettings(settings[[point]], settings[best], settings[metrics.frontier(accuracy, mean)])


@short_repr
@dataclass(frozen=True)
class RuleSteps:
    """Steps of a rule on test problems: at its operating point [n], per price [p, n], on its curve [k, n].

    tuned: whether there was anything to choose on validation problems.
    """

    point: outcomes.Steps
    prices: outcomes.Steps
    curve: outcomes.Steps
    tuned: bool


def steps_of(rule: TunableRule, chosen: TunedSettings, test: Unroll) -> RuleSteps:
    """A rule's steps on test problems, with the settings that validation problems chose."""
    steps = rule.steps(test, np.concatenate([chosen.point, chosen.prices, chosen.curve]))
    rest = 1 + len(chosen.prices)
    return RuleSteps(steps[0], steps[1:rest], steps[rest:], bool(rule.labels))


@short_repr
@dataclass(frozen=True)
class TestOutcomes:
    """One network on one level's test problems, before any rule.

    solved: bool [n, s]. level: int [n]. difficulty: float [n]. best_fixed: the best fixed k (``best_fixed_step``) of
    the validation problems; target: the accuracy there that an operating point asks for.
    """

    __test__: ClassVar[bool] = False
    """Tells pytest that this is no class of tests."""

    solved: outcomes.Bools
    level: NDArray[np.integer]
    difficulty: NDArray[np.floating]
    best_fixed: int
    target: float

    @property
    def oracle(self) -> outcomes.Steps:
        """The oracle's steps, int [n]."""
        return outcomes.oracle_steps(self.solved)


def outcomes_of(test: Unroll, validation: Unroll, slack: float) -> TestOutcomes:
    """The verdicts on test drafts, with the best fixed k and the accuracy asked for, of validation drafts."""
    known = validation.solved.numpy()
    best_fixed, target = metrics.best_fixed_step(known, slack), float(known.mean(0).max()) - slack
    return TestOutcomes(test.solved.numpy(), test.level.numpy(), test.difficulty.numpy(), best_fixed, target)


def shown_steps(budget: int) -> list[int]:
    """The steps of ``SHOWN_STEPS`` below ``budget``, and ``budget``."""
    return [*(step for step in SHOWN_STEPS if step < budget), budget]
