"""Verdicts on answers: value and form, against an oracle and by hand."""

from __future__ import annotations

import re
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.oracles.algebra import right
from trm_gym.algebra import AlgebraTask
from trm_gym.algebra._search import forms
from trm_gym.algebra.layout import ANSWER, WRITTEN
from trm_gym.task import Problems
from trm_gym.written.signs import SYMBOLS, TOKEN, answer_text, answer_tokens, as_text, tokenize

TASK = AlgebraTask()


def judge(problem: str, answer: str) -> bool:
    """The verdict on an answer, sign by sign as it stands; a space is a blank cell."""
    problems = TASK.encode(problem)
    draft = problems.start
    row = [TOKEN[sign.strip()] for sign in re.sub("[0-9]+", lambda number: number[0][::-1], answer)][:ANSWER]
    draft[0, WRITTEN : WRITTEN + len(row)] = row
    return bool(TASK.verify(problems, draft).solved[0])


ACCEPTED = {
    "3*x+4=10": ["2", " 2"],
    "2*x=-3": ["-3/2", "- 3 / 2"],
    "x=0": ["0"],
    "x^2=9": ["-3,3", "3,-3", "3 , -3"],
    "(x-3)^2=0": ["3"],
    "x+y=3,x-y=1": ["2,1"],
    "evaluate x^2+1 at x=1/2": ["5/4"],
    "expand (x+2)*(x-3)": ["x^2-x-6", "-6-x+x^2", "-x-6+x^2", "x^2 -x -6"],
    "collect 3*x+5-x": ["2x+5", "2*x+5", "5+2*x"],
    "collect x-x": ["0"],
    "differentiate 5*x": ["5"],
    "differentiate 5+0*x": ["0"],
    "factor 2*x^2+10*x+12": ["2(x+2)(x+3)", "2*(x+3)*(x+2)", "2(2+x)(3+x)", "-2(x+2)(-x-3)", "2*(x+2)(x+3)"],
    "factor -x^3+x^2": ["-x^2(x-1)", "x^2(1-x)", "-xx(x-1)", "-x*(x-1)*x", "(-x+1)x^2", "-x(x)(x-1)"],
    "factor 4*x^2-4*x+1": ["(2x-1)^2", "(2x-1)(2x-1)", "(1-2x)^2"],
}
REJECTED = {
    "3*x+4=10": ["", "4/2", "2/1", "02", "+2", "x=2", "2,2", "2,", "3", "--2", "-2", "2x", "(2)", "2/", "/2"],
    "2*x=-3": ["3/-2", "-6/4", "-3/02", "3/2", "-3", "-1,5", "-3/2/1"],
    "x=0": ["-0", "0/2", "00", "0/1"],
    "x=12": ["1 2", "21", "12000000000"],
    "x^2=9": ["3", "-3", "3,3", "-3,3,3", "3-3", "9"],
    "(x-3)^2=0": ["3,3", "-3"],
    "x+y=3,x-y=1": ["1,2", "2", "2,1,0", "4/2,1"],
    "evaluate x^2+1 at x=1/2": ["10/8", "1/4+1", "5"],
    "expand (x+2)*(x-3)": ["(x+2)*(x-3)", "x^2+2x-3x-6", "x*x-x-6", "x^2-1x-6", "+x^2-x-6", "x^2-x-6+0", "x^2-x-6-"],
    "expand (x+2)*(x-2)": ["x^2+0x-4", "x^2+0-4", "x^2--4", "x^2-4x^0", "x^2-2*2", "1x^2-4"],
    "collect 3*x+5-x": ["x+x+5", "2x^1+5", "2**x+5", "2x+5+", "x2+5", "2x5", "2 x+5x"],
    "collect x-x": ["0x", "", "-0", "x-x", "0+0"],
    "factor 2*x^2+10*x+12": [
        "(2x+4)(x+3)",
        "2x^2+10x+12",
        "2(x^2+5x+6)",
        "(x+2)(x+3)",
        "2(x+2)(x+3)*",
        "1(2x+4)(x+3)",
        "(x+2)2(x+3)",
        "2",
        "2**(x+2)(x+3)",
        "2(x+2)(x+3",
        "2((x+2))(x+3)",
        "2(x+2)^1(x+3)",
        "*2(x+2)(x+3)",
        "2(x+1+1)(x+3)",
    ],
    "factor 4*x^2-4*x+1": ["(2x-1)^02", "(2x-1)^", "4(x-1/2)^2", "(2x-1)", "(4x-2)(x-1/2)", "1(2x-1)^2"],
}


@pytest.mark.parametrize(("problem", "answers"), ACCEPTED.items())
def test_forms_that_are_accepted(problem, answers):
    assert {answer: judge(problem, answer) for answer in answers} == dict.fromkeys(answers, True)


