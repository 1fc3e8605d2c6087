"""Halting heads."""

import torch

from agents.halting.heads import INITIAL_LOGIT, HaltHead, HaltPolicy


def test_a_fresh_head_goes_on_at_every_price():
    head = HaltHead(5, outputs=2)
    logits = head(torch.randn(7, 3, 5), torch.full((7, 3), 0.1))
    assert logits.shape == (7, 3, 2) and (logits == INITIAL_LOGIT).all()


def test_heads_are_drawn_from_their_seed():
    one, same, other = (HaltHead(5, seed=seed) for seed in (1, 1, 2))
    weight = "layers.0.weight"
    assert torch.equal(one.state_dict()[weight], same.state_dict()[weight])
    assert not torch.equal(one.state_dict()[weight], other.state_dict()[weight])


def test_a_head_sees_price_and_standardised_features():
    head = HaltHead(2)
    torch.nn.init.ones_(head.out.weight)
    features = torch.tensor([[10.0, -3.0], [14.0, -3.0]])
    head.standardise(features)
    shifted = HaltHead(2)
    shifted.load_state_dict(head.state_dict())
    shifted.standardise(features * 5 + 100)
    price = torch.tensor([0.1, 0.1])
    torch.testing.assert_close(head(features, price), shifted(features * 5 + 100, price))
    assert (head(features, price) != head(features, 2 * price)).all()
    assert head(features, torch.zeros(2)).isfinite().all()


def test_a_policy_stops_for_either_reason():
    policy = HaltPolicy(4)
    torch.nn.init.zeros_(policy.value_heads.out.bias)  # both values are even
    features, price = torch.zeros(2, 5, 4), torch.full((2, 5), 0.1)
    done, hopeless = torch.sigmoid(torch.tensor([-1.0, -6.0])).tolist()
    expected = 1 - (1 - done) * (1 - hopeless)
    torch.testing.assert_close(policy(features, price).sigmoid(), torch.full((2, 5, 1), expected))
    with torch.no_grad():
        policy.value_heads.out.bias.copy_(torch.tensor([0.0, -60.0]))  # and now it will never be right
    assert (policy(features, price).sigmoid() > 0.999).all()


def test_returns_teach_a_policy_its_thresholds_and_not_its_values():
    policy = HaltPolicy(4)
    policy(torch.ones(2, 5, 4), torch.full((2, 5), 0.1)).sum().backward()
    assert all(part.grad is not None and part.grad.any() for part in (policy.threshold_bias, policy.log_scale))
    assert all(part.grad is None for part in policy.value_heads.parameters())


def test_a_policys_thresholds_move_with_step_and_price():
    policy = HaltPolicy(4)
    with torch.no_grad():
        policy.threshold_coef[0, :2] = torch.tensor([2.0, 3.0])
    early, late = torch.zeros(1, 4), torch.tensor([[0.0, 0.0, 1.0, 0.0]])
    assert policy(late, torch.tensor([0.1])) > policy(early, torch.tensor([0.1])) + 0.5
    assert policy(early, torch.tensor([1.0])) > policy(early, torch.tensor([0.1])) + 0.5
