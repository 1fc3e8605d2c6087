"""The losses of a policy against numbers worked out by hand, and what each does to the gradient beyond its bounds."""

import math

import pytest
import torch

from agents import losses

CLIP = 0.2


def ratio(*values: float) -> torch.Tensor:
    return torch.tensor(values).log()


def test_clipping_by_hand():
    # Gains: min(1.6, 1.2); min(-1.6, -1.2); min(0.5, 0.8); min(-0.5, -0.8).
    new, advantage = ratio(1.6, 1.6, 0.5, 0.5), torch.tensor([1.0, -1.0, 1.0, -1.0])
    loss = losses.ppo_clip_loss(new, torch.zeros(4), advantage, CLIP)
    assert loss.item() == pytest.approx(-(1.2 - 1.6 + 0.5 - 0.8) / 4)


def gradient(loss, advantage: float, of: float, **more) -> float:
    new = ratio(of).requires_grad_()
    loss(new, torch.zeros(1), torch.tensor([advantage]), CLIP, **more).backward()
    assert new.grad is not None
    return new.grad.item()


def test_beyond_the_bounds_clipping_stops_the_gradient_and_cutting_does_not():
    assert gradient(losses.ppo_clip_loss, 1.0, 2.0) == 0
    # sg(1.2) A d log p.
    assert gradient(losses.cispo_loss, 1.0, 2.0) == pytest.approx(-1.2)
    assert gradient(losses.cispo_loss, -2.0, 0.5) == pytest.approx(0.8 * 2)
    # Within the bounds both have r A.
    for loss in (losses.ppo_clip_loss, losses.cispo_loss):
        assert gradient(loss, 1.0, 1.15) == pytest.approx(-1.15)


def test_a_sequence_has_the_geometric_mean_of_its_actions_ratios():
    # (1.21)^(1/2) = 1.1 is within the bounds, 1.21 is not; 4^(1/2) = 2 is cut to 1.2.
    new = ratio(1.21, 4.0)
    actions = torch.tensor([2, 2])
    loss = losses.gspo_loss(new, torch.zeros(2), torch.ones(2), CLIP, 1.0, actions)
    assert loss.item() == pytest.approx(-(1.1 + 1.2) / 2)
    one = gradient(losses.gspo_loss, 1.0, 1.21, weight=1.0, actions=torch.tensor([2]))
    assert one == pytest.approx(-1.1 / 2)


def test_token_kl_by_hand_over_free_cells():
    logits = torch.tensor([[[0.75, 0.25], [0.5, 0.5]]]).log()
    reference = torch.tensor([[[0.5, 0.5], [0.1, 0.9]]]).log()
    free = torch.tensor([[True, False]])
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert losses.token_kl(logits, reference, free).item() == pytest.approx(expected)
    assert losses.token_kl(reference, reference, free).item() == 0
    assert losses.token_kl(logits, reference, ~free).item() > 0
