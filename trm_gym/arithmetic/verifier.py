"""Judges answers by what the problem says: reads both, computes the problem, compares value and form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.arithmetic._search.expression import FINE, MOST_DIGITS, read_and_compute, workspace
from trm_gym.arithmetic.layout import LENGTH, MINUS, OVER, WRITTEN
from trm_gym.checks import check_answers
from trm_gym.jit import inner, lazy_kernel
from trm_gym.task import Problems, Verdicts
from trm_gym.written.signs import DIGIT

_NONE = -1


@inner
def _past_blanks(answer, at):
    """The first cell from ``at`` on that is not blank."""
    while at < LENGTH and answer[at] == 0:
        at += 1
    return at


@inner
def _number(answer, at):
    """The number whose units stand at ``at``, and the cell after it; _NONE where there is none or not in its form."""
    start, number, place = at, 0, 1
    while at < LENGTH and DIGIT <= answer[at] < DIGIT + 10:
        if at - start == MOST_DIGITS:
            return _NONE, at
        number += place * (answer[at] - DIGIT)
        place *= 10
        at += 1
    if at == start or (at > start + 1 and answer[at - 1] == DIGIT):
        return _NONE, at
    return number, at


@inner
def _read(answer):
    """The answer as numerator and denominator, the latter _NONE where the answer is not in its form."""
    at = _past_blanks(answer, WRITTEN)
    negative = at < LENGTH and answer[at] == MINUS
    if negative:
        at = _past_blanks(answer, at + 1)
    numerator, at = _number(answer, at)
    denominator = 1
    at = _past_blanks(answer, at)
    if at < LENGTH:
        if answer[at] != OVER:
            return 0, _NONE
        denominator, at = _number(answer, _past_blanks(answer, at + 1))
        if denominator == 1 or _past_blanks(answer, at) < LENGTH:
            return 0, _NONE
    if numerator == _NONE or (negative and numerator == 0):
        return 0, _NONE
    return (-numerator if negative else numerator), denominator


@lazy_kernel
def _judge(problem, answers, solved, work):
    """The loop of ``verify``."""
    for index in range(len(problem)):
        answer = answers[index]
        changed = 0
        for cell in range(WRITTEN):
            changed += problem[index, cell] != answer[cell]
        solved[index] = False
        if changed == 0:
            numerator, denominator = _read(answer)
            # What the problem comes to is in lowest terms, so an equal answer is too.
            if denominator > 0 and read_and_compute(problem[index], work) == FINE:
                solved[index] = work.values[0, 0] == numerator and work.values[0, 1] == denominator


def verify(problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
    """Judge answers uint8 [B, L]; the score is 1 where solved, else 0.

    solved: the problem is as given, and the answer is its value, written as a whole number or as a fraction in lowest
    terms: an optional ``-``, digits from the units up, and for a fraction ``/`` and digits from the units up. Blanks
    may stand between these, not within a number. No leading zeros, no -0, no +, no denominator 1. Raises ValueError
    for answers of another shape or type.
    """
    check_answers(answers, problems.problem.shape)
    solved = np.empty(len(problems), np.bool_)
    _judge(np.ascontiguousarray(problems.problem), np.ascontiguousarray(answers), solved, workspace())
    return Verdicts(solved, solved.astype(np.float32))
