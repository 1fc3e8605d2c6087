"""States and checkpoints that were tampered with, or are of another version: a clear error, soon, in little memory."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor

from agents.checkpoint import SHIPPED, load_checkpoint
from agents.common.state_form import check_settings
from agents.common.tensor_file import CheckpointError, load_tensors, save_tensors
from agents.evaluation.run_store import CachedRun, load_arrays, load_head, save_arrays, save_head
from agents.halting.heads import HaltHead, HaltPolicy
from agents.pretraining.optim import OptimConfig
from agents.pretraining.trainer import Pretrainer
from scripts import grpo
from tests.agents.pretraining.test_trainer import TINY
from tests.scripts.checkpoints import untrained

NUMBERS = ("hidden", "layers", "cycles", "latent_updates", "width_multiple", "expansion", "prefix", "halt_outputs")
WILD = (10**9, 10**30, -1, 0, 1.5, math.inf, math.nan, "2", None, True, [2], {})


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """One whose weights do not carry the description, so that what is said of them is held to their shapes alone."""
    folder = Path(shutil.copytree(SHIPPED / "sudoku4x4", tmp_path / "sudoku4x4"))
    save_tensors(folder / "model.safetensors", load_tensors(folder / "model.safetensors")[0], {})
    return folder


def refused(load: Callable[[], object], path: Path) -> None:
    """It ends in a CheckpointError that names the file or its folder, soon, and without much memory."""
    tracemalloc.start()
    since = time.process_time()
    with pytest.raises(CheckpointError, match=path.name):
        load()
    assert time.process_time() - since < 5 and tracemalloc.get_traced_memory()[1] < 2**27
    tracemalloc.stop()


@pytest.mark.parametrize("name", NUMBERS)
def test_shapes_that_the_weights_do_not_have(name: str, checkpoint: Path, unchecked):
    whole = json.loads((checkpoint / "config.json").read_text())
    for value in WILD:
        if whole["model"].get(name) in (value, None) and not isinstance(value, bool):
            continue
        if name in ("prefix", "expansion", "width_multiple") and value in (0, True):
            continue  # as good as what is there, or refused by the weights
        config = {**whole, "model": {**whole["model"], name: value}}
        (checkpoint / "config.json").write_text(json.dumps(config))
        refused(lambda: load_checkpoint(checkpoint), checkpoint)


@pytest.mark.parametrize("name", ["features", "hidden", "outputs"])
def test_heads_of_a_wrong_size(name: str, checkpoint: Path, unchecked):
    whole = json.loads((checkpoint / "config.json").read_text())
    for value in WILD:
        heads = {key: {**sizes, name: value} for key, sizes in whole["heads"].items()}
        if any(heads[key] == sizes and type(value) is int for key, sizes in whole["heads"].items()):
            heads = {key: sizes for key, sizes in heads.items() if sizes != whole["heads"][key]}
        (checkpoint / "config.json").write_text(json.dumps({**whole, "heads": heads}))
        refused(lambda: load_checkpoint(checkpoint), checkpoint)


def damaged(tensors: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """The same with one tensor absent, of another shape, or of another type; for every tensor, in turns."""
    ways: list[Callable[[Tensor], Tensor | None]] = [
        lambda value: None,
        lambda value: value.flatten()[:-1] if value.numel() > 1 else torch.stack([value.flatten()] * 2),
        lambda value: value.double() if value.dtype is torch.float32 else value.float(),
    ]
    for place, name in enumerate(tensors):
        changed = ways[place % len(ways)](tensors[name])
        rest = {key: value for key, value in tensors.items() if key != name}
        yield rest if changed is None else {**rest, name: changed}
    yield {**tensors, "more": torch.zeros(3)}


def test_weights_that_are_absent_or_of_another_kind(checkpoint: Path, unchecked):
    path = checkpoint / "model.safetensors"
    whole, note = load_tensors(path)
    for tensors in damaged({name: value for name, value in whole.items() if not name.startswith("more")}):
        if "more" in tensors:
            continue  # what nobody reads does no harm
        save_tensors(path, tensors, note)
        refused(lambda: load_checkpoint(checkpoint), checkpoint)


def notes(note: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same note with one entry absent or wild; settings are compared as they stand."""
    for name in note:
        if name in ("config", "settings", "numerics"):  # is read before: test_numerics.py
            continue
        for value in (*WILD, "absent"):
            if name == "seconds" and value in (None, 10**9, 10**30, 1.5):
                continue
            if value == note[name] or (
                name != "config" and value in (0, 10**9) and (name, value) != ("updates", 10**9)
            ):
                continue
            rest = {key: one for key, one in note.items() if key != name}
            yield {**rest, **({} if value == "absent" else {name: value})}


