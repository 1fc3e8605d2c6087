"""Hints in training: the loss by hand, what is told when, and that a network learns to carry news by them."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from agents.pretraining.config import HintsConfig, PretrainConfig
from agents.pretraining.hints import HintHead, hint_loss
from agents.pretraining.optim import OptimConfig
from agents.pretraining.trainer import Pretrainer
from agents.trm import TRMConfig
from agents.trm.config import MAZE
from trm_gym import make_task

CONFIG = PretrainConfig(
    task="maze5x5",
    levels=("random",),
    model=dataclasses.replace(MAZE, hidden=32),
    optim=OptimConfig(muon_lr=0.02, adamw_lr=0.01),
    updates=100,
    batch=32,
    max_steps=8,
    hints=HintsConfig(weight=1.0, speed=3.0),
)


def test_the_loss_by_hand():
    logits = torch.tensor([[[0.0, math.log(3.0)], [5.0, 1.0], [0.0, 0.0]]], requires_grad=True)
    kinds = torch.tensor([[[False, True], [False, False], [True, True]]])
    loss = hint_loss(logits, kinds)  # the second cell is told nothing, of the third both are right
    assert loss.item() == pytest.approx(-math.log(3 / 4) / 2)
    loss.backward()
    assert logits.grad is not None and torch.isfinite(logits.grad).all() and (logits.grad[0, 1] == 0).all()
    nothing = hint_loss(logits, torch.zeros_like(kinds))
    assert nothing.item() == 0 and nothing.requires_grad


def test_what_is_told_follows_the_steps():
    task, config = make_task("maze5x5"), HintsConfig(weight=2.0, speed=1.5)
    problems = task.generate(2, 0, "train", 0)
    head = HintHead(task, 4, task.length, config)
    told = head.told(problems, problems.solution, torch.tensor([1, 4]))
    wanted = task.hints(problems, problems.solution, np.array([1.5, 6.0]))
    assert np.array_equal(told.kinds, wanted.kinds) and np.array_equal(told.answer, wanted.answer)
    loss = head.loss(torch.randn(2, task.length, 4), told)
    assert loss.item() == pytest.approx(2 * math.log(task.hint_kinds) - self_information(told.kinds), rel=1e-5)


def self_information(kinds: np.ndarray) -> float:
    """What is saved where several of the equally likely kinds are right, by the weight of 2."""
    told = kinds.sum(-1)[kinds.any(-1)]
    return 2 * float(np.log(told).mean())


def test_a_network_learns_what_it_is_told():
    trainer = Pretrainer(CONFIG)
    seen = [trainer.update() for _ in range(CONFIG.updates)]
    trainer.supply.close()
    first, last = (np.mean([metrics["hint_loss"] for metrics in some]) for some in (seen[:5], seen[-5:]))
    assert last < 0.3 * first
    assert "hints.kinds.weight" in trainer.tensors()
    assert not any(name.startswith("hints") for name in trainer.averaged().state_dict())


def test_without_weight_nothing_is_told():
    trainer = Pretrainer(dataclasses.replace(CONFIG, hints=HintsConfig()))
    assert "hint_loss" not in trainer.update()
    trainer.supply.close()
    assert not any(name.startswith("hints") for name in trainer.tensors())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "sudoku4x4", "levels": ("clues6-8",), "model": TRMConfig(hidden=8)}, "sudoku4x4 has no hints"),
        (
            {"model": TRMConfig(hidden=8, mixer="attention", prefix=2)},
            r"has 27 positions for the 25 cells of maze5x5: use model\.positions=cells without a prefix",
        ),
    ],
)
def test_what_has_no_hints_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Pretrainer(dataclasses.replace(CONFIG, **changes))


@pytest.mark.parametrize(
    ("values", "message"),
    [({"weight": -1.0}, r"hints\.weight must be at least 0"), ({"speed": 0.0}, r"hints\.speed must be above 0")],
)
def test_settings_that_make_no_sense_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        HintsConfig(**values)
