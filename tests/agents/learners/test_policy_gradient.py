"""Policy gradients and the exact gradient: each reaches what its objective allows."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
import torch

from agents import losses
from agents.halting.heads import Halter
from agents.learners.base import Learner
from agents.learners.config import LearnerConfig, PonderNetConfig, SamplingConfig
from agents.learners.expected import PonderNet
from agents.learners.metrics import measure
from agents.learners.policy_gradient import Reinforce, Rloo
from agents.learners.registry import make_learner
from agents.rollouts.unroll import Unroll
from tests.agents.halting_toy import BUDGET, best_return, draw_toy

PRICE = 0.2


def teach(name: str, iterations: int, **settings) -> Learner:
    learner = make_learner(name, LearnerConfig(iterations=iterations, lr=3e-3, passes=8, groups=48, **settings), 4, 0)
    rng, dataset = np.random.default_rng(0), None
    for _ in range(iterations):
        rollout = draw_toy(rng, 48, 4, PRICE)
        dataset = Unroll.concatenate([dataset, rollout.unroll] if dataset else [rollout.unroll])
        learner.update(rollout, dataset)
    return learner


def worth(learner: Learner, price: float) -> dict[str, float]:
    rollout = draw_toy(np.random.default_rng(999), 5_000, 1, price)
    return measure(cast(Halter, learner.head), rollout, torch.Generator().manual_seed(0)).scalars


@pytest.mark.parametrize("name", ["reinforce", "rloo", "pondernet", "expected"])
def test_each_reaches_the_best_return(name):
    learner = teach(name, 10)
    for price in (0.05, PRICE, 0.6):
        assert worth(learner, price)["return"] > best_return(price) - 0.04


def test_a_strong_prior_makes_pondernet_halt_as_it_does():
    prior = losses.geometric_log_probs(0.3, BUDGET).exp()
    steps = (prior * torch.arange(1, BUDGET + 1)).sum().item()
    learner = teach("pondernet", 10, pondernet=PonderNetConfig(rate=0.3, weight=100.0))
    assert worth(learner, PRICE)["steps"] == pytest.approx(steps, abs=0.3)


def ponder(**settings) -> LearnerConfig:
    return LearnerConfig(pondernet=PonderNetConfig(weight=0.0), sampling=SamplingConfig(**settings))


def test_pondernet_without_its_prior_is_the_expected_return():
    log_probs = losses.halting_log_probs(torch.randn(3, 2, BUDGET, generator=torch.Generator().manual_seed(0)))
    returns = torch.rand(3, 2, BUDGET, dtype=torch.float64)
    plain = -losses.expected_return(log_probs, returns).mean()
    torch.testing.assert_close(PonderNet(ponder(), 4, 0).loss(log_probs, returns), plain)


def test_sampled_gradients_are_the_exact_one_on_average():
    """Of all that RLOO and REINFORCE sample, the mean gradient is that of `expected`, exploration included."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 4, generator=generator)
    returns = torch.rand(2, 3, 4, generator=generator, dtype=torch.float64)
    config = ponder(halting_steps=20_000, entropy=0.0, explore=0.3)

    def gradient(learner) -> torch.Tensor:
        leaf = logits.clone().requires_grad_()
        learner.loss(losses.halting_log_probs(leaf), returns).backward()
        assert leaf.grad is not None
        return leaf.grad

    exact = gradient(PonderNet(config, 4, 0))
    assert exact.abs().max() > 5e-3
    for sampling in (Reinforce, Rloo):
        torch.testing.assert_close(gradient(sampling(config, 4, 0)), exact, atol=1e-3, rtol=0)


def test_baselines_by_hand():
    returns = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    assert Rloo(LearnerConfig(), 4, 0).advantage(returns).tolist() == [[1, -1], [0, 0]]
    expected = [[1 - 1 / 3, -2 / 3], [0, 0]]
    np.testing.assert_allclose(Reinforce(LearnerConfig(), 4, 0).advantage(returns), expected, atol=1e-6)


def test_the_geometric_prior_by_hand():
    prior = losses.geometric_log_probs(0.25, 3).exp()
    torch.testing.assert_close(prior, torch.tensor([0.25, 0.1875, 0.5625]))
    with pytest.raises(ValueError, match="rate must be between 0 and 1"):
        losses.geometric_log_probs(1.0, 3)


def test_the_score_function_loss_by_hand():
    log_prob, advantage = torch.tensor([-1.0, -2.0]), torch.tensor([2.0, -1.0])
    assert losses.score_function_loss(log_prob, advantage).item() == 0.0
    assert losses.score_function_loss(log_prob, advantage, torch.tensor([1.0, 0.0])).item() == 1.0
