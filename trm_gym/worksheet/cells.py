"""What each cell of an answer is shown: the column at its place, and the trial of a long division that stands there.

Where a number is divided by another, the digits of the quotient come from the highest place down. At each place stands
how often the divisor goes into what is left after the draft's digits above: the product of those digits and the divisor
is taken off the dividend, as on paper. So a draft whose higher digits are right shows the next one.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra import layout as algebra
from trm_gym.algebra.solver import factors_beyond_quadratic
from trm_gym.arithmetic import layout as arithmetic
from trm_gym.jit import inner, lazy_kernel
from trm_gym.short_repr import short_repr
from trm_gym.worksheet.asked import FACTORS, NOTHING, NUMBER, PAIR, POLYNOMIAL, QUANTITIES, TERMS, ask
from trm_gym.worksheet.closely import NONE, SIGN, in_fields, lay_out
from trm_gym.worksheet.columns import PLACES, WIDEST
from trm_gym.worksheet.reading import room
from trm_gym.written.signs import DIGIT

COLUMN_CODES = 2 * WIDEST + 2
"""A column's codes: 0 for none, then -WIDEST to WIDEST."""
NO_TRIAL, TOO_MUCH, TEN_OR_MORE = 0, 1, 12
TRIAL_CODES = 13
"""No trial; the digits above are too large already; 0 to 9; ten or more, so a digit above is too small."""
SIGNS = 4
"""The sign of a dividend that is divided: not told, negative, zero, positive. SIGNS more where it is that of a term
with another before it."""
KINDS = 5
CLOSELY = KINDS
"""The kind of an answer that has no room in its fields."""


@short_repr
class Fields(NamedTuple):
    """Where the numbers of an answer stand, by what it is made of: int64 [KINDS, answer].

    number: which of its numbers a cell belongs to, -1 for none. place: the place of its digit, -1 for its sign, -2 for
    what is neither.
    """

    number: NDArray[np.int64]
    place: NDArray[np.int64]


@functools.cache
def fields(answer: int) -> Fields:
    """The fields of a task's answers by how many cells they have. Raises ValueError for a task that has none."""
    found = Fields(np.full((KINDS, answer), -1), np.full((KINDS, answer), NONE))

    def put(kind: int, number: int, sign: int, first: int, width: int) -> None:
        """A number whose sign and digits stand there; a sign of -1 is none."""
        if sign >= 0:
            found.number[kind, sign], found.place[kind, sign] = number, SIGN
        found.number[kind, first : first + width] = number
        found.place[kind, first : first + width] = np.arange(width)

    if answer == arithmetic.ANSWER:
        digits = arithmetic.ANSWER_DIGITS
        put(NUMBER, 0, 0, 1, digits)
        put(NUMBER, 1, -1, 2 + digits, digits)
        return found
    if answer != algebra.ANSWER:
        raise ValueError("a worksheet has fields for arithmetic and algebra; use positions='cells'")
    for kind in (NUMBER, PAIR):
        put(kind, 0, 0, 1, algebra.WHOLE_DIGITS)
        put(kind, 1, -1, 8, algebra.UNDER_DIGITS)
    put(PAIR, 2, 14, 15, algebra.SECOND_DIGITS)
    put(PAIR, 3, -1, 20, algebra.UNDER_DIGITS)
    for power, start in ((3, 0), (2, 7), (1, 14), (0, 19)):
        put(POLYNOMIAL, power, start, start + 1, algebra.TERM_DIGITS)
    put(FACTORS, 0, 0, 1, algebra.CONTENT_DIGITS)
    for which in range(algebra.FACTOR_FIELDS):
        at = 3 + 7 * which
        put(FACTORS, 1 + 2 * which, -1, at + 1, algebra.SLOPE_DIGITS)
        put(FACTORS, 2 + 2 * which, at + 3, at + 4, algebra.ROOT_DIGITS)
    return found


def closes(answer: int) -> bool:
    """Whether answers without room in their fields are written closely, by how many cells an answer has. Raises
    ValueError: see ``fields``.
    """
    return bool((fields(answer).number[POLYNOMIAL] >= 0).any())


def sign_codes(answer: int) -> int:
    """How many codes of signs there are, by how many cells an answer has. Raises ValueError: see ``fields``."""
    return 2 * SIGNS if closes(answer) else SIGNS


def kind_codes(answer: int) -> int:
    """How many kinds of answers there are, by how many cells an answer has. Raises ValueError: see ``fields``."""
    return KINDS + 1 if closes(answer) else KINDS


