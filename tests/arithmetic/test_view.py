"""Problems and drafts set for terminals and as pictures."""

from __future__ import annotations

from trm_gym.arithmetic import ArithmeticTask

TASK = ArithmeticTask()


def test_terminals_show_problem_and_draft():
    problems = TASK.encode("3*(4-16)")
    assert TASK.draw_ansi(problems, problems.solution[0]) == "\x1b[1m3·(4-16)\x1b[0m\n-> -36"
    assert TASK.draw_ansi(problems, problems.start[0]).splitlines()[1] == "…"
