"""Metrics, against figures worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from agents.evaluation import metrics
from agents.halting import outcomes

# Four problems, four steps: right from 1, right from 3, right at 2 only, never right.
SOLVED = np.array([[1, 1, 1, 1], [0, 0, 1, 1], [0, 1, 0, 0], [0, 0, 0, 0]], bool)


def test_halting_stops_at_the_first_score_that_reaches_the_threshold():
    scores = np.array([[0.1, 0.5, 0.2, 0.9], [0.5, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    steps = outcomes.halting_steps(scores, np.array([-np.inf, 0.5, 0.6, np.inf]))
    assert steps.tolist() == [[1, 1, 1], [2, 1, 4], [4, 4, 4], [4, 4, 4]]
    assert outcomes.halting_steps(scores, 0.5).tolist() == [2, 1, 4]


def test_an_infinite_score_does_not_reach_an_infinite_threshold():
    assert outcomes.halting_steps(np.array([[np.inf, 0.0]]), np.inf).tolist() == [2]


def test_accuracy_and_returns():
    steps = np.array([2, 2, 2, 2])
    assert outcomes.solved_at(SOLVED, steps).tolist() == [True, False, True, False]
    assert outcomes.returns(SOLVED, steps, 0.4).tolist() == pytest.approx([0.8, -0.2, 0.8, -0.2])


def test_leading_axes_are_settings():
    steps = np.array([[1, 1, 1, 1], [4, 4, 4, 4]])
    assert outcomes.solved_at(SOLVED, steps).mean(1).tolist() == [0.25, 0.5]


def test_oracle_and_best_fixed_step():
    assert outcomes.oracle_steps(SOLVED).tolist() == [1, 3, 2, 1]
    assert outcomes.oracle_steps(SOLVED, hopeless=4).tolist() == [1, 3, 2, 4]
    assert metrics.best_fixed_step(SOLVED) == 2  # 1, 2, 2, 2 right: the least of the best


def test_best_fixed_step_is_the_least_of_equal_accuracy():
    """84, 99.5, 99.8, 100% after 1 to 4 steps: within half a point of the best it is 2, within a tenth 4."""
    solved = np.zeros((1000, 4), bool)
    for step, right in enumerate((840, 995, 998, 1000)):
        solved[:right, step] = True
    assert metrics.best_fixed_step(solved, 0.005) == 2
    assert metrics.best_fixed_step(solved, 0.001) == 4
    assert metrics.best_fixed_step(solved, 0.2) == 1


def test_operating_point_is_the_cheapest_that_is_good_enough():
    accuracy, steps = np.array([0.5, 0.9, 0.9, 0.95, 0.95]), np.array([1.0, 4.0, 3.0, 6.0, 6.0])
    assert metrics.operating_point(accuracy, steps, 0.9) == 2
    assert metrics.operating_point(accuracy, steps, 0.91) == 3
    assert metrics.operating_point(accuracy, steps, 0.99) == 3, "out of reach: the most accurate"


def test_oracle_gap_closed():
    assert metrics.oracle_gap_closed(11.0, 11.0, 2.0) == 0
    assert metrics.oracle_gap_closed(2.0, 11.0, 2.0) == 1
    assert metrics.oracle_gap_closed(3.12, 11.0, 2.33) == pytest.approx(0.9089, abs=1e-4)
    assert math.isnan(metrics.oracle_gap_closed(2.0, 2.0, 2.0))


def test_frontier_leaves_out_what_is_beaten():
    accuracy, steps = np.array([0.5, 0.4, 0.9, 0.9, 0.8]), np.array([1.0, 2.0, 4.0, 5.0, 3.0])
    assert metrics.frontier(accuracy, steps).tolist() == [0, 4, 2]


def test_area_is_the_mean_height():
    # From (1, 0.2) up to (3, 0.8), then level to 5: (0.5 * 2 + 0.8 * 2) / 4.
    assert metrics.area(np.array([0.8]), np.array([3.0]), 0.2, 5) == pytest.approx(0.65)
    assert metrics.area(np.array([0.8, 0.2]), np.array([3.0, 1.0]), 0.2, 5) == pytest.approx(0.65)
    assert metrics.area(np.array([0.7]), np.array([1.0]), 0.7, 1) == pytest.approx(0.7)


def test_rank_correlation_is_spearmans():
    rng = np.random.default_rng(0)
    steps, difficulty = rng.integers(1, 6, 50), rng.integers(0, 9, 50).astype(float)
    assert metrics.rank_correlation(steps, difficulty) == pytest.approx(stats.spearmanr(steps, difficulty)[0])
    assert metrics.rank_correlation(np.array([1, 2, 3]), np.array([5.0, 6.0, 9.0])) == pytest.approx(1)
    assert metrics.rank_correlation(np.array([2, 2, 2]), np.array([5.0, 6.0, 9.0])) == 0


def test_over_and_underthinking():
    # After 2 steps: one went on needlessly, one stopped before it was right, one exactly right, one hopeless.
    thinking = metrics.thinking(SOLVED, np.array([2, 2, 2, 2]))
    assert thinking == (0.25, 0.25, 2.0)
    # After 4: the third was right at 2 and no longer is, and nothing right comes any more.
    assert metrics.thinking(SOLVED, np.array([4, 4, 4, 4])) == (0.75, 0.0, 4.0)
    assert math.isnan(metrics.thinking(SOLVED[:3], np.array([1, 1, 1])).hopeless)


def test_wilson_interval():
    # Worked out by hand: 9 of 10, z = 1.959964.
    assert metrics.wilson(9, 10) == pytest.approx((0.9, 0.59585, 0.98212), abs=1e-5)
    assert metrics.wilson(10, 10).high == pytest.approx(1)
    assert 0 < metrics.wilson(0, 10).high < 0.3
    with pytest.raises(ValueError, match="at least one"):
        metrics.wilson(0, 0)


def test_bootstrap_agrees_with_scipy():
    rng = np.random.default_rng(1)
    first, second = rng.random(400), rng.random(400) - 0.1
    mine = metrics.paired_bootstrap(first, second, resamples=4000)
    theirs = stats.bootstrap((first - second,), np.mean, n_resamples=4000, method="percentile", rng=2)
    assert mine.value == pytest.approx((first - second).mean())
    assert mine[1:] == pytest.approx(theirs.confidence_interval, abs=4e-3)
    assert mine.excludes_zero


def test_bootstrap_is_paired_and_repeatable():
    noise = 100 * np.random.default_rng(2).standard_normal(300)
    gap = metrics.paired_bootstrap(noise + 1, noise)
    assert gap == pytest.approx((1, 1, 1)), "what both share must cancel"
    other = np.random.default_rng(3).random(300)
    assert metrics.paired_bootstrap(noise, other, seed=5) == metrics.paired_bootstrap(noise, other, seed=5)


def test_bootstrap_over_runs_is_wider_where_runs_differ():
    runs = np.repeat([[0.0], [1.0], [2.0]], 200, axis=1)
    wide = metrics.paired_bootstrap(runs, np.zeros_like(runs))
    assert (wide.low, wide.high) == (0, 2) and wide.value == 1
    with pytest.raises(ValueError, match="one shape"):
        metrics.paired_bootstrap(runs, runs[:, :5])


def test_bootstrap_means_share_their_draws_and_keep_to_blocks():
    columns = np.random.default_rng(4).random((50, 2))
    columns[:, 1] = 1 - columns[:, 0]
    means = metrics.bootstrap_means(columns, 100)
    assert means.shape == (100, 2)
    np.testing.assert_allclose(means.sum(1), 1)
    assert np.ptp(means[:, 0]) > 0


def test_an_interval_of_what_is_not_always_defined_is_none():
    assert math.isnan(metrics.interval(0.5, np.array([0.1, np.nan])).low)
