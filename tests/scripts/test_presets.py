"""The files of presets say what the code says, and give the same configs."""

from __future__ import annotations

from pathlib import Path

import pytest

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
