"""Problems from a file: what is left out is said, and what cannot be read names the file and the checkpoint's task."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from agents.evaluation.outside import read_outside, remarks
from trm_gym import make_task
from trm_gym.errors import ProblemError

GOOD = "1.3434.2.14.43.1"


def test_what_is_left_out_is_said(tmp_path: Path):
    task, file = make_task("sudoku4x4"), tmp_path / "puzzles.txt"
    file.write_text(f"{GOOD}\n{GOOD}\n")
    assert remarks(read_outside(file, task), task) == []
    left_out = dataclasses.replace(read_outside(file, task), skipped=("line 3: too long",))
    assert remarks(left_out, task) == ["skipped, not problems of sudoku4x4: 1: line 3: too long"]
    more = dataclasses.replace(left_out, skipped=("line 3: too long", "line 4: empty"))
    assert remarks(more, task) == ["skipped, not problems of sudoku4x4: 2, such as line 3: too long"]


def test_a_file_of_something_else_names_the_task(tmp_path: Path):
    with pytest.raises(ProblemError, match="there is no such file"):
        read_outside(tmp_path / "none.txt", make_task("sudoku4x4"))
    (tmp_path / "words.txt").write_text("nothing of the kind\n")
    with pytest.raises(ProblemError, match=r"the checkpoint was trained on sudoku4x4"):
        read_outside(tmp_path / "words.txt", make_task("sudoku4x4"))
