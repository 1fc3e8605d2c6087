"""The list of everyday problems: each is read by its task, and its answer is what SymPy says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sympy
from sympy.parsing.sympy_parser import convert_xor, implicit_multiplication, parse_expr, standard_transformations

from trm_gym import make_task
from trm_gym.records import records
from trm_gym.written.answers import renamed

LIST = Path(__file__).parent.parent / "data" / "everyday.txt"
ENTRIES = list(records(LIST))
FAMILIES = list(dict.fromkeys(entry.fields["family"] for entry in ENTRIES))
ARITHMETIC = ("sum", "difference", "product", "quotient", "power", "fraction", "mixed")
SIGNS = str.maketrans({"×": "*", "÷": "/", "−": "-", "²": "^2"})
VERB = re.compile(r"^(?:expand|simplify|collect|factor(?:ise)?|differentiate|derivative of|d/dx|evaluate) ")


def expression(text: str) -> sympy.Expr:
    """An expression as a person writes it; the suite's own reader has no part in it."""
    rules = (*standard_transformations, convert_xor, implicit_multiplication)
    return parse_expr(re.sub(r"([a-z])\(", r"\1*(", text.translate(SIGNS)), transformations=rules)


def solutions(problem: str) -> list[dict]:
    sides = [[expression(side) for side in part.split("=")] for part in problem.split(",")]
    return sympy.solve([left - right for left, right in sides], dict=True)


def is_right(family: str, problem: str, answer: str) -> bool:
    """Whether SymPy agrees, in value and in what makes the answer an answer."""
    if VERB.match(problem) is None and "=" in problem:
        said = [dict(part.split(" = ") for part in one.split(", ")) for one in answer.split(" or ")]
        return [{str(name): str(found) for name, found in one.items()} for one in solutions(problem)] == said
    asked, got = VERB.sub("", problem), expression(answer)
    if family == "evaluate":
        asked, point = re.split(r" (?:at|for) x ?= ?", asked)
        return expression(asked).subs({sympy.Symbol("x"): int(point)}) == got
    wanted = sympy.diff(expression(asked), "x") if family == "differentiate" else expression(asked)
    if family == "factor":  # SymPy multiplies a number into a sum as it reads, so the factors are compared one by one
        content, found = sympy.Poly(wanted).factor_list()
        number = re.match(r"-?\d*", answer)[0]  # pyright: ignore[reportOptionalSubscript]
        rest = answer.removeprefix(number)
        said = sorted((expression(part.strip("()")) for part in re.findall(r"\([^()]*\)|x", rest)), key=str)
        factors = sorted((factor.as_expr() for factor, times in found for _ in range(times)), key=str)
        return said == factors and int({"": "1", "-": "-1"}.get(number, number)) == content
    return sympy.expand(wanted) == got


def test_there_are_two_hundred_in_seventeen_families():
    assert len(ENTRIES) == 200 and len({entry.problem for entry in ENTRIES}) == 200
    counts = [sum(entry.fields["family"] == family for entry in ENTRIES) for family in FAMILIES]
    assert len(counts) == 17 and min(counts) >= 9


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_is_right_and_the_task_gives_it(family):
    task = make_task("arithmetic" if family in ARITHMETIC else "algebra")
    for entry in (entry for entry in ENTRIES if entry.fields["family"] == family):
        assert is_right(family, entry.problem, entry.solution), entry.problem
        problems = task.encode(entry.problem)
        assert renamed(task.answer_text(problems.solution[0]), task.names(entry.problem)) == entry.solution
        assert task.verify(problems, problems.solution).solved.all()


def test_a_wrong_answer_is_seen():
    assert not is_right("sum", "17+25", "43") and not is_right("two unknowns", "x+y=10, x-y=2", "x = 4, y = 6")
    assert not is_right("factor", "factor 2x^2 - 8", "(x-2)(2x+4)")