def test_states_of_pretraining(tmp_path: Path, unchecked):
    trainer, path = Pretrainer(TINY), tmp_path / "pretrain.safetensors"
    trainer.update()
    trainer.save(path)
    tensors, note = load_tensors(path)
    fresh = Pretrainer(TINY)
    for changed in damaged({name: value for name, value in tensors.items() if not name.startswith("optimizers")}):
        save_tensors(path, {**changed, **{k: v for k, v in tensors.items() if k.startswith("optimizers")}}, note)
        refused(lambda: fresh.load(path), path)
    for wild in notes(note):
        if "seconds" in wild or wild.keys() == note.keys():
            save_tensors(path, tensors, wild)
            refused(lambda: fresh.load(path), path)
    moved = {**tensors, "slots.problem": tensors["slots.problem"] + 100}
    for changed in (
        moved,
        {**tensors, "steps": tensors["steps"] + 99},
        {**tensors, "optimizers.0.99.x": torch.ones(1)},
    ):
        save_tensors(path, changed, note)
        refused(lambda: fresh.load(path), path)
    save_tensors(path, tensors, note)
    fresh.load(path)
    assert fresh.updates == 1
    trainer.supply.close()
    fresh.supply.close()


@pytest.mark.parametrize("setting", ["frozen", "joint"])
def test_states_of_grpo(setting: str, tmp_path: Path, unchecked):
    preset = grpo.PRESETS["sudoku4x4"]
    training = dataclasses.replace(preset.training, iterations=2, groups=4, passes=1)
    config = dataclasses.replace(preset, setting=setting, branches=2, max_steps=2, training=training)
    start = load_checkpoint(untrained(tmp_path))
    (made := grpo.Training(config, tmp_path, start)).run()
    path = tmp_path / grpo.STATE_FILE
    tensors, note = load_tensors(path)
    path.unlink()
    fresh = grpo.Training(config, tmp_path, start)
    kept = {name: value for name, value in tensors.items() if "optimizer" in name}
    for changed in damaged({name: value for name, value in tensors.items() if name not in kept and name != "mixtures"}):
        if "more" not in changed:
            save_tensors(path, {**changed, **kept}, note)
            refused(lambda: fresh.load(path), path)
    for wrong in (tensors["mixtures"][:, :-1], tensors["mixtures"].repeat(9, 1)):
        save_tensors(path, {**tensors, "mixtures": wrong}, note)
        refused(lambda: fresh.load(path), path)
    for wild in (
        {**note, "rng": {}},
        {**note, "rng": 3},
        {**note, "curriculum": {"x": 1}},
        {"settings": note["settings"]},
    ):
        save_tensors(path, tensors, wild)
        refused(lambda: fresh.load(path), path)
    save_tensors(path, tensors, note)
    fresh.load(path)
    assert len(fresh.mixtures) == len(made.mixtures) == 2


