"""Problems and drafts set for terminals and as pictures."""

from __future__ import annotations

import numpy as np

from trm_gym.arithmetic import ArithmeticTask

TASK = ArithmeticTask()


def test_pictures_have_one_size_and_show_the_draft():
    problems = TASK.encode("-6/4")
    before = TASK.draw_rgb(problems, problems.start[0], "step 0 of 16")
    after = TASK.draw_rgb(problems, problems.solution[0], "step 1 of 16")
    assert before.dtype == np.uint8
    assert before.shape == after.shape == TASK.draw_rgb(TASK.encode("1+" * 15 + "1"), np.zeros(48, np.uint8), "").shape
    assert (before != after).any()
    after[:] = 0  # The picture is the caller's own.


def test_terminals_show_problem_and_draft():
    problems = TASK.encode("3*(4-16)")
    assert TASK.draw_ansi(problems, problems.solution[0]) == "\x1b[1m3·(4-16)\x1b[0m\n-36"
    assert TASK.draw_ansi(problems, problems.start[0]).splitlines()[1] == "…"
