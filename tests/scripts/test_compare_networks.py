"""scripts/compare_networks.py: what it says of two networks, and its refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from agents.common.cli import main
from scripts import compare_networks as script
from tests.scripts.checkpoints import untrained

SMALL = "--problems 30 --max-steps 2 --resamples 200 --acceleration.compile off".split()


def test_the_trained_one_is_better(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    worse, told = str(untrained(tmp_path, heads=())), tmp_path / "told.json"
    words = ["--checkpoints", worse, "sudoku4x4", worse, "--level", "clues6-8", "--json", str(told)]
    main(script.run, script.Config, {}, [*words, *SMALL])
    assert "| network | 1 | 2 | minus the first (95%) |" in capsys.readouterr().out
    found = json.loads(told.read_text())["clues6-8"]
    assert found["sudoku4x4"]["accuracy"] == {"1": 1.0, "2": 1.0}
    assert found["sudoku4x4"]["difference"][1] > 0.5 and found[worse]["difference"] == [0.0, 0.0, 0.0]


def test_differences_are_paired():
    """Two networks that are wrong on one problem more each have the same accuracy; on which ones, the interval says."""
    base = np.ones((100, 1), bool)
    one = base.copy()
    one[:10] = False
    config = script.Config(("a", "b"), problems=100)
    (gap,) = script.differences([one, one.copy()], 1, config)
    assert gap == (0.0, 0.0, 0.0)
    other = base.copy()
    other[-10:] = False
    (gap,) = script.differences([one, other], 1, config)
    assert gap.value == 0 and gap.low < -0.05 and gap.high > 0.05


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--checkpoints", "sudoku4x4", "sudoku6x6"], "sudoku6x6 was trained on sudoku6x6, the first on sudoku4x4"),
        (["--checkpoints", "sudoku4x4", "--level", "x"], "unknown level"),
        (["--checkpoints", "nowhere"], "nowhere"),
        (["--checkpoints", "sudoku4x4", "--problems", "0"], "problems must be at least 1"),
    ],
)
def test_bad_input_ends_with_code_2(capsys: pytest.CaptureFixture[str], words, match):
    with pytest.raises(SystemExit) as stopped:
        main(script.run, script.Config, {}, [*SMALL, *words])
    said = capsys.readouterr()
    assert stopped.value.code == 2 and match in said.err + said.out and "Traceback" not in said.err
