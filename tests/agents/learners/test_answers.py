"""What answers are rewarded for, by hand: worth, credit, the best of a group, groups of mixed outcome."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from agents.learners.advantages import best_of_group
from agents.learners.answers import AnswersConfig, answer_samples
from agents.learners.grpo import Samples
from agents.rollouts.collect import Rollout
from tests.agents.halting_toy import BUDGET, NEVER, toy_rollout

PRICE = 0.25


def made() -> tuple[Samples, Rollout]:
    """Two problems of two branches; of the second no draft is right. Halting was sampled at steps 1 and 3."""
    some = np.ones(4, bool)
    rollout = toy_rollout(np.full(4, NEVER), some, some, 2, 0.1)
    solved = torch.zeros(4, BUDGET, dtype=torch.bool)
    solved[0, 2:] = True
    score = torch.linspace(0, 0.4, 4 * BUDGET).view(4, BUDGET)
    score[solved] = 1.0
    rollout = dataclasses.replace(rollout, unroll=dataclasses.replace(rollout.unroll, solved=solved), score=score)
    steps = torch.tensor([0, 2]).expand(2, 2, 2)
    blank = torch.zeros(2, 2, BUDGET)
    samples = Samples(blank + PRICE, blank, steps, torch.full((2, 2, 2), 0.5), torch.ones(2, 2, 2), torch.ones(2) > 0)
    return samples, rollout


def test_by_default_answers_learn_from_what_halting_learns_from():
    samples, rollout = made()
    assert answer_samples(samples, rollout, AnswersConfig()) is samples


def test_scores_less_the_price_within_a_problem():
    samples, rollout = made()
    found = answer_samples(samples, rollout, AnswersConfig(worth="score"))
    returns = rollout.score.view(2, 2, BUDGET)[..., [0, 2]].double() - PRICE / BUDGET * torch.tensor([1.0, 3.0])
    others = (returns.sum((1, 2), keepdim=True) - returns) / 3
    torch.testing.assert_close(found.advantage, (returns - others).float())
    assert found.weight.unique().item() == 0.5 and found.has_signal.all()


def test_every_step_is_compared_with_the_same_step_of_other_branches():
    samples, rollout = made()
    found = answer_samples(samples, rollout, AnswersConfig(credit="every_step"))
    assert found.halting_steps.shape == (2, 2, BUDGET) and (found.weight == 1).all()
    later = torch.arange(BUDGET) >= 2
    assert torch.equal(found.advantage[0], torch.stack([later, later]) * torch.tensor([[1.0], [-1.0]]))
    assert found.has_signal.tolist() == [True, False] and not found.advantage[1].any()


def test_only_groups_of_mixed_outcome():
    samples, rollout = made()
    found = answer_samples(samples, rollout, AnswersConfig(worth="score", mixed=True))
    assert found.has_signal.tolist() == [True, False] and not found.advantage[1].any()


def test_the_best_of_a_group_by_hand():
    # Of five the upper .4 begin at the quantile .6 of (0, 1, 2, 3, 4), which is 2.4.
    returns = torch.tensor([[0.0, 4.0, 2.0, 1.0, 3.0], [1.0] * 5], dtype=torch.float64)
    wanted = torch.tensor([[0, 1.6, 0, 0, 0.6], [0] * 5], dtype=torch.float64) / 0.4
    torch.testing.assert_close(best_of_group(returns, 0.4), wanted)
    samples, rollout = made()
    found = answer_samples(samples, rollout, AnswersConfig(best=0.25))
    assert (found.advantage >= 0).all() and found.advantage[0].argmax() == 1, "the right one, and no other"


@pytest.mark.parametrize("best", [0.0, 1.5, np.nan])
def test_a_share_that_is_none_is_refused(best):
    with pytest.raises(ValueError, match=r"joint\.answers\.best"):
        AnswersConfig(best=best)
