"""The solver against fractions, difficulties by hand, and problems that others made."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.oracles.arithmetic import answer, parse, value
from trm_gym.arithmetic import ArithmeticTask
from trm_gym.arithmetic.parsing import from_words
from trm_gym.errors import ProblemError
from trm_gym.written.signs import answer_text

TASK = ArithmeticTask()

expressions = st.recursive(
    st.integers(0, 999).map(str),
    lambda inner: st.one_of(
        st.builds("-{}".format, inner),
        st.builds("({})".format, inner),
        st.builds("{}{}{}".format, inner, st.sampled_from("+-*/"), inner),
    ),
    max_leaves=6,
).filter(lambda text: len(text) <= 32)


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_expressions_come_to_what_fractions_say(text):
    try:
        right = value(parse(text))
    except ZeroDivisionError:
        with pytest.raises(ProblemError, match="divides by zero"):
            TASK.encode(text)
        return
    try:
        problems = TASK.encode(text)
    except ProblemError as error:
        assert "too large" in str(error)
        assert max(abs(right.numerator), right.denominator) >= 10**7 or len(text) > 10
        return
    assert answer(problems.solution[0, 32:]) == right
    assert TASK.verify(problems, problems.solution).solved[0]
    assert (TASK.solve(problems.problem[0]) == problems.solution[0]).all()


@pytest.mark.parametrize(
    ("text", "difficulty"),
    [
        ("7", 0),
        ("3+4", 1),
        ("5+7", 2),
        ("999+1", 4),
        ("555+555", 4),
        ("100-1", 3),
        ("1-100", 3),
        ("5--7", 2),
        ("-5+7", 1),
        ("12*34", 5),
        ("12*1", 1),
        ("408/12", 5),
        ("3/2", 1 + 2),
        ("6/4", 1 + 2),
        ("1/2", 1 + 1),
        ("1/2+1/3", 2 + 2 + 1 + 2),
        ("12/34*5", 1 + 3 + 1 + 1 + 4),
    ],
)
def test_difficulties_by_hand(text, difficulty):
    assert TASK.encode(text).difficulty[0] == difficulty


def test_what_a_solution_says_beside_the_problem_does_not_matter():
    problems = TASK.encode("5+7")
    assert (TASK.solve(problems.solution[0]) == problems.solution[0]).all()


@pytest.mark.parametrize(("module", "covered"), [("add_sub_multiple", 200), ("mixed", 165)])
def test_problems_of_the_deepmind_set(module, covered, benchmarks):
    text = (benchmarks / "math" / "deepmind_interpolate_200.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    ours = [line for line in lines if line["module"] == f"arithmetic__{module}"]
    texts = [from_words(line["q"]) for line in ours]
    assert len(ours) == 200 and sum(text is not None for text in texts) == covered
    for text, line in zip(texts, ours, strict=True):
        if text is not None:
            solution = TASK.solve(TASK.encode(text).problem[0])
            assert answer_text(solution[32:]) == line["a"], text


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is the value of (3 - 4) + 8?", "(3 - 4) + 8"),
        ("Calculate -2 - -3.", "-2 - -3"),
        ("evaluate 6/4", "6/4"),
        ("12*(3+4)", "12*(3+4)"),
        ("Solve 3*x = 4 for x.", None),
        ("What is 1/0?", None),
        ("What is 1.5 + 2?", "1.5 + 2"),
        ("What is 9999999 + 1?", None),
        ("What is " + "1 + " * 20 + "1?", None),
        ("What is ?", None),
        ("", None),
        ("What is 1 2 + 3?", None),
    ],
)
def test_questions_in_words(question, text):
    assert from_words(question) == text
