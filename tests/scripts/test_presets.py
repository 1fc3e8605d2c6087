"""The files of presets say what the code says, and give the same configs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from agents.common.acceleration import AccelerationConfig
from agents.common.cli import load_config, parse
from scripts import grpo, presets, pretrain

STAND = Path(__file__).parents[2] / presets.FOLDER


def test_files_are_up_to_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    presets.run(presets.Config(tmp_path))
    written, stand = (
        {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.*")}
        for folder in (tmp_path, STAND)
    )
    assert written == stand, "run `python scripts/presets.py`, delete what is no preset, and commit"
    names = [f"pretrain/{name}.yaml" for name in pretrain.PRETRAIN] + [f"grpo/{name}.yaml" for name in grpo.PRESETS]
    assert sorted(written) == sorted(names)


@pytest.mark.parametrize("script", presets.SCRIPTS)
def test_a_file_holds_every_field(script: str):
    known = presets.SCRIPTS[script]
    for name, config in known.items():
        for other in list(known.values())[-2:]:  # what a file leaves out would come from there
            assert load_config(STAND / script / f"{name}.yaml", other) == config, name


@pytest.mark.parametrize(("module", "known"), [(pretrain, pretrain.presets()), (grpo, grpo.PRESETS)])
def test_a_file_on_the_command_line(module, known, tmp_path: Path):
    name = module.__name__.rpartition(".")[2]
    stand = STAND / name / "sudoku4x4.yaml"
    words = ["--preset", "sudoku9x9", "--config", str(stand)]
    assert parse(module.Config, known, words) == known["sudoku4x4"] != known["sudoku9x9"]
    edited = tmp_path / "mine.yaml"
    edited.write_text(stand.read_text(encoding="utf-8").replace("\nseed: 0\n", "\nseed: 7\n"), encoding="utf-8")
    assert parse(module.Config, known, ["--config", str(edited)]).seed == 7


def test_a_file_and_a_command_line_of_the_version_before_still_work():
    """A preset as it was written then: all of its names are known, and what they are called now is said."""
    path = Path(__file__).parents[1] / "data" / "before" / "grpo-sudoku6x6.yaml"
    with pytest.warns(FutureWarning) as said:
        old = load_config(path, grpo.PRESETS["sudoku9x9"])
    # Noise on one branch, and timing bfloat16, were the defaults then.
    assert old.pretrain.acceleration.bfloat16 == "auto"
    pretrain = dataclasses.replace(old.pretrain, acceleration=grpo.PRESETS["sudoku6x6"].pretrain.acceleration)
    assert dataclasses.replace(old, noise=None, pretrain=pretrain) == grpo.PRESETS["sudoku6x6"]
    messages = {str(one.message).split(";")[0] for one in said}
    assert "grpo.judge_first is called training.policy.policy_delay now" in messages
    assert "training.grpo.loss clip is called ppo now" in messages
    words = "--iterations 3 --groups 32 --grpo.passes 4 --grpo.bar-lr 0.1 --grpo.times=8 --grpo.loss sequence"
    with pytest.warns(FutureWarning):
        training = parse(grpo.Config, grpo.PRESETS, words.split()).training
    assert (training.iterations, training.groups, training.passes) == (3, 32, 4)
    assert (training.policy.threshold_lr, training.sampling.halting_steps, training.grpo.loss) == (0.1, 8, "gspo")


@pytest.mark.parametrize("count", [0, -1])
def test_pretraining_needs_test_problems(count: int):
    with pytest.raises(ValueError, match="test_problems must be at least 1"):
        pretrain.Config(test_problems=count)


def test_levels_to_test_on_are_known_before_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pretrain, "pretrain", lambda *_: pytest.fail("it has trained"))
    with pytest.raises(ValueError, match="unknown level 'clues99' of sudoku4x4"):
        pretrain.run(pretrain.Config(task="sudoku4x4", levels=("clues6-8",), test_levels=("clues99",), folder=tmp_path))


@pytest.mark.parametrize("threads", [-1, 1025, 10**7])
def test_threads_by_the_million_are_refused(threads: int):
    with pytest.raises(ValueError, match=r"acceleration\.threads must be a whole number from 0 to 1024"):
        AccelerationConfig(threads=threads)
