"""Arithmetic as a task of the suite."""

from __future__ import annotations

from typing import final

from trm_gym.arithmetic import generator, parsing, verifier
from trm_gym.arithmetic.layout import LENGTH, PLACE_OF_CELL, WRITTEN
from trm_gym.arithmetic.levels import DEFAULT_LEVEL, LEVELS
from trm_gym.structure import TextStructure
from trm_gym.written.task import WrittenTask


@final
class ArithmeticTask(WrittenTask):
    """Sums, differences, products, quotients and powers with exact answers: ``3*(4-1)`` is 9, ``6/4`` is 3/2.

    Tokens: those of ``written.signs``. The problem stands in the first 32 cells; the answer in the other 16, units
    first, as ``layout`` says.

    Difficulty: the work by hand. One for every operation; for every carry and borrow; for every two digits that are
    multiplied, in products, common denominators, and whole quotients with their divisors; and for every division of
    Euclid's algorithm, which reduces a fraction.
    """

    answer_symbols = "0123456789-/"

    def __init__(self) -> None:
        structure = TextStructure((LENGTH,), written=WRITTEN, places=PLACE_OF_CELL)
        super().__init__("arithmetic", LEVELS, DEFAULT_LEVEL, structure, generator, parsing, verifier)
