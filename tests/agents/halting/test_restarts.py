"""Schedules of restarts by name, and what is said of those that do not fit."""

from __future__ import annotations

import math

import pytest

from agents.halting.heads import HaltPolicy
from agents.halting.restart_head import VALUES, RestartPolicy, two_acts
from agents.halting.restart_policy import PolicyHalts, PolicyRestarts, SeemsRight
from agents.halting.restart_registry import acting_rule, judge_of
from agents.halting.restarts import NOISE, STARTS, FixedCutoff, Geometric, Luby, RestartRule, StuckOrCutoff
from agents.halting.rules import AnyOf, FitsShown, FixedSteps, HeadThreshold, ScoreThreshold, VerifierStop

TWO, THREE = HaltPolicy(5), RestartPolicy(5)
HEADS = {"grpo": TWO, "grpo_restarts": THREE}


def test_a_rule_without_restarts_is_what_it_was():
    assert acting_rule("confidence:0.9", HEADS) == ScoreThreshold("confidence", 0.9)
    assert acting_rule("grpo", HEADS, 0.3) == HeadThreshold(TWO, 0.0, 0.3)


def test_schedules_join_with_halting_rules_in_any_order():
    for text in ("restart-every:16+confidence:0.9", "confidence:0.9 + restart-every:16"):
        rule = RestartRule(ScoreThreshold("confidence", 0.9), FixedCutoff(16), SeemsRight(THREE))
        assert acting_rule(text, HEADS) == rule
    both = acting_rule("confidence:0.9+restart-geometric:8,2+best-fixed-k:30", HEADS)
    assert isinstance(both, RestartRule) and both.schedule == Geometric(8, 2)
    assert both.halting == AnyOf((ScoreThreshold("confidence", 0.9), FixedSteps(30)))
    alone = acting_rule("restart-luby:8", {})
    assert alone == RestartRule(FixedSteps(), Luby(8), ScoreThreshold("q", math.inf))


def test_what_the_verifier_accepts_or_what_fits_is_handed_in():
    for name, judge in (("verifier", VerifierStop()), ("fits", FitsShown())):
        assert acting_rule(f"restart-every:16+{name}", HEADS) == RestartRule(judge, FixedCutoff(16), judge)


def test_a_run_without_hope_is_known_by_a_value_head():
    rule = acting_rule("restart-stuck:0.25,16+confidence:0.9", {"grpo": TWO})
    stuck = HeadThreshold(TWO.value_heads, math.log(3), output=1, sign=-1)
    assert isinstance(rule, RestartRule) and rule.schedule == StuckOrCutoff(stuck, 16)
    assert rule.judge == HeadThreshold(TWO.value_heads)


def test_the_policy_of_three_acts():
    rule = acting_rule("grpo_restarts", HEADS, 0.3)
    assert rule == RestartRule(PolicyHalts(THREE, 0.3), PolicyRestarts(THREE, 0.3), SeemsRight(THREE))
    other = RestartPolicy(5).taught_on(5, 1.0)
    begun = acting_rule("grpo_restarts", {"grpo_restarts": other})
    assert isinstance(begun, RestartRule) and (begun.starts, begun.noise, begun.forms) == (5, 1.0, False)
    assert two_acts(HEADS) == {"grpo": TWO} and judge_of({}) == ScoreThreshold("q", math.inf)


def test_a_schedule_begins_problems_as_the_policy_does_and_as_often_as_it_likes():
    for noise, forms in ((0.0, True), (0.7, False)):
        heads = {"grpo_restarts": RestartPolicy(5).taught_on(4, noise)}
        for text, starts in (("grpo_restarts", 4), ("restart-every:16+confidence:0.9", STARTS)):
            rule = acting_rule(text, heads)
            assert isinstance(rule, RestartRule) and (rule.starts, rule.forms) == (starts, forms)
            assert rule.noise == pytest.approx(noise)
    alone = acting_rule("restart-every:16", {"grpo_restarts": RestartPolicy(5).taught_on(1, 0.0)})
    assert isinstance(alone, RestartRule) and (alone.starts, alone.noise, alone.forms) == (STARTS, NOISE, False)


def test_forms_may_be_asked_for():
    for heads in ({}, HEADS):
        rule = acting_rule("restart-every:16+verifier+forms", heads)
        judge = VerifierStop()
        assert rule == RestartRule(judge, FixedCutoff(16), judge, STARTS, 0.0, forms=True)
    with pytest.raises(ValueError, match="unknown halting rule 'forms'"):
        acting_rule("verifier+forms", {})


def test_a_policy_of_three_acts_alone_says_too_whether_a_run_has_hope():
    rule = acting_rule("restart-stuck:0.25,inf", {"grpo_restarts": THREE})
    stuck = HeadThreshold(THREE.value_heads, math.log(3), output=VALUES.index("correct_ever"), sign=-1)
    assert isinstance(rule, RestartRule) and rule.schedule == StuckOrCutoff(stuck) and rule.judge == SeemsRight(THREE)


@pytest.mark.parametrize(
    ("text", "heads", "said"),
    [
        ("restart-every", HEADS, "write restart-every:CUTOFF"),
        ("restart-every:1,2+grpo", HEADS, "write restart-every:CUTOFF"),
        ("restart-geometric:8", HEADS, "write restart-geometric:FIRST,RATIO"),
        ("restart-every:0+grpo", HEADS, "cutoff"),
        ("restart-every:nan", HEADS, "cutoff"),
        ("restart-every:x", HEADS, "numbers parted by commas"),
        ("restart-every:8+restart-luby:4", HEADS, "one schedule of restarts at a time"),
        ("restart-stuck:2,8", HEADS, "between 0 and 1"),
        ("restart-stuck:0.1,nan", HEADS, "cutoff"),
        ("restart-stuck:0.1,0", HEADS, "cutoff"),
        ("restart-evry:16", HEADS, "restart-every:SETTING, .*, grpo_restarts"),
        ("restart-stuck:0.1,8", {}, "needs a head"),
        ("restart-never:3", HEADS, "unknown halting rule 'restart-never'"),
        ("grpo_restarts", {}, "has no grpo_restarts head"),
        ("grpo_restarts+verifier", HEADS, "decides alone"),
    ],
)
def test_what_does_not_fit_is_said(text, heads, said):
    with pytest.raises(ValueError, match=said):
        acting_rule(text, heads)
