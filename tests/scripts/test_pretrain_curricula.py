"""scripts/pretrain_curricula.py: every curriculum once, measured as it learns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from agents.common.cli import main
from scripts import pretrain_curricula as script
from scripts.benchmarking import measuring

SMALL = """
    --preset sudoku4x4 --seconds 0.02 --points 2 --problems 3 --max-steps 2 --pretrain.batch 2 --pretrain.model.hidden 8
    --acceleration.compile off --seeds 0 --folder runs
""".split()


def test_every_curriculum_once_with_its_curve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    done: list[str] = []
    learn = script.learn
    monkeypatch.setattr(script, "learn", lambda *args: done.append(args[0]) or learn(*args))
    main(script.run, script.Config, script.PRESETS, [*SMALL, "--curricula", "uniform"])
    main(script.run, script.Config, script.PRESETS, [*SMALL, "--curricula", "uniform", "threshold"])
    assert done == ["uniform", "threshold"]
    kept = json.loads((tmp_path / "runs" / "threshold" / "seed-0" / "run.json").read_text())
    assert kept["at"] == pytest.approx([0, 0.01, 0.02]) and np.shape(kept["curve"]) == (3, 3) and kept["updates"] > 0
    assert kept["mixtures"][0] == {"clues10-12": 0.75, "clues6-8": 0.25, "clues4-5": 0}
    assert (tmp_path / "runs" / "table.md").read_text().count("threshold") == 1
    assert (tmp_path / "runs" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_clock_leaves_out_what_it_is_stopped_for(monkeypatch: pytest.MonkeyPatch):
    times = iter([0.0, 3.0, 5.0, 9.0])
    monkeypatch.setattr(measuring.time, "process_time", lambda: next(times))
    clock = measuring.Clock()
    with clock:
        pass
    assert clock.seconds == pytest.approx(9 - 2)


@pytest.mark.parametrize(
    ("words", "match"), [(["--curricula", "none"], "unknown curriculum"), (["--points", "0"], "points")]
)
def test_bad_input_ends_with_code_2(capsys: pytest.CaptureFixture[str], words, match):
    with pytest.raises(SystemExit) as stopped:
        main(script.run, script.Config, script.PRESETS, words)
    assert stopped.value.code == 2 and match in capsys.readouterr().err
