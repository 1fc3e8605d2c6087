"""Datasets by the name of a checkpoint: what they hold, that they are shared, and never taken for another one's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import torch

from agents.checkpoint import digest, load_checkpoint, save_checkpoint
from agents.common.tensor_file import CheckpointError
from agents.envs import dataset
from agents.envs.dataset import load_dataset
from agents.rollouts.unroll import draw, unroll
from tests.scripts.checkpoints import untrained
from trm_gym import make_task

SMALL: dict[str, Any] = {"level": "clues6-8", "problems": 10, "max_steps": 3}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(autouse=True)
def forget():
    """Every test starts with nothing in memory."""
    dataset._load.cache_clear()


def test_it_holds_the_unroll_of_its_split(checkpoint):
    source, task = load_checkpoint(checkpoint), make_task("sudoku4x4")
    for split in ("train", "test"):
        made = load_dataset(checkpoint, split=split, **SMALL)
        problems = draw(task, [task.level_index("clues6-8")], 10, split, 0)
        expected = unroll(source.model, task, problems, 3)
        torch.testing.assert_close(made.unroll.features, expected.features)
        assert torch.equal(made.unroll.solved, expected.solved) and len(made) == 10 and made.branches == 1


def test_environments_of_a_process_share_it(checkpoint):
    first = load_dataset(checkpoint, **SMALL).unroll
    assert load_dataset(str(checkpoint), **SMALL).unroll is first
    assert load_dataset(checkpoint, split="test", **SMALL).unroll is not first


def test_its_price_is_that_of_the_whole_budget_and_changes_no_draft(checkpoint, tmp_path):
    cheap, dear = (load_dataset(checkpoint, price=price, cache=tmp_path, **SMALL) for price in (0.0, 0.6))
    assert cheap.unroll is dear.unroll and len(list(tmp_path.iterdir())) == 1
    assert cheap.step_cost == 0 and dear.step_cost == pytest.approx(0.2)


def test_it_goes_by_weights_and_settings_not_by_name(checkpoint, tmp_path):
    source = load_checkpoint(checkpoint)
    load_dataset(checkpoint, cache=tmp_path, **SMALL)
    moved = save_checkpoint(tmp_path / "elsewhere", source)
    load_dataset(moved, cache=tmp_path, **SMALL)
    assert len(list(tmp_path.glob("*.safetensors"))) == 1
    with torch.no_grad():
        next(iter(source.model.parameters())).add_(0.1)
    save_checkpoint(moved, source)
    load_dataset(moved, cache=tmp_path, **SMALL)
    load_dataset(checkpoint, cache=tmp_path, seed=1, **SMALL)
    assert len(list(tmp_path.glob("*.safetensors"))) == 3


def test_heads_do_not_change_the_digest(checkpoint, tmp_path):
    bare = untrained(tmp_path, heads=())
    assert digest(load_checkpoint(bare)) == digest(load_checkpoint(checkpoint))


def test_bad_input_is_refused(checkpoint, unchecked):
    with pytest.raises(CheckpointError, match="trained on sudoku4x4, not on maze11x11"):
        load_dataset(checkpoint, task="maze11x11")
    with pytest.raises(ValueError, match="unknown level 'hard'"):
        load_dataset(checkpoint, "hard")
    with pytest.raises(ValueError, match="unknown split 'dev'"):
        load_dataset(checkpoint, split="dev")
    with pytest.raises(ValueError, match="price must be between 0 and 16"):
        load_dataset(checkpoint, price=-1.0)
    for bad in (True, 2.0, "7", None):
        with pytest.raises(ValueError, match="problems must be"):
            load_dataset(checkpoint, problems=cast(Any, bad))
    with pytest.raises(ValueError, match="problems must be at least 1"):
        load_dataset(checkpoint, problems=0)
    with pytest.raises(ValueError, match="100,000,000 drafts in all are the most"):
        load_dataset(checkpoint, max_steps=2**40)
    for bad in (3, None, ["a"], "a\0b", "x" * 5000, b"runs"):
        with pytest.raises(CheckpointError, match="no checkpoint at"):
            load_dataset(cast(Any, bad))
