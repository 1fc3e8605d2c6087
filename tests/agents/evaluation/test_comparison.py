"""Many runs as one report: with a single run it is the evaluation's own, with several it is means and nested draws."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from agents.common.tensor_file import CheckpointError
from agents.evaluation import metrics
from agents.evaluation.comparison import Runs, compare, mean_curve
from agents.evaluation.evaluate import measure
from agents.evaluation.protocol import EvaluationConfig, RuleSteps, TestOutcomes, choose, outcomes_of, steps_of
from agents.evaluation.report import NO_TUNING
from agents.evaluation.run_store import (
    CachedRun,
    load_head,
    load_outcomes,
    load_rule_steps,
    save_head,
    save_outcomes,
    save_rule_steps,
)
from agents.evaluation.tables import levels_markdown, report_markdown
from agents.halting import outcomes, registry
from agents.halting.heads import HaltHead, HaltPolicy
from tests.agents.synthetic import made_up, varied

CONFIG = EvaluationConfig(max_steps=8, resamples=300)


def made(head: HaltHead) -> HaltHead:
    torch.nn.init.normal_(head.out.weight, generator=torch.Generator().manual_seed(0))
    return head


HEADS = {"grpo": made(HaltHead(3, 8)), "bce": made(HaltHead(3, 8, seed=1))}


def test_differences_of_one_run_are_a_paired_bootstrap_of_its_raw_results():
    """Of the learner as tuned on validation and without tuning, at every price; worked out anew from the raw steps."""
    validation, test = varied(200, seed=1, noise=0.4), varied(200, seed=2, noise=0.4)
    found = measure(registry.all_rules(HEADS, 8, CONFIG.prices), validation, test, CONFIG, "toy", "made up")
    raw = found.raw

    def returns(rule: str, price: float) -> np.ndarray:
        return outcomes.returns(raw.solved, raw.price_steps.get(rule, {}).get(price, raw.steps[rule]), price)

    seen = set()
    for one in found.comparisons:
        if one.price is None:
            continue
        learner = registry.no_tuning("grpo", one.price) if one.learner == NO_TUNING else one.learner
        gap = returns(learner, one.price), returns(one.rule, one.price)
        np.testing.assert_allclose(one.difference, metrics.paired_bootstrap(*gap, resamples=300), atol=1e-9)
        seen.add((one.learner, one.price))
    assert seen == {(learner, price) for learner in ("grpo", NO_TUNING) for price in CONFIG.prices}
    assert found.oracle == pytest.approx(raw.steps["oracle"].mean())


def constant(step: int, solved: np.ndarray) -> RuleSteps:
    steps = np.full(len(solved), step)
    return RuleSteps(steps, np.tile(steps, (3, 1)), steps[None], tuned=False)


@pytest.fixture
def several():
    """Two networks of two seeds; the second network needs a step more, and the seeds stop at 1 and 3."""
    steps = np.arange(1, 9)
    solved = [np.tile(steps >= first, (50, 1)) for first in (2, 3)]
    networks = [
        TestOutcomes(one, np.zeros(50, int), np.arange(50.0), first, 0.9)
        for one, first in zip(solved, (6, 7), strict=True)
    ]
    steps = {
        "grpo": [[constant(1, one), constant(3, one)] for one in solved],
        "bce": [[constant(3, one), constant(3, one)] for one in solved],
        "oracle": [[constant(first, one)] for one, first in zip(solved, (2, 3), strict=True)],
    }
    return networks, steps


def test_means_over_runs_by_hand(several):
    networks, steps = several
    found = compare("toy", "made up", networks, steps, CONFIG)
    row = found.row("grpo")
    assert row.accuracy.value == 0.5 and row.steps == 2
    assert row.returns[0.6].value == pytest.approx(0.5 - 0.6 * 2 / 8)
    # (6 - steps) / (6 - 2) and (7 - steps) / (7 - 3), for 1 and 3 steps each.
    assert row.oracle_gap_closed.value == pytest.approx((5 + 3 + 6 + 4) / 16)
    assert row.thinking.under == 0.5 and row.thinking.over == 0.25
    gap = next(one for one in found.comparisons if one.rule == "bce" and one.price == 0.6)
    assert gap.difference.value == pytest.approx(-0.5 + 0.6 / 8)
    assert found.oracle == 2.5 and found.accuracy_at[2] == 0.5
    assert len(found.raw.solved) == 200 and found.raw.steps["oracle"].tolist() == [2] * 100 + [3] * 100
    assert "GRPO, tuned on validation, minus" in report_markdown(found.plain()) and "oracle's rank" in levels_markdown(
        [found], "grpo", 4
    )


def test_intervals_hold_the_doubt_about_runs_and_not_only_problems(several):
    """All problems go alike, so all doubt comes from which seeds there are: 1 or 3 steps, drawn twice for each of two
    networks drawn."""
    networks, steps = several
    runs = Runs(networks, steps, dataclasses.replace(CONFIG, resamples=4000))
    found = runs.interval(runs.figure("grpo", None))
    assert (found.low, found.high) == (1, 3)
    certain = runs.difference("bce", "bce", None)
    assert certain == (0, 0, 0)


def test_runs_of_other_problems_or_seeds_are_refused(several):
    networks, steps = several
    with pytest.raises(ValueError, match="the same test problems"):
        Runs([networks[0], dataclasses.replace(networks[1], solved=networks[1].solved[:9])], steps, CONFIG)
    steps["grpo"] = [[*steps["grpo"][0], steps["grpo"][0][0]], steps["grpo"][1]]
    with pytest.raises(ValueError, match="as many halting seeds"):
        Runs(networks, steps, CONFIG)


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
    one = TestOutcomes(solved, np.zeros(4, int), np.zeros(4), 2, 0.5)
    steps = np.array([[1] * 4, [3] * 4])
    curve = mean_curve([(one, RuleSteps(steps[0], steps[:1], part, True)) for part in (steps, steps[:1])])
    height = dict(zip(curve[:, 0].round(9).tolist(), curve[:, 1], strict=True))
    assert height[1.0] == 0 and curve[-1].tolist() == [8, 0.25]


def test_cells_are_done_once_and_refuse_other_settings(tmp_path):
    cell = CachedRun(tmp_path / "a", {"levels": ("x",), "seed": 0})
    assert not cell.done
    cell.finish(accuracy=0.5)
    again = CachedRun(tmp_path / "a", {"levels": ("x",), "seed": 0})
    assert again.done and again.read()["accuracy"] == 0.5
    with pytest.raises(CheckpointError, match="finished with other settings"):
        CachedRun(tmp_path / "a", {"levels": ("x",), "seed": 1})


def test_what_cells_hold_comes_back(tmp_path, several):
    networks, _ = several
    save_outcomes(tmp_path / "outcomes.npz", networks[0])
    back = load_outcomes(tmp_path / "outcomes.npz")
    for name, value in vars(networks[0]).items():
        np.testing.assert_array_equal(getattr(back, name), value)
    steps = {"grpo, no tuning, price 0.1": constant(3, networks[0].solved)}
    save_rule_steps(tmp_path / "steps.npz", steps)
    found = load_rule_steps(tmp_path / "steps.npz")
    assert list(found) == list(steps)
    for part in ("point", "prices", "curve", "tuned"):
        np.testing.assert_array_equal(
            getattr(found["grpo, no tuning, price 0.1"], part), getattr(steps["grpo, no tuning, price 0.1"], part)
        )
    (tmp_path / "broken.npz").write_bytes(b"PK no")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_rule_steps(tmp_path / "broken.npz")
    features = torch.randn(2, 3, 5)
    for head in (HaltPolicy(5, 4), HaltHead(5, 4, 2)):
        save_head(tmp_path / "head.safetensors", head)
        assert torch.equal(
            load_head(tmp_path / "head.safetensors")(features, torch.ones(2, 3)), head(features, torch.ones(2, 3))
        )


def test_the_best_fixed_k_closes_none_of_the_gap_that_is_counted_from_it():
    """On networks whose best fixed k differ, in every table, and where a report of before tells no gap."""
    rules, networks, steps = [*registry.plain_rules(8), registry.oracle()], [], {}
    for slowest in (4, 6, 8):
        first = np.random.default_rng(slowest).integers(1, slowest + 1, 300)
        validation, test = made_up(first[:150]), made_up(first[150:])
        networks.append(outcomes_of(test, validation, CONFIG.slack))
        for rule in rules:
            chosen = choose(rule, validation, networks[-1].target, CONFIG.prices)
            steps.setdefault(rule.name, []).append([steps_of(rule, chosen, test)])
    assert [network.best_fixed for network in networks] == [4, 6, 8]
    found = compare("toy", "made up", networks, steps, CONFIG)
    assert tuple(found.row("best-fixed-k").oracle_gap_closed) == (0, 0, 0)
    assert found.row("oracle").oracle_gap_closed.value == pytest.approx(1)
    plain = json.loads(json.dumps(found.plain()))
    of_before = {**plain, "best_fixed": 5, "rows": [dict(row) for row in plain["rows"]]}
    for row in of_before["rows"]:
        del row["oracle_gap_closed"]
    for report, shown in ((plain, "0 (0..0)"), (of_before, "0")):
        lines = [line.split("|") for line in report_markdown(report).split("\n")]
        names, row = (
            next(line for line in lines if len(line) > 2 and line[1].strip() == name)
            for name in ("rule", "best fixed k")
        )
        place = next(at for at, name in enumerate(names) if "oracle gap closed" in name)
        assert row[place].strip() == shown
