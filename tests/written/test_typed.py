"""Mathematics out of LaTeX, spreadsheets, messages and programs: the same problem, or a refusal that helps."""

from __future__ import annotations

import numpy as np
import pytest

from trm_gym import make_task
from trm_gym.errors import ProblemError

ALGEBRA, ARITHMETIC = make_task("algebra"), make_task("arithmetic")
TASKS = {"algebra": ALGEBRA, "arithmetic": ARITHMETIC}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("3+4=", "3+4"),
        ("3 + 4 = ?", "3+4"),
        ("3+4 = ___", "3+4"),
        ("=3+4", "3+4"),
        ("3+4.", "3+4"),
        ('"3+4"', "3+4"),
        ("`3+4`", "3+4"),
        ("1) 3+4", "3+4"),
        ("1. 3+4", "3+4"),
        ("Q: 3+4", "3+4"),
        ("Evaluate: 3+4", "3+4"),
        ("3+4  # easy", "3+4"),
        ("3 plus 4", "3+4"),
        ("3 times 4", "3*4"),
        ("8 divided by 4", "8/4"),
        ("8➗4", "8/4"),
        ("3➕4➖5", "3+4-5"),
        ("$3 \\times 4$", "3*4"),
        ("\\(3 \\cdot 4\\)", "3*4"),
        ("8 \\div 4", "8/4"),
        ("\\frac{8}{4}", "8/4"),
        ("\\frac{3+5}{4}", "(3+5)/4"),
        ("\\dfrac82", "8/2"),
        ("2\\frac{1}{2}", "2(1/2)".replace("2(", "2*(")),
        ("6/\\frac{1}{2}", "6/(1/2)"),
        ("\\frac{\\frac{1}{2}}{3}", "(1/2)/3"),
        ("\\left(3+4\\right)", "(3+4)"),
        ("½+1", "1/2+1"),
        ("3½", "(3+1/2)"),
        ("6/½", "6/(1/2)"),
        ("15/5/3·2", "15/5/3*2"),
        ("٣+٤", "3+4"),
        ("𝟑+𝟒", "3+4"),
        ({"expression": "3+4"}, "3+4"),
        (b"3+4", "3+4"),
    ],
)
def test_ways_of_writing_arithmetic(text, problem):
    assert ARITHMETIC.decode(ARITHMETIC.encode(text).problem[0]) == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("$3x+4=10$", "3*x+4=10"),
        ("$$3x+4=10$$", "3*x+4=10"),
        ("\\[3x+4=10\\]", "3*x+4=10"),
        ("\\frac{3}{4}x+2=5", "3/4*x+2=5"),
        ("\\frac{x+1}{2}=4", "(x+1)/2=4"),
        ("x^{2}=4", "x^2=4"),
        ("2\\,x=4", "2*x=4"),
        ("\\begin{cases} 2x+3y=7 \\\\ x-y=1 \\end{cases}", "2*x+3*y=7,x-y=1"),
        ("{2x+3y=7; x-y=1}", "2*x+3*y=7,x-y=1"),
        ("\\frac{d}{dx} x^{3}", "differentiate x^3"),
        ("d(x^2)/dx", "differentiate x^2"),
        ("∂/∂x x^2", "differentiate x^2"),
        ("diff(x**2, x)", "differentiate x^2"),
        ("Eq(3*x + 4, 10)", "3*x+4=10"),
        ("3x+4==10", "3*x+4=10"),
        ("3x+4=10;", "3*x+4=10"),
        ("(a) 3x=6", "3*x=6"),
        ("Solve the equation 3x=6", "3*x=6"),
        ("Find x: 3x=6", "3*x=6"),
        ("Expand: (x+1)(x-1)", "expand (x+1)*(x-1)"),
        ("𝑥²=4", "x^2=4"),
        ("½x=4", "1/2*x=4"),
        ("3x﹦6", "3*x=6"),
        ("expand (a+1)*(-a - 2*a) - a", "expand (x+1)*(-x-2*x)-x"),
        ('{"equation": "3x=6", "answer": 2}', "3*x=6"),
        ("What is x if 3x = 21?", "3*x=21"),
        ("If 2x = 8, what is x?", "2*x=8"),
        ("Find x when 2x - 4 = 10.", "2*x-4=10"),
        ("What is x^2+1 when x=3?", "evaluate x^2+1 at x=3"),
        ("How much is 2t if t = 4?", "evaluate 2*x at x=4"),
        ("evaluate 2t^2-1 at -3", "evaluate 2*x^2-1 at x=-3"),
        ("What is the value of 3t - 1 when t is 5?", "evaluate 3*x-1 at x=5"),
        ("If x = 3, what is 2x + 1?", "evaluate 2*x+1 at x=3"),
        ("substitute x = 2 into x^2 + 1", "evaluate x^2+1 at x=2"),
        ("what is x/2 for x=3", "evaluate x/2 at x=3"),
        ("find x if y = 2, x + y = 5", "y=2,x+y=5"),
        ("Find the roots of x^2 - 4x + 3", "x^2-4*x+3=0"),
        ("2x = 4, what is x?", "2*x=4"),
        ("How do I solve 2x = 6?", "2*x=6"),
        ("solve simultaneously x + y = 5, x - y = 1", "x+y=5,x-y=1"),
        ("Can you factor x^2 - 5x + 6?", "factor x^2-5*x+6"),
        ("Factorise fully 3x^2 - 12", "factor 3*x^2-12"),
        ("expand and simplify (x+1)(x+2) + 3x", "expand (x+1)*(x+2)+3*x"),
    ],
)
def test_ways_of_writing_algebra(text, problem):
    assert ALGEBRA.decode(ALGEBRA.encode(text).problem[0]) == problem


