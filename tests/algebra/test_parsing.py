"""A person's own problem: every form that is read, every fault with its own message, and questions in words."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import sympy

from scripts.oracles.algebra import read
from trm_gym.algebra import AlgebraTask
from trm_gym.algebra.layout import ANSWER, WRITTEN
from trm_gym.algebra.parsing import from_words
from trm_gym.errors import ProblemError
from trm_gym.written.signs import answer_text, tokenize

TASK = AlgebraTask()
TOKENS = tokenize("3*x+4=10", WRITTEN)


@pytest.mark.parametrize(
    "form",
    [
        "3*x+4=10",
        " 3*x + 4 = 10\n",
        "3x+4=10",
        "3X+4=10",
        "3 n + 4 = 10",
        "3·x+4=10",
        "3y+4=10",
        TOKENS,
        TOKENS.tolist(),
        tuple(TOKENS.tolist()),
        np.append(TOKENS, np.zeros(ANSWER, np.uint8)),
        TOKENS.astype(np.int64),
    ],
    ids=["text", "spaces", "3x", "capital", "n", "dot", "y", "array", "list", "tuple", "canvas", "int64"],
)
def test_every_form_of_a_problem(form):
    problems = TASK.encode(form)
    assert TASK.decode(problems.problem[0]) == "3*x+4=10"
    assert TASK.decode(problems.solution[0]) == "2"
    assert problems.level.tolist() == [-1]
    assert problems.difficulty[0] > 0
    assert not problems.start[0, WRITTEN:].any()


@pytest.mark.parametrize(
    ("text", "problem", "answer"),
    [
        ("2(x+1)=3", "2*(x+1)=3", "1/2"),
        ("x² - 5x + 6 = 0", "x^2-5*x+6=0", "2,3"),
        ("x**2=4", "x^2=4", "-2,2"),
        ("2p+3q=7, p-q=1", "2*x+3*y=7,x-y=1", "2,1"),
        ("2x+3y=7, x-y=1", "2*x+3*y=7,x-y=1", "2,1"),
        ("expand (t+1)(t-1)", "expand (x+1)*(x-1)", "x^2-1"),
        ("collect x + 2x", "collect x+2*x", "3x"),
        ("factor x^2-1", "factor x^2-1", "(x-1)(x+1)"),
        ("differentiate s^3", "differentiate x^3", "3x^2"),
        ("Evaluate t^2 + 1 at t = -3", "evaluate x^2+1 at x=-3", "10"),
        ("evaluate x at x=1/2", "evaluate x at x=1/2", "1/2"),
        ("x/2−1=0", "x/2-1=0", "2"),
        ("--x=3", "--x=3", "3"),
        ("(x+1)(x+2)=0", "(x+1)*(x+2)=0", "-2,-1"),
        ("x^2+x=x^2+3", "x^2+x=x^2+3", "3"),
    ],
)
def test_ways_of_writing(text, problem, answer):
    problems = TASK.encode(text)
    assert (TASK.decode(problems.problem[0]), TASK.decode(problems.solution[0])) == (problem, answer)
    assert TASK.verify(problems, problems.solution).solved[0]


FAULTS = {
    "": "has no unknown: write a problem such as '3",
    "3=4": "has no unknown",
    "evaluate 3 at 4": "has no unknown",
    "3*x+4": r"no '=' in '3\*x\+4': write an equation, or say what to do: expand",
    "x,y=2": "no '=' in 'x'",
    "x=1=2": "2 '=' in 'x=1=2': an equation has one",
    "x=1,y=2,x=3": "has 3 equations: write one, or two",
    "x+y=3": "one equation with two unknowns: add a second one after a comma",
    "a+b+c=3": "has 3 unknowns, a, b, c: at most two",
    "3*x+*4=1": "does not read as an equation or an expression",
    "x+=3": "does not read",
    "=3+x": "does not read",
    "()*x=3": "does not read",
    "x^2^2=16": "does not read",
    "(x=3": "the bracket opened at character 1 is never closed",
    "x)=3": "the bracket closed at character 2 was never opened",
    "(x+1))=3": "the bracket closed at character 6 was never opened",
    "3*q+4=4)": "never opened \\(q was read as x\\)",
    "q^9+r=4": "one equation with two unknowns: add a second one after a comma \\(q was read as x, r was read as y\\)",
    "3.5.1*x=2": r"'3\.5\.1' in '3\.5\.1\*x=2' has 2 points: a decimal has one, as in 1\.25",
    "x=$4": r"unexpected '\$'",
    "x3=4": "'x3' is neither a product nor a power",
    "(x+1)2=4": r"'\)2' is neither a product nor a power",
    "3 4*x=1": "'3 4' is no number",
    "sin(x)=1": "unknown word 'sin'",
    "guess x=1": "unknown word 'guess'",
    "x/0=1": "divided by zero or by an unknown",
    "1/x=2": "divided by zero or by an unknown",
    "x^7=1": r"after \^ comes a whole number from 0 to 6",
    "x^x=1": r"after \^ comes a whole number",
    "x^12=1": r"after \^ comes a whole number",
    "x=x": "has infinitely many solutions",
    "x=x+1": "has no solution",
    "x+y=1,2*x+2*y=2": "has infinitely many solutions",
    "x+y=1,x+y=2": "has no solution",
    "0*x+0*y=1,x=2": "has no solution",
    "x^3=8": "only linear and quadratic equations",
    "x^2+y=3,x=1": "only linear systems",
    "x*y=3,x=1": "or y is multiplied by an unknown",
    "x^2=2": "its roots are irrational: the discriminant 8 is no square",
    "x^2+1=0": "has no real roots: the discriminant is -4",
    "x=9999999999": "9999999999 has more than 9 digits",
    "99999*99999*x=1": "more than 9 digits or a power above 6",
    "x=1" + "+1" * 30: "63 symbols: at most 40 fit",
    "x=1" + "+1" * 10_000: "20003 characters is too long",
    "(" * 20 + "x" + ")" * 15 + "=1": "never closed",
    "expand x=3": "expand takes one expression, no equation",
    "collect x,x": "collect takes one expression",
    "expand x*y": "two unknowns: expand takes an expression in one",
    "expand x/2": "coefficients are no whole numbers",
    "factor x/2": "coefficients are no whole numbers",
    "factor 0*x+3": "a number has no linear factors",
    "factor x^2+1": "does not split into linear factors with whole coefficients",
    "factor x^3-2": "does not split into linear factors",
    "evaluate x^2": "say where, as in 'evaluate",
    "evaluate x at y": "say where",
    "evaluate x at x=": "say where",
    "evaluate x at x=x": "does not read",
    "x at x=3": "does not read",
    "x expand=3": "does not read",
    "expand (12345*x+1)*(12345*x+54321)": "does not fit into 24 cells",
    "123456789*x=123456788,123456789*y=5": "does not fit",
    "factor 2*x^6+x^5*12-10*x^4": "does not split into linear factors",
    "nowhere.txt": "cannot read nowhere.txt: No such file",
    "\0.txt": "cannot read",
}


@pytest.mark.parametrize(("problem", "message"), FAULTS.items())
def test_every_fault_has_its_own_message(problem, message):
    with pytest.raises(ProblemError, match=message):
        TASK.encode(problem)


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (5, "not int"),
        (None, "not NoneType"),
        ([1, 2], "2 tokens found: expected 40, or 64"),
        (np.zeros(50, np.uint8), "50 tokens found"),
        (np.zeros((2, 40), np.uint8), "2 tokens found"),
        ([99] * 40, "99 at place 1 is no token: use whole numbers from 0 to 27"),
        ([True] * 40, "True at place 1"),
        ([[1]] * 40, r"\[1\] at place 1"),
        (np.zeros(40), r"0\.0 at place 1"),
        ([20, *[0] * 39], "no '='"),
        ([0] * 40, "has no unknown"),
    ],
)
def test_what_is_no_problem_at_all(problem, message):
    with pytest.raises(ProblemError, match=message):
        TASK.encode(problem)


def test_deep_nesting_is_refused_or_solved():
    assert TASK.decode(TASK.encode("(" * 18 + "x" + ")" * 18 + "=1").solution[0]) == "1"
    assert TASK.decode(TASK.encode("-(" * 12 + "x" + ")" * 12 + "=1").solution[0]) == "1"


def test_solve_refuses_what_encode_refuses():
    with pytest.raises(ProblemError, match="has no solution"):
        TASK.solve(tokenize("x=x+1", WRITTEN + ANSWER))
    with pytest.raises(ProblemError, match="does not read"):
        TASK.solve(np.zeros(WRITTEN + ANSWER, np.uint8))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Solve 3*p + 4 = 10 for p.", "3*x + 4 = 10"),
        ("Solve y = 3, x + y = 5 for y.", "x = 3, y + x = 5"),
        ("Suppose 2*q**2 - 8 = 0. What is q?", "2*x**2 - 8 = 0"),
        ("Let -14*v**2 + 14 = 0. Calculate v.", "-14*x**2 + 14 = 0"),
        ("What is w in w**2 = 9?", "x**2 = 9"),
        ("Find k such that k**2 = 9.", "x**2 = 9"),
        ("Determine v, given that v**2 = 9.", "x**2 = 9"),
        ("Factor f**2 - 1.", "factor x**2 - 1"),
        ("Expand (s + 1)*(s - 1).", "expand (x + 1)*(x - 1)"),
        ("Collect the terms in 3*c - c.", "collect 3*x - x"),
        ("Differentiate 5*x**2 with respect to x.", "differentiate 5*x**2"),
        ("What is the first derivative of 5*r**2 wrt r?", "differentiate 5*x**2"),
        ("Find the derivative of 5*r**2.", "differentiate 5*x**2"),
        ("Find the second derivative of 5*r**2.", None),
        ("Differentiate r*v wrt r.", None),
        ("Solve a + b + c = 1 for a.", None),
        ("Solve 2 = 3 for a.", None),
        ("Solve a**2 = 2 for a.", None),
        ("Collect the terms in 3.", None),
        ("What is 3 + 4?", None),
    ],
)
def test_questions_in_words(question, text):
    assert from_words(question) == text


COVERED = {
    "algebra__linear_1d": 200,
    "algebra__linear_2d": 200,
    "algebra__polynomial_roots": 49,
    "polynomials__expand": 42,
    "polynomials__collect": 176,
    "calculus__differentiate": 40,
}
"""How many of each 200 questions the grammar and the canvas cover."""


def test_benchmark_questions_that_are_covered_are_solved_as_stated(benchmarks):
    covered = dict.fromkeys(COVERED, 0)
    for line in (benchmarks / "math" / "deepmind_interpolate_200.jsonl").read_text().splitlines():
        entry = json.loads(line)
        text = from_words(entry["q"]) if entry["module"] in covered else None
        if text is None:
            continue
        covered[entry["module"]] += 1
        problems = TASK.encode(text)
        ours = answer_text(TASK.solve(problems.problem[0])[WRITTEN:])
        stated = re.sub("[a-z]", "x", entry["a"].replace("**", "^").replace(" ", ""))
        assert TASK.verify(problems, problems.solution).solved[0]
        if "x" in stated or "x" in ours:
            one, other = read(stated), read(ours)
            assert one is not None and other is not None and sympy.expand(one - other) == 0, (entry, ours)
        elif entry["module"] == "algebra__linear_2d":
            assert ours.split(",")[0] == stated, (entry, ours)
        else:
            assert sorted(ours.split(",")) == sorted(stated.split(",")), (entry, ours)
    assert covered == COVERED


@pytest.mark.parametrize(
    "wording",
    [
        "solve 3{0} + 4 = 10 for {1}",
        "Solve for {1}: 3{0} + 4 = 10",
        "find {1} if 3{0} + 4 = 10",
        "d/d{1} {0}^3",
        "d({0}^3)/d{1}",
        "diff({0}**3, {1})",
        r"\frac{{d}}{{d{1}}} {0}^3",
        "derivative of {0}^3 with respect to {1}",
        "differentiate {0}^3 wrt {1}",
    ],
)
def test_what_is_asked_for_is_in_the_problem(wording: str) -> None:
    """The answer would be that of another unknown: x of 3x + 4 = 10 where y is asked for."""
    for letter in ("x", "t"):
        assert TASK.problem_text(TASK.encode(wording.format(letter, letter))) in ("3*x+4=10", "differentiate x^3")
        with pytest.raises(ProblemError, match=r"'y' is asked for in .*: name an unknown that is"):
            TASK.encode(wording.format(letter, "y"))
