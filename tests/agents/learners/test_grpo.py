"""GRPO on problems whose best halting policy is known, and the parts that keep it from what is known to fail."""

import numpy as np
import pytest
import torch

from agents.halting.heads import Halter, HaltHead
from agents.learners.config import GrpoConfig, LearnerConfig, PolicyConfig, PonderNetConfig, SamplingConfig
from agents.learners.grpo import Grpo, sample_halting
from agents.learners.metrics import measure
from agents.rollouts.unroll import Unroll
from tests.agents.halting_toy import BUDGET, best_return, draw_blind, draw_toy


def teach(draw, price: float, iterations: int, passes: int = 8, **settings) -> Grpo:
    config = LearnerConfig(iterations=iterations, lr=3e-3, passes=passes, grpo=GrpoConfig(**settings))
    learner = Grpo(config, 4, seed=0)
    rng = np.random.default_rng(0)
    for _ in range(iterations):
        learner.update(draw(rng, 48, 4, price))
    return learner


def result(head: Halter, draw, price: float) -> dict[str, float]:
    rollout = draw(np.random.default_rng(999), 20_000, 1, price)
    return measure(head, rollout, torch.Generator().manual_seed(0)).scalars


def test_one_head_reaches_the_best_return_at_every_price():
    head = teach(draw_toy, 0.2, 40).head
    steps = []
    for price in (0.05, 0.2, 0.6):
        reached = result(head, draw_toy, price)
        assert reached["return"] > best_return(price) - 0.02
        assert 1.5 < reached["steps"] < BUDGET - 1
        steps.append(reached["steps"])
    assert steps == sorted(steps, reverse=True)


def test_a_dataset_teaches_as_rollouts_do():
    learner = Grpo(LearnerConfig(iterations=20, lr=3e-3, passes=8), 4, seed=0)
    rng, dataset = np.random.default_rng(0), None
    for _ in range(20):
        rollout = draw_toy(rng, 48, 4, 0.2)
        dataset = Unroll.concatenate([dataset, rollout.unroll] if dataset else [rollout.unroll])
        learner.update(rollout, dataset)
    assert result(learner.head, draw_toy, 0.2)["return"] > best_return(0.2) - 0.02


def test_division_by_the_standard_deviation_collapses_to_the_first_step():
    """The fault that the default advantage avoids: most groups are all right, and only the price varies in them."""
    assert result(teach(draw_blind, 0.1, 25, passes=12).head, draw_blind, 0.1)["return"] > 0.9
    collapsed = result(teach(draw_blind, 0.1, 25, advantage="group_std").head, draw_blind, 0.1)
    assert collapsed["steps"] < 1.5 and collapsed["return"] < 0.7


def briefly(price: float, iterations: int, **settings) -> dict[str, float]:
    """What a short run comes to at ``price``."""
    head = teach(draw_toy, price, iterations, passes=6, **settings).head
    return measure(head, draw_toy(np.random.default_rng(999), 4000, 1, price), torch.Generator().manual_seed(0)).scalars


@pytest.mark.parametrize("settings", [{"advantage": "batch_scale"}, {"loss": "cispo"}, {"loss": "gspo"}], ids=str)
def test_every_other_part_learns_too(settings):
    """A fresh policy has .379 here, the best one .463."""
    assert briefly(0.2, 10, **settings)["return"] > best_return(0.2) - 0.035


def test_where_wrong_answers_cost_little_nobody_gives_up():
    plain, free = (briefly(0.6, 12, pricing=name) for name in ("additive", "only_if_solved"))
    assert free["steps"] > plain["steps"] + 1 and free["solved"] > plain["solved"]
    assert free["return"] < plain["return"]


def sampling(**settings) -> LearnerConfig:
    return LearnerConfig(sampling=SamplingConfig(**settings))


def test_advantages_are_the_returns_of_the_sampled_steps():
    rollout = draw_toy(np.random.default_rng(0), 5, 3, 0.2)
    head, generator = HaltHead(4), torch.Generator().manual_seed(0)
    prices = torch.linspace(0.1, 0.5, 5, dtype=torch.float64)
    samples = sample_halting(head, rollout.unroll, prices, sampling(halting_steps=6), generator)
    solved = rollout.unroll.solved.view(5, 3, BUDGET).gather(-1, samples.halting_steps).double()
    returns = (solved - prices[:, None, None] * (samples.halting_steps + 1) / BUDGET).flatten(1)
    others = (returns.sum(1, keepdim=True) - returns) / 17
    torch.testing.assert_close(samples.advantage.flatten(1), (returns - others).float())
    assert samples.has_signal.all()
    torch.testing.assert_close(samples.price[:, 0, 0], prices.float())


def test_half_of_the_steps_are_explored_and_weighted():
    rollout = draw_toy(np.random.default_rng(0), 40, 2, 0.2)
    head, generator = HaltHead(4), torch.Generator().manual_seed(0)
    torch.nn.init.constant_(head.out.bias, 9.0)
    prices = torch.full((40,), 0.2, dtype=torch.float64)
    steps = sample_halting(head, rollout.unroll, prices, sampling(explore=0.0), generator).halting_steps
    assert steps.max() == 0
    samples = sample_halting(head, rollout.unroll, prices, sampling(explore=0.5, halting_steps=50), generator)
    shares = torch.bincount(samples.halting_steps.flatten(), minlength=BUDGET) / samples.halting_steps.numel()
    torch.testing.assert_close(shares[1:], torch.full((BUDGET - 1,), 0.5 / BUDGET), atol=0.015, rtol=0)
    first = samples.weight[samples.halting_steps == 0]
    torch.testing.assert_close(first, torch.full_like(first, 1 / (0.5 + 0.5 / BUDGET)), atol=1e-3, rtol=0)
    assert samples.weight[samples.halting_steps > 0].max() < 1e-2


def test_groups_without_variance_are_left_out_and_the_update_with_them():
    learner = Grpo(sampling(explore=0.0), 4, seed=0)
    torch.nn.init.constant_(learner.head.threshold_bias, -100.0)
    before = {name: value.clone() for name, value in learner.head.named_parameters()}
    metrics = learner.update(draw_blind(np.random.default_rng(0), 6, 2, 0.2))
    assert metrics.scalars["zero_variance_groups"] == 1 and "loss" not in metrics.scalars
    assert learner.updates == 0 and learner.iteration == 1
    for name, value in learner.head.named_parameters():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize(
    ("cls", "settings", "match"),
    [
        (PolicyConfig, {"price_range": (0.0, 1.0)}, "two positive numbers"),
        (PolicyConfig, {"price_range": (0.5, 0.1)}, "the lower first"),
        (PolicyConfig, {"policy_delay": 1.0}, r"policy\.policy_delay must be at least 0 and below 1"),
        (SamplingConfig, {"explore": 1.0}, r"sampling\.explore must be at least 0 and below 1"),
        (SamplingConfig, {"halting_steps": 0}, r"sampling\.halting_steps must be at least 1"),
        (GrpoConfig, {"clip": -0.1}, r"grpo\.clip must be at least 0"),
        (PonderNetConfig, {"rate": 1.0}, r"pondernet\.rate must be between 0 and 1"),
        (LearnerConfig, {"passes": 0}, r"training\.passes must be at least 1"),
        (LearnerConfig, {"lr": 0.0}, r"training\.lr must be above 0"),
    ],
)
def test_bad_settings_are_errors(cls, settings, match):
    with pytest.raises(ValueError, match=match):
        cls(**settings)
