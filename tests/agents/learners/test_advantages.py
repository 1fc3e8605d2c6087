"""Advantages against numbers worked out by hand."""

import math

import pytest
import torch

from agents.learners.advantages import ADVANTAGES, batch_scale, group_std

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
