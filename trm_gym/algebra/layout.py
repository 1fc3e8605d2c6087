"""Where an answer's symbols stand: in fields, so that a digit is always found in the same cell.

Fields, from the first cell of the answer on; a plus in front, unused high digits and terms of zero are blank, and
every number is written units first:

- a polynomial: from x^3 down, of each term sign, 3 digits, ``x``, ``^``, power (as far as the term has them)
- a number: sign, 4 digits, ``/``, 2 blanks, 3 digits, so that units stand where a polynomial's do; a whole one may
  go on to 7 digits, a second one to 5; before that, 2 blanks, a comma
- factors: sign and 2 digits of the content, then of each factor ``(``, 1 digit, ``x``, sign, 2 digits, ``)``

An answer with a number too large for its field, or with more fields, is written closely, without any; only people's
own problems have such answers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.written.signs import DIGIT, TOKEN

WRITTEN = 40
"""The cells of the problem."""

ANSWER = 24
"""The cells of the answer."""

LENGTH = WRITTEN + ANSWER

DEGREE = 6
"""The highest power of x."""

MAX_FACTORS = DEGREE
"""The most linear factors that a polynomial has."""

_PLUS, _MINUS, _OVER, _HAT, _OPEN, _CLOSE, _COMMA, _X = (TOKEN[symbol] for symbol in "+-/^(),x")
WHOLE_DIGITS, SECOND_DIGITS, OVER_DIGITS, UNDER_DIGITS, TERM_DIGITS = 7, 5, 4, 3, 3
"""Digits of the fields: of a whole number, a second one, a fraction's two parts, and a polynomial's coefficient."""
CONTENT_DIGITS, SLOPE_DIGITS, ROOT_DIGITS = 2, 1, 2
"""Digits of the fields of factors: of the content, of the number before x, of the other one."""
_SECOND, _UNDER_AT = 14, (8, 20)  # where a second number starts, and where the denominators do
_TERMS = {3: 0, 2: 7, 1: 14, 0: 19}  # where the terms' fields start
TOP_POWER = max(_TERMS)
"""The highest power that has a field."""
FACTOR_FIELDS = 3
"""How many factors have a field."""
_FACTOR_CELLS = 4 + SLOPE_DIGITS + ROOT_DIGITS

PLACE_OF_CELL = np.full(ANSWER, -1)
"""Of every cell of numbers and polynomials, the place of the digit that it may hold, int64 [ANSWER]: 0 the units, -1
none. Factors have fields of their own.
"""

for _start, _width in ((1, WHOLE_DIGITS), (8, UNDER_DIGITS), (_SECOND + 1, OVER_DIGITS), (20, UNDER_DIGITS)):
    PLACE_OF_CELL[_start : _start + _width] = np.arange(_width)

POWER_OF_CELL = np.zeros(ANSWER, np.int64)
"""Of every cell of a polynomial, the power of the term that it is a part of, int64 [ANSWER]."""

for _power, _start in _TERMS.items():
    POWER_OF_CELL[_start : _start + 7] = _power

Cells = NDArray[np.uint8]
Integers = NDArray[np.int64]


def _sign(cells: Cells, at: int, numbers: Integers, plus: NDArray[np.bool_] | bool = False) -> None:
    """Write the signs of ``numbers``, int64 [B], a plus only where it is wanted."""
    cells[:, at] = np.where(numbers < 0, _MINUS, np.where(plus & (numbers > 0), _PLUS, 0))


def _digits(cells: Cells, at: int, numbers: Integers, width: int, hidden: NDArray[np.bool_] | bool = False) -> None:
    """Write the digits of ``numbers``, int64 [B], whatever their signs, from the units up, unless they are hidden."""
    left = np.abs(numbers)
    for place in range(width):
        left, digit = np.divmod(left, 10)
        shown = (left > 0) | (digit > 0) | (place == 0)
        cells[:, at + place] = np.where(shown & ~np.asarray(hidden), DIGIT + digit, cells[:, at + place])


def numbers(values: Integers, counts: Integers) -> tuple[Cells, NDArray[np.bool_]]:
    """One number or two, int64 [B, 2, 2] of (numerator, denominator), as cells uint8 [B, ANSWER]; which have room."""
    cells = np.zeros((len(values), ANSWER), np.uint8)
    room = np.ones(len(values), np.bool_)
    for which in range(2):
        over, under = values[:, which].T
        shown = counts > which
        if not shown.any():
            break
        at = which * _SECOND
        _sign(cells, at, np.where(shown, over, 0))
        whole = ~shown | (under == 1)
        # A fraction whose numerator reaches beyond its field has no room (below), so one width serves both.
        _digits(cells, at + 1, over, WHOLE_DIGITS, ~shown)
        cells[~whole, at + 1 + OVER_DIGITS] = _OVER
        _digits(cells, _UNDER_AT[which], under, UNDER_DIGITS, whole)
        width = np.where(whole, WHOLE_DIGITS if which == 0 else SECOND_DIGITS, OVER_DIGITS)
        room &= ~shown | ((np.abs(over) < 10**width) & (under < 10**UNDER_DIGITS))
    cells[:, _SECOND - 1] = np.where(counts == 2, _COMMA, 0)
    return cells, room


def polynomials(rows: Integers) -> tuple[Cells, NDArray[np.bool_]]:
    """Rows int64 [B, WIDTH] of whole coefficients as cells uint8 [B, ANSWER], and which have room."""
    cells = np.zeros((len(rows), ANSWER), np.uint8)
    first = np.ones(len(rows), np.bool_)
    for power, at in _TERMS.items():
        number = rows[:, power]
        hidden = (number == 0) & ~(first & (power == 0))
        _sign(cells, at, number, ~first)
        _digits(cells, at + 1, number, TERM_DIGITS, hidden | ((np.abs(number) == 1) & (power > 0)))
        for place, token in enumerate((_X, _HAT, DIGIT + power)[: (0, 1, 3, 3)[power]]):
            cells[:, at + 1 + TERM_DIGITS + place] = np.where(hidden, 0, token)
        first &= hidden
    small = (np.abs(rows[:, : DEGREE + 1]) < 10**TERM_DIGITS).all(axis=1)
    return cells, small & (rows[:, TOP_POWER + 1 : DEGREE + 1] == 0).all(axis=1)


def products(contents: Integers, factors: Integers, counts: Integers) -> tuple[Cells, NDArray[np.bool_]]:
    """Contents, int64 [B], times linear factors (a, b) for a*x + b, int64 [B, MAX_FACTORS, 2], as cells
    uint8 [B, ANSWER], and which have room.
    """
    cells = np.zeros((len(contents), ANSWER), np.uint8)
    _sign(cells, 0, contents)
    _digits(cells, 1, contents, CONTENT_DIGITS, np.abs(contents) == 1)
    room = (counts <= FACTOR_FIELDS) & (np.abs(contents) < 10**CONTENT_DIGITS)
    for which in range(FACTOR_FIELDS):
        slope, root = factors[:, which].T
        hidden = counts <= which
        bare = hidden | (root == 0)
        at = 1 + CONTENT_DIGITS + which * _FACTOR_CELLS
        cells[:, at] = np.where(bare, 0, _OPEN)
        _digits(cells, at + 1, slope, SLOPE_DIGITS, hidden | (slope == 1))
        cells[:, at + 1 + SLOPE_DIGITS] = np.where(hidden, 0, _X)
        _sign(cells, at + 2 + SLOPE_DIGITS, np.where(bare, 0, root), True)
        _digits(cells, at + 3 + SLOPE_DIGITS, root, ROOT_DIGITS, bare)
        cells[:, at + 3 + SLOPE_DIGITS + ROOT_DIGITS] = np.where(bare, 0, _CLOSE)
        room &= hidden | ((slope < 10**SLOPE_DIGITS) & (np.abs(root) < 10**ROOT_DIGITS))
    return cells, room


def close_numbers(values: Integers, count: int) -> str:
    """One number or two, int64 [2, 2], as text."""
    return ",".join(str(over) if under == 1 else f"{over}/{under}" for over, under in values[:count].tolist())


def close_length(rows: Integers) -> Integers:
    """How many cells polynomials take that are written closely, int64 [B], of coefficients int64 [B, DEGREE + 1]."""
    sizes, powers = np.abs(rows), np.arange(DEGREE + 1)
    digits = 1 + (sizes[..., None] >= 10 ** np.arange(1, 10)).sum(axis=-1)
    cells = 1 + np.where((sizes == 1) & (powers > 0), 0, digits) + np.array([0, 1, *[3] * (DEGREE - 1)])
    last = DEGREE - (rows[:, ::-1] != 0).argmax(axis=1)
    first = np.take_along_axis(rows, last[:, None], axis=1)[:, 0]
    return np.where(rows == 0, 0, cells).sum(axis=1) - (first > 0)


def close_polynomial(row: Integers) -> str:
    """A row as text."""
    text = ""
    for power in range(DEGREE, -1, -1):
        number = int(row[power])
        if number:
            size = "" if abs(number) == 1 and power else str(abs(number))
            text += ("-" if number < 0 else "+") + size + ("", "x", f"x^{power}")[min(power, 2)]
    return text.removeprefix("+") or "0"


def close_product(content: int, factors: Integers, count: int) -> str:
    """A content times linear factors, int64 [MAX_FACTORS, 2], as text."""
    text = {1: "", -1: "-"}.get(content, str(content))
    for slope, root in factors[:count].tolist():
        first = "x" if slope == 1 else f"{slope}x"
        text += f"({first}{root:+})" if root else first
    return text
