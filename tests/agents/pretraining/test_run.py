"""A run's records: seconds that add up, curves that never go back, each kind of training in a folder of its own."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents.checkpoint import save_checkpoint
from agents.common.tensor_file import CheckpointError, load_tensors, save_tensors
from agents.pretraining import run
from agents.pretraining.run import PRETRAIN_STATE, pretrain
from agents.pretraining.trainer import Pretrainer
from tests.agents.pretraining.test_trainer import TINY

LONG = dataclasses.replace(TINY, updates=40, save_every=15)


def stopped_after(updates: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill the next run in the midst of an update, as a power cut would: what came after the last state is lost."""
    update = Pretrainer.update

    def counted(self: Pretrainer) -> dict[str, float]:
        if self.updates == updates:
            raise RuntimeError("power cut")
        return update(self)

    monkeypatch.setattr(Pretrainer, "update", counted)


def test_seconds_add_up_and_a_finished_run_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    clock = iter(range(0, 10**6, 3))
    # Of this module alone: kernels that are compiled meanwhile look at the clock too.
    monkeypatch.setattr(run, "time", SimpleNamespace(perf_counter=lambda: float(next(clock))))
    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="power cut"):
        stopped_after(22, patched)
        pretrain(LONG, tmp_path)
    after = load_tensors(tmp_path / PRETRAIN_STATE)[1]["seconds"]
    whole = pretrain(LONG, tmp_path).meta["pretraining_seconds"]
    assert after == 3 * 15 and whole == 3 * 40, "three seconds an update, those that were lost left out"
    assert pretrain(LONG, tmp_path).meta["pretraining_seconds"] == whole
    tensors, note = load_tensors(tmp_path / PRETRAIN_STATE)
    save_tensors(tmp_path / PRETRAIN_STATE, tensors, {name: one for name, one in note.items() if name != "seconds"})
    assert "pretraining_seconds" not in pretrain(LONG, tmp_path).meta, "a state of before does not tell"


def test_curves_do_not_go_back_and_keep_every_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="power cut"):
        stopped_after(22, patched)
        pretrain(LONG, tmp_path)
    pretrain(LONG, tmp_path)
    files = sorted((tmp_path / "tensorboard" / "pretrain").iterdir())
    pretrain(LONG, tmp_path)
    assert sorted((tmp_path / "tensorboard" / "pretrain").iterdir()) == files, "a finished run has nothing to add"
    events = EventAccumulator(str(tmp_path / "tensorboard" / "pretrain")).Reload()
    assert [event.step for event in events.Scalars("train/loss")] == [10, 20, 30, 40]


def test_curves_show_levels_and_an_episode_and_stand_together(tmp_path: Path):
    pretrain(dataclasses.replace(LONG, updates=20), tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard" / "pretrain")).Reload()
    for level in LONG.levels:
        assert [event.step for event in events.Scalars(f"rollout/success_rate/{level}")] == [10, 20]
    assert [event.step for event in events.Images("episode")] == [15, 20]
    shown = run.charts(LONG)
    assert {tag for group in shown.values() for tags in group.values() for tag in tags} >= {
        "train/loss",
        "train/halt_loss",
    }
    assert "custom_scalars__config__" in events.Tags()["tensors"]
    for curriculum, curves in (("uniform", 1), ("learnability", 2)):
        shown = run.charts(dataclasses.replace(LONG, curriculum=curriculum))
        assert len(shown["levels"]) == curves, "no chart of a mix that never changes, which is not written"


MAZES = dataclasses.replace(
    TINY,
    task="maze9x9",
    levels=("near",),
    model=dataclasses.replace(TINY.model, mixer="conv", positions="cells"),
    updates=2,
)


def test_training_begins_with_the_weights_of_another_size_and_depth(tmp_path: Path):
    small = pretrain(MAZES, tmp_path / "small")
    save_checkpoint(tmp_path / "checkpoint", small)
    deeper = dataclasses.replace(MAZES.model, cycles=2)
    begun = dataclasses.replace(MAZES, task="maze11x11", model=deeper, start_weights=str(tmp_path / "checkpoint"))
    trainer = Pretrainer(begun)
    run.begin_with(trainer, begun.start_weights)
    for name, value in small.model.state_dict().items():
        assert torch.equal(trainer.model.state_dict()[name], value), name
        assert torch.equal(trainer.average.weights[name], value), name
    pretrain(begun, tmp_path / "large")
    shutil.rmtree(tmp_path / "checkpoint")
    pretrain(begun, tmp_path / "large")  # a run that has begun does not ask for them again


@pytest.mark.parametrize(
    "other",
    [
        {"task": "sudoku4x4", "levels": ("clues6-8",)},
        {"model": dataclasses.replace(MAZES.model, hidden=16)},
        {"model": dataclasses.replace(MAZES.model, mixer="attention")},
    ],
)
def test_weights_of_another_network_are_refused_before_anything_is_written(tmp_path: Path, other: dict):
    save_checkpoint(tmp_path / "checkpoint", pretrain(MAZES, tmp_path / "small"))
    config = dataclasses.replace(MAZES, start_weights=str(tmp_path / "checkpoint"), **other)
    with pytest.raises(CheckpointError, match="start_weights"):
        pretrain(config, tmp_path / "run")
    assert not (tmp_path / "run" / PRETRAIN_STATE).exists()
