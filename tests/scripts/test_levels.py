"""The tables of levels: what is measured, and that difficulty which means nothing is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from scripts import levels
from scripts.levels import Config, depth, rising, run
from trm_gym.registration import make_task


@pytest.mark.parametrize(
    ("text", "nested"),
    [
        ("x=3", 0),
        ("-12", 0),
        ("3+4", 1),
        ("3*x+4=10", 2),
        ("2*(3*x+4)+1=0", 4),
        ("x^2-1=0", 2),
        ("2*-3", 1),
        ("(3)", 0),
    ],
)
def test_depth(text, nested):
    assert depth(text) == nested


def test_groups_go_from_easy_to_hard():
    difficulty = np.array([4.0, 1, 3, 2, 6, 5, 8, 7])
    assert rising(difficulty, difficulty) == [1.5, 3.5, 5.5, 7.5]
    assert rising(difficulty, -difficulty) == [-1.5, -3.5, -5.5, -7.5]


def test_the_page(tmp_path):
    out = tmp_path / "levels.md"
    run(Config(count=100, tasks=("sudoku4x4", "arithmetic", "algebra", "maze11x11"), networks=False, out=out))
    page = out.read_text()
    for name in ("sudoku4x4", "arithmetic", "algebra", "maze11x11"):
        for level in make_task(name).levels:
            assert f"| {level.name} |" in page
    assert page.count(": rising.") == 4


def test_a_difficulty_that_means_nothing_fails(tmp_path, monkeypatch):
    monkeypatch.setitem(levels.MEASURES, "arithmetic", lambda task, problems: {"less": -problems.difficulty})
    with pytest.raises(SystemExit):
        run(Config(count=20, tasks=("arithmetic",), networks=False, out=tmp_path / "levels.md"))
    assert "**not rising**" in (tmp_path / "levels.md").read_text()
