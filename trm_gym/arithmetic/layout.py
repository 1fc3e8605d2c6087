"""Where things stand on the canvas: 32 cells of problem, then one number, each digit of it at a cell of its own.

The answer's cells are sign, seven digits from the units up, ``/``, seven digits of the denominator from the units up.
A plus sign, unused high digits, and ``/`` with the denominator of a whole number are blank.
"""

from __future__ import annotations

import numpy as np

from trm_gym.jit import inner
from trm_gym.written.signs import DIGIT, TOKEN

WRITTEN = 32
"""The cells of the problem."""

ANSWER_DIGITS = 7
"""The digits that a numerator or denominator of an answer has at most."""

ANSWER = 2 * (1 + ANSWER_DIGITS)
"""The cells of the answer."""

LENGTH = WRITTEN + ANSWER

PLACE_OF_CELL = np.tile(np.arange(-1, ANSWER_DIGITS), 2)
"""The place of a number that each of the answer's cells holds, int64 [ANSWER]; -1 for sign and ``/``."""

ANSWER_BOUND = 10**ANSWER_DIGITS
"""Numerator and denominator of an answer are smaller."""

PLUS, MINUS, TIMES, OVER, HAT, OPEN, CLOSE = (TOKEN[symbol] for symbol in "+-*/^()")


@inner
def lay_out(numerator, denominator, row):
    """Write the canonical answer into the blank cells after the problem in ``row`` uint8 [LENGTH]."""
    if numerator < 0:
        row[WRITTEN] = MINUS
    _digits(abs(numerator), row, WRITTEN + 1)
    if denominator != 1:
        row[WRITTEN + 1 + ANSWER_DIGITS] = OVER
        _digits(denominator, row, WRITTEN + 2 + ANSWER_DIGITS)


@inner
def _digits(number, row, at):
    """Write ``number`` from the units up."""
    row[at] = DIGIT + number % 10
    number //= 10
    while number:
        at += 1
        row[at] = DIGIT + number % 10
        number //= 10
