"""Typed formulas: what they mean, against SymPy, and what is wrong with others."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from trm_gym.errors import ProblemError
from trm_gym.regression.export import draft_text, latex, plain_text, python, to_sympy
from trm_gym.regression.formula import of_program, to_program
from trm_gym.regression.parsing import DEEPEST, LONGEST, MOST, parse
from trm_gym.regression.programs import evaluate

X, Y, Z = sympy.symbols("x y z", real=True)
MEANT = {
    "2x^2 + 3sin(x)": 2 * X**2 + 3 * sympy.sin(X),
    "-x^2": -(X**2),
    "2^-x": 2**-X,
    "-2^2*x": -4 * X,
    "x^2^3": X**8,
    "1/2x": X / 2,
    "a*x": None,
    "y = 3 x": 3 * X,
    "f(x, y) = x y": X * Y,
    "x1*x2 - x3": X * Y - Z,
    "x0 + x1/x_2": X + Y / Z,
    "x₁ + x₂²": X + Y**2,
    r"$x_{1} \cdot x_{2} + \frac{x_1}{2}$": X * Y + X / 2,
    r"\sin\left(x\right) + \sqrt{y}": sympy.sin(X) + sympy.sqrt(Y),
    "e^x": sympy.exp(X),
    "π·x × 2": 2 * sympy.pi * X,
    "√(x) ÷ 2": sympy.sqrt(X) / 2,
    "pow(x, 3) - div(y, 2)": X**3 - Y / 2,
    "ln(x) + log10(x)": sympy.log(X) + sympy.log(X, 10),
    "np.sin(x)**2 + math.exp(-x)": sympy.sin(X) ** 2 + sympy.exp(-X),
    "2(x+1)(x-1)": 2 * (X + 1) * (X - 1),
    "[x + 1] {y}": (X + 1) * Y,
    "x --1": X + 1,
    "+x - +3": X - 3,
    "1.5e-2x": sympy.Float(0.015) * X,
    ".5*x + 2.": X / 2 + 2,
    "Sin(X)": sympy.sin(X),
    "tanh(x) + arctan(y) + asinh(z)": sympy.tanh(X) + sympy.atan(Y) + sympy.asinh(Z),
    "square(x) + cube(y) + fourth(z)": X**2 + Y**3 + Z**4,
    "abs(x - y)": sympy.Abs(X - Y),
}
MEANT = {text: exact for text, exact in MEANT.items() if exact is not None}
POINTS = np.random.default_rng(0).uniform(0.2, 1.8, (30, 3))


def values(formula) -> np.ndarray:
    return evaluate(to_program(formula)[None], POINTS[None])[0]


@pytest.mark.parametrize("text", MEANT)
def test_a_formula_means_what_sympy_says(text):
    formula = parse(text)
    expected = sympy.lambdify((X, Y, Z), MEANT[text], "numpy")(*POINTS.T)
    np.testing.assert_allclose(values(formula), np.broadcast_to(expected, 30), rtol=1e-12)
    again = sympy.lambdify((X, Y, Z), to_sympy(formula), "numpy")(*POINTS.T)
    np.testing.assert_allclose(np.broadcast_to(again, 30), values(formula), rtol=1e-12)


@pytest.mark.parametrize("text", MEANT)
def test_what_is_written_of_a_formula_means_the_same(text):
    formula = parse(text)
    for shown in (draft_text(formula), plain_text(formula)):
        np.testing.assert_allclose(values(parse(shown)), values(formula), rtol=1e-5)
    assert parse(draft_text(formula)) == parse(draft_text(parse(draft_text(formula))))
    program = to_program(formula)
    np.testing.assert_array_equal(to_program(of_program(program) or formula), program)
    names = {"np": np, **dict(zip("xyz", POINTS.T, strict=True))}
    code = compile(python(formula), "formula", "eval")
    assert set(code.co_names) <= {"np", "x", "y", "z", *dir(np)}
    np.testing.assert_allclose(eval(code, {"__builtins__": {}}, names), values(formula), rtol=1e-12)  # noqa: S307


def test_latex_is_as_expected():
    assert latex(parse("square(sin(x)) / 2")) == r"\frac{\sin\left(x\right)^{2}}{2}"
    assert latex(parse("sqrt(x + 1) * exp(-x)")) == r"\sqrt{x + 1} \cdot \exp\left(-x\right)"
    assert latex(parse("(x + y)^(2*x)")) == r"\left(x + y\right)^{2 \cdot x}"
    assert latex(parse("6.674e-11 * x")) == r"6.674 \cdot 10^{-11} \cdot x"
    assert latex(parse("(x/y)^2 / -(1/x)")) == r"\frac{\left(\frac{x}{y}\right)^{2}}{-\frac{1}{x}}"
    assert latex(parse("x + -2.5")) == "x - 2.5" and plain_text(parse("x - -2")) == "x + 2"
    assert latex(parse("asin(x) - abs(y)")) == r"\arcsin\left(x\right) - \left|y\right|"


def test_names_of_one_s_own_stand_for_the_variables():
    formula = parse("exp(-(theta/sigma)**2/2)/(sqrt(2*pi)*sigma)", ("sigma", "theta"))
    exact = sympy.exp(-((Y / X) ** 2) / 2) / (sympy.sqrt(2 * sympy.pi) * X)
    np.testing.assert_allclose(values(formula), sympy.lambdify((X, Y), exact, "numpy")(*POINTS.T[:2]), rtol=1e-12)
    assert parse("E_n*h", ("E_n", "h")) == parse("x*y")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "the formula is empty"),
        ("   ", "the formula is empty"),
        ("x +", "something is missing at character 4"),
        ("sin x", r"a function needs brackets.* at character 5"),
        ("(x", r"expected '\)', found the end"),
        ("x)", r"unexpected '\)' at character 2"),
        ("a + b", "unknown name 'a'.*the variables are"),
        ("import os", "unknown name 'import'"),
        ("__import__('os').system('ls')", "unknown name '__import__'"),
        ("x; y", "unexpected ','"),
        ("3..4", "unexpected '.4'"),
        ("1e999 * x", "a number is too large at character 1"),
        ("x == 2", "unexpected '='"),
        ("lambda x: x", "unknown name 'lambda'"),
        ("x.__class__", "unexpected"),
        ("pow(x)", "expected ','"),
        ("sin(x, y)", r"expected '\)'"),
        ("c * x", "unknown name 'c'"),
        ("x" * (LONGEST + 1), "too long"),
        ("+".join(["x"] * (MOST + 1)), "too long"),
        ("(" * (DEEPEST + 2) + "x", "nested too deeply"),
        ("-" * 200 + "x", "nested too deeply"),
        ("^".join(["x"] * 100), "nested too deeply"),
    ],
)
def test_a_fault_is_named_with_its_place(text, match):
    with pytest.raises(ProblemError, match=match):
        parse(text)


def test_a_formula_beyond_a_program_is_refused():
    with pytest.raises(ProblemError, match="at most 64"):
        to_program(parse("+".join(["x"] * 40)))


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="xyz0123456789.+-*/^() sincoexplgqrt,=e|\n", max_size=40))
def test_any_text_is_a_formula_or_a_problem_error(text):
    try:
        formula = parse(text)
    except ProblemError:
        return
    assert draft_text(parse(draft_text(formula)))
