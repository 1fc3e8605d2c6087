"""Functions with one more constant inside: sin(w * B), exp(w * B), B ^ w, 1 / (B + w), where B is a small formula.

For each B the constant is tried on a grid, for all targets at once, by how much of a target is left by least squares.
The best are made exact by Gauss-Newton steps (variable projection; Golub and Pereyra 1973).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.regression.arranging import plus, rounded, times
from trm_gym.regression.formula import Formula, number
from trm_gym.regression.views import View

_STEPS = 10
_HALFWAY = 4
_PROMISING = 0.02
"""The share of a target's spread that may be left on the grid."""
_TRIED = 4
_CLOSE = 1e-9

Array = NDArray[np.float64]


class Family(ABC):
    """Functions g(B; w), of which a target is a sum with factors and a constant."""

    @abstractmethod
    def grid(self, inside: Array) -> Array:
        """Values of w worth a try for B float64 [N], float64 [W]."""

    @abstractmethod
    def columns(self, inside: Array, w: Array) -> Array:
        """The functions' values float64 [W, N, F]."""

    @abstractmethod
    def slope(self, inside: Array, w: float, factors: Array) -> Array:
        """The derivative by w of their sum with factors [F], float64 [N]."""

    @abstractmethod
    def formula(self, inside: Formula, w: float, factors: list[float]) -> Formula:
        """Their sum with factors."""


@final
class Waves(Family):
    """sin(w * B) and cos(w * B)."""

    def __init__(self, most: int = 160) -> None:
        """most: how many steps of the grid."""
        self._most = most

    def grid(self, inside: Array) -> Array:
        return np.linspace(0.35, 0.35 * self._most, self._most) / float(np.ptp(inside))

    def columns(self, inside: Array, w: Array) -> Array:
        angle = w[:, None] * inside
        return np.stack([np.sin(angle), np.cos(angle)], axis=2)

    def slope(self, inside: Array, w: float, factors: Array) -> Array:
        return inside * (factors[0] * np.cos(w * inside) - factors[1] * np.sin(w * inside))

    def formula(self, inside: Formula, w: float, factors: list[float]) -> Formula:
        angle = times(rounded(w), inside)
        sine, cosine = factors
        if abs(cosine) <= 1e-8 * abs(sine):
            return times(rounded(sine), Formula("sin", (angle,)))
        if abs(sine) <= 1e-8 * abs(cosine):
            return times(rounded(cosine), Formula("cos", (angle,)))
        shifted = plus(angle, number(rounded(math.atan2(cosine, sine))))
        return times(rounded(math.hypot(sine, cosine)), Formula("sin", (shifted,)))


@final
class Exponentials(Family):
    """exp(w * B)."""

    def grid(self, inside: Array) -> Array:
        return np.concatenate([side * np.geomspace(0.1, 30.0, 24) for side in (1, -1)]) / float(np.ptp(inside))

    def columns(self, inside: Array, w: Array) -> Array:
        return np.exp(np.clip(w[:, None] * inside, -600.0, 600.0))[..., None]

    def slope(self, inside: Array, w: float, factors: Array) -> Array:
        return factors[0] * inside * np.exp(np.clip(w * inside, -600.0, 600.0))

    def formula(self, inside: Formula, w: float, factors: list[float]) -> Formula:
        return times(rounded(factors[0]), Formula("exp", (times(rounded(w), inside),)))


@final
class Powers(Family):
    """B ^ w, for positive B."""

    def grid(self, inside: Array) -> Array:
        return np.array([-5.5, -4.5, -3.5, -2.5, -1.5, -0.75, -0.3, 0.3, 0.7, 1.4, 2.5, 3.5, 4.5, 5.5])

    def columns(self, inside: Array, w: Array) -> Array:
        return (np.maximum(inside, 1e-300) ** w[:, None])[..., None]

    def slope(self, inside: Array, w: float, factors: Array) -> Array:
        positive = np.maximum(inside, 1e-300)
        return factors[0] * positive**w * np.log(positive)

    def formula(self, inside: Formula, w: float, factors: list[float]) -> Formula:
        return times(rounded(factors[0]), Formula("^", (inside, number(rounded(w)))))


