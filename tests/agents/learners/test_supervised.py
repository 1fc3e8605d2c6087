"""Baseline heads learn what they are told to, on graded drafts with a known best rule."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from agents.halting import outcomes, rules
from agents.learners.grpo import GrpoConfig
from agents.learners.supervised import HeadConfig, train_baselines, train_bce, train_expected, train_two_heads
from agents.losses import ever_solved
from agents.rollouts.unroll import Unroll
from tests.agents.synthetic import varied

CONFIG = HeadConfig(updates=250, batch=64, hidden=32, lr=5e-3)
BANK, UNSEEN = varied(400, seed=0), varied(200, seed=1)


def test_bce_tells_right_from_wrong():
    logits = rules.head_logits(train_bce(BANK, CONFIG, 0), UNSEEN, 0.1)[..., 0]
    assert ((logits > 0) == UNSEEN.solved.numpy()).mean() > 0.97


def test_two_heads_tell_what_is_right_and_what_will_be():
    logits = rules.head_logits(train_two_heads(BANK, CONFIG, 0), UNSEEN, 0.1)
    assert ((logits[..., 0] > 0) == UNSEEN.solved.numpy()).mean() > 0.97
    assert ((logits[..., 1] > 0) == ever_solved(UNSEEN.solved).numpy()).mean() > 0.97


def test_expected_comes_close_to_the_best_return_at_every_price():
    head, solved = train_expected(BANK, dataclasses.replace(CONFIG, updates=500), 0), UNSEEN.solved.numpy()
    for price in (0.1, 0.6):
        steps = outcomes.halting_steps(rules.head_logits(head, UNSEEN, price)[..., 0], 0.0)
        mine = outcomes.returns(solved, steps, price).mean()
        best = outcomes.returns(solved, outcomes.oracle_steps(solved), price).mean()
        assert mine > best - 0.03, "hopeless problems can be told here, so it has to give them up"


def test_ever_solved_looks_ahead_only():
    solved = torch.tensor([[False, True, False], [False, False, False]])
    assert ever_solved(solved).tolist() == [[True, True, False], [False, False, False]]


def test_the_same_seed_gives_the_same_heads():
    short = dataclasses.replace(CONFIG, updates=5)
    first, second = train_baselines(BANK, short, 3), train_baselines(BANK, short, 3)
    assert sorted(first) == ["bce", "expected", "two_heads"]
    for name, head in first.items():
        for mine, other in zip(head.parameters(), second[name].parameters(), strict=True):
            assert torch.equal(mine, other)
        assert not head.training and not any(p.requires_grad for p in head.parameters())
    other = train_bce(BANK, short, 4)
    assert not torch.equal(other.out.weight, first["bce"].state_dict()["out.weight"])


def test_settings_like_those_of_grpo():
    grpo = GrpoConfig(hidden=16, lr=0.01, prices=(0.1, 0.5))
    config = HeadConfig.like(grpo, updates=7, batch=9, own=0.3)
    assert (config.hidden, config.lr, config.prices) == (16, 0.01, (0.1, 0.5))
    assert (config.updates, config.batch, config.own) == (7, 9, 0.3)
    assert (config.decay, config.gradient_norm, config.own_price) == (grpo.decay, grpo.gradient_norm, grpo.own_price)


def test_bad_settings_and_an_empty_bank():
    with pytest.raises(ValueError, match="updates must be positive"):
        HeadConfig(updates=0)
    empty: Unroll = BANK[torch.from_numpy(np.zeros(0, np.int64))]
    with pytest.raises(ValueError, match="bank is empty"):
        train_bce(empty, CONFIG, 0)
