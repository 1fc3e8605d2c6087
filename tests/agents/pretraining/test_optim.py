"""Optimisers by hand, and that each of them learns and resumes."""

from __future__ import annotations

import math

import pytest
import torch

from agents.pretraining.optim import AdamATan2, OptimConfig, Optimizers
from agents.trm import TRM, Inputs, TRMConfig
from trm_gym import make_task

TASK = make_task("sudoku4x4")


def test_adam_atan2_by_hand():
    weight = torch.tensor([2.0, -1.0], requires_grad=True)
    optimizer = AdamATan2([weight], lr=0.1, betas=(0.5, 0.75), weight_decay=0.2)
    weight.grad = torch.tensor([4.0, 0.0])
    optimizer.step()
    # m = 2, v = 4, corrected sqrt(4 / .25) = 4; lr / (1 - .5) = .2. Decay alone moves the second.
    after = 2 * 0.98 - 0.2 * math.atan2(2, 4)
    assert weight.tolist() == pytest.approx([after, -0.98])
    weight.grad = torch.tensor([-2.0, 0.0])
    optimizer.step()
    # m = 1 - 1 = 0: the gradients cancel.
    assert weight.tolist() == pytest.approx([after * 0.98, -(0.98**2)])


def test_adam_atan2_does_not_see_the_scale_of_gradients():
    moved = []
    for scale in (1.0, 1e-6):
        weight = torch.zeros(3, requires_grad=True)
        optimizer = AdamATan2([weight], lr=0.1)
        for gradient in ([1.0, -2.0, 0.5], [0.3, 1.0, 0.0]):
            weight.grad = scale * torch.tensor(gradient)
            optimizer.step()
        moved.append(weight.detach())
    torch.testing.assert_close(*moved)


def learn(model: TRM, optimizers: Optimizers, first: int, last: int) -> list[float]:
    problems = TASK.generate(16, 1, "train", 0)
    problem, solution = (torch.as_tensor(part).long() for part in (problems.problem, problems.solution))
    losses = []
    for update in range(first, last):
        logits = model(model.initial_carry(16), Inputs.of_tokens(problem))[1].logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), solution.flatten())
        loss.backward()
        optimizers.step(update, 12)
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("core", ["muon", "adamw", "adam_atan2"])
def test_each_optimiser_moves_every_weight_and_resumes_to_the_bit(core):
    config = OptimConfig(core=core, atan2_lr=5e-3, warmup=1)

    def fresh() -> tuple[TRM, Optimizers]:
        torch.manual_seed(0)
        model = TRM(TRMConfig(hidden=16, cycles=1), TASK.vocab, TASK.structure)
        return model, Optimizers(model, config)

    whole, optimizers = fresh()
    start = {name: value.clone() for name, value in whole.named_parameters() if "halt" not in name}
    losses = learn(whole, optimizers, 0, 12)
    assert losses[-1] < losses[0] - 0.1
    assert all(not torch.equal(value, dict(whole.named_parameters())[name]) for name, value in start.items())
    halfway, optimizers = fresh()
    learn(halfway, optimizers, 0, 6)
    resumed, others = fresh()
    resumed.load_state_dict(halfway.state_dict())
    others.load_state_dict(optimizers.state_dict())
    assert learn(resumed, others, 6, 12) == losses[6:]
