"""GRPO on problems whose best halting policy is known, and the parts that keep it from what is known to fail."""

import dataclasses

import numpy as np
import pytest
import torch

from agents.halting.heads import Halter, HaltHead
from agents.learners.config import GrpoConfig
from agents.learners.grpo import Grpo, measure, outcome, sample_halting
from agents.learners.pricing import draw_prices
from agents.rollouts.collect import Rollout
from agents.rollouts.unroll import Unroll
from tests.agents.halting_toy import BUDGET, best_return, draw_blind, draw_toy, toy_rollout


def teach(draw, price: float, iterations: int, **settings) -> Grpo:
    learner = Grpo(GrpoConfig(lr=3e-3, **{"passes": 8, **settings}), 4, iterations, seed=0)
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


def test_a_bank_teaches_as_rollouts_do_and_its_groups_stay_whole():
    learner = Grpo(GrpoConfig(lr=3e-3, passes=8), 4, 20, seed=0)
    rng, bank = np.random.default_rng(0), None
    for _ in range(20):
        rollout = draw_toy(rng, 48, 4, 0.2)
        bank = Unroll.concatenate([bank, rollout.unroll] if bank else [rollout.unroll])
        learner.update(rollout, bank)
    assert result(learner.head, draw_toy, 0.2)["return"] > best_return(0.2) - 0.02
    assert bank is not None
    numbered = dataclasses.replace(bank, difficulty=torch.arange(len(bank)).float())
    drawn = learner._draw(numbered, 4, 48).difficulty.view(12, 4)
    assert (drawn[:, 0] % 4 == 0).all() and (drawn.diff(dim=1) == 1).all() and len(drawn[:, 0].unique()) == 12


def test_division_by_the_standard_deviation_collapses_to_the_first_step():
    """The fault that the default advantage avoids: most groups are all right, and only the price varies in them."""
    assert result(teach(draw_blind, 0.1, 25, passes=12).head, draw_blind, 0.1)["return"] > 0.9
    collapsed = result(teach(draw_blind, 0.1, 25, advantage="group_std").head, draw_blind, 0.1)
    assert collapsed["steps"] < 1.5 and collapsed["return"] < 0.7


def briefly(price: float, iterations: int, **settings) -> dict[str, float]:
    """What a short run comes to at ``price``."""
    head = teach(draw_toy, price, iterations, passes=6, **settings).head
    return measure(head, draw_toy(np.random.default_rng(999), 4000, 1, price), torch.Generator().manual_seed(0)).scalars


@pytest.mark.parametrize(
    "settings", [{"advantage": "batch_scale"}, {"loss": "cispo"}, {"loss": "sequence"}, {"pricing": "dual"}], ids=str
)
def test_every_other_part_learns_too(settings):
    """A fresh policy has .379 here, the best one .463."""
    assert briefly(0.2, 10, **settings)["return"] > best_return(0.2) - 0.035


def test_where_wrong_answers_cost_little_nobody_gives_up():
    plain, free, scaled = (briefly(0.6, 12, pricing=name) for name in ("additive", "only_if_solved", "solve_rate"))
    for other in (free, scaled):
        assert other["steps"] > plain["steps"] + 1 and other["solved"] > plain["solved"]
        assert other["return"] < plain["return"]


def test_advantages_are_the_returns_of_the_drawn_times():
    rollout = draw_toy(np.random.default_rng(0), 5, 3, 0.2)
    head, generator = HaltHead(4), torch.Generator().manual_seed(0)
    prices = torch.linspace(0.1, 0.5, 5, dtype=torch.float64)
    samples = sample_halting(head, rollout.unroll, prices, GrpoConfig(times=6), generator)
    solved = rollout.unroll.solved.view(5, 3, BUDGET).gather(-1, samples.times).double()
    returns = (solved - prices[:, None, None] * (samples.times + 1) / BUDGET).flatten(1)
    others = (returns.sum(1, keepdim=True) - returns) / 17
    torch.testing.assert_close(samples.advantage.flatten(1), (returns - others).float())
    assert samples.varied.all()
    torch.testing.assert_close(samples.price[:, 0, 0], prices.float())


def test_half_of_the_times_are_explored_and_weighted():
    rollout = draw_toy(np.random.default_rng(0), 40, 2, 0.2)
    head, generator = HaltHead(4), torch.Generator().manual_seed(0)
    torch.nn.init.constant_(head.out.bias, 9.0)
    prices = torch.full((40,), 0.2, dtype=torch.float64)
    times = sample_halting(head, rollout.unroll, prices, GrpoConfig(explore=0.0), generator).times
    assert times.max() == 0
    samples = sample_halting(head, rollout.unroll, prices, GrpoConfig(explore=0.5, times=50), generator)
    shares = torch.bincount(samples.times.flatten(), minlength=BUDGET) / samples.times.numel()
    torch.testing.assert_close(shares[1:], torch.full((BUDGET - 1,), 0.5 / BUDGET), atol=0.015, rtol=0)
    first = samples.weight[samples.times == 0]
    torch.testing.assert_close(first, torch.full_like(first, 1 / (0.5 + 0.5 / BUDGET)), atol=1e-3, rtol=0)
    assert samples.weight[samples.times > 0].max() < 1e-2


