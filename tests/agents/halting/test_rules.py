"""Halting rules on graded drafts made up by rule: where they stop, one by one and all settings at once."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from agents.halting import outcomes, registry, tuning
from agents.halting.heads import NEUTRAL_PRICE, HaltHead
from agents.halting.rules import (
    AnyOf,
    FixedSteps,
    HaltingRule,
    HeadThreshold,
    ScoreThreshold,
    StepRecord,
    Unchanged,
    VerifierStop,
)
from agents.halting.tuning import TunableRule, scores_of, stopping_steps
from agents.rollouts.unroll import Unroll
from tests.agents.synthetic import HOPELESS, made_up, varied


def untaught(outputs: int = 1, seed: int = 0) -> HaltHead:
    """A head with random last weights, so that its logits differ."""
    head = HaltHead(features=3, hidden=8, outputs=outputs, seed=seed)
    torch.nn.init.normal_(head.out.weight, generator=torch.Generator().manual_seed(seed))
    return head


HEADS = {"grpo": untaught(), "bce": untaught(seed=1), "two_heads": untaught(2), "expected": untaught(seed=2)}
EVERY_RULE = registry.all_rules(HEADS, 8, (0.1, 0.6))
PLAIN = {rule.name: rule for rule in registry.plain_rules(8)}


def play(rule: TunableRule, unroll: Unroll) -> np.ndarray:
    return rule.steps(unroll, rule.settings(unroll))


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.name)
def test_rules_stop_within_the_budget_and_settings_fit_their_labels(rule: TunableRule):
    unroll = varied()
    settings = rule.settings(unroll)
    steps = rule.steps(unroll, settings)
    assert settings.shape[1] == len(rule.labels)
    assert steps.shape == (len(settings), len(unroll))
    assert steps.min() >= 1 and steps.max() <= unroll.max_steps


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.name)
def test_a_rule_cannot_see_the_future(rule: TunableRule):
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
    assert same or rule.name == registry.ORACLE


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.name)
def test_only_oracle_and_verifier_see_verdicts(rule: TunableRule):
    unroll = varied()
    settings = rule.settings(unroll)
    before = rule.steps(unroll, settings)
    unroll.solved[:] = ~unroll.solved
    same = (rule.steps(unroll, settings) == before).all()
    assert same == (rule.name not in (registry.ORACLE, registry.VERIFIER))


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.name)
def test_every_setting_acts_where_it_was_found_to_stop(rule: TunableRule):
    """``steps`` sweeps all settings at once; the rule with one of them is asked step by step."""
    unroll = varied(60)
    settings = rule.settings(unroll)
    if rule.name == registry.ORACLE:
        with pytest.raises(ValueError, match="oracle"):
            rule.rule(())
        return
    steps = rule.steps(unroll, settings)
    for place in {0, len(settings) - 1, *range(0, len(settings), 17)}:
        acting = rule.rule(settings[place].tolist())
        assert isinstance(acting, HaltingRule)
        assert stopping_steps(acting, unroll).tolist() == steps[place].tolist(), settings[place]


def test_always_and_fixed():
    unroll = varied(20)
    assert (play(PLAIN["always-8"], unroll) == 8).all()
    steps = play(PLAIN[registry.FIXED], unroll)
    assert steps.shape == (8, 20) and (steps == np.arange(1, 9)[:, None]).all()
    assert (stopping_steps(FixedSteps(3), unroll) == 3).all() and (stopping_steps(FixedSteps(), unroll) == 8).all()


def test_oracle_and_verifier_differ_on_hopeless_problems_only():
    unroll = made_up(np.array([1, 5, HOPELESS]))
    assert play(registry.oracle(), unroll).tolist() == [[1, 5, 1]]
    assert play(registry.verifier_rule(), unroll).tolist() == [[1, 5, 8]]


def test_unchanged_counts_steps_without_change():
    unroll = made_up(np.array([1, 3, HOPELESS]))
    # A draft changes up to the step at which it gets right; one that is never right changes to the end.
    assert play(PLAIN["unchanged"], unroll)[:3].tolist() == [[2, 4, 8], [3, 5, 8], [4, 6, 8]]


def test_unchanged_starts_counting_anew_after_a_change():
    unroll = made_up(np.array([1]))
    unroll.changed[0] = torch.tensor([1.0, 0, 0, 0.5, 0, 0, 0, 0])
    assert play(PLAIN["unchanged"], unroll)[:3, 0].tolist() == [2, 3, 7]
    assert unroll.steps_unchanged.tolist() == [[0, 1, 2, 0, 1, 2, 3, 4]]


def test_a_swept_score_separates_right_from_wrong():
    unroll = varied(noise=0.0)
    steps = play(PLAIN["confidence"], unroll)
    assert any((row == stopping_steps(VerifierStop(), unroll)).all() for row in steps)


@pytest.mark.parametrize(("number", "field", "sign"), [("velocity", "velocity", -1), ("q", "halt_logit", 1)])
def test_scores_are_the_networks_numbers(number, field: str, sign: int):
    unroll = varied(20)
    assert torch.equal(ScoreThreshold(number, 0.0).score(unroll), sign * getattr(unroll, field))


def test_a_threshold_between_two_floats_is_not_rounded_onto_one():
    unroll = made_up(np.array([1]))
    unroll.confidence[:] = 0.1
    above = float(np.float32(0.1)) + 1e-12
    assert stopping_steps(ScoreThreshold("confidence", float(np.float32(0.1))), unroll).tolist() == [1]
    assert stopping_steps(ScoreThreshold("confidence", above), unroll).tolist() == [8]
    unroll.confidence[:] = math.inf
    assert stopping_steps(ScoreThreshold("confidence", math.inf), unroll).tolist() == [8], "inf is never reached"


def test_a_cap_stops_what_no_threshold_does():
    unroll = made_up(np.array([2, 5, HOPELESS]))
    unroll.confidence[:] = unroll.solved.float()
    rule = PLAIN["confidence-capped"]
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
    (rule,) = registry.head_rules("two_heads", seer, ())
    assert any((row == outcomes.oracle_steps(unroll.solved.numpy())).all() for row in play(rule, unroll))


def test_two_heads_stops_at_the_earlier_of_its_thresholds():
    head, unroll = untaught(2), varied(50)
    right, ever = (scores_of(HeadThreshold(head, output=output), unroll) for output in (0, 1))
    now, never = np.median(right), np.quantile(ever, 0.2)
    (rule,) = registry.head_rules("two_heads", head, ())
    steps = rule.steps(unroll, np.array([[now, never]], np.float64))[0]
    assert steps.tolist() == outcomes.first_true((right >= now) | (ever <= never), 8).tolist()


def test_a_policy_is_asked_at_its_price():
    head, unroll = untaught(), varied(50)
    logits = {price: scores_of(HeadThreshold(head, price=price), unroll) for price in (0.1, 0.6)}
    threshold = float(np.median(logits[0.6]))
    steps = tuning.PolicySweep("grpo", head).steps(unroll, np.array([[0.1, threshold], [0.6, threshold]]))
    expected = [outcomes.first_true(one >= np.float64(threshold), 8).tolist() for one in logits.values()]
    assert steps.tolist() == expected
    assert expected[0] != expected[1], "the two prices must differ for this test to see anything"
    assert (scores_of(HeadThreshold(head, price=NEUTRAL_PRICE), unroll) == scores_of(HeadThreshold(head), unroll)).all()


def test_thresholds_hold_both_classes_and_the_extremes():
    scores, solved = np.array([[0.0, 1.0], [0.5, 2.0]]), np.array([[False, True], [False, True]])
    assert tuning.thresholds(scores, solved, 2).tolist() == [-np.inf, 0, 0.5, 1, 2, np.inf]
    assert tuning.thresholds(scores, np.ones_like(solved), 2).tolist() == [-np.inf, 0, 2, np.inf]


def test_rules_follow_from_the_heads():
    names = [rule.name for rule in registry.all_rules({}, 16, (0.1,))]
    assert names[0] == "always-16" and names[-1] == registry.ORACLE
    assert not {"bce", "two_heads", "grpo", "expected"} & set(names)
    assert {"bce", "two_heads", "grpo", "expected", "grpo, no tuning, price 0.1"} <= {rule.name for rule in EVERY_RULE}


def test_a_rule_of_ones_own_needs_one_class_and_one_line(monkeypatch: pytest.MonkeyPatch):
    @dataclasses.dataclass(frozen=True)
    class Halfway(HaltingRule):
        threshold: float = 4.0

        def score(self, record: StepRecord) -> torch.Tensor:
            return record.steps.float()

    monkeypatch.setattr(registry, "PLAIN_RULES", (*registry.PLAIN_RULES, tuning.SingleRule("halfway", Halfway())))
    rules = {rule.name: rule for rule in registry.all_rules({}, 8, ())}
    assert (play(rules["halfway"], varied(5)) == 4).all()
    assert isinstance(registry.rule_of("halfway", {}), Halfway)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("always", FixedSteps()),
        ("verifier", VerifierStop()),
        ("best-fixed-k:3", FixedSteps(3)),
        ("unchanged:2", Unchanged(2)),
        ("velocity:-0.5", ScoreThreshold("velocity", -0.5)),
        ("confidence-capped:0.9,5", AnyOf((ScoreThreshold("confidence", 0.9), FixedSteps(5)))),
        ("grpo", HeadThreshold(HEADS["grpo"], price=0.3)),
        ("grpo:0.1,0.5", HeadThreshold(HEADS["grpo"], 0.5, price=0.1)),
        ("bce", HeadThreshold(HEADS["bce"])),
        ("two_heads:0,-1", AnyOf((HeadThreshold(HEADS["two_heads"]), HeadThreshold(HEADS["two_heads"], 1, 1, 1, -1)))),
        ("q:0 + unchanged:3", AnyOf((ScoreThreshold("q", 0), Unchanged(3)))),
    ],
)
def test_rules_by_name(text: str, rule: HaltingRule):
    assert registry.rule_of(text, HEADS, price=0.3) == rule


def test_a_head_of_two_gives_up_only_when_asked_to():
    unroll = varied(50)
    alone = stopping_steps(HeadThreshold(HEADS["two_heads"]), unroll)
    assert (stopping_steps(registry.rule_of("two_heads", HEADS), unroll) == alone).all()


@pytest.mark.parametrize(("old", "new"), [("rule-checker", "verifier"), ("two-heads:0,0", "two_heads:0,0")])
def test_old_names_still_work(old: str, new: str):
    with pytest.warns(FutureWarning, match=new.partition(":")[0]):
        assert registry.rule_of(old, HEADS) == registry.rule_of(new, HEADS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("magic", "unknown halting rule 'magic': choose one of best-fixed-k, unchanged"),
        ("oracle", "unknown halting rule 'oracle'"),
        ("grpo", "no grpo head"),
        ("velocity", "needs a setting: write velocity:THRESHOLD"),
        ("confidence-capped:0.9", "write confidence-capped:THRESHOLD,K"),
        ("confidence:high", "numbers parted by commas, got 'high'"),
        ("always:3", "always takes no setting"),
        ("always:", "always takes no setting"),
        ("verifier:", "verifier takes no setting"),
        ("confidence:nan", "the threshold of 'confidence:nan' is no number"),
        ("best-fixed-k:0", "the k of 'best-fixed-k:0' must be a number of steps, 1 or more, not 0"),
        ("confidence:90", "the threshold of 'confidence:90' is a probability"),
        ("confidence-capped:-1,4", "the threshold of 'confidence-capped:-1,4' is a probability"),
        ("unchanged:-2", "must be a number of steps"),
        ("confidence-capped:0.9,0.5", "the k of 'confidence-capped:0.9,0.5' must be"),
        ("confidence:0.9+best-fixed-k:-inf", "must be a number of steps"),
        ("", "unknown halting rule ''"),
    ],
)
def test_bad_rules(text: str, said: str):
    with pytest.raises(ValueError, match=said):
        registry.rule_of(text, {})
