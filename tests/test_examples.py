"""The examples run, and their formulas are right."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module")
def ppo():
    """The example as a module."""
    spec = importlib.util.spec_from_file_location("cleanrl_ppo", EXAMPLES / "cleanrl_ppo.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its module up there
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def step(ppo, value, reward, ended):
    nothing = torch.zeros(1)
    tensors = (torch.tensor([float(value)]), torch.tensor([float(reward)]), torch.tensor([ended]))
    return ppo.Step(nothing, nothing, nothing, nothing, nothing, *tensors)


def test_advantages_are_those_of_the_formula(ppo):
    # delta_t = r_t + V_{t+1} - V_t, nothing from beyond an end; A_t = delta_t + .5 A_{t+1}.
    taken = [step(ppo, 1, 0, False), step(ppo, 2, 3, True), step(ppo, 5, 1, False)]
    found = ppo.advantages(taken, torch.tensor([4.0]), 0.5).squeeze(1)
    assert found.tolist() == [1 + 0.5 * 1, 1.0, 0.0]


def test_fixed_cells_are_no_choice(ppo):
    tokens = ppo.Categorical(probs=torch.tensor([[[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]]))
    halting = ppo.Bernoulli(probs=torch.tensor([0.25]))
    free, halts = torch.tensor([[True, False]]), torch.zeros(1)
    one = ppo.log_prob(tokens, halting, torch.tensor([[1, 0]]), halts, free)
    other = ppo.log_prob(tokens, halting, torch.tensor([[1, 2]]), halts, free)
    assert torch.equal(one, other)
    third = ppo.log_prob(tokens, halting, torch.tensor([[2, 0]]), halts, free)
    # By hand: one free cell and "do not halt".
    assert torch.cat([one, third]).exp().tolist() == pytest.approx([0.3 * 0.75, 0.5 * 0.75])


def test_ppo_learns_to_write_digits(ppo, capsys):
    short = ppo.Args(total_steps=40_960, num_envs=256, hidden=64, test_problems=64)
    figures = ppo.main(short)
    # An untrained policy scores .13 in training.
    assert figures["train/score"] > 0.16
    assert 0 <= figures["test/solved"] <= 1 and figures["test/return"] <= figures["test/solved"]
    assert "test/return" in capsys.readouterr().out