@short_repr
class Worksheet(NamedTuple):
    """What a batch of problems shows: kinds int64 [B], and of each cell of the answer codes, int64 [B, answer, 4], of
    its column, its trial, its sign, and the token between numbers that are written closely.
    """

    kinds: NDArray[np.int64]
    codes: NDArray[np.int64]


@inner
def _trial(dividend, divisor, above, place):
    """How often the divisor, at a place, goes into what the digits above leave of the dividend, as a code."""
    left, unit = abs(dividend) - above * divisor, divisor
    for _ in range(place):
        unit *= 10
    if left < 0:
        return TOO_MUCH
    return min(TOO_MUCH + 1 + left // unit, TEN_OR_MORE)


@inner
def _beyond(columns, place):
    """What the columns beyond a number's highest cell add to that cell: 1200-300 has 900 in three cells."""
    total = 0
    for above in range(PLACES - 1, place, -1):
        total = 10 * (total + columns[above])
    return total if abs(total + columns[place]) <= WIDEST else 0


@inner
def _follows(dividends, power):
    """Whether a polynomial has a term of a higher power: then its term of this one has a sign, be it a plus."""
    higher = False
    for above in range(power + 1, TERMS):
        higher |= dividends[above] != 0
    return higher


@inner
def _tell(draft, kind, close, number, place, columns, dividends, divisors, codes):
    """Fill the codes of one answer's cells, int64 [answer, 4], all 0 before, but for the marks."""
    above, last = 0, -1
    # A number's digits stand units first, so from the last cell on each has read those above it.
    for cell in range(len(draft) - 1, -1, -1):
        which, at, code = number[cell], place[cell], codes[cell]
        if which < 0 or divisors[which] == 0:
            continue
        divided = divisors[which] > 1
        if at < 0:
            sign = (dividends[which] > 0) - (dividends[which] < 0)
            code[2] = sign + 2 if divided else 0
            if kind == POLYNOMIAL and _follows(dividends, which):
                code[2] += SIGNS
            if close and (cell + 1 == len(draft) or number[cell + 1] != which):
                # A coefficient of 1 is not written, so what it comes from is shown where its sign is.
                code[0] = columns[which, 0] + _beyond(columns[which], 0) + WIDEST + 1
            continue
        highest = which != last
        if highest:
            above, last = 0, which
        code[0] = columns[which, at] + WIDEST + 1
        if divided:
            code[1] = _trial(dividends[which], divisors[which], above, at)
        elif highest:
            code[0] += _beyond(columns[which], at)
        token = np.int64(draft[cell])
        if DIGIT <= token < DIGIT + 10:
            unit = 1
            for _ in range(at):
                unit *= 10
            above += unit * (token - DIGIT)


@lazy_kernel
def _show(problems, drafts, known, tables, closely, kinds, codes, columns, dividends, divisors, work):
    """The loop of ``show``. tables: the fields' numbers and places, int64 [2, KINDS, answer]. closely: room for those
    of one answer that is written closely, and for its marks, int64 [3, answer], or [3, 0] where none is.
    """
    for index in range(len(problems)):
        kind = ask(problems[index], known[index], work, columns, dividends, divisors)
        number, place, close = tables[0, kind], tables[1, kind], False
        if closely.shape[1] and kind != NOTHING and not in_fields(kind, dividends, divisors):
            close = lay_out(kind, dividends, divisors, closely[0], closely[1], closely[2])
            kind = kind if close else NOTHING
            number, place = (closely[0], closely[1]) if close else (tables[0, kind], tables[1, kind])
        if close:
            for cell in range(drafts.shape[1]):
                codes[index, cell, 3] = closely[2, cell]
        kinds[index] = CLOSELY if close else kind
        _tell(drafts[index], kind, close, number, place, columns, dividends, divisors, codes[index])


def show(problems: NDArray[np.uint8], drafts: NDArray[np.uint8]) -> Worksheet:
    """The worksheet of problems uint8 [B, written] and of the answers drafted so far, uint8 [B, answer]."""
    count, answer = drafts.shape
    tables, close = np.stack(fields(answer)), closes(answer)
    sheet = Worksheet(np.empty(count, np.int64), np.zeros((count, answer, 4), np.int64))
    columns, numbers = np.zeros((QUANTITIES, PLACES), np.int64), np.zeros((2, QUANTITIES), np.int64)
    known = factors_beyond_quadratic(problems) if close else np.zeros((count, 1), np.int64)
    _show(
        np.ascontiguousarray(problems),
        np.ascontiguousarray(drafts),
        known,
        tables,
        np.zeros((3, answer if close else 0), np.int64),
        *sheet,
        columns,
        *numbers,
        room(),
    )
    return sheet