@final
class Shifted(Family):
    """1 / (B + w), log(B + w) or sqrt(B + w), for B + w positive."""

    def __init__(self, name: str) -> None:
        self._name = name

    def grid(self, inside: Array) -> Array:
        return float(np.ptp(inside)) * np.geomspace(0.01, 20.0, 24) - float(inside.min())

    def columns(self, inside: Array, w: Array) -> Array:
        within = np.maximum(inside + w[:, None], 1e-300)
        known = {"log": np.log, "sqrt": np.sqrt, "over": np.reciprocal}
        return known[self._name](within)[..., None]

    def slope(self, inside: Array, w: float, factors: Array) -> Array:
        within = np.maximum(inside + w, 1e-300)
        if self._name == "over":
            return -factors[0] / within**2
        return factors[0] * (1.0 / within if self._name == "log" else 0.5 / np.sqrt(within))

    def formula(self, inside: Formula, w: float, factors: list[float]) -> Formula:
        within, factor = plus(inside, number(rounded(w))), rounded(factors[0])
        if self._name == "over":
            return Formula("/", (number(factor), within))
        return times(factor, Formula(self._name, (within,)))


FAMILIES: tuple[Family, ...] = (Waves(), Exponentials(), Powers(), Shifted("over"), Shifted("log"), Shifted("sqrt"))


FAST_WAVES: tuple[Family, ...] = (Waves(2_000),)
"""Waves with many periods between two points, for few B."""


def of_families(
    views: list[View], insides: Array, formulas: list[Formula], families: tuple[Family, ...] = FAMILIES
) -> Iterator[Formula]:
    """Formulas c + f * g(B; w) of the views, B one of ``formulas``, whose values are float64 [K, N]."""
    targets = np.column_stack([view.values - view.values.mean() for view in views])
    spread = np.maximum((targets**2).sum(axis=0), 1e-300)
    with np.errstate(all="ignore"):
        for inside, formula in zip(insides, formulas, strict=True):
            if np.ptp(inside) <= 0.0:
                continue
            for family in families:
                if isinstance(family, Powers) and inside.min() <= 0.0:
                    continue
                grid = family.grid(inside)
                left = _left(family.columns(inside, grid), targets) / spread
                yield from _exact(family, inside, formula, views, grid, left)


def _left(columns: Array, targets: Array) -> Array:
    """What least squares leave of targets [N, T] by columns [W, N, F], F 1 or 2, and a constant, float64 [W, T]."""
    first, last = columns[..., 0], columns[..., -1]
    first = first - first.mean(axis=1, keepdims=True)
    last = last - last.mean(axis=1, keepdims=True)
    one, other = first @ targets, last @ targets
    across, up, down = ((left * right).sum(1)[:, None] for left, right in ((first, last), (first, first), (last, last)))
    if columns.shape[2] == 1:
        explained = one**2 / up
    else:
        explained = (one**2 * down - 2.0 * one * other * across + other**2 * up) / (up * down - across**2)
    return np.nan_to_num((targets**2).sum(axis=0) - explained, nan=np.inf)


def _exact(
    family: Family, inside: Array, formula: Formula, views: list[View], grid: Array, left: Array
) -> Iterator[Formula]:
    """What the best places of the grid come to, of the first view and the most promising others, where it is exact."""
    places, least = left.argmin(axis=0), left.min(axis=0)
    for which in dict.fromkeys([0, *np.argsort(least)[:_TRIED].tolist()]):
        if not least[which] < _PROMISING:
            continue
        found = _refined(family, inside, views[which].values, float(grid[places[which]]))
        if found is not None:
            w, factors, constant = found
            whole = family.formula(formula, w, factors)
            yield views[which].whole(plus(whole, number(constant)) if constant else whole)


def _refined(family: Family, inside: Array, target: Array, w: float) -> tuple[float, list[float], float] | None:
    """w, the factors and the constant that leave nothing of the target; None where they leave something."""
    spread, ones = float(np.abs(target - target.mean()).max()), np.ones(len(inside))
    for step in range(_STEPS):
        columns = family.columns(inside, np.array([w]))[0]
        design = np.column_stack([columns, ones])
        if not np.isfinite(design).all():
            return None
        factors = np.asarray(np.linalg.lstsq(design, target, rcond=None)[0], np.float64)
        off = target - design @ factors
        if np.abs(off).max() <= _CLOSE * spread:
            constant = rounded(float(factors[-1])) if abs(factors[-1]) > 1e-9 * spread else 0.0
            return w, factors[:-1].tolist(), constant
        if step == _HALFWAY and np.abs(off).max() > _PROMISING * spread:
            return None
        slope = family.slope(inside, w, factors)
        full = np.column_stack([design, slope])
        if not np.isfinite(full).all():
            return None
        w += float(np.linalg.lstsq(full, target, rcond=None)[0][-1])
    return None
