"""A person's own expression: every form that is read, and every fault with its own message."""

from __future__ import annotations

import time

import numpy as np
import pytest

from trm_gym.arithmetic import ArithmeticTask
from trm_gym.errors import ProblemError
from trm_gym.written.signs import answer_text, tokenize

TASK = ArithmeticTask()
CELLS = tokenize("3*(4-1)", 32)


@pytest.mark.parametrize(
    "form",
    ["3*(4-1)", " 3 * ( 4 - 1 )\n", CELLS, CELLS.tolist(), tuple(CELLS.tolist()), np.append(CELLS, [0] * 16)],
    ids=["text", "spaces", "array", "list", "tuple", "canvas"],
)
def test_every_form_of_a_problem(form):
    problems = TASK.encode(form)
    assert TASK.decode(problems.problem[0]) == "3*(4-1)"
    assert answer_text(problems.solution[0, 32:]) == "9"
    assert problems.level.tolist() == [-1]
    assert problems.difficulty[0] > 0
    assert not problems.start[0, 32:].any()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("-3+5", "2"),
        ("-(2+3)", "-5"),
        ("3*-2", "-6"),
        ("- -5", "5"),
        ("5 - -5", "10"),
        ("0", "0"),
        ("((((7))))", "7"),
        ("1-2-3", "-4"),
        ("8/4/2", "1"),
        ("-2/6", "-1/3"),
        ("2/-6", "-1/3"),
        ("(2-2)/5", "0"),
        ("999999999-999999998", "1"),
        ("9999999", "9999999"),
        ("1/9999999", "1/9999999"),
        ("+".join("1" * 16), "16"),
        ("2^10", "1024"),
        ("-2^2", "-4"),
        ("(-2)^2*3", "12"),
        ("(1/2)^3", "1/8"),
        ("3²+4²", "25"),
        ("(2^3)^2/7^0", "64"),
        ("2 ** 3", "8"),
    ],
)
def test_what_is_read(text, answer):
    assert answer_text(TASK.encode(text).solution[0, 32:]) == answer


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ("", "no problem in it: write an expression"),
        (" \n", "no problem in it"),
        (np.zeros(32, int), "no problem in it"),
        ("3&4", "unexpected '&' in '3&4'"),
        ("1.5.1+2", "has 2 points: a decimal has one"),
        ("3+x", "'x' at symbol 3 is no arithmetic: use whole numbers"),
        ("3+4=5", r"'3\+4=5' has an equals sign"),
        ("2^", r"ends with '\^'"),
        ("2^x", "'x' at symbol 3 is no arithmetic"),
        ("2^-3", "'-' at symbol 3 is no power that is read: write a whole number to 99"),
        ("2^100", "'100' at symbol 3 is no power"),
        ("2^(3)", r"'\(' at symbol 3 is no power"),
        ("2^3^2", r"'\^' at symbol 4 raises a power to a power: put brackets"),
        ("^3", r"'\^' at symbol 1 follows nothing"),
        ("10^7", "comes to too large a number"),
        ("expand 3", "'expand 3' at symbol 1 is no arithmetic"),
        ("3+", r"ends with '\+': a number has to follow"),
        ("(", r"ends with '\('"),
        ("3+*4", r"'\*' at symbol 3 follows '\+': put a number before it"),
        ("*4", r"'\*' at symbol 1 follows nothing"),
        ("+*4", r"'\+' at symbol 1 follows nothing: put a number before it"),
        ("()", r"'\)' at symbol 2 follows '\('"),
        ("(2)3", r"'3' at symbol 4 follows '\)': write the operator"),
        ("1 2+3", "'1 2' is no number: leave out the space in it, or write the operator"),
        ("(3+4", r"opens at symbol 1 is never closed: add a '\)'"),
        ("3+4)", "closes at symbol 4 was never opened"),
        ("007+1", "the number 007 has a leading zero: write 7"),
        ("00", "the number 00 has a leading zero: write 0"),
        ("1234567890", "the number 1234567890 has 10 digits: at most 9"),
        ("1+" * 16 + "1", "has 33 symbols: at most 32 fit"),
        ("1" * 10**7, "10000000 characters is too long"),
        ("3/0", "'3/0' divides by zero"),
        ("3/(2-2)", "divides by zero"),
        ("9999999+1", "comes to too large a number: answers are below 10,000,000"),
        ("1/9999999/2", "comes to too large a number"),
        ("99999*99999-99999*99999", "comes to too large a number"),
        ("nowhere.txt", "cannot read nowhere.txt: No such file"),
        ("\0.txt", "cannot read"),
        (None, "not NoneType"),
        (5, "not int"),
        ([1, 2, 3], "3 tokens found: expected 32, or 48"),
        ([28] + [0] * 31, "28 at place 1 is no token: use whole numbers from 0 to 27"),
        ([-1] + [0] * 31, "-1 at place 1"),
        ([True] + [0] * 31, "True at place 1"),
        ([0.5] + [0] * 31, "0.5 at place 1"),
        (np.zeros((2, 32), int), "expected 32"),
        (np.zeros((32, 2), int), "at place 1 is no token"),
        (TASK.encode("3+4").solution[0], "the answer's cells hold tokens"),
        ("3" + "\u09f4", "unexpected"),
    ],
)
def test_every_fault_has_its_own_message(problem, message):
    began = time.perf_counter()
    with pytest.raises(ProblemError, match=message):
        TASK.encode(problem)
    assert time.perf_counter() - began < 2


def test_solving_what_is_no_problem():
    with pytest.raises(ProblemError, match="ends with"):
        TASK.solve(np.append(tokenize("3+", 32), np.zeros(16, np.uint8)))
