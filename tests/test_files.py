"""Problems in files, whatever the task."""

from __future__ import annotations

import json
import re
from typing import Any, cast, final

import numpy as np
import pytest

from trm_gym.errors import ProblemError
from trm_gym.registration import TASKS, make_task


@pytest.mark.parametrize("name", TASKS)
def test_a_path_in_any_form_stands_for_the_problem_in_the_file(name, tmp_path):
    task, path = make_task(name), tmp_path / "mine.txt"
    problems = task.generate(1, 1, "test", 0)
    path.write_text(task.problem_text(problems) + "\n", encoding="utf-8")
    for form in (path, str(path), f" {path}\n"):
        read = task.encode(form)
        assert np.array_equal(read.problem, problems.problem) and np.array_equal(read.numbers, problems.numbers)


@pytest.mark.parametrize("name", TASKS)
def test_a_file_that_cannot_be_read_is_named(name, tmp_path):
    task, path = make_task(name), tmp_path / "mine.txt"
    for read in (task.encode, task.read_file):
        with pytest.raises(ProblemError, match=r"cannot read .*mine\.txt: No such file"):
            read(path)
    path.write_bytes(b"\xff\xfe\x00")
    for read in (task.encode, task.read_file):
        with pytest.raises(ProblemError, match=r"mine\.txt.*: not a text file"):
            read(path)
    with pytest.raises(ProblemError, match="cannot read"):
        task.encode("\0.txt")
    with pytest.raises(ProblemError, match="cannot read"):
        task.encode(tmp_path)


TOKENS = [*(name for name in TASKS if name != "regression"), "arc10x10"]
"""Tasks whose problems are tokens; points are read by tests/regression/test_reading.py, and a drawing rounds them."""


@pytest.mark.parametrize("name", TOKENS)
def test_what_is_drawn_is_read_back(name, tmp_path):
    task, path = make_task(name), tmp_path / "drawn.txt"
    for level in range(len(task.levels)):
        problems = task.generate_at_most(2, level, "test", 3)
        for one in (problems[slice(at, at + 1)] for at in range(len(problems))):
            shown = task.draw_ansi(one, one.start[0])
            stripped = re.sub(r"\x1b\[[0-9;]*m", "", shown)
            for text in (shown, stripped, stripped + "\n", stripped.replace("\n", "\r\n"), stripped + "\nstep 0/16"):
                assert np.array_equal(task.encode(text).problem, one.problem), text
            path.write_text(stripped, encoding="utf-8")
            assert np.array_equal(task.encode(path).problem, one.problem)


@pytest.mark.parametrize("name", TOKENS)
def test_problems_in_what_holds_them(name):
    """Bytes, mappings, arrays of other libraries and arrays in arrays stand for what is in them."""
    task = make_task(name)
    one = task.generate(1, 1, "test", 0)
    text = task.decode(one.problem[0])
    assert np.array_equal(task.encode(text.encode()).problem, one.problem)
    if not name.startswith("arc"):
        for held in ({"puzzle": text}, {"ID": 5, "Question": text}, json.dumps({"problem": text}), np.array(text)):
            assert np.array_equal(task.encode(held).problem, one.problem)
        for bad in ({}, {"puzzle": 5}, {"clues": text}, b"\xff\xfe\xfa"):
            with pytest.raises(ProblemError, match=r"no problem in|no text in UTF-8"):
                task.encode(bad)


@pytest.mark.parametrize("name", ["sudoku4x4", "maze5x5"])
def test_arrays_of_other_libraries(name):
    task = make_task(name)
    one = task.generate(1, 1, "test", 0)
    side = task.structure.shape[0]
    cells = one.problem.reshape(1, side, side)
    for array in (cells, Held(cells), Held(cells[0].astype(float)), one.problem):
        assert np.array_equal(task.encode(cast(Any, array)).problem, one.problem)


@final
class Held:
    """What becomes an array, as tensors and data frames do."""

    def __init__(self, cells: np.ndarray) -> None:
        self.cells = cells

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return self.cells
