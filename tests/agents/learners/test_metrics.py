"""How a policy does on a rollout, by hand."""

import numpy as np
import pytest
import torch

from agents.halting.heads import HaltHead
from agents.learners.metrics import mean_over, measure
from tests.agents.halting_toy import toy_rollout


def head_that_stops(logit: float) -> HaltHead:
    head = HaltHead(4)
    torch.nn.init.constant_(head.out.bias, logit)
    return head


def test_measures_by_hand():
    nothing = np.zeros(2, bool)
    rollout = toy_rollout(np.array([1, 4]), nothing, nothing, 1, price=0.8)
    metrics = measure(head_that_stops(60.0), rollout, torch.Generator().manual_seed(0))
    expected = {"return": 0.4, "steps": 1.0, "solved": 0.5, "solved_at_full_depth": 1.0, "entropy": 0.0}
    assert metrics.scalars == pytest.approx(expected, abs=1e-6)
    assert metrics.halting_steps.tolist() == [1, 1]


def test_what_a_curriculum_learns_from_by_hand():
    """Two problems of two branches: solved from steps 1 and 2, and never; a head that stops at step 1 or goes to 2."""
    nothing = np.zeros(4, bool)
    rollout = toy_rollout(np.array([1, 2, 9, 9]), nothing, nothing, 2, price=0.8)
    found = measure(head_that_stops(0.0), rollout, torch.Generator())
    chances = np.r_[0.5 ** np.arange(1, 8), 0.5**7]
    steps = np.arange(1, 9)
    values = np.stack([1 - 0.1 * steps, (steps >= 2) - 0.1 * steps])
    variance = (chances * values**2).sum() / 2 - ((chances * values).sum() / 2) ** 2
    np.testing.assert_allclose(found.solved, [0.75, 0.0], atol=1e-6)
    hopeless = (chances * (0.1 * steps) ** 2).sum() - (chances * 0.1 * steps).sum() ** 2
    np.testing.assert_allclose(found.return_variance, [variance, hopeless], atol=1e-5)


def test_a_head_may_be_asked_at_another_price():
    rollout = toy_rollout(np.array([1, 4]), np.zeros(2, bool), np.zeros(2, bool), 1, price=0.8)
    head = HaltHead(4)
    torch.nn.init.ones_(head.out.weight)
    own, other = (measure(head, rollout, torch.Generator(), price).scalars for price in (None, 0.05))
    assert own["steps"] != other["steps"]
    assert measure(head, rollout, torch.Generator(), 0.8).scalars == pytest.approx(own)


def test_means_by_hand():
    assert mean_over([{"a": 1.0, "b": 0.0}, {"a": 3.0, "b": 1.0}]) == {"a": 2.0, "b": 0.5}
    assert mean_over([]) == {}
