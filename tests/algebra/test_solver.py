"""Reading and solving, against SymPy, beyond what the levels hold."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scripts.oracles.algebra import X, Y, read, right
from trm_gym.algebra import AlgebraTask
from trm_gym.algebra._search import reading as reader
from trm_gym.algebra._search.rational import UNDER
from trm_gym.algebra._search.rational import Y as Y_PLACE
from trm_gym.algebra.layout import ANSWER, DEGREE, WRITTEN
from trm_gym.errors import ProblemError
from trm_gym.written.signs import TOKEN, answer_text, tokenize

TASK = AlgebraTask()
settled = settings(max_examples=120, deadline=None, derandomize=True)

atoms = st.sampled_from(["x", "x", "y", "1", "2", "3", "7", "12", "0", "x^2", "2^3"])


def combined(parts):
    pair = st.tuples(parts, st.sampled_from(["+", "-", "*", "/"]), parts)
    return st.one_of(pair.map("".join), parts.map("({})".format), parts.map("-{}".format), parts.map("({})^2".format))


expressions = st.recursive(atoms, combined, max_leaves=8)


def expected(text: str) -> list[sympy.Rational] | None:
    """The coefficients of 1, x, ..., x^6, y of an expression; None where it is no polynomial that a row can hold."""
    value = read(text)
    if value is None:
        return None
    value = sympy.expand(value)
    if not value.is_polynomial(X, Y):
        return None
    found = dict(sympy.Poly(value, X, Y).terms())
    places = [(power, 0) for power in range(DEGREE + 1)] + [(0, 1)]
    return [found.pop(place, sympy.Integer(0)) for place in places] if set(found) <= set(places) else None


@given(expressions)
@settled
def test_expressions_are_read_as_sympy_has_them(text):
    assume(len(text) <= WRITTEN - 6)
    asked = expected(text)
    reading = reader.read(tokenize(f"{text}=0,y=0", WRITTEN)[None])
    if reading.kinds[0] == reader.SYSTEM:
        row = reading.rows[0, 0]
        assert asked == [sympy.Rational(int(number), int(row[UNDER])) for number in row[: Y_PLACE + 1]]
    else:
        # Refused may be what is no polynomial of a row, or becomes one only when all is worked out.
        cancels = "/" in text if reading.kinds[0] == reader.DIVISOR else "y" in text or text.count("x") > 3
        assert asked is None or ("^" in text and text.count(")^") > 1) or cancels


@given(st.text(alphabet="0123x+-*/^()=,y", max_size=14))
@settled
def test_no_text_breaks_the_reader(text):
    tokens = np.zeros(WRITTEN, np.uint8)
    tokens[: len(text)] = [TOKEN[sign] for sign in text]
    kind = reader.read(tokens[None]).kinds[0]
    try:
        solution = TASK.solve(np.append(tokens, np.zeros(ANSWER, np.uint8)))
    except ProblemError:
        return
    assert kind > 0 and right(text, answer_text(solution[WRITTEN:]))


@given(st.lists(st.integers(0, TASK.vocab - 1), min_size=WRITTEN, max_size=WRITTEN))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_tokens_break_the_reader(tokens):
    assert -5 <= reader.read(np.array([tokens], np.uint8)).kinds[0] <= 6


numbers = st.integers(-30, 30)


@given(numbers, numbers, numbers, numbers, numbers, numbers)
@settled
def test_systems_are_solved_as_sympy_does(a, b, c, d, e, f):
    text = f"{a}*x+{b}*y={c},{d}*x+{e}*y={f}".replace("+-", "-")
    solved = sympy.linsolve([a * X + b * Y - c, d * X + e * Y - f], X, Y)
    if not solved or next(iter(solved)).free_symbols:
        with pytest.raises(ProblemError, match="infinitely many solutions" if solved else "it has no solution"):
            TASK.encode(text)
    else:
        answer = TASK.encode(text).solution[0, WRITTEN:]
        assert answer_text(answer) == ",".join(str(value) for value in next(iter(solved)).args)


@given(numbers, numbers, numbers)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_equations_are_solved_as_sympy_does(a, b, c):
    text = f"{a}*x^2+{b}*x={c}".replace("+-", "-")
    roots = sympy.solveset(a * X**2 + b * X - c, X)
    if not isinstance(roots, sympy.FiniteSet) or any(not root.is_rational for root in roots) or not roots:
        with pytest.raises(ProblemError):
            TASK.encode(text)
    else:
        answer = answer_text(TASK.encode(text).solution[0, WRITTEN:])
        assert answer == ",".join(map(str, sorted(sympy.Rational(str(root)) for root in roots)))


lines = st.tuples(st.integers(1, 5), st.integers(-12, 12))


@given(st.lists(lines, min_size=1, max_size=4), st.sampled_from([1, -1, 2, -6]))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_products_of_lines_are_split_again(factors, content):
    value = sympy.Poly(content * sympy.prod(a * X + b for a, b in factors), X)
    text = "factor " + str(value.as_expr()).replace(" ", "").replace("**", "^")
    assume(all(abs(number) < 10**9 for number in value.all_coeffs()) and len(text) - 6 <= WRITTEN)
    try:
        answer = answer_text(TASK.encode(text).solution[0, WRITTEN:])
    except ProblemError as error:
        assert "does not fit" in str(error) and len(factors) > 2
    else:
        assert right(text, answer)


@pytest.mark.parametrize(
    ("problem", "answer"),
    [
        ("x^2=999950884", "-31622,31622"),
        ("99999*x=1", "1/99999"),
        ("evaluate x^6 at x=1/3", "1/729"),
        ("evaluate x/2+1/3 at x=5/7", "29/42"),
        ("expand (x+1)^6", "x^6+6x^5+15x^4+20x^3+15x^2+6x+1"),
        ("collect 1234*x-1", "1234x-1"),
        ("collect x^5+x^5", "2x^5"),
        ("differentiate x^6", "6x^5"),
        ("factor x^6", "xxxxxx"),
        ("factor -100*x", "-100x"),
        ("factor x^4-5*x^2+4", "(x-2)(x-1)(x+1)(x+2)"),
        ("factor x^2-40962*x+1146152", "(x-40934)(x-28)"),
        ("x=12345", "12345"),
        ("x=1/1000,y=2", "1/1000,2"),
    ],
)
def test_answers_too_large_for_their_fields_are_written_closely(problem, answer):
    try:
        problems = TASK.encode(problem)
    except ProblemError as error:
        assert "does not fit" in str(error) and len(answer) > ANSWER
    else:
        assert answer_text(problems.solution[0, WRITTEN:]) == answer
        assert TASK.verify(problems, problems.solution).solved[0]


def test_solve_gives_what_encode_holds():
    problems = TASK.encode("3*x+4=10")
    assert (TASK.solve(problems.problem[0]) == problems.solution[0]).all()
