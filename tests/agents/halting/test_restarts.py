"""Schedules of restarts by name, and what is said of those that do not fit."""

from __future__ import annotations

import math

import pytest

from agents.halting.heads import HaltPolicy
from agents.halting.restart_head import RestartPolicy, two_acts
from agents.halting.restart_policy import PolicyHalts, PolicyRestarts, SeemsRight
from agents.halting.restart_registry import acting_rule, judge_of
from agents.halting.restarts import FixedCutoff, Geometric, Luby, RestartRule, StuckOrCutoff
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
    assert isinstance(begun, RestartRule) and (begun.starts, begun.noise) == (5, 1.0)
    turned = {"grpo_restarts": RestartPolicy(5).taught_on(8, 0.0)}
    for text in ("grpo_restarts", "restart-every:16+confidence:0.9"):  # a schedule begins problems as the policy does
        rule = acting_rule(text, turned)
        assert isinstance(rule, RestartRule) and (rule.starts, rule.noise, rule.forms) == (8, 0.0, True)
    assert two_acts(HEADS) == {"grpo": TWO} and judge_of({}) == ScoreThreshold("q", math.inf)


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
        ("restart-stuck:0.1,8", {}, "needs a head"),
        ("restart-never:3", HEADS, "unknown halting rule 'restart-never'"),
        ("grpo_restarts", {}, "has no grpo_restarts head"),
        ("grpo_restarts+verifier", HEADS, "decides alone"),
    ],
)
def test_what_does_not_fit_is_said(text, heads, said):
    with pytest.raises(ValueError, match=said):
        acting_rule(text, heads)
