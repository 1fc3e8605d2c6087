"""scripts/throughput.py: both ways solve the same problems; what comes out adds up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.common.cli import main
from scripts.throughput import Config, run
from tests.scripts.checkpoints import untrained

FAST = ["--level", "clues10-12", "--compile", "off", "--bfloat16", "off"]


def test_figures_of_a_trained_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = ["--checkpoint", "sudoku4x4", "--problems", "40", "--validation", "40", "--slots", "16", "--max-steps", "4"]
    main(run, Config, args=[*words, *FAST, "--json", str(tmp_path / "figures.json")])
    found = json.loads((tmp_path / "figures.json").read_text())
    whole, saved = found["runs"]["always 4"], found["runs"]["engine, grpo"]
    assert whole["steps"] == 4 and 1 <= saved["steps"] < 2, "these problems are right after a step or two"
    assert whole["problems"] == saved["problems"] == 40 and abs(whole["accuracy"] - saved["accuracy"]) < 0.1
    assert found["ideal"] == pytest.approx(4 / saved["steps"])
    assert found["ratio"] == pytest.approx(whole["seconds"] / saved["seconds"])
    assert found["share_of_ideal"] == pytest.approx(found["ratio"] / found["ideal"])
    assert "times as fast" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--slots", "0"], "slots must be at least 1"),
        (["--level", "clues99"], "unknown level"),
        (["--rule", "magic"], "unknown halting rule 'magic'"),
    ],
)
def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str):
    with pytest.raises(SystemExit) as stopped:
        main(run, Config, args=["--checkpoint", str(untrained(tmp_path)), *FAST, *words])
    assert stopped.value.code == 2 and said in capsys.readouterr().err
