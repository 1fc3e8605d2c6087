"""Decimals are read exactly: what comes of a problem with them is what SymPy makes of it, and bad ones are refused."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from sympy.parsing.sympy_parser import convert_xor, parse_expr, rationalize, standard_transformations

from trm_gym import make_task
from trm_gym.errors import ProblemError
from trm_gym.written.decimals import as_fractions, beside, decimals_of
from trm_gym.written.signs import as_text

ALGEBRA, ARITHMETIC = make_task("algebra"), make_task("arithmetic")


def value(text: str) -> sympy.Expr:
    """An expression with its decimals as SymPy's rationals; the suite's own reader has no part in it."""
    return parse_expr(text, transformations=(*standard_transformations, convert_xor, rationalize))


def read(task, text: str) -> str:
    return as_text(task.encode(text).problem[0, : task.structure.answer_start])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1.5 + 2.25", "3/2+9/4"),
        ("0.5*0.5", "1/2*1/2"),
        (".5+1", "1/2+1"),
        ("2.0*3", "2*3"),
        ("10/2.5", "10/(5/2)"),
        ("6/-0.5", "6/-(1/2)"),
        ("1.5^2", "(3/2)^2"),
        ("1.5²+1", "(3/2)^2+1"),
        ("-1.25-0.75", "-5/4-3/4"),
        ("7-0.125", "7-1/8"),
        ("3*(0.5+0.25)", "3*(1/2+1/4)"),
        ("What is 1.5 + 2.25?", "3/2+9/4"),
        ("1. 1.5 + 2", "3/2+2"),
        ("1．5+2", "3/2+2"),
        ("0.1+0.2", "1/10+1/5"),
    ],
)
def test_sums_are_what_sympy_says(text, problem):
    assert read(ARITHMETIC, text) == problem
    plain = text.removeprefix("What is ").removeprefix("1. ").strip("?").replace("²", "^2").replace("．", ".")
    one = ARITHMETIC.encode(text)
    assert sympy.Rational(ARITHMETIC.answer_text(one.solution[0])) == value(plain)
    assert ARITHMETIC.verify(one, one.solution).solved.all()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0.5x + 1 = 2", "1/2*x+1=2"),
        ("x/2 = 0.5", "x/2=1/2"),
        ("1.5(x-2) = 6", "3/2*(x-2)=6"),
        ("x/0.25 = 8", "x/(1/4)=8"),
        ("2.5t - 1.5t = 4", "5/2*x-3/2*x=4"),
        ("x^2 = 2.25", "x^2=9/4"),
        ("0.1x = 0.2x - 0.3", "1/10*x=1/5*x-3/10"),
        ("Solve 0.5x = 3 for x.", "1/2*x=3"),
        ("x + .75 = 1", "x+3/4=1"),
    ],
)
def test_equations_are_what_sympy_says(text, problem):
    assert read(ALGEBRA, text) == problem
    one = ALGEBRA.encode(text)
    left, right = problem.split("=")
    found = {sympy.Rational(part) for part in ALGEBRA.draft_text(one.solution[0]).split(",")}
    assert found == set(sympy.solve(value(left) - value(right))) and ALGEBRA.verify(one, one.solution).solved.all()


def test_a_thousand_sums_at_random():
    random = np.random.default_rng(0)
    for _ in range(1000):
        one, other = (f"{random.integers(0, 10)}.{random.integers(0, 100):0{random.integers(1, 3)}d}" for _ in "ab")
        text = f"{one}{random.choice(list('+-*'))}{other}"
        assert sympy.Rational(ARITHMETIC.answer_text(ARITHMETIC.encode(text).solution[0])) == value(text), text


def test_other_tasks_of_algebra_and_systems():
    assert read(ALGEBRA, "evaluate x^2+1 at x=1.5") == "evaluate x^2+1 at x=3/2"
    assert ALGEBRA.answer_text(ALGEBRA.encode("evaluate x^2+1 at x=1.5").solution[0]) == "13/4"
    assert ALGEBRA.answer_text(ALGEBRA.encode("0.5x + y = 3, x - y = 0").solution[0]) == "x = 2, y = 2"
    assert ALGEBRA.answer_text(ALGEBRA.encode("collect 0.5x + 1.5x").solution[0]) == "2x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1..2+1", "'1..2' in '1..2.*' has 2 points: a decimal has one"),
        ("1.2.3+1", "'1.2.3' in .* has 2 points"),
        (".+1", "'.' in .* stands alone"),
        ("3*.", "'.' in .* stands alone|ends with"),
        ("5. + 1", "'5.' in .* ends with a point: write 5, and a"),
        ("2.(3+1)", "'2.' in .* ends with a point: write 2, and a"),
        ("1e5+1", "'1e5' in .* has a power of ten behind e"),
        ("1.5e3+1", "'1.5e3' in .* has a power of ten behind e"),
        ("0.000000000001+1", r"the decimal '0.000000000001' in .* is the fraction 1/1000000000000: at most 9"),
        ("1234567890.5+1", "is the fraction 2469135781/2: at most 9"),
        (f"0.{'1' * 900}+1", "has 901 digits: use fewer"),
        ("1 .5+1", "'1 .5' in .* is no number: leave out the space beside the point"),
        ("1,5+1", "has a comma: write 1000 without one, 0.5 with a point"),
        ("2^0.5", r"is no power that is read.* \(0.5 was read as 1/2\)"),
        ("1/0.0", r"divides by zero.* \(0.0 was read as 0\)"),
        ("999999.5*999999.5", r"comes to too large a number.* \(999999.5 was read as 1999999/2\)"),
    ],
)
def test_bad_decimals_in_sums(text, message):
    if text == "3*.":  # a point that ends a line is no part of it
        message = r"the problem ends with '\*'"
    with pytest.raises(ProblemError, match=message):
        ARITHMETIC.encode(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x/2 = 0,5", "write 0.5 for a decimal"),
        ("0,5x + 1 = 2", r"the comma in '0,5' parts two equations here; in a number, write 0.5 for a decimal"),
        ("0,5x + y = 2, x = 1", "the comma in '0,5' parts two equations"),
        ("expand 0,5(x+1)", "expand takes one expression, no equation; in a number, write 0.5 for a decimal"),
        ("1..2x=3", "'1..2' in .* has 2 points"),
        (".=x", "'.' in .* stands alone"),
        ("1e5x=3", "'1e5' in .* has a power of ten behind e"),
        ("0.000000000001x=1", "is the fraction 1/1000000000000: at most 9"),
        ("x.5=1", r"is neither a product nor a power.* \(.5 was read as 1/2\)"),
        ("expand 0.5(x+1)", r"coefficients are no whole numbers.* \(0.5 was read as 1/2\)"),
        ("x^0.5=2", r"after \^ comes a whole number from 0 to 6 \(0.5 was read as 1/2\)"),
        ("0.00012345x+0.00012345+0.00012345x=1", r"symbols: at most 40 fit \(0.00012345 was read as 2469/20000000\)"),
    ],
)
def test_bad_decimals_in_algebra(text, message):
    with pytest.raises(ProblemError, match=message):
        ALGEBRA.encode(text)


def test_e_may_be_an_unknown():
    assert ALGEBRA.answer_text(ALGEBRA.encode("0.5e-3=1").solution[0]) == "x = 8"
    assert ALGEBRA.names("0.5e-3=1") == {"x": "e"}


def test_a_system_without_spaces_is_none_of_decimals():
    assert read(ALGEBRA, "2x+3y=7,5x-y=1") == "2*x+3*y=7,5*x-y=1"


def test_answers_may_be_decimals():
    for task, problem, texts in (
        (ALGEBRA, "2x=3", ("1.5", "x = 1.5", "x=1.50")),
        (ALGEBRA, "2x+2y=3, x-y=1", ("x = 1.25, y = .25", "1.25, 0.25")),
        (ALGEBRA, "4x^2=1", ("x = ±0.5", "x = 0.5 or x = -0.5")),
        (ARITHMETIC, "1/2+1/4", ("0.75", "+0.75")),
    ):
        one = task.encode(problem)
        for text in texts:
            draft = np.where(one.free[0], task.read_draft(text), one.problem[0])
            assert task.verify(one, draft[None]).solved[0], text
    wrong = ARITHMETIC.read_draft("0.76")
    one = ARITHMETIC.encode("1/2+1/4")
    assert not ARITHMETIC.verify(one, np.where(one.free[0], wrong, one.problem[0])[None]).solved[0]
    with pytest.raises(ProblemError, match="has 2 points"):
        ARITHMETIC.read_draft("0.7.5")


def test_what_was_read_is_told():
    assert ARITHMETIC.readings("1.5 + 2.0 - 1.5") == {"1.5": "3/2", "2.0": "2"}
    assert ARITHMETIC.readings("3+4.") == ARITHMETIC.readings("1. 3+4") == ALGEBRA.readings([1] * 40) == {}
    assert decimals_of("0.5x = 3.") == {"0.5": "1/2"}
    assert as_fractions("x+1") == "x+1" and as_fractions("1/ - .5") == "1/ - (1/2)"


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("x = 3/2", "x = 3/2 (1.5)"),
        ("x = -1/8, y = 1/3", "x = -1/8 (-0.125), y = 1/3"),
        ("x = -1/2 or x = 1/2", "x = -1/2 (-0.5) or x = 1/2 (0.5)"),
        ("15/4", "15/4 (3.75)"),
        ("100/1", "100/1"),
        ("1/1024", "1/1024"),
        ("4", "4"),
        ("x^2/4", "x^2/4"),
        ("-1/512", "-1/512 (-0.001953125)"),
    ],
)
def test_fractions_that_end_have_a_decimal_beside_them(answer, shown):
    assert beside(answer) == shown