def test_what_comparisons_keep(tmp_path: Path, unchecked):
    path = tmp_path / "head.safetensors"
    for head in (HaltPolicy(5, 4), HaltHead(5, 4, 2)):
        save_head(path, head)
        tensors, note = load_tensors(path)
        for changed in damaged(tensors):
            save_tensors(path, changed, note)
            refused(lambda: load_head(path), path)
        for name in note:
            save_tensors(path, tensors, {**note, name: 10**9})
            refused(lambda: load_head(path), path)
    path = tmp_path / "steps.npz"
    save_arrays(path, {"a": np.arange(1000), "b": np.ones((3, 4))})
    whole = path.read_bytes()
    for cut in range(0, len(whole), 97):
        path.write_bytes(whole[:cut])
        refused(lambda: load_arrays(path), path)
    np.savez_compressed(path, a=np.array([{"x": 1}], dtype=object))
    refused(lambda: load_arrays(path), path)
    run = CachedRun(tmp_path / "run", {"x": 1})
    run.finish()
    for text in ("", "[]", "{}", "3", "{" * 9000):
        (tmp_path / "run" / "run.json").write_text(text)
        refused(run.read, tmp_path / "run")


def test_bits_that_flip_are_told_by_a_checksum(tmp_path: Path, unchecked):
    """Whatever bit it is: the file is refused, or reads as before. What such a file held before is read without one."""
    rng = np.random.default_rng(0)
    tensors = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([True, False]), "c": torch.tensor(3)}
    arrays = {"a": np.arange(5, dtype=np.int16), "b": np.array(0.5), "c": np.zeros((0, 2), bool)}
    state, packed = tmp_path / "state", tmp_path / "arrays.npz"
    save_tensors(state, tensors, {"x": [1, {"y": 0.5}]})
    save_arrays(packed, arrays)
    for path, load in ((state, load_tensors), (packed, load_arrays)):
        whole, sound = path.read_bytes(), repr(load(path))
        places = range(len(whole)) if len(whole) < 500 else rng.permutation(len(whole))[:500]
        for place in places:
            changed = bytearray(whole)
            changed[place] ^= 1 << int(rng.integers(8))
            path.write_bytes(changed)
            try:
                assert repr(load(path)) == sound, place
            except CheckpointError as error:
                assert path.name in str(error)
    safetensors.torch.save_file(tensors, state, {"note": '{"x": 1}'})
    assert load_tensors(state)[1] == {"x": 1}
    np.savez_compressed(packed, **arrays)
    assert load_arrays(packed).keys() == arrays.keys()
    safetensors.torch.save_file(tensors, state, {"note": "[3]"})
    refused(lambda: load_tensors(state), state)


@pytest.mark.parametrize("core", ["muon", "adamw", "adam_atan2"])
def test_what_optimisers_remember_is_whole(core: Literal["muon", "adamw", "adam_atan2"], tmp_path: Path, unchecked):
    """A moment that is absent would end the next update, long after the state was taken over."""
    config = dataclasses.replace(TINY, optim=OptimConfig(core=core))
    trainer, path = Pretrainer(config), tmp_path / "pretrain.safetensors"
    trainer.update()
    trainer.save(path)
    tensors, note = load_tensors(path)
    for name in [name for name in tensors if name.startswith("optimizers")][:9]:
        less = {key: value for key, value in tensors.items() if key != name}
        if any(key.startswith(name.rpartition(".")[0] + ".") for key in less):  # Muon has one of each weight
            save_tensors(path, less, note)
            refused(lambda: trainer.load(path), path)
        save_tensors(path, {**less, f"{name}.x": tensors[name]}, note)
        refused(lambda: trainer.load(path), path)
    trainer.supply.close()


def test_settings_that_differ_are_named():
    given = {"model": {"hidden": 8, "cycles": 1}, "seed": 0, "levels": ["a"]}
    check_settings("it was written", given, {**given})
    wanted = {"model": {"hidden": 16}, "seed": 0, "levels": ["b"], "batch": 2}
    said = r"hidden was 8, now 16, model\.cycles was 1, now not there, levels was .* and 1 more\): give those"
    with pytest.raises(CheckpointError, match=r"it was written with other settings \(model\." + said):
        check_settings("it was written", given, wanted)
    with pytest.raises(CheckpointError, match=r"all was None, now \{'seed': 0\}"):
        check_settings("it was written", None, {"seed": 0})
