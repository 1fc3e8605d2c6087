"""Classifiers, and `expected`, learn what they should on graded drafts with a known best rule."""

from __future__ import annotations

import torch

from agents.halting import outcomes, rules
from agents.learners.config import LearnerConfig
from agents.learners.registry import train_head
from agents.losses import ever_solved
from agents.rollouts.dataset import RolloutDataset
from tests.agents.synthetic import varied

CONFIG = LearnerConfig(iterations=1, passes=250, groups=64, minibatches=1, hidden=32, lr=5e-3)
TAUGHT, UNSEEN = RolloutDataset(varied(400, seed=0), 1, 0.1 / 16), varied(200, seed=1)


def test_bce_tells_right_from_wrong():
    logits = rules.head_logits(train_head("bce", TAUGHT, CONFIG, 0), UNSEEN, 0.1)[..., 0]
    assert ((logits > 0) == UNSEEN.solved.numpy()).mean() > 0.97


def test_two_heads_tell_what_is_right_and_what_will_be():
    logits = rules.head_logits(train_head("two_heads", TAUGHT, CONFIG, 0), UNSEEN, 0.1)
    assert ((logits[..., 0] > 0) == UNSEEN.solved.numpy()).mean() > 0.97
    assert ((logits[..., 1] > 0) == ever_solved(UNSEEN.solved).numpy()).mean() > 0.97


def test_expected_comes_close_to_the_best_return_at_every_price():
    twice = LearnerConfig(iterations=1, passes=500, groups=64, minibatches=1, hidden=32, lr=5e-3)
    head, solved = train_head("expected", TAUGHT, twice, 0), UNSEEN.solved.numpy()
    for price in (0.1, 0.6):
        steps = outcomes.halting_steps(rules.head_logits(head, UNSEEN, price)[..., 0], 0.0)
        mine = outcomes.returns(solved, steps, price).mean()
        best = outcomes.returns(solved, outcomes.oracle_steps(solved), price).mean()
        assert mine > best - 0.03, "hopeless problems can be told here, so it has to give them up"


def test_ever_solved_looks_ahead_only():
    solved = torch.tensor([[False, True, False], [False, False, False]])
    assert ever_solved(solved).tolist() == [[True, True, False], [False, False, False]]
