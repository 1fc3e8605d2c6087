"""Reads the problems that people bring, each fault with an error of its own, and questions in words.

A problem is text: an equation (``3x + 4 = 10``, linear or quadratic), a system (``2x+3y=7, x-y=1``), or ``expand``,
``collect``, ``factor`` or ``differentiate`` and an expression, or ``evaluate x^2+1 at x=3``. Spaces are free, ``3x``
and ``2(x+1)`` are read as products, ``**`` and superscripts as powers. Unknowns may be any single letters: one is
renamed x; two are renamed x and y in alphabetical order.

How people say so is in ``wording``.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra import solver
from trm_gym.algebra._search import exact, factoring, reading
from trm_gym.algebra.layout import ANSWER, LENGTH, WRITTEN
from trm_gym.algebra.wording import asked_in, check_asked, in_known_words
from trm_gym.errors import ProblemError
from trm_gym.plain_text import plain_text
from trm_gym.task import Problems, UserProblem
from trm_gym.written.signs import VERBS, as_text, free_cells, plain, tokenize
from trm_gym.written.typed import check_letters, check_subscripts
from trm_gym.written.user_problems import in_hand, problem_text

_EXAMPLE = "3*x+4=10"
_COMMA = re.compile(r"[0-9]+,[0-9]+")
_NO_COMMA = "write 0.5 for a decimal and 1000 for a thousand"

_FAULTS = {
    reading.SYNTAX: "it does not read as an equation or an expression: look for a missing number or a stray sign",
    reading.LARGE: "a number in it, or on the way to its sums, has more than 9 digits or a power above 6, or y is "
    "multiplied by an unknown: use smaller numbers, and y only by itself",
    reading.POWER: "after ^ comes a whole number from 0 to 6",
    reading.DIVISOR: "it is divided by zero or by an unknown: multiply it out first",
    reading.NESTING: "its brackets are nested too deeply",
    exact.IMPOSSIBLE: "it has no solution",
    exact.ALWAYS: "it has infinitely many solutions",
    exact.HIGH: "only linear and quadratic equations are solved here, and only linear systems",
    exact.IRRATIONAL: "its roots are irrational: the discriminant {discriminant} is no square",
    exact.UNREAL: "it has no real roots: the discriminant is {discriminant}",
    factoring.UNSPLIT: "it does not split into linear factors with whole coefficients, or not into small ones",
    factoring.BROKEN: "the answer's coefficients are no whole numbers: multiply by the denominator",
    solver.LONG: f"its answer does not fit into {ANSWER} cells of at most 9 digits a number",
    factoring.CONSTANT: "a number has no linear factors",
}


def encode(problem: UserProblem) -> Problems:
    """A person's problem as a batch of one of level -1: text, a .txt file, or the tokens as a list or an array.

    Raises ProblemError.
    """
    written = parse(problem)
    solved = solution(written)[None]
    tokens = np.zeros_like(solved)
    tokens[0, :WRITTEN] = written
    return Problems(tokens, free_cells(1, WRITTEN, LENGTH), solved, np.full(1, -1), solver.difficulty(solved))


def solution(problem: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The canonical solution uint8 [L] of one problem, uint8 [WRITTEN or more]. Raises ProblemError."""
    solved = solver.solve(problem[None])
    if solved.found[0] > 0:
        return solved.solutions[0]
    low, middle, high = (int(number) for number in solved.facts.rows[0, :3])
    fault = _FAULTS[int(solved.found[0])].format(discriminant=middle * middle - 4 * low * high)
    raise ProblemError(f"{as_text(problem[:WRITTEN])!r}: {fault}")


def parse(problem: UserProblem) -> NDArray[np.uint8]:
    """The tokens uint8 [WRITTEN] of a problem in any form; checks everything but whether it can be solved."""
    text = _plain(_said(problem))
    verb = next((word for word in VERBS if text.startswith(word)), None)
    _check_brackets(text)
    if verb is None:
        _check_equations(text)
    else:
        _check_expression(text, verb)
    return tokenize(text, WRITTEN)


def _said(problem: UserProblem) -> str:
    """A problem as text, without the full stop or question mark at its end. Raises ProblemError."""
    return problem_text(problem, WRITTEN, LENGTH, _EXAMPLE).rstrip(" ?.")


def _plain(text: str) -> str:
    """``text`` in the alphabet's own signs, its unknowns named x and y, every product with its sign."""
    check_subscripts(plain_text(text))
    text = plain(text).strip()
    check_asked(text)
    text = in_known_words(text)
    check_letters(text)
    if long := re.search(r"[0-9]{10,}", text):
        raise ProblemError(f"{text[:80]!r}: {long[0][:20]} has more than 9 digits")
    names = _letters(text)
    text = re.sub(r"\b[a-z]\b|(?<=[0-9])[a-z]\b", lambda letter: names[letter[0]], text)
    if faulty := re.search(r"[xy)]\s*[0-9]", text):
        raise ProblemError(f"{text[:80]!r}: {faulty[0]!r} is neither a product nor a power: write a * or a ^")
    return re.sub(r"(?<=[0-9xy)])(\s*)(?=[xy(])", "*", text)


