"""Advantages and returns under every way of pricing, against numbers worked out by hand."""

import math

import pytest
import torch

from agents.learners.advantages import ADVANTAGES, batch_scale, group_std
from agents.learners.config import GrpoConfig
from agents.learners.pricing import PriceRange, only_if_solved, priced_returns, scaled_by_solve_rate, with_floor

RETURNS = torch.tensor([[1.0, 0.0], [0.5, 0.5]])


def test_batch_scale_by_hand():
    # Leave-one-out: 1, -1, 0, 0; root mean square sqrt(1/2).
    expected = torch.tensor([[1.0, -1.0], [0.0, 0.0]]) * math.sqrt(2)
    torch.testing.assert_close(batch_scale(RETURNS), expected, atol=1e-4, rtol=0)


def test_batch_scale_does_not_blow_up_a_group_in_which_only_the_cost_varies():
    returns = torch.tensor([[1.0, 0.0], [0.99, 0.98]])
    assert batch_scale(returns)[1].abs().max() < 0.02 * batch_scale(returns)[0].abs().max()
    assert group_std(returns)[1].abs().max() == pytest.approx(group_std(returns)[0].abs().max().item(), rel=1e-3)


def test_group_std_by_hand():
    # Mean 1/3 and standard deviation sqrt(1/3).
    found = group_std(torch.tensor([[1.0, 0.0, 0.0]]))
    torch.testing.assert_close(found, torch.tensor([[2.0, -1.0, -1.0]]) / math.sqrt(3), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ADVANTAGES)
def test_groups_without_variance_get_nothing_and_every_group_sums_to_zero(name):
    assert (ADVANTAGES[name](torch.full((2, 4), 0.3)).abs() < 1e-3).all()
    drawn = torch.rand(3, 5, generator=torch.Generator().manual_seed(0))
    assert ADVANTAGES[name](drawn).sum(1).abs().max() < 1e-4


SOLVED = torch.tensor([[[False, True, True]], [[False, False, False]]])
COST = torch.tensor([0.25, 0.125], dtype=torch.float64)


def test_only_right_answers_pay():
    assert only_if_solved(SOLVED, COST).tolist() == [[[0.0, 0.5, 0.25]], [[0.0, 0.0, 0.0]]]


def test_the_solve_rate_scales_the_price_of_its_group():
    chances = torch.tensor([[[0.5, 0.5, 0.0]], [[0.0, 0.0, 1.0]]])
    # Rates: a half; and none, held at 1 / 3.
    found = scaled_by_solve_rate(SOLVED, COST, chances)
    torch.testing.assert_close(found[0, 0], torch.tensor([-0.125, 0.75, 0.625], dtype=torch.float64))
    torch.testing.assert_close(found[1, 0], torch.tensor([-1.0, -2.0, -3.0], dtype=torch.float64) / 24)


def test_a_multiplier_makes_right_answers_worth_more():
    assert with_floor(SOLVED, COST, 0.5).tolist() == [[[-0.25, 1.0, 0.75]], [[-0.125, -0.25, -0.375]]]


def test_every_pricing_by_its_name():
    chances = torch.full((2, 1, 3), 1 / 3)
    found = {
        name: priced_returns(name, SOLVED, COST, chances, 0.5)
        for name in ("additive", "only_if_solved", "solve_rate", "dual")
    }
    assert found["additive"].tolist() == [[[-0.25, 0.5, 0.25]], [[-0.125, -0.25, -0.375]]]
    assert torch.equal(found["only_if_solved"], only_if_solved(SOLVED, COST))
    assert torch.equal(found["solve_rate"], scaled_by_solve_rate(SOLVED, COST, chances))
    assert torch.equal(found["dual"], with_floor(SOLVED, COST, 0.5))
    assert {returns.dtype for returns in found.values()} == {torch.float64}


def test_the_multiplier_rises_below_the_floor_and_falls_to_zero_above():
    prices = PriceRange(GrpoConfig(pricing="dual", floor=0.9, dual_rate=2.0))
    prices.update(solved=0.5, full_depth=1.0)
    assert prices.dual == pytest.approx(0.8)
    prices.update(solved=1.0, full_depth=1.0)
    assert prices.dual == pytest.approx(0.6)
    for _ in range(9):
        prices.update(solved=1.0, full_depth=1.0)
    assert prices.dual == 0
    other = PriceRange(GrpoConfig())
    other.update(solved=0.1, full_depth=1.0)
    assert other.dual == 0 and other.ceiling == 1.0
