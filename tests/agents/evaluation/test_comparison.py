"""Many runs as one report: with a single run it is the evaluation's own, with several it is means and nested draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from agents.common.tensor_file import CheckpointError
from agents.evaluation import metrics
from agents.evaluation.comparison import AS_LEARNT, Ground, Play, Runs, compare, mean_curve
from agents.evaluation.protocol import EvaluationConfig, choose, measure, play, target_of
from agents.evaluation.run_store import Cell, load_ground, load_head, load_plays, save_ground, save_head, save_plays
from agents.evaluation.tables import levels_markdown, report_markdown
from agents.halting import rules
from agents.halting.heads import HaltHead, HaltPolicy
from agents.rollouts.unroll import Unroll
from tests.agents.synthetic import varied

CONFIG = EvaluationConfig(max_steps=8, resamples=300)


def made(head: HaltHead) -> HaltHead:
    torch.nn.init.normal_(head.out.weight, generator=torch.Generator().manual_seed(0))
    return head


HEADS = {"grpo": made(HaltHead(3, 8)), "bce": made(HaltHead(3, 8, seed=1))}


def ground(test: Unroll, validation: Unroll) -> Ground:
    return Ground(
        test.solved.numpy(), test.level.numpy(), test.difficulty.numpy(), *target_of(validation, CONFIG.slack)
    )


def played(validation: Unroll, test: Unroll) -> dict[str, Play]:
    target = target_of(validation, CONFIG.slack)[1]
    found = {}
    for rule in rules.all_rules(HEADS, 8, CONFIG.prices):
        one = play(rule, choose(rule, validation, target, CONFIG.prices), test)
        found[rule.name] = Play(one.point, one.prices, one.curve, bool(rule.labels))
    return found


def test_one_run_is_the_evaluation():
    validation, test = varied(200, seed=1, noise=0.4), varied(200, seed=2, noise=0.4)
    usual = measure(rules.all_rules(HEADS, 8, CONFIG.prices), validation, test, CONFIG, "toy", "made up")
    plays = {name: [[one]] for name, one in played(validation, test).items()}
    found = compare("toy", "made up", [ground(test, validation)], plays, CONFIG)
    assert [row.rule for row in found.rows] == [row.rule for row in usual.rows]
    for mine, theirs in zip(found.rows, usual.rows, strict=True):
        assert mine.accuracy.value == pytest.approx(theirs.accuracy.value)
        assert mine.steps == pytest.approx(theirs.steps) and mine.correlation == pytest.approx(theirs.correlation)
        np.testing.assert_allclose(mine.thinking, theirs.thinking)
        np.testing.assert_allclose(mine.share, theirs.share, atol=1e-9)
        for price in CONFIG.prices:
            np.testing.assert_allclose(mine.returns[price], theirs.returns[price])
        assert mine.area == pytest.approx(theirs.area, abs=0.01, nan_ok=True)
    swept = [one for one in found.comparisons if one.learner == rules.LEARNER]
    for mine, theirs in zip(swept, usual.comparisons, strict=True):
        assert (mine.rule, mine.price) == (theirs.rule, theirs.price)
        np.testing.assert_allclose(mine.difference, theirs.difference, atol=1e-9)
    assert (found.target, found.best_fixed, found.oracle) == (usual.target, usual.best_fixed, usual.oracle)
    for one in (one for one in found.comparisons if one.learner == AS_LEARNT):
        assert one.price is not None
        mine, theirs = (found.row(rule).returns[one.price].value for rule in (f"grpo, price {one.price:g}", one.rule))
        assert one.difference.value == pytest.approx(mine - theirs, abs=1e-9)
    assert {one.price for one in found.comparisons if one.learner == AS_LEARNT} == set(CONFIG.prices)


def constant(step: int, solved: np.ndarray) -> Play:
    steps = np.full(len(solved), step)
    return Play(steps, np.tile(steps, (3, 1)), steps[None], swept=False)


@pytest.fixture
def several():
    """Two networks of two seeds; the second network needs a step more, and the seeds stop at 1 and 3."""
    steps = np.arange(1, 9)
    solved = [np.tile(steps >= first, (50, 1)) for first in (2, 3)]
    grounds = [
        Ground(one, np.zeros(50, int), np.arange(50.0), first, 0.9) for one, first in zip(solved, (6, 7), strict=True)
    ]
    plays = {
        "grpo": [[constant(1, one), constant(3, one)] for one in solved],
        "bce": [[constant(3, one), constant(3, one)] for one in solved],
        "oracle": [[constant(first, one)] for one, first in zip(solved, (2, 3), strict=True)],
    }
    return grounds, plays


def test_means_over_runs_by_hand(several):
    grounds, plays = several
    found = compare("toy", "made up", grounds, plays, CONFIG)
    row = found.row("grpo")
    assert row.accuracy.value == 0.5 and row.steps == 2
    assert row.returns[0.6].value == pytest.approx(0.5 - 0.6 * 2 / 8)
    # (6 - steps) / (6 - 2) and (7 - steps) / (7 - 3), for 1 and 3 steps each.
    assert row.share.value == pytest.approx((5 + 3 + 6 + 4) / 16)
    assert row.thinking.under == 0.5 and row.thinking.over == 0.25
    gap = next(one for one in found.comparisons if one.rule == "bce" and one.price == 0.6)
    assert gap.difference.value == pytest.approx(-0.5 + 0.6 / 8)
    assert found.oracle == 2.5 and found.accuracy_at[2] == 0.5
    assert len(found.raw.solved) == 200 and found.raw.steps["oracle"].tolist() == [2] * 100 + [3] * 100
    assert "grpo minus" in report_markdown(found) and "oracle's rank" in levels_markdown([found], "grpo", 4)


def test_intervals_hold_the_doubt_about_runs_and_not_only_problems(several):
    """All problems go alike, so all doubt comes from which seeds there are: 1 or 3 steps, drawn twice for each of two
    networks drawn."""
    grounds, plays = several
    runs = Runs(grounds, plays, dataclasses.replace(CONFIG, resamples=4000))
    found = runs.interval(runs.figure("grpo", None))
    assert (found.low, found.high) == (1, 3)
    certain = runs.difference("bce", "bce", None)
    assert certain == (0, 0, 0)


def test_runs_of_other_problems_or_seeds_are_refused(several):
    grounds, plays = several
    with pytest.raises(ValueError, match="the same test problems"):
        Runs([grounds[0], dataclasses.replace(grounds[1], solved=grounds[1].solved[:9])], plays, CONFIG)
    plays["grpo"] = [[*plays["grpo"][0], plays["grpo"][0][0]], plays["grpo"][1]]
    with pytest.raises(ValueError, match="as many halting seeds"):
        Runs(grounds, plays, CONFIG)


def test_run_weights_are_nested():
    weights = metrics.run_weights(3, 2, 5000)
    np.testing.assert_allclose(weights.sum((1, 2)), 1)
    np.testing.assert_allclose(weights.mean(0), 1 / 6, atol=0.01)
    # A network is left out altogether with probability (2/3)^3.
    assert (weights.sum(2) == 0).mean() == pytest.approx((2 / 3) ** 3, abs=0.02)
    # A seed of a network that was drawn once is left out with probability 1/4.
    once = np.isclose(weights.sum(2), 1 / 3)
    assert (weights[once] == 0).mean() == pytest.approx(0.25, abs=0.02)


def test_a_mean_curve_is_the_mean_of_heights():
    solved = np.zeros((4, 8), bool)
    solved[:2, 1:] = True
    one = Ground(solved, np.zeros(4, int), np.zeros(4), 2, 0.5)
    steps = np.array([[1] * 4, [3] * 4])
    curve = mean_curve([one], [[Play(steps[0], steps[:1], steps, True), Play(steps[0], steps[:1], steps[:1], True)]])
    height = dict(zip(curve[:, 0].round(9).tolist(), curve[:, 1], strict=True))
    assert height[1.0] == 0 and curve[-1].tolist() == [8, 0.25]


def test_cells_are_done_once_and_refuse_other_settings(tmp_path):
    cell = Cell(tmp_path / "a", {"levels": ("x",), "seed": 0})
    assert not cell.done
    cell.finish(accuracy=0.5)
    again = Cell(tmp_path / "a", {"levels": ("x",), "seed": 0})
    assert again.done and again.read()["accuracy"] == 0.5
    with pytest.raises(CheckpointError, match="finished with other settings"):
        Cell(tmp_path / "a", {"levels": ("x",), "seed": 1})


def test_what_cells_hold_comes_back(tmp_path, several):
    grounds, _ = several
    save_ground(tmp_path / "ground.npz", grounds[0])
    back = load_ground(tmp_path / "ground.npz")
    for name, value in vars(grounds[0]).items():
        np.testing.assert_array_equal(getattr(back, name), value)
    plays = {"grpo, price 0.1": constant(3, grounds[0].solved)}
    save_plays(tmp_path / "plays.npz", plays)
    found = load_plays(tmp_path / "plays.npz")
    assert list(found) == list(plays)
    for part in ("point", "prices", "curve", "swept"):
        np.testing.assert_array_equal(getattr(found["grpo, price 0.1"], part), getattr(plays["grpo, price 0.1"], part))
    (tmp_path / "broken.npz").write_bytes(b"PK no")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_plays(tmp_path / "broken.npz")
    features = torch.randn(2, 3, 5)
    for head in (HaltPolicy(5, 4), HaltHead(5, 4, 2)):
        save_head(tmp_path / "head.safetensors", head)
        assert torch.equal(
            load_head(tmp_path / "head.safetensors")(features, torch.ones(2, 3)), head(features, torch.ones(2, 3))
        )