@pytest.mark.parametrize("answer", ["$x = \\frac{1}{2}$", "\\(x = \\frac12\\)", "x = ½", "\\frac{1}{2}", "１／２"])
def test_answers_in_latex(answer):
    one = ALGEBRA.encode("2x=1")
    draft = np.where(one.free[0], ALGEBRA.read_draft(answer), one.problem[0])
    assert ALGEBRA.verify(one, draft[None]).solved[0]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("arithmetic", "3+4=7", "has an equals sign: write the expression alone"),
        ("arithmetic", "1,000+2", "has a comma: write 1000 without one"),
        ("algebra", "3х=6", r"'х' \(cyrillic small letter ha\) .* type it anew"),
        ("algebra", "x>3", "'>' in 'x>3': inequalities are not read"),
        ("algebra", "x≠3", "inequalities are not read"),
        ("algebra", "3x=6,2", "'2' is no equation; if it is an answer in a table, let the first line name"),
        ("algebra", "x=$6", r"unexpected '\$'"),
        ("algebra", "\\sqrt{x}=2", "unknown word 'sqrt'"),
    ],
)
def test_refusals_help(name, text, message):
    with pytest.raises(ProblemError, match=message):
        TASKS[name].encode(text)


def test_files_of_many(tmp_path):
    path = tmp_path / "many.txt"
    forms = (
        "1. 3x=6\n2. 2x-4=0\n",
        "a) 3x=6\nb) 2x-4=0\n",
        "$3x=6$\n\n$2x-4=0$\n",
        '{"problem": ["3x=6", "2x-4=0"], "answer": ["2", "2"]}',
        "problem: 3x=6\nproblem: 2x-4=0\n",
        "3x=6 # easy\n2x-4=0 // hard\n",
        '"3x=6"\n"2x-4=0"\n',
        "equation;answer\n3x=6;2\n2x-4=0;2\n",
    )
    for text in forms:
        path.write_text(text, encoding="utf-8")
        read = ALGEBRA.read_file(path)
        assert [ALGEBRA.decode(row) for row in read.problems.problem] == ["3*x=6", "2*x-4=0"], text
        assert not read.skipped
    path.write_text("- 3x=6\n2x=4\n")
    read = ALGEBRA.read_file(path)
    assert len(read.problems) == 1 and "may be a minus or mark an item of a list" in read.skipped[0]


@pytest.mark.parametrize("operator", ["%", "//"])
@pytest.mark.parametrize("right", ["3", "-3", "(3)", "3 + 1", "3 = 1"])
@pytest.mark.parametrize("task", TASKS)
def test_what_may_be_a_remainder_is_no_remark(operator: str, right: str, task: str) -> None:
    left = "10" if task == "arithmetic" else "3*x+4=10"
    with pytest.raises(ProblemError):
        TASKS[task].encode(f"{left} {operator} {right}")
    assert TASKS[task].decode(TASKS[task].encode(f"{left} {operator} from page 3").problem[0]) == left


@pytest.mark.parametrize("text", ["x₁+x₂=4", "2x₁ - x=4", "x_1+x_2=4", "x_{1}+x_{2}=4, x_1=1", "x₁+x₂=3, x₁-x₂=1"])
def test_unknowns_that_differ_in_their_subscripts_are_not_one(text: str) -> None:
    with pytest.raises(ProblemError, match="are two unknowns: give each a letter of its own"):
        ALGEBRA.encode(text)


@pytest.mark.parametrize("one", ["x₁", "x_1", "x_{1}", "X₀"])
def test_one_subscript_is_left_out_in_problems_and_answers(one: str) -> None:
    assert ALGEBRA.problem_text(ALGEBRA.encode(f"3{one} + 4 = {one}")) == "3*x+4=x"
    assert ALGEBRA.draft_text(ALGEBRA.read_draft(f"{one} = 2, x₂ = 3")) == "2,3"


def test_a_question_that_is_not_covered_is_told_what_to_write() -> None:
    with pytest.raises(ProblemError, match=r"not covered: .* write what is asked in signs"):
        ARITHMETIC.encode("What's 5 plus 3?")
