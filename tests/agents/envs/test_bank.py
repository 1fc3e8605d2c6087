"""Banks: what they hold, that they are shared, kept on disk, and never taken for another one's."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from agents.checkpoint import digest, load_checkpoint, save_checkpoint
from agents.common.tensor_file import CheckpointError
from agents.envs import bank
from agents.envs.bank import BankConfig, load_bank
from agents.rollouts.unroll import draw, unroll
from tests.scripts.checkpoints import untrained
from trm_gym import make_task

SMALL = BankConfig("clues6-8", "train", 10, 3)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(autouse=True)
def forget():
    """Every test starts with no bank in memory."""
    bank._bank.cache_clear()


def test_it_holds_the_unroll_of_its_split(checkpoint):
    source, task = load_checkpoint(checkpoint), make_task("sudoku4x4")
    for split in ("train", "test"):
        config = BankConfig("clues6-8", split, 10, 3)
        made = load_bank(checkpoint, config)
        problems = draw(task, [task.level_index("clues6-8")], 10, split, 0)
        expected = unroll(source.model, task, problems, 3)
        torch.testing.assert_close(made.unroll.features, expected.features)
        assert torch.equal(made.unroll.solved, expected.solved) and made.seconds > 0


def test_environments_of_a_process_share_it(checkpoint):
    assert load_bank(checkpoint, SMALL) is load_bank(str(checkpoint), SMALL)
    assert load_bank(checkpoint, SMALL) is not load_bank(checkpoint, BankConfig("clues6-8", "test", 10, 3))


def test_it_is_kept_on_disk_and_read_back(checkpoint, tmp_path, monkeypatch):
    first = load_bank(checkpoint, SMALL, cache=tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".safetensors"]
    bank._bank.cache_clear()
    monkeypatch.setattr(bank, "build_bank", lambda *_: pytest.fail("it is on disk"))
    second = load_bank(checkpoint, SMALL, cache=tmp_path)
    assert second.seconds == first.seconds
    for name, value in vars(first.unroll).items():
        assert torch.equal(getattr(second.unroll, name), value)


def test_a_broken_file_is_made_anew(checkpoint, tmp_path, caplog):
    first = load_bank(checkpoint, SMALL, cache=tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    bank._bank.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert torch.equal(load_bank(checkpoint, SMALL, cache=tmp_path).unroll.features, first.unroll.features)
    assert "anew" in caplog.text and path.stat().st_size > 100


def test_it_goes_by_weights_and_settings_not_by_name(checkpoint, tmp_path):
    source = load_checkpoint(checkpoint)
    load_bank(checkpoint, SMALL, cache=tmp_path)
    moved = save_checkpoint(tmp_path / "elsewhere", source)
    load_bank(moved, SMALL, cache=tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) == 1
    with torch.no_grad():
        next(iter(source.model.parameters())).add_(0.1)
    save_checkpoint(moved, source)
    load_bank(moved, SMALL, cache=tmp_path)
    load_bank(checkpoint, BankConfig("clues6-8", "train", 10, 3, seed=1), cache=tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) == 3


def test_heads_do_not_change_the_digest(checkpoint, tmp_path):
    bare = untrained(tmp_path, heads=())
    assert digest(load_checkpoint(bare)) == digest(load_checkpoint(checkpoint))


def test_bad_input_is_refused(checkpoint, unchecked):
    with pytest.raises(CheckpointError, match="trained on sudoku4x4, not on maze11x11"):
        load_bank(checkpoint, SMALL, task="maze11x11")
    with pytest.raises(ValueError, match="unknown level 'hard'"):
        load_bank(checkpoint, BankConfig("hard"))
    with pytest.raises(ValueError, match="unknown split 'dev'"):
        BankConfig(split="dev")
    for bad in (0, True, 2.0, "7", None):
        with pytest.raises(ValueError, match="problems must be a whole number from 1 up"):
            BankConfig(problems=cast(Any, bad))
    with pytest.raises(ValueError, match="100,000,000 drafts in all are the most"):
        BankConfig(max_steps=2**63)
    for bad in (3, None, ["a"], "a\0b", "x" * 5000, b"runs"):
        with pytest.raises(CheckpointError, match="no checkpoint at"):
            load_bank(cast(Any, bad), SMALL)
