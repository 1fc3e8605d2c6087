"""Losses over steps and branches by hand; how long and how deep to go on."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from agents.pretraining import supervision
from trm_gym.streams import mix


def test_the_best_of_a_problems_rows_wins():
    solution = torch.tensor([[0, 1], [0, 1], [1, 1], [1, 1]])
    logits = torch.tensor(
        [[[2.0, 0.0], [2.0, 0.0]], [[2.0, 0.0], [0.0, 2.0]], [[0.0, 5.0], [0.0, 5.0]], [[0.0, 1.0]] * 2]
    )
    for kind in ("softmax", "stablemax"):
        assert supervision.winners(logits, solution, 2, kind).tolist() == [1, 2]
        assert supervision.winners(logits, solution, 1, kind).tolist() == [0, 1, 2, 3]


def test_answer_losses_by_hand():
    logits, solution = torch.tensor([[[1.0, 0.0], [0.0, 0.0]]]), torch.tensor([[0, 1]])
    softmax = (math.log(1 + math.exp(-1)) + math.log(2)) / 2
    assert supervision.answer_loss(logits, solution, "softmax").item() == pytest.approx(softmax)
    stablemax = (math.log(1.5) + math.log(2)) / 2  # s(1) = 2, s(0) = 1
    assert supervision.answer_loss(logits, solution, "stablemax").item() == pytest.approx(stablemax)


def test_consistency_by_hand():
    last = torch.tensor([[[0.8, 0.2]], [[0.5, 0.5]], [[0.9, 0.1]]]).log()
    now = torch.tensor([[[0.5, 0.5]], [[0.5, 0.5]], [[0.1, 0.9]]]).log().requires_grad_()
    going_on = torch.tensor([True, True, False])
    every = torch.ones(3, 1, dtype=torch.bool)
    loss = supervision.consistency_loss(last, now, going_on, "softmax", every)
    assert loss.item() == pytest.approx((0.8 * math.log(1.6) + 0.2 * math.log(0.4)) / 2)
    loss.backward()
    assert now.grad is not None and (now.grad[2] == 0).all() and (now.grad[0] != 0).all()
    assert supervision.consistency_loss(last, now, torch.zeros(3, dtype=torch.bool), "softmax", every) == 0


def test_exploring_is_as_frequent_as_asked_for_and_even():
    drawn = supervision.least_steps(mix(0, np.arange(40_000)), 0.1, 16).numpy()
    counts = np.bincount(drawn, minlength=17)
    assert counts[1] / 40_000 == pytest.approx(0.9, abs=0.006)
    assert counts[0] == 0 and np.allclose(counts[2:] / 40_000, 0.1 / 15, atol=0.002)


def test_stages_share_the_updates():
    stages = ((1, 2), (2, 4), (3, 6))
    assert [supervision.depth_at(update, 10, stages) for update in (0, 3, 4, 6, 7, 9)] == [
        (1, 2),
        (1, 2),
        (2, 4),
        (2, 4),
        (3, 6),
        (3, 6),
    ]


def test_cells_without_a_label_have_no_loss():
    logits = torch.tensor([[[1.0, 0.0], [0.0, 9.0]], [[0.0, 7.0], [0.0, 0.0]]], requires_grad=True)
    solution = torch.tensor([[0, supervision.NO_LABEL], [supervision.NO_LABEL, 1]])
    softmax = (math.log(1 + math.exp(-1)) + math.log(2)) / 2
    stablemax = (math.log(1.5) + math.log(2)) / 2
    by_hand: dict[supervision.AnswerLoss, float] = {"softmax": softmax, "stablemax": stablemax}
    for kind, expected in by_hand.items():
        loss = supervision.answer_loss(logits, solution, kind)
        (gradient,) = torch.autograd.grad(loss, logits)
        assert loss.item() == pytest.approx(expected)
        assert not gradient[0, 1].any() and not gradient[1, 0].any() and gradient[0, 0].any()
        nothing = supervision.answer_loss(logits, torch.full((2, 2), supervision.NO_LABEL), kind)
        assert nothing.item() == 0 and not torch.autograd.grad(nothing, logits)[0].any()


def test_neither_winners_nor_consistency_count_cells_without_a_label():
    logits = torch.tensor([[[2.0, 0.0], [9.0, 0.0]], [[3.0, 0.0], [0.0, 9.0]]])
    assert supervision.winners(logits, torch.tensor([[0, 0]] * 2), 2, "softmax").tolist() == [0]
    assert supervision.winners(logits, torch.tensor([[0, supervision.NO_LABEL]] * 2), 2, "softmax").tolist() == [1]
    last = torch.tensor([[[0.8, 0.2], [0.9, 0.1]]]).log()
    now = torch.tensor([[[0.5, 0.5], [0.1, 0.9]]]).log()
    first = torch.tensor([[True, False]])
    loss = supervision.consistency_loss(last, now, torch.tensor([True]), "softmax", first)
    assert loss.item() == pytest.approx(0.8 * math.log(1.6) + 0.2 * math.log(0.4))
    assert supervision.consistency_loss(last, now, torch.tensor([True]), "softmax", first & False) == 0
