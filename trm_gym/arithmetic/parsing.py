"""Reads the expressions that people bring, each fault with an error of its own."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from trm_gym.arithmetic._search.expression import BY_ZERO, LIMIT, MOST_DIGITS, MOST_POWER, TOO_LARGE
from trm_gym.arithmetic.layout import ANSWER_BOUND, LENGTH, WRITTEN
from trm_gym.arithmetic.solver import solve
from trm_gym.errors import ProblemError
from trm_gym.task import Problems, UserProblem
from trm_gym.written.signs import as_text, free_cells, plain, tokenize
from trm_gym.written.user_problems import problem_text

_LONGEST = 1000
_RAISED = "power"
_EXAMPLE = "731-58+94"
_PIECE = re.compile(r"[0-9]+|[-+*/^()]|(?P<foreign>.+)")
_ACCEPTED = "whole numbers or decimals, + - * / ^ and brackets"
_VERB = re.compile(r"^\s*(?:(?:what is|calculate|evaluate|compute|work out)\s*/?\s*|=\s*)")
_TIMES = re.compile(r"(?<=[0-9)])\s*(?:x\s*(?=[0-9(-])|(?=\())")
"""What people write for a product beside its sign: an x between numbers, a number before a bracket."""

_QUESTION = re.compile(
    r"\s*(?:(?:what is(?: the value of)?|calculate|evaluate|compute|work out)\s)?"
    r"(?P<expression>[-+*/^()0-9.\s]+?)[\s.?]*",
    re.IGNORECASE,
)


def encode(problem: UserProblem) -> Problems:
    """A person's expression as a batch of one of level -1. Raises ProblemError.

    problem: text, the path of a .txt file, or the tokens of a problem (32, or 48 with the answer's cells blank). It is
    made of whole numbers, + - * / ^, brackets, and minus signs before numbers and brackets; spaces are left out.
    """
    problems = np.zeros((1, LENGTH), np.uint8)
    problems[0, :WRITTEN] = _checked(problem_text(problem, WRITTEN, LENGTH, _EXAMPLE))
    solution, difficulty = _solved(problems)
    return Problems(problems, free_cells(1, WRITTEN, LENGTH), solution, np.full(1, -1), difficulty)


def solution(problem: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The solution uint8 [L] of one problem, uint8 [WRITTEN or more]. Raises ProblemError."""
    return encode(problem[:WRITTEN]).solution[0]


def _solved(problems: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The solution uint8 [1, L] and difficulty float32 [1] of a problem uint8 [1, L] in form. Raises ProblemError."""
    solution, difficulty, (outcome,) = solve(problems)
    text = as_text(problems[0, :WRITTEN])
    if outcome == BY_ZERO:
        raise ProblemError(f"{text!r} divides by zero: change its divisor")
    if outcome == TOO_LARGE:
        raise ProblemError(
            f"{text!r} comes to too large a number: answers are below {ANSWER_BOUND:,}, in numerator and denominator, "
            f"and what is met on the way below {LIMIT:,}"
        )
    return solution, difficulty


def from_words(question: str) -> str | None:
    """The expression in a question such as "What is (3 - 4) + 8?", or None where this task does not take it.

    The questions are those of arithmetic in Saxton et al., "Analysing Mathematical Reasoning Abilities of Neural
    Models" (2019): an expression, alone or after a few words. None for other questions, and for expressions that
    ``encode`` refuses: too long, or with an answer that does not fit.
    """
    match = _QUESTION.fullmatch(question[:_LONGEST])
    if match is None:
        return None
    try:
        encode(match["expression"])
    except ProblemError:
        return None
    return match["expression"].strip()


def _checked(text: str) -> NDArray[np.uint8]:
    """The tokens uint8 [WRITTEN] of an expression. Raises ProblemError, with the place, for what is none."""
    text = _VERB.sub("", _TIMES.sub("*", plain(text)), count=1)
    if "=" in text:
        raise ProblemError(f"{text[:80]!r} has an equals sign: write the expression alone, without its value")
    if "," in text:
        known = "write 1000 without one, 0.5 with a point, and name the columns of a table"
        raise ProblemError(f"{text[:80]!r} has a comma: {known}")
    pieces = [(match, match.start() + 1) for match in _PIECE.finditer(as_text(tokenize(text, _LONGEST, _ACCEPTED)))]
    if not pieces:
        raise ProblemError(f"there is no problem in it: write an expression such as {_EXAMPLE}")
    open_at: list[int] = []
    before = "("
    for match, place in pieces:
        piece = match[0]
        _check_piece(piece, place, before, match["foreign"] is not None)
        if before == "^":
            piece = _checked_power(piece, place)
        if piece == "(":
            open_at.append(place)
        elif piece == ")" and not open_at:
            raise ProblemError(f"the bracket that closes at symbol {place} was never opened: leave it out")
        elif piece == ")":
            open_at.pop()
        before = piece
    if before in "+-*/^(":
        raise ProblemError(f"the problem ends with {before!r}: a number has to follow it")
    if open_at:
        raise ProblemError(f"the bracket that opens at symbol {open_at[-1]} is never closed: add a ')'")
    return tokenize(text, WRITTEN, _ACCEPTED)


def _checked_power(piece: str, place: int) -> str:
    """What stands for a power among the pieces, a closed bracket, which no ^ may follow. Raises ProblemError."""
    if not piece.isdigit() or int(piece) > MOST_POWER:
        raise ProblemError(
            f"{piece[:80]!r} at symbol {place} is no power that is read: write a whole number to {MOST_POWER}"
        )
    return _RAISED


def _check_piece(piece: str, place: int, before: str, foreign: bool) -> None:
    """Raise ProblemError where a number, operator or bracket may not follow the one before it ("(" at the start)."""
    operand = before in "+-*/^("
    if foreign:
        raise ProblemError(f"{piece!r} at symbol {place} is no arithmetic: use {_ACCEPTED}")
    if before == _RAISED and piece == "^":
        raise ProblemError(f"'^' at symbol {place} raises a power to a power: put brackets, as in (2^3)^2")
    if operand and piece in "+*/^)":
        follows = "nothing" if place == 1 else repr(before)
        raise ProblemError(f"{piece!r} at symbol {place} follows {follows}: put a number before it")
    if not operand and piece not in "+-*/^)":
        raise ProblemError(f"{piece!r} at symbol {place} follows {before!r}: write the operator, as in 2*(3+4)")
    if piece[0] == "0" and len(piece) > 1:
        raise ProblemError(f"the number {piece} has a leading zero: write {piece.lstrip('0') or '0'}")
    if piece.isdigit() and len(piece) > MOST_DIGITS:
        raise ProblemError(f"the number {piece[:80]} has {len(piece)} digits: at most {MOST_DIGITS} are read")