@pytest.mark.parametrize(("problem", "answers"), REJECTED.items())
def test_forms_that_are_rejected(problem, answers):
    fitting = [answer for answer in answers if len(answer) <= ANSWER]
    assert {answer: judge(problem, answer) for answer in fitting} == dict.fromkeys(fitting, False)


@pytest.mark.parametrize("level", [level.name for level in TASK.levels])
def test_corrupted_solutions_are_judged_as_the_oracle_does(level):
    problems = TASK.generate(40, TASK.level_index(level), "train", 7)
    rng, answers = np.random.default_rng(TASK.level_index(level)), problems.solution.copy()
    for row in answers[:, WRITTEN:]:
        for _ in range(rng.integers(1, 3)):
            one, other = rng.integers(0, ANSWER, 2)
            match rng.integers(0, 4):
                case 0:
                    row[one] = 0
                case 1:
                    row[one], row[other] = row[other], row[one]
                case 2:
                    row[one] = rng.integers(0, len(SYMBOLS))
                case _:
                    row[one] = rng.choice([TOKEN[symbol] for symbol in "0-+x"])
    asked, said = problems.problem[:, :WRITTEN], answers[:, WRITTEN:]
    texts = [(as_text(problem), answer_text(answer)) for problem, answer in zip(asked, said, strict=True)]
    verdicts = TASK.verify(problems, answers)
    assert verdicts.solved.tolist() == [right(*pair) for pair in texts]
    assert (verdicts.score == verdicts.solved).all()


_PARTS = ["x", "^2", "2", "3", "-", "+", "(", ")", "*", "/", ",", "0", "x+1", "12", " "]


@given(st.lists(st.sampled_from(_PARTS), max_size=9))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_draft_is_judged_as_the_oracle_does(parts):
    row = [TOKEN[sign.strip()] for sign in "".join(parts)]
    draft = np.zeros(ANSWER, np.uint8)
    draft[: len(row)] = row[:ANSWER]
    for problem in ("x+1=4", "x^2-x=0", "collect x+x^2+1", "factor x^2+x", "evaluate x at x=12", "collect x-x"):
        problems = TASK.encode(problem)
        answers = problems.start
        answers[0, WRITTEN:] = draft
        assert TASK.verify(problems, answers).solved[0] == right(problem, answer_text(draft))


def test_batches_of_all_kinds_are_judged_one_by_one():
    parts = [TASK.generate(3, level, "train", 1) for level in range(len(TASK.levels))]
    whole = Problems.concatenate(parts)
    answers = whole.solution.copy()
    answers[::2, -2] ^= 1
    together = TASK.verify(whole, answers).solved
    alone = [TASK.verify(whole[i : i + 1], answers[i : i + 1]).solved[0] for i in range(len(whole))]
    assert together.tolist() == alone
    assert together[1::2].all()


def test_the_problem_must_stay_as_it_is():
    problems = TASK.encode("x+1=3")
    answers = problems.solution.copy()
    answers[0, 2] += 1
    assert not TASK.verify(problems, answers).solved[0]


def test_what_is_no_problem_is_never_solved():
    problems = TASK.encode("x+1=3")
    for text in ("x", "x=x", "x=x+1", "x^2=2", "x^2+1=0", "x^3=0", "x/0=1", "expand x/2", "x=y", "x=1,x=2"):
        problem = problems.problem.copy()
        problem[0, :WRITTEN] = tokenize(text, WRITTEN)
        asked = Problems(problem, problems.free, problems.solution, problems.level, problems.difficulty)
        for answer in ("0", "1", "x", "0,0", ""):
            draft = problem.copy()
            draft[0, WRITTEN:] = answer_tokens(answer, ANSWER)
            assert not TASK.verify(asked, draft).solved[0], (text, answer)


def test_answers_of_another_shape_are_errors():
    problems = TASK.encode("x+1=3")
    with pytest.raises(ValueError, match=r"answers must be uint8 of shape \(1, 64\), not int64"):
        TASK.verify(problems, cast("np.ndarray", problems.solution.astype(np.int64)))


def test_one_answer_is_laid_out_as_many_are(monkeypatch: pytest.MonkeyPatch):
    """Otherwise the kernel would be compiled anew, for seconds, when an answer is judged alone."""
    kernel, alike = forms._read, list[bool]()

    def noting(answers: np.ndarray, *rest: object) -> object:
        alike.append(answers.flags.c_contiguous)
        return kernel(answers, *rest)

    monkeypatch.setattr(forms, "_read", noting)
    problems = TASK.generate(3, 0, "test", 0)
    for count in (1, 3):
        TASK.verify(problems[:count], problems[:count].start)
    assert alike == [True, True]
