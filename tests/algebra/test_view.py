"""What people see."""

from __future__ import annotations

from trm_gym.algebra import AlgebraTask

TASK = AlgebraTask()


def test_powers_are_raised_in_a_terminal():
    problems = TASK.encode("expand (x+2)*(x-3)")
    assert "expand (x+2)·(x-3)" in TASK.draw_ansi(problems, problems.start[0])
    assert TASK.draw_ansi(problems, problems.solution[0]).endswith("\n-> x²-x-6")


def test_tokens_as_text():
    problems = TASK.encode("x^2-5x+6=0")
    assert TASK.decode(problems.problem[0]) == "x^2-5*x+6=0"
    assert TASK.decode(problems.solution[0]) == "2,3"
