"""Classifiers, and `expected`, learn what they should on graded drafts with a known best rule."""

from __future__ import annotations

import numpy as np
import torch

from agents.halting import outcomes
from agents.halting.heads import Halter
from agents.halting.restart_head import two_acts
from agents.halting.rules import HeadThreshold
from agents.halting.tuning import scores_of, stopping_steps
from agents.learners.config import LearnerConfig
from agents.learners.registry import train_head
from agents.losses import ever_solved
from agents.rollouts.dataset import RolloutDataset
from tests.agents.synthetic import varied

CONFIG = LearnerConfig(iterations=1, passes=250, groups=64, minibatches=1, hidden=32, lr=5e-3)
TAUGHT, UNSEEN = RolloutDataset(varied(400, seed=0), 1, 0.1 / 16), varied(200, seed=1)


def taught(name: str, dataset: RolloutDataset, config: LearnerConfig, seed: int) -> Halter:
    return two_acts({name: train_head(name, dataset, config, seed)})[name]


def test_bce_tells_right_from_wrong():
    logits = scores_of(HeadThreshold(taught("bce", TAUGHT, CONFIG, 0), price=0.1), UNSEEN)
    assert ((logits > 0) == UNSEEN.solved.numpy()).mean() > 0.97


def test_two_heads_tell_what_is_right_and_what_will_be():
    head = taught("two_heads", TAUGHT, CONFIG, 0)
    logits = np.stack([scores_of(HeadThreshold(head, price=0.1, output=output), UNSEEN) for output in (0, 1)], -1)
    assert ((logits[..., 0] > 0) == UNSEEN.solved.numpy()).mean() > 0.97
    assert ((logits[..., 1] > 0) == ever_solved(UNSEEN.solved).numpy()).mean() > 0.97


def test_expected_comes_close_to_the_best_return_at_every_price():
    twice = LearnerConfig(iterations=1, passes=500, groups=64, minibatches=1, hidden=32, lr=5e-3)
    head, solved = taught("expected", TAUGHT, twice, 0), UNSEEN.solved.numpy()
    for price in (0.1, 0.6):
        steps = stopping_steps(HeadThreshold(head, price=price), UNSEEN)
        mine = outcomes.returns(solved, steps, price).mean()
        best = outcomes.returns(solved, outcomes.oracle_steps(solved), price).mean()
        assert mine > best - 0.03, "hopeless problems can be told here, so it has to give them up"


def test_ever_solved_looks_ahead_only():
    solved = torch.tensor([[False, True, False], [False, False, False]])
    assert ever_solved(solved).tolist() == [[True, True, False], [False, False, False]]
