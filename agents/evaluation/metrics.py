"""What a halting rule is worth: pure functions of arrays, the same for every rule and learner.

Throughout, n problems are run to a budget of s steps. ``solved``, bool [n, s], says which drafts are right; ``steps``,
int [..., n], says after which step a rule stops, counted from 1; leading axes are settings of a rule (thresholds).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from agents.halting.outcomes import Bools, Floats, Steps, oracle_steps, solved_at


class Interval(NamedTuple):
    """An estimate with its confidence interval."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the difference that was estimated counts as one."""
        return self.low > 0 or self.high < 0


def best_fixed_step(solved: Bools, slack: float = 0.0) -> int:
    """The best fixed k: the fewest steps, the same for all problems, with which accuracy is as good as with any k.

    As good: at most ``slack`` (a share of problems) below the most accurate number of steps. This is what an operating
    point asks of every other rule, so a rule's saving is counted from a fixed k that is held to the same accuracy, and
    not from the k of highest accuracy, which often takes many more steps for a difference that nobody would pay for.
    Chosen on validation problems, as everything is.
    """
    accuracy = solved.mean(0)
    return int((accuracy >= accuracy.max() - slack - 1e-12).argmax()) + 1


def operating_point(accuracy: Floats, steps: Floats, target: float) -> int:
    """The setting of least mean steps, [k], among those with accuracy, [k], of at least ``target``.

    Where none gets there, the most accurate one. Ties go to the more accurate, then to the first setting.
    """
    enough = accuracy >= target - 1e-12
    if not enough.any():
        enough = accuracy == accuracy.max()
    return int(np.lexsort((-accuracy, np.where(enough, steps, np.inf)))[0])


def oracle_gap_closed(steps: float | Floats, fixed: float | Floats, oracle: float | Floats) -> float | Floats:
    """The share of the steps between the best fixed k and the oracle that a rule saves: (k - steps) / (k - oracle).

    steps: the rule's mean. fixed: the best fixed k (0: nothing saved). oracle: the oracle's mean (1: all that can be
    saved). Not a number where the oracle needs as many steps as the best fixed k: then there is nothing to save.
    """
    gap = np.asarray(fixed - oracle, float)
    return np.divide(fixed - steps, gap, out=np.full_like(gap, np.nan), where=gap > 0)[()]


def frontier(accuracy: Floats, steps: Floats) -> NDArray[np.int64]:
    """The settings, [k], that no other beats in both accuracy and mean steps, by growing steps."""
    order = np.lexsort((-accuracy, steps))
    best = np.maximum.accumulate(accuracy[order])
    rising = np.ones(len(order), bool)
    rising[1:] = best[1:] > best[:-1]
    return order[rising]


def area(accuracy: Floats, steps: Floats, first: float, budget: int) -> float:
    """The mean height of the curve of accuracy over mean steps, both [k], from 1 step to ``budget``; 1 at most.

    It starts at 1 step and the accuracy ``first``, which stopping at once gives. Between two settings it runs straight
    (a coin decides which of them is used), and level after the last.
    """
    if budget == 1:
        return first
    order = np.lexsort((accuracy, steps))
    accuracy = np.r_[first, accuracy[order], accuracy[order[-1]]]
    return float(np.trapezoid(accuracy, np.r_[1.0, steps[order], budget]) / (budget - 1))


def rank_correlation(steps: Steps, difficulty: Floats) -> float:
    """Spearman's rank correlation of steps [n] with difficulty [n]; 0 where either is the same for all."""
    if len(steps) < 2 or np.ptp(steps) == 0 or np.ptp(difficulty) == 0:
        return 0.0
    # Spearman's correlation is Pearson's of the ranks, ties sharing their mean rank.
    return float(np.corrcoef(stats.rankdata(steps), stats.rankdata(difficulty))[0, 1])


