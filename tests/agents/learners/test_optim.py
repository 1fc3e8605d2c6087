"""How a halting head is moved: values first, thresholds after."""

import torch

from agents.halting.heads import HaltPolicy
from agents.learners.config import LearnerConfig, PolicyConfig
from agents.learners.optim import HeadOptimizer
from agents.losses import value_loss


def test_thresholds_rest_until_values_have_been_learnt():
    """And their gradients meanwhile leave no trace in Adam, whose memory of large gradients would slow them."""
    head = HaltPolicy(3, seed=0)
    optimizer = HeadOptimizer(head, LearnerConfig(decay=0.0, policy=PolicyConfig(policy_delay=0.5)))
    features, price = torch.randn(8, 4, 3, generator=torch.Generator().manual_seed(0)), torch.full((8, 4), 0.1)
    solved = features[..., 0] > 0

    def update(number: int) -> tuple[bool, bool]:
        thresholds, values = [part.detach().clone() for part in head.thresholds], head.value_heads.out.weight.clone()
        optimizer.pace(number, 4)
        optimizer.step(head(features, price).mean() + value_loss(head.value_logits(features), solved))
        moved = any(not torch.equal(part, before) for part, before in zip(head.thresholds, thresholds, strict=True))
        return moved, not torch.equal(head.value_heads.out.weight, values)

    assert [update(number) for number in range(2)] == [(False, True)] * 2
    assert not any(part in optimizer.adam.state for part in head.thresholds)
    assert [update(number) for number in range(2, 4)] == [(True, True)] * 2
