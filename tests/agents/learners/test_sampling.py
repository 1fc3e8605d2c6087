"""What learners draw: groups, prices and halting steps."""

import numpy as np
import pytest
import torch

from agents.learners.config import PolicyConfig
from agents.learners.sampling import draw_groups, draw_halting_steps, draw_prices
from tests.agents.halting_toy import draw_toy


def test_prices_are_log_uniform_with_a_fraction_at_the_environments():
    config = PolicyConfig(price_range=(0.02, 1.0), env_price_fraction=0.25)
    prices = draw_prices(20_000, config, 0.1, torch.Generator().manual_seed(0))
    assert (prices == 0.1).double().mean().item() == pytest.approx(0.25, abs=0.01)
    drawn = prices[prices != 0.1].log()
    assert drawn.min() >= np.log(0.02) and drawn.max() <= 0
    assert drawn.mean().item() == pytest.approx(np.log(0.02) / 2, abs=0.05)


def test_drawn_steps_follow_the_policy_and_their_weights():
    log_probs = torch.tensor([0.7, 0.2, 0.1]).log().expand(1, 2, 3)
    steps, weight = draw_halting_steps(log_probs, 20_000, 0.3, torch.Generator().manual_seed(0))
    shares = torch.bincount(steps.flatten(), minlength=3) / steps.numel()
    torch.testing.assert_close(shares, torch.tensor([0.59, 0.24, 0.17]), atol=0.01, rtol=0)
    torch.testing.assert_close(weight[steps == 0][0], torch.tensor(0.7 / 0.59))


def test_groups_stay_whole():
    dataset = draw_toy(np.random.default_rng(0), 10, 3, 0.2).unroll
    dataset.difficulty[:] = torch.arange(30)
    drawn = draw_groups(dataset, 4, 3, torch.Generator().manual_seed(0)).difficulty.view(4, 3)
    assert (drawn[:, 0] % 3 == 0).all() and (drawn.diff(dim=1) == 1).all() and len(drawn[:, 0].unique()) == 4
