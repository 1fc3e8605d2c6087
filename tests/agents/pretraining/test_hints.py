"""Hints in training: the loss by hand, what is told when, and that a network learns to carry news by them."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from agents.pretraining.config import HintsConfig, PretrainConfig, TrainingExtras
from agents.pretraining.hints import HintHead, hint_loss
from agents.pretraining.optim import OptimConfig
from agents.pretraining.trainer import Pretrainer
from agents.trm import Inputs, TRMConfig
from agents.trm.config import MAZE
from agents.trm.model import new_model
from trm_gym import make_task
from trm_gym.maze.layout import GOAL, ON, OPEN, WALL
from trm_gym.streams import mix

TASK = make_task("maze5x5")

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


def head_of(hints: HintsConfig, starts: int = 1) -> HintHead:
    config = dataclasses.replace(CONFIG, hints=hints, batch=4000, extras=TrainingExtras(starts=starts), start_noise=1.0)
    return HintHead(TASK, new_model(config.model, TASK, 0), config)


def test_what_is_told_follows_the_steps():
    problems, head = TASK.generate(2, 0, "train", 0), head_of(HintsConfig(weight=2.0, speed=1.5))
    told = head.told(problems, problems.solution, slice(0, 2), torch.tensor([0, 3]))
    wanted = TASK.hints(problems, problems.solution, np.array([1.5, 6.0]))
    assert np.array_equal(told.kinds, wanted.kinds) and np.array_equal(told.answer, wanted.answer)
    # A fresh head finds all kinds equally likely; where several are right, their probabilities add up.
    right = told.kinds.sum(-1)[told.kinds.any(-1)]
    loss = head.loss(torch.randn(2, TASK.length, 32), told)
    assert loss.item() == pytest.approx(2 * float(np.log(TASK.hint_kinds / right).mean()), rel=1e-5)


@pytest.mark.parametrize("starts", [1, 2])
def test_half_of_the_problems_wait_evenly_long(starts):
    head = head_of(HintsConfig(weight=1.0, wait=4), starts)
    head.begin(torch.ones(4000 * starts, dtype=torch.bool), mix(0, np.arange(4000)))
    counts = np.bincount(head.waits.numpy(), minlength=5) / (4000 * starts)
    assert counts[0] == pytest.approx(0.5, abs=0.03) and np.allclose(counts[1:], 0.125, atol=0.02) and len(counts) == 5
    if starts == 2:
        assert torch.equal(head.waits[::2], head.waits[1::2])
    before, some = head.waits.clone(), torch.arange(4000 * starts) < 2 * starts
    head.begin(some, mix(1, np.arange(2)))
    assert torch.equal(head.waits[~some], before[~some])
    head = head_of(HintsConfig(weight=1.0))
    head.begin(torch.ones(4000, dtype=torch.bool), mix(0, np.arange(4000)))
    assert not head.waits.any()


def test_a_problem_that_waits_shows_no_source_and_nothing_is_known_of_it():
    problems, head = TASK.generate(3, 0, "train", 0), head_of(HintsConfig(weight=1.0, speed=3.0, wait=4))
    head.waits[:3], steps, rows = torch.tensor([0, 2, 2]), torch.tensor([0, 1, 2]), slice(0, 3)
    shown = head.shown(
        Inputs.of(problems, torch.from_numpy(problems.start).long()), problems, rows, steps
    ).problem.numpy()
    assert np.array_equal(shown[[0, 2]], problems.problem[[0, 2]])
    assert (shown[1] != GOAL).all() and (
        shown[1] == np.where(problems.problem[1] == GOAL, OPEN, problems.problem[1])
    ).all()
    told = head.told(problems, problems.solution, rows, steps)
    wanted = TASK.hints(problems, problems.solution, np.array([3.0, -1.0, 3.0]))
    assert np.array_equal(told.kinds, wanted.kinds) and np.array_equal(told.answer, wanted.answer)
    assert not (told.answer[1] == ON).any() and told.kinds[1, problems.problem[1] != WALL, -1].all()


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
    [
        ({"weight": -1.0}, r"hints\.weight must be at least 0"),
        ({"speed": 0.0}, r"hints\.speed must be above 0"),
        ({"wait": -1}, r"hints\.wait must be at least 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        HintsConfig(**values)
