"""Every loss against numbers worked out by hand."""

import math

import pytest
import torch

from agents import losses


def logit(*chances: float) -> torch.Tensor:
    return torch.logit(torch.tensor(chances, dtype=torch.float64))


def test_halting_log_probs_by_hand():
    # 0.5, then 0.5 * 0.2, then what is left whatever the last hazard says.
    log_probs = losses.halting_log_probs(logit(0.5, 0.2, 0.9))
    torch.testing.assert_close(log_probs.exp(), torch.tensor([0.5, 0.1, 0.4], dtype=torch.float64))


def test_halting_log_probs_sum_to_one_and_stay_finite():
    logits = torch.tensor([[200.0, -200.0, 0.0], [-200.0, -200.0, -200.0], [3.0, -1.0, 5.0]])
    log_probs = losses.halting_log_probs(logits)
    assert log_probs.isfinite().all()
    torch.testing.assert_close(log_probs.exp().sum(-1), torch.ones(3))


def test_a_budget_of_one_step_always_halts_there():
    assert losses.halting_log_probs(torch.tensor([[-4.0]])).tolist() == [[0.0]]


def test_halting_returns_by_hand():
    returns = losses.halting_returns(torch.tensor([[False, True, False, True]]), torch.tensor([0.125]))
    assert returns.dtype == torch.float64 and returns.tolist() == [[-0.125, 0.75, -0.375, 0.5]]


def test_halting_entropy_by_hand():
    log_probs = torch.tensor([[0.5, 0.25, 0.25], [1.0, 1e-30, 1e-30]]).log()
    torch.testing.assert_close(losses.halting_entropy(log_probs), torch.tensor([1.5 * math.log(2), 0.0]))


def test_expected_return_by_hand():
    log_probs = torch.tensor([[0.5, 0.1, 0.4]]).log()
    returns = torch.tensor([[-0.1, 0.8, 0.7]], dtype=torch.float64)
    torch.testing.assert_close(losses.expected_return(log_probs, returns), torch.tensor([-0.05 + 0.08 + 0.28]))


def test_group_advantage_by_hand():
    returns = torch.tensor([[1.0, 0.0, 0.5], [0.25, 0.25, 0.25]])
    expected = torch.tensor([[1 - 0.25, 0 - 0.75, 0.5 - 0.5], [0.0, 0.0, 0.0]])
    torch.testing.assert_close(losses.group_advantage(returns), expected)


def test_group_advantage_keeps_the_scale_of_returns():
    nearly_all_right = torch.tensor([[0.99, 0.98, 0.97, 0.96]])
    assert losses.group_advantage(nearly_all_right).abs().max() < 0.03


def test_a_group_of_one_has_no_advantage():
    with pytest.raises(ValueError, match="at least two members"):
        losses.group_advantage(torch.ones(3, 1))


@pytest.mark.parametrize(
    ("ratio", "advantage", "gain"),
    [
        (1.0, 2.0, 2.0),
        (1.1, 2.0, 2.2),
        (1.5, 2.0, 2.4),
        (0.5, 2.0, 1.0),
        (1.5, -2.0, -3.0),
        (0.5, -2.0, -1.6),
    ],
)
def test_ppo_clip_loss_by_hand(ratio, advantage, gain):
    new, old = torch.tensor([math.log(ratio)]), torch.zeros(1)
    loss = losses.ppo_clip_loss(new, old, torch.tensor([advantage]), 0.2)
    assert loss.item() == pytest.approx(-gain)
    weighted = losses.ppo_clip_loss(new, old, torch.tensor([advantage]), 0.2, torch.tensor([0.5]))
    assert weighted.item() == pytest.approx(-gain / 2)


def test_surrogate_is_a_mean_and_its_first_gradient_that_of_reinforce():
    log_prob = torch.tensor([-1.0, -2.0], requires_grad=True)
    advantage, weight = torch.tensor([0.5, -1.0]), torch.tensor([1.0, 0.4])
    losses.ppo_clip_loss(log_prob, log_prob.detach(), advantage, 0.2, weight).backward()
    torch.testing.assert_close(log_prob.grad, -weight * advantage / 2)


