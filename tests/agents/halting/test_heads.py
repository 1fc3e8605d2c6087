"""What a halting head sees, and the head."""

import math

import pytest
import torch

from agents.halting.heads import INITIAL_LOGIT, HaltHead, HaltPolicy
from agents.rollouts.features import Statistics, halting_features, step_statistics
from agents.trm import Carry, Output

FREE = torch.tensor([[True, True, False]])
# Cell by cell: sure, torn between two tokens, and a fixed one that must not count.
CHANCES = torch.tensor([[[0.8, 0.1, 0.1], [0.4, 0.4, 0.2], [0.34, 0.33, 0.33]]])


def carry(answer: float, reasoning: float) -> Carry:
    return Carry(torch.full((1, 3, 4), answer), torch.full((1, 3, 4), reasoning))


def statistics(halt: float = 0.5) -> Statistics:
    output = Output(CHANCES.log(), torch.tensor([halt]))
    changed = torch.tensor([[True, False, False]])
    return step_statistics(carry(1.0, 4.0), carry(2.0, 5.0), output, changed, FREE)


def test_statistics_by_hand():
    seen = statistics()
    entropies = [-sum(p * math.log(p) for p in row) for row in CHANCES[0, :2].tolist()]
    expected = {
        "answer_velocity": 0.5,
        "velocity": 0.2,
        "mean_confidence": 0.6,
        "least_confidence": 0.4,
        "spread_of_confidence": 0.2,
        "mean_entropy": sum(entropies) / 2,
        "largest_entropy": max(entropies),
        "mean_margin": math.log(8) / 2,
        "least_margin": 0.0,
        "changed": 0.5,
        "halt_logit": 0.5,
    }
    assert {name: value.item() for name, value in seen._asdict().items()} == pytest.approx(expected, abs=1e-6)


def test_a_problem_without_free_cells_has_finite_statistics():
    output = Output(CHANCES.log(), torch.zeros(1))
    still = carry(0.0, 0.0)
    seen = step_statistics(still, still, output, torch.zeros_like(FREE), torch.zeros_like(FREE))
    assert torch.cat(seen).isfinite().all()
    assert halting_features(still, [seen], torch.zeros_like(FREE), 4).isfinite().all()


def test_features_hold_latents_history_and_time():
    first, second, third = (statistics(halt) for halt in (0.0, 3.0, 6.0))
    features = halting_features(carry(2.0, 5.0), [first, second, third], FREE, max_steps=12)[0]
    assert features[:8].tolist() == [2.0] * 4 + [5.0] * 4
    count = len(Statistics._fields)
    assert [features[8 + i * count - 1].item() for i in (1, 2, 3)] == [6.0, 3.0, 3.0]
    assert features[-2:].tolist() == pytest.approx([3 / 12, 2 / 3])


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
    torch.nn.init.zeros_(policy.judge.out.bias)  # both judgements are even
    features, price = torch.zeros(2, 5, 4), torch.full((2, 5), 0.1)
    done, hopeless = torch.sigmoid(torch.tensor([-1.0, -6.0])).tolist()
    expected = 1 - (1 - done) * (1 - hopeless)
    torch.testing.assert_close(policy(features, price).sigmoid(), torch.full((2, 5, 1), expected))
    with torch.no_grad():
        policy.judge.out.bias.copy_(torch.tensor([0.0, -60.0]))  # and now it will never be right
    assert (policy(features, price).sigmoid() > 0.999).all()


def test_returns_teach_a_policy_its_bars_and_not_its_judgements():
    policy = HaltPolicy(4)
    policy(torch.ones(2, 5, 4), torch.full((2, 5), 0.1)).sum().backward()
    assert all(part.grad is not None and part.grad.any() for part in (policy.bar, policy.sharpness))
    assert all(part.grad is None for part in policy.judge.parameters())


def test_a_policys_bars_move_with_step_and_price():
    policy = HaltPolicy(4)
    with torch.no_grad():
        policy.slope[0, :2] = torch.tensor([2.0, 3.0])
    early, late = torch.zeros(1, 4), torch.tensor([[0.0, 0.0, 1.0, 0.0]])
    assert policy(late, torch.tensor([0.1])) > policy(early, torch.tensor([0.1])) + 0.5
    assert policy(early, torch.tensor([1.0])) > policy(early, torch.tensor([0.1])) + 0.5
