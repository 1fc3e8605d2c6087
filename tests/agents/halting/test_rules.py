"""Halting rules on graded drafts made up by rule."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from agents.halting import outcomes, rules
from agents.halting.heads import HaltHead
from agents.rollouts.unroll import Unroll
from tests.agents.synthetic import HOPELESS, made_up, varied


def untaught(outputs: int = 1, seed: int = 0) -> HaltHead:
    """A head with random last weights, so that its logits differ."""
    head = HaltHead(features=3, hidden=8, outputs=outputs, seed=seed)
    torch.nn.init.normal_(head.out.weight, generator=torch.Generator().manual_seed(seed))
    return head


def every_rule(budget: int = 8) -> list[rules.Rule]:
    heads = {"grpo": untaught(), "bce": untaught(seed=1), "two_heads": untaught(2), "expected": untaught(seed=2)}
    return rules.all_rules(heads, budget, (0.1, 0.6))


def play(rule: rules.Rule, unroll: Unroll) -> np.ndarray:
    return rule.steps(unroll, rule.settings(unroll))


@pytest.mark.parametrize("rule", every_rule(), ids=lambda rule: rule.name)
def test_rules_stop_within_the_budget_and_settings_fit_their_labels(rule: rules.Rule):
    unroll = varied()
    settings = rule.settings(unroll)
    steps = rule.steps(unroll, settings)
    assert settings.shape[1] == len(rule.labels)
    assert steps.shape == (len(settings), len(unroll))
    assert steps.min() >= 1 and steps.max() <= unroll.max_steps


@pytest.mark.parametrize("rule", every_rule(), ids=lambda rule: rule.name)
def test_a_rule_cannot_see_the_future(rule: rules.Rule):
    """Whatever comes after the step that a rule stops at must make no difference; the oracle alone peeks."""
    unroll = varied()
    settings = rule.settings(unroll)
    steps = rule.steps(unroll, settings)
    cut = 4
    blind = Unroll(*(getattr(unroll, name).clone() for name in Unroll.__dataclass_fields__))
    for name in ("features", "halt_logit", "velocity", "confidence", "changed"):
        getattr(blind, name)[:, cut:] = 9
    blind.solved[:, cut:] = ~unroll.solved[:, cut:]
    early = steps <= cut
    same = (rule.steps(blind, settings) == steps)[early].all()
    assert same or rule.name == rules.ORACLE


@pytest.mark.parametrize("rule", every_rule(), ids=lambda rule: rule.name)
def test_only_oracle_and_checker_see_verdicts(rule: rules.Rule):
    unroll = varied()
    settings = rule.settings(unroll)
    before = rule.steps(unroll, settings)
    unroll.solved[:] = ~unroll.solved
    same = (rule.steps(unroll, settings) == before).all()
    assert same == (rule.name not in (rules.ORACLE, rules.CHECKER))


def test_always_and_fixed():
    unroll = varied(20)
    assert (play(rules.always(8), unroll) == 8).all()
    steps = play(rules.fixed(), unroll)
    assert steps.shape == (8, 20) and (steps == np.arange(1, 9)[:, None]).all()


def test_oracle_and_checker_differ_on_hopeless_problems_only():
    unroll = made_up(np.array([1, 5, HOPELESS]))
    assert play(rules.oracle(), unroll).tolist() == [[1, 5, 1]]
    assert play(rules.checker(), unroll).tolist() == [[1, 5, 8]]


def test_unchanged_counts_steps_without_change():
    unroll = made_up(np.array([1, 3, HOPELESS]))
    # A draft changes up to the step at which it gets right; one that is never right changes to the end.
    assert play(rules.unchanged(), unroll)[:3].tolist() == [[2, 4, 8], [3, 5, 8], [4, 6, 8]]


def test_unchanged_starts_counting_anew_after_a_change():
    unroll = made_up(np.array([1]))
    unroll.changed[0] = torch.tensor([1.0, 0, 0, 0.5, 0, 0, 0, 0])
    assert play(rules.unchanged(), unroll)[:3, 0].tolist() == [2, 3, 7]


def test_swept_score_separates_right_from_wrong():
    unroll = varied(noise=0.0)
    steps = play(rules.swept("confidence", lambda one: one.confidence.numpy()), unroll)
    right = play(rules.checker(), unroll)[0]
    assert any((row == right).all() for row in steps)


def test_a_cap_stops_what_no_threshold_does():
    unroll = made_up(np.array([2, 5, HOPELESS]))
    unroll.confidence[:] = unroll.solved.float()
    rule = rules.capped("confidence", lambda one: one.confidence.numpy())
    assert rule.name == "confidence-capped"
    chosen = np.array([[0.5, 8], [0.5, 3], [np.inf, 4], [-np.inf, 4]])
    assert rule.steps(unroll, chosen).tolist() == [[2, 5, 8], [2, 3, 3], [4, 4, 4], [1, 1, 1]]
    settings = {tuple(row) for row in rule.settings(unroll)}
    assert {(np.inf, 1.0), (np.inf, 8.0), (-np.inf, 8.0)} <= settings and len(settings) % unroll.max_steps == 0


def test_two_heads_can_give_up():
    """The second head sees hopelessness: with it the rule gets to the oracle, which one threshold cannot."""

    class Seer(torch.nn.Module):
        def forward(self, features: torch.Tensor, price: torch.Tensor) -> torch.Tensor:
            return torch.stack([features[..., 0], -features[..., 2]], -1)

    unroll = varied(noise=0.0)
    seer = HaltHead(features=3, outputs=2)
    seer.forward = Seer().forward
    steps = play(rules.two_heads(seer), unroll)
    assert any((row == outcomes.oracle_steps(unroll.solved.numpy())).all() for row in steps)


def test_two_heads_stops_at_the_earlier_of_its_thresholds():
    head = untaught(2)
    unroll = varied(50)
    logits = rules.head_logits(head, unroll, rules.NEUTRAL_PRICE)
    now, ever = np.median(logits[..., 0]), np.quantile(logits[..., 1], 0.2)
    steps = rules.two_heads(head).steps(unroll, np.array([[now, ever]], np.float64))[0]
    expected = outcomes.first_true((logits[..., 0] >= now) | (logits[..., 1] <= ever), 8)
    assert steps.tolist() == expected.tolist()


def test_a_policy_is_asked_at_its_price():
    head, unroll = untaught(), varied(50)
    logits = {price: rules.head_logits(head, unroll, price)[..., 0] for price in (0.1, 0.6)}
    threshold = float(np.median(logits[0.6]))
    steps = rules.policy("grpo", head).steps(unroll, np.array([[0.1, threshold], [0.6, threshold]]))
    expected = [outcomes.first_true(one >= np.float64(threshold), 8).tolist() for one in logits.values()]
    assert steps.tolist() == expected
    assert expected[0] != expected[1], "the two prices must differ for this test to see anything"


def test_thresholds_hold_both_classes_and_the_extremes():
    scores, solved = np.array([[0.0, 1.0], [0.5, 2.0]]), np.array([[False, True], [False, True]])
    assert rules.thresholds(scores, solved, 2).tolist() == [-np.inf, 0, 0.5, 1, 2, np.inf]
    assert rules.thresholds(scores, np.ones_like(solved), 2).tolist() == [-np.inf, 0, 2, np.inf]


def test_rules_follow_from_the_heads():
    names = [rule.name for rule in rules.all_rules({}, 16, (0.1,))]
    assert names[0] == "always-16" and names[-1] == rules.ORACLE
    assert not {"bce", "two-heads", "grpo", "expected"} & set(names)
    assert {"bce", "two-heads", "grpo", "expected", "grpo, price 0.1"} <= {rule.name for rule in every_rule()}
