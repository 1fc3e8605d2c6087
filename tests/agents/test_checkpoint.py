"""Checkpoints come back as they were, and say why where they cannot."""

from __future__ import annotations

import pytest
import torch

from agents.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from agents.common.tensor_file import CheckpointError, load_tensors
from agents.halting.heads import HaltHead
from agents.pretraining.trainer import new_model
from agents.trm import TRMConfig
from trm_gym import make_task

TINY = TRMConfig(hidden=8, cycles=1, latent_updates=1, positions="candidates")


def made(folder, heads=("grpo",)):
    task = make_task("sudoku4x4")
    model = new_model(TINY, task, 0)
    return save_checkpoint(folder, Checkpoint(model, task.name, {name: HaltHead(5) for name in heads}, {"note": 1}))


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    loaded = load_checkpoint(made(tmp_path), "sudoku4x4")
    model = new_model(TINY, make_task("sudoku4x4"), 0)
    assert all(torch.equal(value, loaded.model.state_dict()[name]) for name, value in model.state_dict().items())
    assert set(loaded.heads) == {"grpo"} and loaded.meta == {"note": 1}
    assert not any(p.requires_grad for p in loaded.model.parameters())


def test_checkpoints_that_do_not_fit_say_why(tmp_path):
    folder = made(tmp_path)
    with pytest.raises(CheckpointError, match="was trained on sudoku4x4, not on sudoku9x9"):
        load_checkpoint(folder, "sudoku9x9")
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        load_checkpoint(tmp_path / "nothing")
    (folder / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        load_checkpoint(folder)
    (folder / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="does not describe a checkpoint"):
        load_checkpoint(folder)
    with pytest.raises(CheckpointError, match="not a readable"):
        load_tensors(tmp_path / "absent")
