"""What a head sees of time and price beyond the budget that it was trained at."""

import dataclasses

import pytest
import torch

from agents.evaluation.protocol import EvaluationConfig
from agents.halting.budget_shift import retimed, shifted_price
from agents.halting.heads import HaltHead
from agents.halting.registry import head_rules, no_tuning
from agents.rollouts.features import STEP_FEATURE
from tests.agents.synthetic import varied


def clock(kind, taught: int = 4) -> list[float]:
    graded = varied(5, budget=8)
    assert STEP_FEATURE % graded.features.shape[-1] == 1, "the toy's features have it in the same place"
    return retimed(graded, taught, kind).features[0, :, STEP_FEATURE].tolist()


def test_clocks_by_hand():
    assert clock("budget") == pytest.approx([step / 8 for step in range(1, 9)])
    assert clock("taught") == pytest.approx([step / 4 for step in range(1, 9)])
    assert clock("held") == pytest.approx([0.25, 0.5] + [0.75] * 6)
    assert clock("held", taught=1) == pytest.approx([1.0] * 8)


def test_nothing_else_changes_and_the_drafts_are_left_alone():
    graded = varied(5, budget=8)
    before = graded.features.clone()
    other = retimed(graded, 4, "taught")
    assert torch.equal(graded.features, before)
    assert torch.equal(other.features[..., 0], before[..., 0]) and torch.equal(other.features[..., 2], before[..., 2])
    assert other.solved is graded.solved
    assert retimed(graded, 8, "taught") is graded and retimed(graded, 4, "budget") is graded


def test_a_step_costs_the_same_by_the_old_clock():
    assert shifted_price(0.4, 64, 16, "taught") / 16 == pytest.approx(0.4 / 64)
    assert shifted_price(0.4, 64, 16, "held") == shifted_price(0.4, 64, 16, "taught")
    assert shifted_price(0.4, 64, 16, "budget") == 0.4
    config = EvaluationConfig(max_steps=64, taught_steps=16, clock="held")
    assert config.scale == 0.25 and dataclasses.replace(config, taught_steps=0).scale == 1


def test_a_policy_without_tuning_is_asked_at_the_shifted_price():
    graded, head = varied(50), HaltHead(3, 8)
    # Stops where the price that it is asked at is above the middle of its range, which is between .1 and .4.
    for part in (head.layers[0], head.layers[1], head.out):
        assert isinstance(part, torch.nn.Linear)
        torch.nn.init.zeros_(part.weight)
        torch.nn.init.zeros_(part.bias)
        part.weight.data[0, -1 if part is head.layers[0] else 0] = 9.0
    torch.nn.init.constant_(head.out.bias, -1.0)
    shifted = {
        rule.name: rule.steps(graded, rule.settings(graded)) for rule in head_rules("mine", head, (0.4, 0.1), 0.25)
    }
    plain = {rule.name: rule.steps(graded, rule.settings(graded)) for rule in head_rules("mine", head, (0.4, 0.1))}
    assert (shifted[no_tuning("mine", 0.4)] == plain[no_tuning("mine", 0.1)]).all()
    assert (shifted[no_tuning("mine", 0.4)] != plain[no_tuning("mine", 0.4)]).any()
