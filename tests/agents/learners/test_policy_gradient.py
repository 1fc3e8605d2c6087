"""Learners beside GRPO: each reaches what its objective allows, and none differs in anything but that."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch

from agents import losses
from agents.learners.grpo import Grpo, GrpoConfig, measure
from agents.learners.policy_gradient import LEARNERS, Learner, PonderNet, Reinforce, Rloo, draw_groups, draw_times
from agents.rollouts.collect import Rollout
from agents.rollouts.unroll import Unroll
from tests.agents.halting_toy import BUDGET, best_return, draw_toy

PRICE = 0.2


def teach(name: str, iterations: int, **settings) -> Learner:
    learner = LEARNERS[name](GrpoConfig(lr=3e-3, **{"passes": 8, **settings}), 4, iterations, 0)
    rng, bank = np.random.default_rng(0), None
    for _ in range(iterations):
        rollout = draw_toy(rng, 48, 4, PRICE)
        bank = Unroll.concatenate([bank, rollout.unroll] if bank else [rollout.unroll])
        learner.update(rollout, bank)
    return learner


def worth(learner: Learner, price: float) -> dict[str, float]:
    rollout = draw_toy(np.random.default_rng(999), 5_000, 1, price)
    return measure(learner.head, rollout, torch.Generator().manual_seed(0)).scalars


@pytest.mark.parametrize(("name", "short"), [("reinforce", 0.04), ("rloo", 0.04), ("pondernet", 0.04)])
def test_each_reaches_the_best_return(name, short):
    learner = teach(name, 10)
    for price in (0.05, PRICE, 0.6):
        assert worth(learner, price)["return"] > best_return(price) - short


def test_a_strong_prior_makes_pondernet_halt_as_it_does(monkeypatch):
    monkeypatch.setitem(LEARNERS, "pondernet", lambda *args: PonderNet(*args, rate=0.3, weight=100.0))
    prior = losses.geometric_log_probs(0.3, BUDGET).exp()
    steps = (prior * torch.arange(1, BUDGET + 1)).sum().item()
    assert worth(teach("pondernet", 10), PRICE)["steps"] == pytest.approx(steps, abs=0.3)


def test_pondernet_without_its_prior_is_expected():
    log_probs = losses.halting_log_probs(torch.randn(3, 2, BUDGET, generator=torch.Generator().manual_seed(0)))
    returns = torch.rand(3, 2, BUDGET, dtype=torch.float64)
    plain = -losses.expected_return(log_probs, returns).mean()
    torch.testing.assert_close(PonderNet(GrpoConfig(), 4, 1, 0, weight=0.0).loss(log_probs, returns), plain)


def test_drawn_gradients_are_the_exact_one_on_average():
    """Of all that RLOO and REINFORCE draw, the mean gradient is that of `expected`, exploration included."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 4, generator=generator)
    returns = torch.rand(2, 3, 4, generator=generator, dtype=torch.float64)
    config = GrpoConfig(times=20_000, entropy=0.0, explore=0.3)

    def gradient(learner) -> torch.Tensor:
        leaf = logits.clone().requires_grad_()
        learner.loss(losses.halting_log_probs(leaf), returns).backward()
        assert leaf.grad is not None
        return leaf.grad

    exact = gradient(PonderNet(config, 4, 1, 0, weight=0.0))
    assert exact.abs().max() > 5e-3
    for drawing in (Reinforce, Rloo):
        torch.testing.assert_close(gradient(drawing(config, 4, 1, 0)), exact, atol=1e-3, rtol=0)


def test_baselines_by_hand():
    drawn = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    assert Rloo(GrpoConfig(), 4, 1, 0).advantage(drawn).tolist() == [[1, -1], [0, 0]]
    expected = [[1 - 1 / 3, -2 / 3], [0, 0]]
    np.testing.assert_allclose(Reinforce(GrpoConfig(), 4, 1, 0).advantage(drawn), expected, atol=1e-6)


def test_drawn_times_follow_the_policy_and_their_weights():
    log_probs = torch.tensor([0.7, 0.2, 0.1]).log().expand(1, 2, 3)
    times, weight = draw_times(log_probs, 20_000, 0.3, torch.Generator().manual_seed(0))
    shares = torch.bincount(times.flatten(), minlength=3) / times.numel()
    torch.testing.assert_close(shares, torch.tensor([0.59, 0.24, 0.17]), atol=0.01, rtol=0)
    torch.testing.assert_close(weight[times == 0][0], torch.tensor(0.7 / 0.59))


def test_groups_stay_whole():
    bank = draw_toy(np.random.default_rng(0), 10, 3, PRICE).unroll
    bank.difficulty[:] = torch.arange(30)
    drawn = draw_groups(bank, 4, 3, torch.Generator().manual_seed(0)).difficulty.view(4, 3)
    assert (drawn[:, 0] % 3 == 0).all() and (drawn.diff(dim=1) == 1).all() and len(drawn[:, 0].unique()) == 4


@pytest.mark.parametrize("name", LEARNERS)
def test_a_restored_learner_goes_on_as_if_nothing_had_happened(name):
    rng = np.random.default_rng(0)
    rollouts: list[Rollout] = [draw_toy(rng, 8, 2, PRICE) for _ in range(4)]
    one, other = (LEARNERS[name](GrpoConfig(passes=2), 4, 4, seed) for seed in (0, 5))
    for rollout in rollouts[:2]:
        one.update(rollout)
    other.load_state_dict({key: value.clone() for key, value in one.state_dict().items()})
    for rollout in rollouts[2:]:
        assert one.update(rollout).scalars == other.update(rollout).scalars
    for key, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[key])


@pytest.mark.parametrize("name", LEARNERS)
def test_as_many_updates_as_grpo_makes(name):
    config = GrpoConfig(passes=3, epochs=2, minibatches=2, explore=0.5)
    rollout = draw_toy(np.random.default_rng(0), 16, 4, PRICE)
    grpo, ours = Grpo(config, 4, 1, 0), LEARNERS[name](config, 4, 1, 0)
    grpo.update(rollout)
    ours.update(rollout)
    assert ours.updates == grpo.updates == 12


def test_grpo_is_a_learner_too():
    assert issubclass(Grpo, Learner)
    for method in ("update", "state_dict", "load_state_dict"):
        assert inspect.signature(getattr(Grpo, method)) == inspect.signature(getattr(Learner, method))


def test_the_geometric_prior_by_hand():
    prior = losses.geometric_log_probs(0.25, 3).exp()
    torch.testing.assert_close(prior, torch.tensor([0.25, 0.1875, 0.5625]))
    with pytest.raises(ValueError, match="rate must be between 0 and 1"):
        losses.geometric_log_probs(1.0, 3)


def test_the_score_function_loss_by_hand():
    log_prob, advantage = torch.tensor([-1.0, -2.0]), torch.tensor([2.0, -1.0])
    assert losses.score_function_loss(log_prob, advantage).item() == 0.0
    assert losses.score_function_loss(log_prob, advantage, torch.tensor([1.0, 0.0])).item() == 1.0
