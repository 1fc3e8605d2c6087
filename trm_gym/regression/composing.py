"""Formulas made of small ones that fit points: sums, products, quotients and functions of them, with constants.

Nothing here is random: whatever can be made in one of the ways below is found.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from trm_gym.regression._search.meeting import KEYED, meet, pairs
from trm_gym.regression.arranging import plus, powered, product, rounded, times
from trm_gym.regression.formula import Formula, number
from trm_gym.regression.layout import VARIABLES
from trm_gym.regression.small_formulas import SmallFormulas
from trm_gym.regression.views import View, joined, rest

_HITS = 64
_NOTHING = 1e-10
"""The share of the largest term below which one is nothing."""


def combined(columns: NDArray[np.float64], formulas: list[Formula], target: NDArray[np.float64]) -> Formula:
    """The sum of formulas, each with the factor that fits the target best, and of a constant.

    columns: float64 [N, K], the formulas' values. Factors that are as good as 0 leave their term out.
    """
    scale = np.maximum(np.abs(columns).max(axis=0), 1e-300)
    design = np.column_stack([columns / scale, np.ones(len(columns))])
    found = np.linalg.lstsq(design, target, rcond=None)[0]
    size = np.abs(found)
    kept = size > _NOTHING * size.max()
    if not kept.all() and kept.any():
        found[~kept] = 0.0
        found[kept] = np.linalg.lstsq(design[:, kept], target, rcond=None)[0]
    whole: Formula | None = None
    factors = list(map(rounded, (found[:-1] / scale).tolist()))
    for factor, one in sorted(zip(factors, formulas, strict=True), key=lambda term: term[0] < 0.0):
        if factor == 0.0:
            continue
        whole = plus(whole, times(factor, one))
    constant = rounded(float(found[-1]))
    if whole is None or constant != 0.0:
        whole = plus(whole, number(constant))
    return whole


def met(table: SmallFormulas, views: list[View], first: int, stop: int) -> Iterator[Formula]:
    """Formulas of two of the table that make one of the views, the first of them from rows ``first`` to ``stop``."""
    if not views:
        return
    hits = np.empty((_HITS, 4), np.int64)
    values = np.ascontiguousarray([view.values for view in views])
    stop = min(stop, len(table))
    count = meet(table.values, values, table.weights, table.keys, table.places, first, stop, hits)
    for which, form, one, other in hits[:count].tolist():
        view = views[which]
        wanted = view.values if one < 0 else rest(form, view.values, table.values[one])
        inside = combined(table.values[other][:, None], [table.formula(other)], wanted)
        yield view.whole(inside if one < 0 else joined(form, table.formula(one), inside))


def paired(table: SmallFormulas, views: list[View], first: int, stop: int, most: int) -> Iterator[Formula]:
    """Formulas a * A + b * B + c of a view, A of the table's rows ``first`` to ``stop``, B of its first ``most``."""
    hits, most = np.empty((_HITS, 2), np.int64), min(most, len(table))
    for view in views:
        wanted = table.weights @ view.values[:KEYED]
        count = pairs(table.contrasts, wanted, first, min(stop, most), most, hits)
        for rows in hits[:count].tolist():
            yield view.whole(combined(table.values[rows].T, list(map(table.formula, rows)), view.values))


def polynomials(inputs: NDArray[np.float64], views: list[View], degree: int) -> Iterator[Formula]:
    """The polynomials of a degree in the variables that fit the views best, where there are more points than terms."""
    powers = [one for one in itertools.product(range(degree + 1), repeat=inputs.shape[1]) if 0 < sum(one) <= degree]
    if len(powers) + 3 > len(inputs):
        return
    columns = np.column_stack([np.prod(inputs ** np.array(one), axis=1) for one in powers])
    formulas = [
        product([(False, powered(Formula(VARIABLES[at]), float(power))) for at, power in enumerate(one) if power])
        for one in powers
    ]
    for view in views:
        yield view.whole(combined(columns, formulas, view.values))


def monomials(inputs: NDArray[np.float64], target: NDArray[np.float64]) -> Iterator[Formula]:
    """The product of powers of the variables, which may be any, and of a constant that fits best.

    Halves of powers stand below one root, which may have a value where none of its factors alone has.
    """
    if inputs.min() <= 0.0 or not (target.min() > 0.0 or target.max() < 0.0):
        return
    sign = math.copysign(1.0, float(target[0]))
    design = np.column_stack([np.log(inputs), np.ones(len(inputs))])
    found = np.linalg.lstsq(design, np.log(sign * target), rcond=None)[0]
    outside, inside = [(False, number(rounded(sign * math.exp(min(found[-1], 700.0)))))], []
    for name, power in zip(VARIABLES, found[:-1].tolist(), strict=False):
        power = 0.0 if abs(power) < _NOTHING else rounded(power)
        size = abs(power)
        if (2.0 * size) % 2.0 == 1.0:
            inside.append((power < 0.0, Formula(name)))
            size -= 0.5
        if size:
            outside.append((power < 0.0, powered(Formula(name), size)))
    root = [(False, Formula("sqrt", (product(inside),)))] if inside else []
    yield product([*outside, *root])
