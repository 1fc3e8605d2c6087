"""The same seed, the same run: what decides the last digits is written down, used again, and never forced to differ."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from agents.common import acceleration
from agents.common.acceleration import AccelerationConfig, Numerics, accelerate, operations, solving_pass, training_pass
from agents.common.tensor_file import CheckpointError, load_note, load_tensors, save_tensors
from agents.pretraining.config import PretrainConfig
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.run import PRETRAIN_STATE, pretrain
from agents.pretraining.trainer import Pretrainer
from agents.trm import TRMConfig
from agents.trm.model import new_model
from trm_gym import make_task

TINY = PretrainConfig(
    task="sudoku4x4",
    levels=("clues10-12",),
    model=TRMConfig(hidden=8, cycles=1, latent_updates=1, positions="candidates"),
    acceleration=AccelerationConfig(compile="off"),
    updates=4,
    batch=4,
    save_every=2,
)


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def clock(monkeypatch: pytest.MonkeyPatch, float32: float, bfloat16: float) -> None:
    """Let passes take so many seconds."""
    taken = {False: float32, True: bfloat16}
    monkeypatch.setattr(acceleration, "_seconds", lambda one_pass, device, bfloat16: taken[bfloat16])


def config(**acceleration_: object) -> PretrainConfig:
    return dataclasses.replace(TINY, acceleration=AccelerationConfig(**{"compile": "off", **acceleration_}))


@pytest.mark.parametrize("seconds", [(1e-6, 1e-3), (1e-3, 1e-6), (1e3, 1e-3), (1e-3, 1e3)])
def test_by_default_no_clock_decides_anything(seconds: tuple[float, float], monkeypatch: pytest.MonkeyPatch):
    clock(monkeypatch, *seconds)
    model = new_model(TINY.model, make_task("sudoku4x4"), 0)
    chosen = accelerate(model, training_pass(model, make_task("sudoku4x4"), 4), 100, AccelerationConfig())
    assert (chosen.bfloat16, chosen.compiled) == (False, False)


@pytest.mark.parametrize("name", [name for name in PRETRAIN if not name.startswith("official")])
def test_presets_compile_where_there_is_enough_to_compute(name: str):
    preset = PRETRAIN[name]
    task = make_task(preset.task)
    model = new_model(preset.model, task, 0)
    work = operations(lambda: training_pass(model, task, 2)(torch.device("cpu"))) / 2 * preset.batch
    again = operations(lambda: training_pass(model, task, 2)(torch.device("cpu"))) / 2 * preset.batch
    assert work == again
    assert (preset.updates * work > acceleration.COMPILE_PAYS_AFTER) is (name != "sudoku4x4")


def test_what_decides_the_numbers_stands_in_state_and_checkpoint(tmp_path: Path):
    checkpoint = pretrain(config(threads=1), tmp_path)
    expected = dataclasses.asdict(Numerics("cpu", False, False, 1, torch.__version__))
    assert load_note(tmp_path / PRETRAIN_STATE)["numerics"] == checkpoint.meta["numerics"] == expected


def test_a_run_goes_on_with_what_it_began_with_whatever_the_clock_says(tmp_path: Path, monkeypatch):
    clock(monkeypatch, 1.0, 0.1)  # bfloat16 seems fast on the first day
    whole = Pretrainer(config(bfloat16="auto", threads=1))
    assert whole.acceleration.bfloat16
    for _ in range(2):
        whole.update()
    whole.save(tmp_path / PRETRAIN_STATE)
    clock(monkeypatch, 0.1, 1.0)  # and slow on the second
    assert not Pretrainer(config(bfloat16="auto", threads=1)).acceleration.bfloat16
    torch.set_num_threads(2)
    pretrain(config(bfloat16="auto"), tmp_path)
    for _ in range(2):
        whole.update()
    resumed, note = load_tensors(tmp_path / PRETRAIN_STATE)
    assert note["numerics"]["bfloat16"] is True and note["numerics"]["threads"] == 1
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed[f"model.{name}"]), name


@pytest.mark.parametrize(
    ("forced", "said"),
    [({"bfloat16": "on"}, "bfloat16=off"), ({"compile": "on"}, "compile=off"), ({"threads": 2}, "threads=1")],
)
def test_another_choice_is_refused(forced: dict, said: str, tmp_path: Path):
    pretrain(dataclasses.replace(config(threads=1), updates=4), tmp_path)
    before = (tmp_path / PRETRAIN_STATE).read_bytes()
    with pytest.raises(ValueError, match=f"this run began with {said}, .* or begin anew in another folder"):
        pretrain(config(**forced), tmp_path)
    assert (tmp_path / PRETRAIN_STATE).read_bytes() == before


def test_another_device_is_refused():
    model = new_model(TINY.model, make_task("sudoku4x4"), 0)
    before = Numerics("cuda", False, False, 1, torch.__version__)
    with pytest.raises(ValueError, match="began with device=cuda"):
        accelerate(model, solving_pass(model, make_task("sudoku4x4"), 4), 1, AccelerationConfig(), before)


def test_states_of_before_go_on(tmp_path: Path):
    pretrain(dataclasses.replace(TINY), tmp_path)
    tensors, note = load_tensors(tmp_path / PRETRAIN_STATE)
    del note["numerics"]
    save_tensors(tmp_path / PRETRAIN_STATE, tensors, note)
    pretrain(TINY, tmp_path)


@pytest.mark.parametrize("record", [[], {}, {"bfloat16": True}, "x", {"device": "cpu", "bfloat16": "no"}])
def test_a_damaged_record_is_refused(record: object, tmp_path: Path):
    pretrain(TINY, tmp_path)
    tensors, note = load_tensors(tmp_path / PRETRAIN_STATE)
    save_tensors(tmp_path / PRETRAIN_STATE, tensors, json.loads(json.dumps(note | {"numerics": record})))
    with pytest.raises(CheckpointError, match="no record of a run's numerics"):
        pretrain(TINY, tmp_path)


def test_pretraining_leaves_the_threads_of_the_process_alone(tmp_path: Path):
    torch.set_num_threads(2)
    pretrain(config(threads=1), tmp_path)
    assert torch.get_num_threads() == 2
