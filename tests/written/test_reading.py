"""Mathematics as people write it, in problems and answers, and what is printed read back."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from trm_gym import make_task
from trm_gym.errors import ProblemError

ALGEBRA, ARITHMETIC = make_task("algebra"), make_task("arithmetic")
TASKS = {"algebra": ALGEBRA, "arithmetic": ARITHMETIC}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("3 − 4", "3-4"),
        ("3 – 4", "3-4"),
        ("3×4", "3*4"),
        ("3·4", "3*4"),
        ("3 x 4", "3*4"),
        ("3X4", "3*4"),
        ("2(3+4)", "2*(3+4)"),
        ("(1+1)(3+4)", "(1+1)*(3+4)"),
        ("[2+(3-1)]*2", "(2+(3-1))*2"),
        ("8÷4", "8/4"),
        ("8:4", "8/4"),
        ("8 ∕ 4", "8/4"),
        ("+4", "4"),
        ("3-+4", "3-4"),
        ("3*(+2)", "3*(2)"),
        ("３＋４", "3+4"),
        ("\ufeff3+4\r\n", "3+4"),
        ("3\u00a0+ 4", "3+4"),
        ("What is 3 + 4?", "3+4"),
        ("sum:\n3+4", "3+4"),
        ("3+4\n+5", "3+4+5"),
        ("3+4\n-> 7", "3+4"),
        ("-(2+3)", "-(2+3)"),
    ],
)
def test_ways_of_writing_arithmetic(text, problem):
    assert ARITHMETIC.decode(ARITHMETIC.encode(text).problem[0]) == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("3X + 4 = 10", "3*x+4=10"),
        ("x²=4", "x^2=4"),
        ("x^2=4", "x^2=4"),
        ("x³−x=x³−1", "x^3-x=x^3-1"),
        ("2·x÷3=4", "2*x/3=4"),
        ("x:2=4", "x/2=4"),
        ("x=+3", "x=3"),
        ("+x=3", "x=3"),
        ("-x=3", "-x=3"),
        ("2(x+1)=3", "2*(x+1)=3"),
        ("solve 3x=6", "3*x=6"),
        ("Solve for x: 3x = 6", "3*x=6"),
        ("solve 3x=6 for x", "3*x=6"),
        ("Solve 3*p = 6 for p.", "3*x=6"),
        ("d/dx x^3", "differentiate x^3"),
        ("d/dx(x^3)", "differentiate (x^3)"),
        ("d/dt t³ + 2t", "differentiate x^3+2*x"),
        ("derivative of x^3", "differentiate x^3"),
        ("simplify x+2x", "collect x+2*x"),
        ("factorise x^2-1", "factor x^2-1"),
        ("Factorize x^2-1", "factor x^2-1"),
        ("multiply out (x+1)(x-1)", "expand (x+1)*(x-1)"),
        ("expand +x(x+1)", "expand x*(x+1)"),
        ("evaluate x^2+1 when x = 3", "evaluate x^2+1 at x=3"),
        ("evaluate x²+1 at x=−3", "evaluate x^2+1 at x=-3"),
        ("2x+3y=7; x-y=1", "2*x+3*y=7,x-y=1"),
        ("2x+3y=7 and x-y=1", "2*x+3*y=7,x-y=1"),
        ("2x+3y=7\nx-y=1", "2*x+3*y=7,x-y=1"),
        ("# mine\n\n3x=6\n", "3*x=6"),
        ("x+1\n=3", "x+1=3"),
    ],
)
def test_ways_of_writing_algebra(text, problem):
    assert ALGEBRA.decode(ALGEBRA.encode(text).problem[0]) == problem


@pytest.mark.parametrize("name", TASKS)
def test_what_is_drawn_and_said_can_be_pasted_back(name):
    task = TASKS[name]
    for level in range(len(task.levels)):
        problems = task.generate(8, level, "test", 2)
        for one in (problems[slice(at, at + 1)] for at in range(len(problems))):
            for draft in (one.start[0], one.solution[0]):
                shown = task.draw_ansi(one, draft)
                for text in (shown, COLOURS.sub("", shown), COLOURS.sub("", shown) + "\nstep 2/16"):
                    assert np.array_equal(task.encode(text).problem, one.problem)
            marked = task.draw_ansi(one, np.stack([one.start[0], one.solution[0]]))
            assert np.array_equal(task.encode(marked).problem, one.problem)
            answer = task.draft_text(one.solution[0])
            drawn = COLOURS.sub("", shown).split("\n")[1].removeprefix("-> ")
            for text in (answer, task.decode(one.solution[0]), task.answer_text(one.solution[0]), drawn):
                draft = np.where(one.free[0], task.read_draft(text), one.problem[0])
                assert task.draft_text(draft) == answer
                assert task.verify(one, draft[None]).solved[0]


@pytest.mark.parametrize(
    ("problem", "answer", "others"),
    [
        ("3x+4=16", "x = 4", ["4", "x=4", "X = 4", "x=+4", "= 4", "４"]),
        (
            "x^2=4",
            "x = -2 or x = 2",
            ["-2,2", "x=−2, x=2", "x = 2 or -2", "x_1 = 2; x_2 = -2", "x₁=2, x₂=-2", "x = ±2"],
        ),
        ("2x+3y=7, x-y=1", "x = 2, y = 1", ["2,1", "y=1, x=2", "x=2 and y=1"]),
        ("2x=-1", "x = -1/2", ["−1/2", "-1÷2", "x = -1:2"]),
        ("expand (x+1)(x-1)", "x^2-1", ["x²-1", "x**2 − 1", "= x^2-1", "X^2-1"]),
        ("evaluate x at x=3", "3", ["+3", "=3"]),
    ],
)
def test_answers_as_people_write_them(problem, answer, others):
    one = ALGEBRA.encode(problem)
    assert ALGEBRA.answer_text(one.solution[0]) == answer
    for text in (answer, *others):
        draft = np.where(one.free[0], ALGEBRA.read_draft(text), one.problem[0])
        assert ALGEBRA.verify(one, draft[None]).solved[0], text


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("arithmetic", "3&4", r"unexpected '&' in '3&4': use whole numbers or decimals, \+ - \* / \^ and brackets$"),
        ("algebra", "3x=$6", "use digits.* and the words expand"),
    ],
)
def test_messages_name_what_the_task_accepts(name, text, message):
    with pytest.raises(ProblemError, match=message):
        TASKS[name].encode(text)
    with pytest.raises(ProblemError, match=f"use .* in an answer of {name}"):
        TASKS[name].read_draft("3&4")


def test_files_of_many(tmp_path):
    problems = ["3x=6", "x+1=4", "2x=8"]
    forms = {
        "lines": "\n".join(problems),
        "columns": "\n".join(f"{text}\t{n}" for n, text in enumerate(problems)),
        "table": "id,question,answer\n" + "\n".join(f'{n},"{text}",2' for n, text in enumerate(problems)),
        "json lines": "\n".join(json.dumps({"problem": text}) for text in problems),
        "equations": "\n".join(json.dumps({"equation": text, "solution": "x = 2"}) for text in problems),
        "words": "\n".join(json.dumps({"q": f"Solve {text} for x."}) for text in problems),
        "json": json.dumps([{"input": text} for text in problems], indent=2),
        "list": json.dumps(problems),
    }
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        for text in forms.values():
            path = tmp_path / "many.txt"
            path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
            read = ALGEBRA.read_file(path)
            assert [ALGEBRA.draft_text(row) for row in read.problems.solution] == ["2", "3", "4"]
            assert not read.skipped and len(list(ALGEBRA.entries(path))) == 3
    path.write_text('{"q": "3x=6"}\n')
    assert ALGEBRA.draft_text(ALGEBRA.encode(path).solution[0]) == "2"


def test_an_answer_that_is_blank_is_no_text():
    """Nor is it the problem, which ``decode`` shows for tokens without an answer."""
    for task, text in ((ARITHMETIC, "2^3"), (ALGEBRA, "collect x-x"), (ALGEBRA, "x+1=2")):
        problems = task.encode(text)
        assert task.answer_text(problems.start[0]) == "" and task.decode(problems.start[0]) != ""
