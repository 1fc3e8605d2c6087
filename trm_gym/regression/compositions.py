"""Formulas that fit points exactly, from the simplest kinds to pairs and triples of ever larger parts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.errors import ProblemError
from trm_gym.regression._search.values import spread
from trm_gym.regression.arranging import arranged, powered, product
from trm_gym.regression.composing import met, monomials, paired, polynomials
from trm_gym.regression.families import FAST_WAVES, of_families
from trm_gym.regression.formula import Formula, to_program
from trm_gym.regression.layout import VARIABLES
from trm_gym.regression.programs import evaluate
from trm_gym.regression.small_formulas import SmallFormulas
from trm_gym.regression.views import View, functions, parts
from trm_gym.streams import mix

PER_PART = math.log(22.0)
"""What a part of a formula costs in a description: it is one of so many tokens."""
EXACT = 1e-9
"""The largest error, in standard deviations of the target, of a formula that fits exactly."""
_POINTS = 24
"""At how many points formulas are looked up; those that are found are tried at all."""
_TABLES = (4_000, 60_000, 300_000)
_BLOCK, _VIEWS = 20_000, 200
"""How much is looked up between two glances at the clock."""


@dataclass(frozen=True, order=True)
class Candidate:
    """A formula that fits. gaps: the twentieths of places around the points where it has no value. size: its parts.

    error: the root of the mean square of what is left, in standard deviations of the target.
    """

    gaps: int
    size: int
    error: float = field(compare=False)
    formula: Formula = field(compare=False)


def size_of(formula: Formula) -> int:
    """How many operators, functions and leaves a formula has."""
    return 1 + sum(map(size_of, formula.parts))


def values_of(formula: Formula, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """A formula at inputs float64 [N, 1 to 3], float64 [N]; NaN everywhere where it is too long for a program."""
    try:
        program = to_program(formula)
    except ProblemError:
        return np.full(len(inputs), np.nan)
    places = np.zeros((1, len(inputs), len(VARIABLES)))
    places[0, :, : inputs.shape[1]] = inputs
    return evaluate(program[None], places)[0]


@final
class Compositions:
    """All that is tried on some points, round by round; see ``rounds``."""

    def __init__(
        self, inputs: NDArray[np.float64], target: NDArray[np.float64], weights: NDArray[np.float64] | None = None
    ) -> None:
        """inputs: float64 [N, 1 to 3]. target: float64 [N], not constant. N is at least ``meeting.KEYED``. weights:
        float64 [N], above 0, how much each point counts in errors.
        """
        self._inputs, self._target = inputs, target
        self._weights = np.full(len(target), 1.0 / len(target)) if weights is None else weights / weights.sum()
        self._spread = math.sqrt(self._weights @ (target - self._weights @ target) ** 2)
        low, high = inputs.min(axis=0), inputs.max(axis=0)
        cube = spread(200)[:, : inputs.shape[1]]
        self._around = low - (high - low) / 2 + 2 * (high - low) * cube
        some = np.argsort(mix(3, np.arange(len(target))), kind="stable")[:_POINTS]
        self._some = inputs[some]
        self._view = View(target[some])
        self._views = [self._view, *functions(self._view)]

    def judged(self, formulas: Iterable[Formula], limit: float = EXACT) -> list[Candidate]:
        """Those of the formulas whose error at all points is at most ``limit``, the best first, each once."""
        found = {}
        for formula in formulas:
            for form in (arranged(formula), formula):
                error = self.error(form)
                if error <= limit:
                    gaps = round(20 * (1 - np.isfinite(values_of(form, self._around)).mean()))
                    found[form] = Candidate(gaps, size_of(form), error, form)
                    break
        return sorted(found.values())

    def error(self, formula: Formula) -> float:
        """The root of the mean square of what a formula leaves, in standard deviations; infinite for no value."""
        with np.errstate(all="ignore"):
            found = np.sqrt(self._weights @ (values_of(formula, self._inputs) - self._target) ** 2) / self._spread
        return float(found) if np.isfinite(found) else np.inf

    def rounds(self) -> Iterator[list[Candidate]]:
        """What fits exactly, round by round; most are empty. Between two the caller may stop."""
        simple = [*monomials(self._inputs, self._target)]
        for degree in (1, 2, 3, 4, 6):
            simple += polynomials(self._some, self._views, degree)
        yield self.judged(simple)
        table = SmallFormulas(self._some, _TABLES[0])
        yield self.judged([*paired(table, self._views, 0, 400, len(table)), *met(table, self._views, 0, len(table))])
        yield self._families(table, 12, 10)
        table = SmallFormulas(self._some, _TABLES[1])
        yield from self._large(table)
        yield from self._deep(table, 150, 150)
        yield self._fast_waves()
        yield self._families(table, 60, 100)
        yield from self._large(SmallFormulas(self._some, _TABLES[2]))
        yield from self._pairs_inside(table, 30)
        yield from self._deep(table, 500, int(table.starts[6]))

    def _large(self, table: SmallFormulas) -> Iterator[list[Candidate]]:
        """Pairs of a large table."""
        for view in self._views:
            yield self.judged(paired(table, [view], 0, 400, 12_000))
        for first in range(0, len(table), _BLOCK):
            yield self.judged(met(table, self._views, first, first + _BLOCK))

    def _parts(self, table: SmallFormulas, count: int) -> Iterator[View]:
        """The rests of the target where a part is one of the first ``count`` formulas."""
        count = min(count, len(table))
        return parts(self._view, table.values[:count], list(map(table.formula, range(count))))

    def _families(self, table: SmallFormulas, count: int, insides: int) -> list[Candidate]:
        """Formulas with a constant inside a function: of the target, of what it is a function of, of its rests."""
        rows = [row for row in range(min(insides, len(table))) if np.ptp(table.values[row]) > 0.0]
        formulas, values = self._products((-1, 0, 1, 2))
        formulas, values = formulas + list(map(table.formula, rows)), np.concatenate([values, table.values[rows]])
        return self.judged(of_families([*self._views, *self._parts(table, count)], values, formulas))

    def _fast_waves(self) -> list[Candidate]:
        """Waves of products and quotients of the variables."""
        formulas, values = self._products((-1, 0, 1))
        return self.judged(of_families(self._views, values, formulas, FAST_WAVES))

    def _products(self, powers: tuple[int, ...]) -> tuple[list[Formula], NDArray[np.float64]]:
        """The products of such powers of the variables, and their values [K, N]."""
        shown = [one for one in itertools.product(powers, repeat=self._some.shape[1]) if any(one)]
        formulas = [
            product(
                [
                    (power < 0, powered(Formula(name), abs(power)))
                    for name, power in zip(VARIABLES, one, strict=False)
                    if power
                ]
            )
            for one in shown
        ]
        with np.errstate(all="ignore"):
            values = np.array([np.prod(self._some ** np.array(one, float), axis=1) for one in shown])
        kept = np.flatnonzero(np.isfinite(values).all(axis=1)).tolist()
        return [formulas[row] for row in kept], values[kept]

    def _deep(self, table: SmallFormulas, count: int, stop: int) -> Iterator[list[Candidate]]:
        """Three parts: one of the first ``count``, perhaps a function, one of the first ``stop``, and any."""
        block: list[View] = []
        for view in self._parts(table, count):
            block += [view, *functions(view, common=True)]
            if len(block) >= _VIEWS:
                yield self.judged(met(table, block, 0, stop))
                block = []
        yield self.judged(met(table, block, 0, stop))

    def _pairs_inside(self, table: SmallFormulas, count: int) -> Iterator[list[Candidate]]:
        """A part joined with a sum of two others, or with a function of one."""
        for view in self._parts(table, count):
            yield self.judged(paired(table, [view, *functions(view, common=True)], 0, 150, 3_000))
