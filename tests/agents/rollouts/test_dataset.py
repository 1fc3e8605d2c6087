"""Datasets of graded runs: what is in them, and the one store that keeps them."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from agents.checkpoint import Checkpoint, load_checkpoint, rollout_store
from agents.common.acceleration import AccelerationConfig
from agents.common.tensor_file import load_tensors, write_tensors
from agents.learners.config import LearnerConfig
from agents.learners.grpo import Grpo
from agents.learners.metrics import Graded
from agents.rollouts import dataset
from agents.rollouts.dataset import DatasetConfig, RolloutDataset, RolloutStore, collect_dataset
from agents.rollouts.unroll import draw, unroll
from agents.trm import TRM, TRMConfig
from agents.trm.model import new_model
from tests.toy import ToyTask

SMALL = DatasetConfig(problems=7, branches=2, noise=0.3, max_steps=3)
PLAIN = AccelerationConfig(bfloat16="off", compile="off")


@pytest.fixture(scope="module")
def network() -> TRM:
    return new_model(TRMConfig(hidden=16, layers=1, cycles=1, latent_updates=1), ToyTask(), seed=0)


@pytest.fixture(scope="module")
def start() -> Checkpoint:
    return load_checkpoint("sudoku4x4")


def store(start: Checkpoint, folder: Path) -> RolloutStore:
    return rollout_store(start, folder, PLAIN)


def apart(features: torch.Tensor) -> bool:
    """Whether the branches of a group, [2 * 4, s, f], differ."""
    grouped = features.view(2, 4, -1)
    return bool((grouped != grouped[:, :1]).any())


def test_it_holds_equal_parts_of_the_levels_and_teach(network):
    made = collect_dataset(network, ToyTask(), [0, 1], dataclasses.replace(SMALL, problems=8))
    assert len(made) == 8 and isinstance(made, Graded)
    levels = made.unroll.level.view(8, 2)
    assert (levels[:, 0] == levels[:, 1]).all() and levels[:, 0].bincount().tolist() == [4, 4]
    learner = Grpo(LearnerConfig(iterations=2, passes=1), made.unroll.features.shape[-1], seed=0)
    learner.update(made.part(0, 4), made.unroll)
    assert learner.iteration == 1


def test_problems_to_learn_from_are_made_anew(network):
    alone = dataclasses.replace(SMALL, branches=1, noise=None, problems=8)
    made = collect_dataset(network, ToyTask(), [0, 1], alone)
    drawn = unroll(network, ToyTask(), draw(ToyTask(), [0, 1], 8, "train", alone.seed), 3)
    found, wanted = (graded.features.flatten(1).tolist() for graded in (made.unroll, drawn))
    assert found != wanted, "not shuffled"
    np.testing.assert_allclose(sorted(found), sorted(wanted), atol=1e-5)


def test_problems_may_be_an_environments(network, monkeypatch):
    monkeypatch.setattr(ToyTask, "generate", lambda *_: pytest.fail("made anew"))
    assert len(collect_dataset(network, ToyTask(), [0], dataclasses.replace(SMALL, fresh=False))) == SMALL.problems


@pytest.mark.parametrize("branching", ["carry_noise", "random_starts", "sampled_tokens"])
def test_branches_of_fresh_problems_differ_as_those_of_an_environment(network, branching):
    config = dataclasses.replace(SMALL, problems=2, branches=4, branching=branching)
    made = collect_dataset(network, ToyTask(), [1], config)
    assert apart(made.unroll.features) == (branching != "sampled_tokens")


def test_parts_go_round_and_keep_groups_whole(network):
    made = collect_dataset(network, ToyTask(), [0], SMALL)
    numbered = RolloutDataset(dataclasses.replace(made.unroll, difficulty=torch.arange(14.0)), 2, made.step_cost)
    assert numbered.part(0, 3).unroll.difficulty.tolist() == [0, 1, 2, 3, 4, 5]
    assert numbered.part(2, 3).unroll.difficulty.tolist() == [12, 13, 0, 1, 2, 3]


def test_without_shuffling_problems_stand_as_they_are_drawn(network):
    alone = dataclasses.replace(SMALL, branches=1, noise=None, problems=8)
    made = collect_dataset(network, ToyTask(), [1, 0], alone, "test", shuffle=False)
    drawn = unroll(network, ToyTask(), draw(ToyTask(), [1, 0], 8, "test", alone.seed), 3)
    assert torch.equal(made.unroll.features, drawn.features) and made.unroll.level.tolist() == [1] * 4 + [0] * 4


def test_a_dataset_is_run_once_whatever_it_costs(start, tmp_path, monkeypatch):
    made = store(start, tmp_path).load_or_collect([0], SMALL)
    monkeypatch.setattr(dataset, "collect_dataset", lambda *_: pytest.fail("it is on disk"))
    read = store(start, tmp_path).load_or_collect([0], dataclasses.replace(SMALL, price=0.6))
    assert read.step_cost == pytest.approx(6 * made.step_cost) and read.branches == made.branches
    for name, value in vars(made.unroll).items():
        assert torch.equal(value, getattr(read.unroll, name)), name


def test_every_setting_that_decides_makes_another(start, tmp_path):
    here = store(start, tmp_path)
    plain = DatasetConfig(problems=4, max_steps=2)
    here.load_or_collect([0], plain)
    changes = {"problems": 5, "max_steps": 3, "seed": 1, "fresh": False, "noise": 0.1, "branching": "random_starts"}
    for change in changes.items():
        here.load_or_collect([0], dataclasses.replace(plain, **dict([change])))
    here.load_or_collect([1], plain)
    here.load_or_collect([0], plain, "test")
    here.load_or_collect([0], plain, shuffle=False)
    assert len(list(tmp_path.iterdir())) == 1 + len(changes) + 3
    with torch.no_grad():
        changed = load_checkpoint("sudoku4x4")
        changed.model.halt.bias.add_(1)
    store(changed, tmp_path).load_or_collect([0], plain)
    assert len(list(tmp_path.iterdir())) == 1 + len(changes) + 4


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def rewrite(name: str, change):
    def damage(path: Path) -> None:
        tensors, note = load_tensors(path)
        tensors[name] = change(tensors[name])
        write_tensors(path, tensors, note)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        rewrite("solved", lambda values: values.float()),
        rewrite("level", lambda values: values[:-2]),
        rewrite("features", lambda values: values[..., 0]),
        rewrite("features", lambda values: values * np.inf),
        rewrite("changed", lambda values: values[:, :-1]),
    ],
)
def test_a_damaged_file_is_made_anew(start, tmp_path, caplog, damage):
    first = store(start, tmp_path).load_or_collect([0], SMALL)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    damage(path)
    with caplog.at_level(logging.WARNING):
        again = store(start, tmp_path).load_or_collect([0], SMALL)
    assert torch.equal(again.unroll.features, first.unroll.features) and path.read_bytes() == whole
    assert "made anew" in caplog.text and path.name in caplog.text


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"problems": 0}, "problems must be"),
        ({"noise": -1.0}, "noise must be"),
        ({"branches": 2, "noise": 0.0}, "over and over without noise"),
        ({"problems": 10**7}, "100,000,000 drafts in all"),
    ],
)
def test_bad_settings_are_errors(settings, match):
    with pytest.raises(ValueError, match=match):
        DatasetConfig(**settings)
