"""scripts/depth.py: right answers after ever more steps, and whether they fall again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from agents.trm import TRM, Carry, Inputs, Output
from scripts import depth
from tests.scripts.checkpoints import untrained
from trm_gym import make_task


def test_a_row_by_hand():
    """Three problems: one right from step 2 on, one at steps 2 and 3 alone, one never."""
    solved = np.array([[0, 1, 1, 1], [0, 1, 1, 0], [0, 0, 0, 0]], bool)
    assert depth.row("a", solved, [1, 2, 4]) == ["a", "3", "0.0", "66.7", "33.3 (6.1..79.2)", "2", "33.3", "1"]
    assert len(depth.header([1, 2, 4])) == 8


def test_levels_and_files_are_run_to_the_end(tmp_path: Path, solving, capsys: pytest.CaptureFixture[str]):
    """The network is right at step 3 alone."""
    solving(3)
    task = make_task("sudoku4x4")
    file = tmp_path / "mine.txt"
    file.write_text("\n".join(task.decode(row) for row in task.generate(5, 0, "train", 0).problem))
    place, out = untrained(tmp_path), tmp_path / "out"
    depth.run(depth.Config(str(place), ("clues4-5", "clues6-8"), 6, (file,), max_steps=5, folder=out))
    (table,) = json.loads((out / "tables.json").read_text())
    assert table["header"][:6] == ["problems of", "problems", "1", "2", "4", "5 (95%)"]
    assert [row[:2] for row in table["rows"]] == [["clues4-5", "6"], ["clues6-8", "6"], ["mine", "5"]]
    for row in table["rows"]:
        assert row[2:] == ["0.0", "0.0", "0.0", row[5], "3", "100.0", row[1]] and row[5].startswith("0.0 (0.0..")
    assert (out / "depth.png").stat().st_size > 1000 and "largest fall" in capsys.readouterr().out


def test_what_is_known_stands_on_the_disk_when_a_run_is_broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = depth.rising

    def broken(*words):
        for number, solved in enumerate(real(*words), start=1):
            yield solved
            if number == 4:
                raise KeyboardInterrupt

    monkeypatch.setattr(depth, "rising", broken)
    with pytest.raises(KeyboardInterrupt):
        depth.run(depth.Config(str(untrained(tmp_path)), ("clues6-8",), 3, max_steps=8, folder=tmp_path / "out"))
    (table,) = json.loads((tmp_path / "out" / "tables.json").read_text())
    assert table["header"][2:5] == ["1", "2", "4 (95%)"]


def test_what_has_settled_runs_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The network's latents never move: it is asked once for the first draft, eight times more, and then no more."""
    place, asked = untrained(tmp_path), []

    def still(model: TRM, carry: Carry, inputs: Inputs) -> tuple[Carry, Output]:
        asked.append(len(inputs.problem))
        logits = torch.zeros(*inputs.problem.shape, make_task("sudoku4x4").vocab)
        return Carry(carry.answer.clone(), carry.reasoning.clone()), Output(
            logits, torch.zeros(len(logits)), carry.answer
        )

    monkeypatch.setattr(TRM, "forward", still)
    for settled, steps in ((1e-5, depth.QUIET), (0.0, 20)):
        asked.clear()
        config = depth.Config(str(place), ("clues6-8",), 3, max_steps=20, settled=settled, folder=tmp_path / "out")
        depth.run(config)
        assert asked == [3] * steps
        (table,) = json.loads((tmp_path / "out" / "tables.json").read_text())
        assert table["header"][2:7] == ["1", "2", "4", "8", "16"]


def test_nothing_to_run_is_refused():
    with pytest.raises(ValueError, match="--level and --data are empty"):
        depth.Config(level=())
