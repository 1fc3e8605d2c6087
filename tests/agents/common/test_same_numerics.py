"""What is taken over from another day goes on with the numerics that it was made with: states, datasets, grids."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from agents.checkpoint import load_checkpoint, rollout_store
from agents.common.acceleration import AccelerationConfig
from agents.common.cli import main
from agents.common.same_numerics import FILE, kept_choices
from agents.common.tensor_file import CheckpointError, load_note, load_tensors
from agents.rollouts import dataset
from agents.rollouts.dataset import DatasetConfig
from scripts import compare, grpo
from tests.scripts.checkpoints import untrained
from tests.scripts.test_compare import SMALL as COMPARE
from tests.scripts.test_grpo import SMALL as GRPO

PLAIN = AccelerationConfig(compile="off")


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("network"))


def test_the_choices_of_a_folder_are_kept_and_threads_set_back(tmp_path: Path):
    with kept_choices(tmp_path, AccelerationConfig()) as first:
        assert first.threads == torch.get_num_threads() == 1
    torch.set_num_threads(2)
    with kept_choices(tmp_path, AccelerationConfig()) as again:
        assert again == first and torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    assert json.loads((tmp_path / FILE).read_text())["threads"] == 1


@pytest.mark.parametrize(
    ("forced", "said"),
    [({"threads": 2}, "threads=1"), ({"bfloat16": "on"}, "bfloat16=off"), ({"compile": "on"}, "compile=auto")],
)
def test_another_choice_for_a_folder_is_refused(forced: dict, said: str, tmp_path: Path):
    with kept_choices(tmp_path, AccelerationConfig()):
        pass
    with pytest.raises(ValueError, match=f"began with {said}"), kept_choices(tmp_path, AccelerationConfig(**forced)):
        pytest.fail("it must not begin")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"device": "cpu", "compile": "off", "bfloat16": 1, "threads": 1}',
        '{"device": "cpu", "compile": "maybe", "bfloat16": "off", "threads": 1}',
        '{"device": "cpu", "compile": "off", "bfloat16": "off", "threads": 0}',
    ],
)
def test_a_damaged_record_of_a_folder_is_refused(text: str, tmp_path: Path):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(CheckpointError, match="cannot be read"), kept_choices(tmp_path, PLAIN):
        pytest.fail("it must not begin")


def test_a_dataset_is_read_only_by_those_who_chose_as_its_maker_did(network: Path, tmp_path: Path, monkeypatch):
    start, made = load_checkpoint(network), []
    collect = dataset.collect_dataset
    monkeypatch.setattr(dataset, "collect_dataset", lambda *args: made.append(0) or collect(*args))
    config = DatasetConfig(problems=6, max_steps=2)

    def ask(**chosen) -> None:
        rollout_store(start, tmp_path, dataclasses.replace(PLAIN, **chosen)).load_or_collect([0], config)

    for chosen in ({}, {"bfloat16": "on"}, {"threads": 2}, {"bfloat16": "auto"}):
        ask(**chosen)
        ask(**chosen)
    assert len(made) == 4 == len(list(tmp_path.glob("*.safetensors")))
    notes = [load_note(path) for path in tmp_path.glob("*.safetensors")]
    assert sorted(note["numerics"]["threads"] for note in notes)[-1] == 2
    assert any(note["numerics"]["bfloat16"] for note in notes) and all(note["numerics"]["device"] for note in notes)


@pytest.mark.parametrize("setting", ["frozen", "joint"])
def test_grpo_goes_on_with_what_it_began_with(setting: str, network: Path, tmp_path: Path, capsys):
    words = ["--checkpoint", str(network), *GRPO, "--setting", setting, "--acceleration.compile", "off", "--folder"]
    folder = tmp_path / "run"
    main(grpo.run, grpo.Config, grpo.PRESETS, [*words, str(folder), "--acceleration.threads", "1"])
    state = folder / "grpo.safetensors"
    meta = load_checkpoint(folder / "checkpoint").meta
    assert load_tensors(state)[1]["numerics"] == meta["grpo_numerics"] and meta["grpo_numerics"]["threads"] == 1
    before = state.read_bytes()
    for forced in (["--acceleration.threads", "2"], ["--acceleration.bfloat16", "on"]):
        with pytest.raises(SystemExit) as ended:
            main(grpo.run, grpo.Config, grpo.PRESETS, [*words, str(folder), *forced])
        assert ended.value.code == 2 and "this run began with" in capsys.readouterr().err
        assert state.read_bytes() == before
    torch.set_num_threads(2)
    main(grpo.run, grpo.Config, grpo.PRESETS, [*words, str(folder)])
    assert load_note(state)["numerics"]["threads"] == 1


def test_the_cells_of_a_comparison_are_made_alike(network: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [*COMPARE, "--checkpoints", str(network), "--evaluation.level", "clues6-8", "--acceleration.compile", "off"]
    used = []
    teach = compare.train_head
    monkeypatch.setattr(compare, "train_head", lambda *args: used.append(torch.get_num_threads()) or teach(*args))
    main(compare.run, compare.Config, compare.PRESETS, [*words, "--seeds", "1"])
    torch.set_num_threads(2)
    main(compare.run, compare.Config, compare.PRESETS, words)
    assert used == [1, 1, 1, 1], "two learners, and a seed more of each"
    with pytest.raises(SystemExit) as ended:
        main(compare.run, compare.Config, compare.PRESETS, [*words, "--seeds", "3", "--acceleration.threads", "2"])
    assert ended.value.code == 2 and "began with threads=1" in capsys.readouterr().err
    assert {load_note(path)["numerics"]["threads"] for path in Path("runs").rglob("rollouts/*.safetensors")} == {1}