def test_groups_without_variance_are_left_out_and_the_update_with_them():
    learner = Grpo(GrpoConfig(explore=0.0), 4, 10, seed=0)
    torch.nn.init.constant_(learner.head.bar, -100.0)
    before = {name: value.clone() for name, value in learner.head.named_parameters()}
    metrics = learner.update(draw_blind(np.random.default_rng(0), 6, 2, 0.2))
    assert metrics.scalars["zero_variance_groups"] == 1 and "loss" not in metrics.scalars
    assert learner.updates == 0 and learner.done == 1
    for name, value in learner.head.named_parameters():
        assert torch.equal(value, before[name])


def test_prices_are_log_uniform_with_a_share_at_the_own_price():
    prices = draw_prices(20_000, 0.02, 1.0, 0.1, 0.25, torch.Generator().manual_seed(0))
    assert (prices == 0.1).double().mean().item() == pytest.approx(0.25, abs=0.01)
    drawn = prices[prices != 0.1].log()
    assert drawn.min() >= np.log(0.02) and drawn.max() <= 0
    assert drawn.mean().item() == pytest.approx(np.log(0.02) / 2, abs=0.05)


def test_measures_by_hand():
    nothing = np.zeros(2, bool)
    rollout = toy_rollout(np.array([1, 4]), nothing, nothing, 1, price=0.8)
    head = HaltHead(4)
    torch.nn.init.constant_(head.out.bias, 60.0)
    metrics = measure(head, rollout, torch.Generator().manual_seed(0))
    expected = {"return": 0.4, "steps": 1.0, "solved": 0.5, "solved_at_full_depth": 1.0, "entropy": 0.0}
    assert metrics.scalars == pytest.approx(expected, abs=1e-6)
    assert metrics.steps.tolist() == [1, 1]


def test_outcomes_by_hand():
    """Two problems of two branches: solved from steps 1 and 2, and never; a head that stops at step 1 or goes to 2."""
    nothing = np.zeros(4, bool)
    rollout = toy_rollout(np.array([1, 2, 9, 9]), nothing, nothing, 2, price=0.8)
    head = HaltHead(4)
    torch.nn.init.constant_(head.out.bias, 0.0)
    found = outcome(head, rollout)
    chances = np.r_[0.5 ** np.arange(1, 8), 0.5**7]
    steps = np.arange(1, 9)
    values = np.stack([1 - 0.1 * steps, (steps >= 2) - 0.1 * steps])
    variance = (chances * values**2).sum() / 2 - ((chances * values).sum() / 2) ** 2
    np.testing.assert_allclose(found.solved, [0.75, 0.0], atol=1e-6)
    hopeless = (chances * (0.1 * steps) ** 2).sum() - (chances * 0.1 * steps).sum() ** 2
    np.testing.assert_allclose(found.spread, [variance, hopeless], atol=1e-5)


def test_a_warm_up_raises_the_price_only_above_the_floor():
    learner = Grpo(GrpoConfig(passes=4, warmup=4, floor=0.9, prices=(0.01, 1.0), own_price=0.0), 4, 10, seed=0)
    torch.nn.init.constant_(learner.head.bar, -100.0)
    told = [learner.update(draw_blind(np.random.default_rng(0), 8, 2, 0.1)).scalars for _ in range(2)]
    assert [row["highest_price"] for row in told] == pytest.approx([0.01, 0.01])
    torch.nn.init.constant_(learner.head.bar, 100.0)
    told = learner.update(draw_blind(np.random.default_rng(0), 8, 2, 0.1)).scalars
    assert told["highest_price"] == pytest.approx(0.01 * 100**0.25)


def test_a_restored_learner_goes_on_as_if_nothing_had_happened():
    rng = np.random.default_rng(0)
    rollouts: list[Rollout] = [draw_toy(rng, 8, 2, 0.2) for _ in range(4)]
    one = Grpo(GrpoConfig(), 4, 4, seed=0)
    for rollout in rollouts[:2]:
        one.update(rollout)
    other = Grpo(GrpoConfig(), 4, 4, seed=5)
    other.load_state_dict({name: value.clone() for name, value in one.state_dict().items()})
    for rollout in rollouts[2:]:
        assert one.update(rollout).scalars == other.update(rollout).scalars
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"prices": (0.0, 1.0)}, "two positive numbers"),
        ({"prices": (0.5, 0.1)}, "the lower first"),
        ({"explore": 1.0}, "grpo.explore must be at least 0 and below 1"),
        ({"times": 0}, "grpo.times must be at least 1"),
        ({"clip_high": -0.1}, "grpo.clip_high must be 0 or more"),
    ],
)
def test_bad_settings_are_errors(settings, match):
    with pytest.raises(ValueError, match=match):
        GrpoConfig(**settings)
