"""Solves problems exactly and writes the canonical answer; measures how much work a problem is.

Canonical are: roots in ascending order, a double root once; x before y; polynomials by falling powers; factors by
(a, b) of a*x + b, a positive, after the content. ``layout`` says where the symbols stand.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra import layout
from trm_gym.algebra._search.exact import Facts, degrees, facts
from trm_gym.algebra._search.factoring import BROKEN, factored
from trm_gym.algebra._search.rational import UNDER
from trm_gym.algebra._search.reading import EVALUATE, FACTOR, Reading, read
from trm_gym.algebra.layout import ANSWER, LENGTH, WRITTEN, Integers
from trm_gym.errors import ProblemError
from trm_gym.short_repr import short_repr
from trm_gym.written.signs import SYMBOLS, TOKEN, VERBS, answer_tokens

LONG = -20
"""Why a solved problem has no answer here: there is no room for it."""

_MOST = 10**9  # every number of an answer is below; the verifier reads no longer ones


@short_repr
class Solved(NamedTuple):
    """What became of B problems: solutions uint8 [B, L]; found int64 [B], positive, or, negative, why there is no
    answer (see ``reading``, ``exact``, ``factoring`` and LONG); and the facts that this rests on.
    """

    solutions: NDArray[np.uint8]
    found: Integers
    facts: Facts


def solve(problems: NDArray[np.uint8], reading: Reading | None = None) -> Solved:
    """Solve problems, uint8 [B, WRITTEN or more]; ``reading`` is what they say, if they have been read."""
    kinds = (reading := reading or read(problems)).kinds
    asked = facts(reading)
    solutions = np.zeros((len(problems), LENGTH), np.uint8)
    solutions[:, :WRITTEN] = problems[:, :WRITTEN]
    solved = Solved(solutions, asked.counts.copy(), asked)
    for of_kind, answer in (
        (kinds <= EVALUATE, _answer_numbers),
        ((kinds > EVALUATE) & (kinds != FACTOR), _answer_polynomials),
        (kinds == FACTOR, _answer_products),
    ):
        if (chosen := np.flatnonzero(of_kind & (asked.counts > 0))).size:
            answer(solved, chosen)
    return solved


def _answer_numbers(solved: Solved, chosen: Integers) -> None:
    values, counts = solved.facts.values[chosen], solved.facts.counts[chosen]
    cells, room = layout.numbers(values, counts)
    solved.solutions[chosen, WRITTEN:] = cells
    for which in np.flatnonzero(~room):
        count = int(counts[which])
        _close(solved, chosen[which], values[which, :count], layout.close_numbers(values[which], count))


def _answer_polynomials(solved: Solved, chosen: Integers) -> None:
    rows = solved.facts.rows[chosen]
    cells, room = layout.polynomials(rows)
    solved.solutions[chosen, WRITTEN:] = cells
    broken = rows[:, UNDER] != 1
    solved.found[chosen[broken]] = BROKEN
    for which in np.flatnonzero(~room & ~broken):
        _close(solved, chosen[which], rows[which], layout.close_polynomial(rows[which]))


def _answer_products(solved: Solved, chosen: Integers) -> None:
    counts, contents, factors = factored(solved.facts.rows[chosen])
    cells, room = layout.products(contents, factors, counts)
    solved.solutions[chosen, WRITTEN:] = cells
    solved.found[chosen] = counts
    for which in np.flatnonzero(~room & (counts > 0)):
        content, count = int(contents[which]), int(counts[which])
        parts = np.append(factors[which, :count], content)
        _close(solved, chosen[which], parts, layout.close_product(content, factors[which], count))


def factors_beyond_quadratic(problems: NDArray[np.uint8]) -> Integers:
    """Of each problem uint8 [B, WRITTEN] that is to be factored, of degree 3 or more, how many linear factors it has,
    its content and they: int64 [B, 2 + 2 * MAX_FACTORS]. 0 for all others, and where it has none.
    """
    known = np.zeros((len(problems), 2 + 2 * layout.MAX_FACTORS), np.int64)
    chosen = np.flatnonzero(problems[:, 0] == TOKEN["factor"])
    if not chosen.size:
        return known
    reading = read(problems[chosen])
    high = (reading.kinds == FACTOR) & (degrees(reading.rows[:, 0]) > 2)
    if high.any():
        counts, contents, factors = factored(reading.rows[high, 0])
        found = np.column_stack([counts, contents, factors.reshape(len(counts), -1)])
        known[chosen[high]] = np.where(counts[:, None] > 0, found, 0)
    return known


def _close(solved: Solved, which: np.int64, numbers: Integers, text: str) -> None:
    """Write an answer that has no room in its fields closely, if that fits."""
    try:
        cells = answer_tokens(text, ANSWER)
    except ProblemError:
        cells = None
    if cells is None or (np.abs(numbers) >= _MOST).any():
        solved.found[which] = LONG
    else:
        solved.solutions[which, WRITTEN:] = cells


_DIGITS = np.array([symbol != "" and symbol in "0123456789" for symbol in SYMBOLS], np.uint8)
_WORK = np.array([symbol.strip() in (*"+-*/^", *VERBS) for symbol in SYMBOLS], np.uint8) | _DIGITS
_EACH_BYTE, _TOP_BYTE = np.uint64(0x0101010101010101), np.uint64(56)


def difficulty(solutions: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much work solved problems uint8 [B, L] are, float32 [B]: one for each operation written in the problem, and
    one for each digit of problem and answer, at which there may be something to carry.
    """
    work = np.empty_like(solutions)
    work[:, :WRITTEN] = _WORK.take(solutions[:, :WRITTEN])
    work[:, WRITTEN:] = _DIGITS.take(solutions[:, WRITTEN:])
    # Eight bytes at a time: a word's bytes count up to L / 8 each, and its product with 1s has their sum on top.
    counts = work.view(np.uint64).sum(axis=1)
    return (counts * _EACH_BYTE >> _TOP_BYTE).astype(np.float32)