class Thinking(NamedTuple):
    """How a rule spends its steps [n] on problems: shares of all problems, and a mean."""

    over: float
    """Share of problems on which it went on after a right draft."""
    under: float
    """Share of problems on which it stopped at a wrong draft although a right one would have come."""
    hopeless: float
    """Mean steps spent on problems that are never right within the budget; not a number where there is none."""


def thinking(solved: Bools, steps: Steps) -> Thinking:
    """Over- and underthinking of a rule that stops after ``steps``, int [n]."""
    first = oracle_steps(solved, hopeless=0)
    right_later = np.flip(np.logical_or.accumulate(np.flip(solved, -1), axis=-1), -1)
    over = (first > 0) & (steps > first)
    under = ~solved_at(solved, steps) & solved_at(right_later, steps)
    never = first == 0
    return Thinking(float(over.mean()), float(under.mean()), float(steps[never].mean()) if never.any() else math.nan)


def wilson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """A proportion with its Wilson score interval (E. B. Wilson, 1927), which holds near 0 and 1 too."""
    if trials < 1:
        raise ValueError("a proportion needs at least one trial, got none")
    z = float(stats.norm.ppf(0.5 + level / 2))
    share, scale = successes / trials, 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / scale
    half = z * math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2) / scale
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def bootstrap_means(columns: Floats, resamples: int = 2000, seed: int = 0) -> Floats:
    """Means of ``columns``, [n, c], over problems drawn anew with replacement: float [resamples, c].

    Columns share every draw, so that functions of several of them are paired.
    """
    rng, count = np.random.default_rng(seed), len(columns)
    means = np.empty((resamples, columns.shape[1]))
    # In blocks, so that memory does not grow with the number of resamples.
    block = max(1, 2_000_000 // count)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        means[start : start + size] = _draws(rng, size, count) @ columns / count
    return means


def paired_bootstrap(
    first: Floats, second: Floats, resamples: int = 2000, seed: int = 0, level: float = 0.95
) -> Interval:
    """Mean of first - second with its percentile interval; both [n], or [runs, n] over the same problems.

    Draws problems anew with replacement, and runs (training seeds) too where there are several.
    """
    if first.shape != second.shape:
        raise ValueError(f"pairs need arrays of one shape, got {first.shape} and {second.shape}")
    gap = np.atleast_2d(np.asarray(first, float) - second)
    runs = len(gap)
    means = bootstrap_means(gap.T, resamples, seed)
    weights = _draws(np.random.default_rng([seed, 1]), resamples, runs) / runs
    return interval(float(gap.mean()), (means * weights).sum(1), level)


def interval(value: float, resampled: Floats, level: float = 0.95) -> Interval:
    """``value`` with the percentile interval of its resampled counterparts, [resamples]."""
    if np.isnan(resampled).any():
        return Interval(value, math.nan, math.nan)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(resampled, tails)
    return Interval(value, float(low), float(high))


def run_weights(networks: int, seeds: int, resamples: int, seed: int = 0) -> Floats:
    """How much every run counts when runs are drawn anew, float [resamples, networks, seeds]; each row sums to 1.

    Nested, as runs are: networks with replacement, then for each of them halting seeds with replacement.
    """
    rng = np.random.default_rng([seed, 2])
    weights = np.zeros((resamples, networks, seeds))
    drawn = rng.integers(networks, size=(resamples, networks, 1))
    chosen = rng.integers(seeds, size=(resamples, networks, seeds))
    np.add.at(weights, (np.arange(resamples)[:, None, None], drawn, chosen), 1 / (networks * seeds))
    return weights


def _draws(rng: np.random.Generator, resamples: int, count: int) -> Floats:
    """How often each of ``count`` things is drawn, float [resamples, count], in ``count`` draws with replacement."""
    drawn = rng.integers(0, count, (resamples, count)) + np.arange(resamples)[:, None] * count
    return np.bincount(drawn.ravel(), minlength=resamples * count).reshape(resamples, count).astype(float)