def _letters(text: str) -> dict[str, str]:
    """The unknowns of a text in the alphabet's signs, and what they are called here. Raises ProblemError."""
    words = re.findall("[a-z]+", text)
    for word in words:
        if len(word) > 1 and word not in (*VERBS, "at"):
            raise ProblemError(
                f"unknown word {word[:20]!r} in {text[:80]!r}: unknowns are single letters, a product of two needs a "
                f"*; the words are {', '.join(VERBS)}, at"
            )
    letters = sorted({word for word in words if len(word) == 1})
    if len(letters) > 2:
        raise ProblemError(f"{text[:80]!r} has {len(letters)} unknowns, {', '.join(letters)}: at most two can be found")
    if not letters and "collect" not in words:  # which also takes a sum of numbers
        raise ProblemError(f"{text[:80]!r} has no unknown: write a problem such as {_EXAMPLE!r}")
    return dict(zip(letters, "xy", strict=False))


def names(problem: UserProblem) -> dict[str, str]:
    """The unknowns that are called otherwise here, of a problem that ``encode`` reads: x or y, and the letter given."""
    problem = in_hand(problem)
    if not isinstance(problem, str):
        return {}
    if (asked := asked_in(problem)) is not None and _covered(asked[0]):
        found = asked[1]
    else:
        found = _letters(in_known_words(plain(_said(problem)).strip()))
    return {known: letter for letter, known in found.items() if letter != known}


def _check_brackets(text: str) -> None:
    opened = []
    for place, sign in enumerate(text, start=1):
        if sign == "(":
            opened.append(place)
        elif sign == ")" and not opened:
            raise ProblemError(f"{text!r}: the bracket closed at character {place} was never opened")
        elif sign == ")":
            opened.pop()
    if opened:
        raise ProblemError(f"{text!r}: the bracket opened at character {opened[-1]} is never closed")


def _check_equations(text: str) -> None:
    parts = text.split(",")
    if unequal := re.search(r"[<>≤≥≠]|!=", text):
        raise ProblemError(f"{unequal[0]!r} in {text!r}: inequalities are not read, an equation has one =")
    if len(parts) == 2 and "=" in parts[0] and re.fullmatch(r"\s*-?[0-9/]+\s*", parts[1]):
        raise ProblemError(
            f"{text!r}: {parts[1].strip()!r} is no equation; if it is an answer in a table, let the first line name "
            f"the columns (problem,answer), if it belongs to a number, {_NO_COMMA}"
        )
    if (comma := _COMMA.search(text)) and any(part.count("=") != 1 for part in parts):
        raise ProblemError(f"{text!r}: the comma in {comma[0]!r} parts two equations here; in a number, {_NO_COMMA}")
    if len(parts) > 2:
        raise ProblemError(f"{text!r} has {len(parts)} equations: write one, or two separated by a comma")
    for part in parts:
        signs = part.count("=")
        if signs == 0:
            raise ProblemError(f"no '=' in {part!r}: write an equation, or say what to do: {', '.join(VERBS)}")
        if signs > 1:
            raise ProblemError(f"{signs} '=' in {part!r}: an equation has one; separate two equations by a comma")
    if len(parts) == 2 and "y" not in text:
        raise ProblemError(f"{text!r} is two equations with one unknown: write one of them")
    if len(parts) == 1 and "y" in text:
        raise ProblemError(f"{text!r} is one equation with two unknowns: add a second one after a comma")


def _check_expression(text: str, verb: str) -> None:
    if verb == "evaluate":
        if not re.fullmatch(r"evaluate .+ at\s*x\s*=[^=]+", text):
            raise ProblemError(f"{text!r}: say where, as in 'evaluate x^2+1 at x=3'")
    elif "=" in text or "," in text:
        comma = f"; in a number, {_NO_COMMA}" if _COMMA.search(text) else ""
        raise ProblemError(f"{text!r}: {verb} takes one expression, no equation{comma}")
    if re.search(r"\by", text):
        raise ProblemError(f"{text!r} has two unknowns: {verb} takes an expression in one")


def from_words(question: str) -> str | None:
    """The problem that a question asks, as text that ``encode`` reads; None where this task does not cover it.

    The unknown that is asked for becomes x, another one y: the answer is the first of a system's two.
    """
    asked = asked_in(question)
    return None if asked is None else _covered(asked[0])


def _covered(text: str) -> str | None:
    try:
        encode(text)
    except ProblemError:
        return None
    return text