def test_samples_drawn_by_exploring_give_the_gradient_of_the_expected_return():
    """Every halting time once, weighted by the chance to draw it: the mean over draws, worked out without drawing."""
    logits = torch.tensor([-1.0, 0.5, 0.3, 2.0], dtype=torch.float64, requires_grad=True)
    returns = torch.tensor([0.1, 0.9, -0.2, 0.4], dtype=torch.float64)
    log_probs = losses.halting_log_probs(logits)
    (exact,) = torch.autograd.grad(losses.expected_return(log_probs, returns), logits, retain_graph=True)
    old = log_probs.detach()
    behaviour = 0.7 * old.exp() + 0.3 / 4
    chance_and_weight = 4 * behaviour * (old.exp() / behaviour)
    loss = losses.ppo_clip_loss(log_probs, old, returns - 0.3, 0.2, chance_and_weight)
    (sampled,) = torch.autograd.grad(loss, logits)
    torch.testing.assert_close(sampled, -exact)


def test_clip_fraction_by_hand():
    new = torch.tensor([1.0, 1.19, 1.21, 0.79]).log()
    assert losses.clip_fraction(new, torch.zeros(4), 0.2).item() == 0.5


def test_halting_kl_by_hand():
    old, new = torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.25, 0.75]]).log()
    expected = 0.5 * math.log(2) + 0.5 * math.log(2 / 3)
    torch.testing.assert_close(losses.halting_kl(old, new), torch.tensor([expected]))
    assert losses.halting_kl(old, old).item() == 0


def test_binary_cross_entropy_by_hand():
    loss = losses.binary_cross_entropy(logit(0.8, 0.3), torch.tensor([True, False]))
    assert loss.item() == pytest.approx(-(math.log(0.8) + math.log(0.7)) / 2)


def test_token_log_prob_counts_the_free_cells():
    chances = torch.tensor([[[0.5, 0.5], [0.9, 0.1], [0.25, 0.75]]])
    drafts, free = torch.tensor([[0, 0, 1]]), torch.tensor([[True, False, True]])
    expected = math.log(0.5) + math.log(0.75)
    assert losses.token_log_prob(chances.log() + 3.0, drafts, free).item() == pytest.approx(expected)


def test_stablemax_by_hand():
    # s(0) = 1, s(1) = 2, s(-1) = 1/2, s(-3) = 1/4: they sum to 3.75.
    logits = torch.tensor([[0.0, 1.0, -1.0, -3.0]])
    chances = torch.tensor([[1.0, 2.0, 0.5, 0.25]]) / 3.75
    torch.testing.assert_close(losses.log_stablemax(logits).exp(), chances)
    found = losses.stablemax_cross_entropy(logits.expand(2, 4), torch.tensor([1, 3]))
    torch.testing.assert_close(found, torch.tensor([math.log(3.75 / 2), math.log(15)]))


def test_stablemax_is_as_good_in_float32_as_the_published_quotient_in_float64():
    torch.manual_seed(0)
    logits = torch.cat([torch.randn(500, 11), 1e4 * torch.randn(500, 11), 1e-6 * torch.randn(500, 11)])
    double = logits.double()
    scores = torch.where(double < 0, 1 / (1 - double), double + 1)
    expected = (scores / scores.sum(-1, keepdim=True)).log()
    torch.testing.assert_close(losses.log_stablemax(logits).double(), expected, atol=1e-6, rtol=1e-6)


def test_stablemax_has_its_gradient_at_zero_too():
    # d/dx_0 of -log(s_0 / (s_0 + s_1)) at x = 0, where s' = 1 on both sides: -1 + 1/2.
    logits = torch.zeros(1, 2, requires_grad=True)
    losses.stablemax_cross_entropy(logits, torch.tensor([0])).sum().backward()
    assert logits.grad is not None and logits.grad.tolist() == [[-0.5, 0.5]]


@pytest.mark.parametrize("advantage", [1.0, -1.0])
def test_a_sample_of_no_importance_has_no_say_however_its_probability_has_grown(advantage):
    """exp(-1 + 200) is infinite in single precision, and infinity times an importance of 0 is no number."""
    new = torch.tensor([-1.0, -1.0], requires_grad=True)
    old, gained = torch.tensor([-200.0, -1.0]), torch.tensor([advantage, 1.0])
    loss = losses.ppo_clip_loss(new, old, gained, 0.2, torch.tensor([0.0, 1.0]))
    loss.backward()
    assert loss.item() == -0.5
    assert new.grad is not None and new.grad.tolist() == [0.0, -0.5]
