"""Algebra as a task of the suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from trm_gym.algebra import generator, parsing, verifier
from trm_gym.algebra.layout import LENGTH, PLACE_OF_CELL, POWER_OF_CELL, WRITTEN
from trm_gym.algebra.levels import DEFAULT_LEVEL, LEVELS
from trm_gym.structure import TextStructure
from trm_gym.task import UserProblem
from trm_gym.written.task import WrittenTask


@final
class AlgebraTask(WrittenTask):
    """Linear and quadratic equations, systems of two; polynomials to evaluate, collect, expand, differentiate, factor.

    The first 40 cells hold the problem, the other 24 the answer, both in the symbols of ``written.signs``; ``layout``
    says where the canonical answer's symbols stand, ``verifier`` which answers are right.

    Difficulty: the work of writing it out: one for every operation that the problem names, by sign or by verb, and one
    for every digit of problem and answer, because at each there may be something to carry.
    """

    answer_symbols = "0123456789+-*/^(),x"
    unknowns = "xy"

    def __init__(self) -> None:
        structure = TextStructure((LENGTH,), written=WRITTEN, places=PLACE_OF_CELL, powers=POWER_OF_CELL)
        super().__init__("algebra", LEVELS, DEFAULT_LEVEL, structure, generator, parsing, verifier)

    def names(self, problem: UserProblem) -> Mapping[str, str]:
        """The unknowns that are called x or y here, and another letter in a problem: ``{"x": "t"}`` of ``t+3=7``."""
        return parsing.names(problem)
