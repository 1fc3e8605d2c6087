"""Boards drawn for terminals and as pictures."""

from __future__ import annotations

import numpy as np

from trm_gym.sudoku import SudokuTask


def test_terminals_show_givens_bold_and_conflicts_red():
    task = SudokuTask(4)
    problems = task.encode("12.43.12.1434.21")
    right = task.draw_ansi(problems, problems.solution[0])
    assert "\x1b[31m" not in right
    assert right.splitlines()[0] == " \x1b[1m1\x1b[0m \x1b[1m2\x1b[0m │ 3 \x1b[1m4\x1b[0m"
    wrong = np.full(16, 4, np.uint8)
    assert task.draw_ansi(problems, wrong).splitlines()[0].count("\x1b[31m4\x1b[0m") == 1
    blank = task.draw_ansi(problems, problems.start[0])
    assert blank.splitlines()[0].count("·") == 1
    assert len(blank.splitlines()) == 5
