"""Checkpoints come back as they were, and say why where they cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from agents.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from agents.common.tensor_file import CheckpointError, load_tensors
from agents.halting.heads import HaltHead
from agents.rollouts.features import feature_count
from agents.rollouts.unroll import unroll
from agents.trm import TRMConfig
from agents.trm.model import new_model
from trm_gym import make_task

TINY = TRMConfig(hidden=8, cycles=1, latent_updates=1, positions="candidates")


def made(folder, heads=("grpo",)):
    task = make_task("sudoku4x4")
    model = new_model(TINY, task, 0)
    return save_checkpoint(
        folder, Checkpoint(model, task.name, {name: HaltHead(feature_count(8)) for name in heads}, {"note": 1})
    )


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


def test_a_folder_of_a_run_is_told_from_that_of_its_network(tmp_path):
    (tmp_path / "config.yaml").write_text("seed: 0\n")
    with pytest.raises(CheckpointError, match="give a folder with config"):
        load_checkpoint(tmp_path)
    (tmp_path / "pretrain.safetensors").write_bytes(b"a state")
    with pytest.raises(CheckpointError, match="the run there has not ended; the command that began it goes on"):
        load_checkpoint(tmp_path)
    made(tmp_path / "checkpoint")
    with pytest.raises(CheckpointError, match=r"give .*checkpoint$"):
        load_checkpoint(tmp_path)


def test_a_save_that_is_interrupted_between_its_files_is_told_and_loses_nothing(tmp_path, monkeypatch):
    folder = made(tmp_path)
    other = Checkpoint(new_model(TINY, make_task("sudoku6x6"), 0), "sudoku6x6")

    def power_loss(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("agents.checkpoint.atomic_write", power_loss)
        save_checkpoint(folder, other)
    with pytest.raises(CheckpointError, match=r"differ in task, heads.*Delete it"):
        load_checkpoint(folder)
    (folder / "config.json").unlink()
    assert load_checkpoint(folder).task == "sudoku6x6"


def test_what_people_write_into_meta_is_read(tmp_path):
    folder = made(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "meta": {"trained": "on my laptop"}}))
    assert load_checkpoint(folder).meta == {"trained": "on my laptop"}


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_checkpoint_of_the_version_before_loads():
    """Its names of tensors and of settings are mapped to the present ones; the figures are those of that version."""
    old = load_checkpoint(Path(__file__).parents[1] / "data" / "before" / "sudoku4x4")
    seen = torch.randn(3, old.heads["grpo"].features, generator=torch.Generator().manual_seed(1))
    logits = {name: head(seen, torch.full((3,), 0.3)).flatten().tolist() for name, head in old.heads.items()}
    assert logits["grpo"] == pytest.approx([1.958583950996399, 52.883445739746094, 19.765737533569336], rel=1e-5)
    assert logits["bce"] == pytest.approx([-0.3732614815235138, 5.4864349365234375, 0.2724302411079407], rel=1e-5)
    task = make_task(old.task)
    drafts = unroll(old.model, task, task.generate(1, 0, "train", 0), 2)
    assert drafts.confidence.tolist()[0] == pytest.approx([0.5186546444892883, 0.4907647967338562], rel=1e-5)
