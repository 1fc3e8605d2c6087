"""scripts/ablate.py: one option at a time, nothing done twice, and its refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.common.cli import main
from agents.evaluation.ablation import Run, effects, headline
from agents.pretraining.config import PretrainConfig
from scripts import ablate
from tests.scripts.checkpoints import untrained

TESTED = """
    --evaluation.level clues10-12 --evaluation.problems 20 --evaluation.validation 20 --evaluation.max-steps 3
    --evaluation.resamples 50 --folder runs
""".split()
PRETRAINING = """
    --preset pretraining --pretrain.task sudoku4x4 --pretrain.levels clues10-12 --pretrain.updates 2 --pretrain.batch 2
    --pretrain.model.hidden 8 --pretrain.acceleration.compile off --pretrain.acceleration.bfloat16 off
""".split()
HALTING = """
    --preset halting --halting.learn clues10-12 --halting.dataset.problems 6 --halting.dataset.branches 2
    --halting.dataset.noise 0.3 --halting.dataset.max-steps 3 --halting.training.iterations 1
    --halting.training.groups 4 --halting.training.passes 1
""".split()


@pytest.fixture
def ablate_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The script in an empty folder with these words; how many networks or heads it trained."""
    monkeypatch.chdir(tmp_path)
    done: list[str] = []
    pretrain, teach = ablate.pretrain, ablate.train_head
    monkeypatch.setattr(ablate, "pretrain", lambda *args: done.append("network") or pretrain(*args))
    monkeypatch.setattr(ablate, "train_head", lambda *args: done.append("head") or teach(*args))

    def call(*words: str) -> int:
        done.clear()
        main(ablate.run, ablate.Config, ablate.PRESETS, [*words, *TESTED])
        return len(done)

    return call


def test_pretraining_options(ablate_in, tmp_path: Path):
    vary = ["--seeds", "0", "1", "--vary", "model.cycles=1,2", "model.hidden=8,16"]
    # The preset itself, two cycles less or more, and a width; hidden=8 is the preset. Two seeds each.
    base = PretrainConfig().model.cycles
    expected = 2 * (1 + len({1, 2} - {base}) + 1)
    preset = ["--pretrain.model.cycles", str(base)]
    assert ablate_in(*PRETRAINING, *preset, *vary) == expected
    table = (tmp_path / "runs" / "table.md").read_text()
    assert json.loads((tmp_path / "runs" / "tables.json").read_text())[0]["caption"] == "clues10-12, 2 seeds"
    assert "model.hidden | 16" in table and "right at 3 %" in table and "2 seeds" in table
    assert (tmp_path / "runs" / "clues10-12.png").read_bytes().startswith(b"\x89PNG")
    assert ablate_in(*PRETRAINING, *preset, *vary) == 0
    assert ablate_in(*PRETRAINING, *preset, *vary, "average=0") == 2


def test_a_time_limit_becomes_a_number_of_updates_that_is_kept(ablate_in, tmp_path: Path):
    assert ablate_in(*PRETRAINING, "--minutes", "0.001") == 1
    place = tmp_path / "runs" / "preset" / "seed-0"
    kept = json.loads((place / "updates.json").read_text())["updates"]
    figures = json.loads((place / "run.json").read_text())["figures"]["clues10-12"]
    assert figures["updates"] == kept >= 1


def test_halting_options_share_their_dataset(ablate_in, tmp_path: Path):
    words = [*HALTING, "--checkpoint", str(untrained(tmp_path, "sudoku4x4", heads=()))]
    words += ["--vary", "training.grpo.loss=cispo,gspo", "dataset.noise=0.1"]
    assert ablate_in(*words) == 4
    assert len(list((tmp_path / "runs" / "rollouts").glob("*-train-*.safetensors"))) == 2
    table = (tmp_path / "runs" / "table.md").read_text()
    assert "training.grpo.loss | gspo" in table and "no tuning, return at 0.6" in table
    assert ablate_in(*words) == 0


def test_a_table_by_hand():
    runs = [
        Run("preset", "", 0, {"x": {"right at 16": 0.5, "updates": 1000}}),
        Run("preset", "", 1, {"x": {"right at 16": 0.7, "updates": 1000}}),
        Run("model.cycles", "3", 0, {"x": {"right at 16": 0.25, "updates": 10}}),
    ]
    (table,) = effects(runs, ["x"])
    assert table["caption"] == "x, 2 seeds"
    assert table["rows"] == [
        ["preset", "", "60.0 (50.0..70.0)", "1,000 (1,000..1,000)"],
        ["model.cycles", "3", "25.0", "10"],
    ]
    assert headline(runs, "x", "right at 16") == {"preset": [0.5, 0.7], "model.cycles 3": [0.25]}


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--vary", "model.cycles"], "--vary takes NAME=VALUE"),
        (["--vary", "model.nothing=3"], "nothing"),
        (["--vary", "model.cycles=many"], "many"),
        (["--vary", "model.cycles=0"], "model.cycles must be a whole number from 1 up"),
        (["--minutes", "-1"], "minutes must be at least 0"),
    ],
)
def test_bad_input_ends_with_code_2(ablate_in, capsys: pytest.CaptureFixture[str], words, match):
    with pytest.raises(SystemExit) as stopped:
        ablate_in(*PRETRAINING, *words)
    said = capsys.readouterr()
    assert stopped.value.code == 2 and match in said.err + said.out and "Traceback" not in said.err
