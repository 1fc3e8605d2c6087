"""A target seen through what may have been done last to get it: a function, or a join with a small formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trm_gym.regression._search.meeting import FORMS
from trm_gym.regression._search.rests import rests
from trm_gym.regression.arranging import plus, times
from trm_gym.regression.formula import Formula, number
from trm_gym.short_repr import short_repr

OVER = "over"
"""One over something, as if that were a function."""
_FLAT = 1e-9
_LARGEST = 1e12


@short_repr
@dataclass(frozen=True)
class View:
    """What a formula is to give, and what is then made of it to get the target.

    values: float64 [N]. steps: the last done first: the name of a function, or a form of FORMS with the part A.
    """

    values: NDArray[np.float64]
    steps: tuple[tuple[str | int, Formula | None], ...] = ()

    def whole(self, inside: Formula) -> Formula:
        """The formula of the target for one of ``values``."""
        for what, part in reversed(self.steps):
            if isinstance(what, int):
                assert part is not None
                inside = joined(what, part, inside)
            else:
                inside = Formula("/", (number(1), inside)) if what == OVER else Formula(what, (inside,))
        return inside

    def through(self, what: str | int, part: Formula | None, values: NDArray[np.float64]) -> View:
        """The same, with one more step between the target and what is to be found."""
        return replace(self, values=values, steps=(*self.steps, (what, part)))


def joined(form: int, part: Formula, inside: Formula) -> Formula:
    """The part A and the rest L in one of FORMS."""
    if form == 0:
        return plus(part, inside)
    if form == 1:
        return plus(inside, times(-1.0, part))
    if form == 2:
        return Formula("*", (part, inside))
    return Formula("/", (inside, part) if form == 3 else (part, inside))


def rest(form: int, target: NDArray[np.float64], part: NDArray[np.float64]) -> NDArray[np.float64]:
    """What L must be for the target where A is ``part``; not finite where there is nothing. Arrays are broadcast."""
    shape = np.broadcast_shapes(target.shape, part.shape)
    left = np.empty((1, *shape) if len(shape) < 2 else shape)
    rests(form, np.array(np.broadcast_to(target, left.shape)), np.array(np.broadcast_to(part, left.shape)), left)
    return left.reshape(shape)


_Undo = Callable[[NDArray[np.float64]], NDArray[np.float64]]

# A function's name, what undoes it, and the values that it has, of arguments that the undoing gives back.
_UNDONE: tuple[tuple[str, _Undo, float, float], ...] = (
    (OVER, lambda values: 1.0 / values, -math.inf, math.inf),
    ("exp", np.log, 0.0, math.inf),
    ("sqrt", np.square, 0.0, math.inf),
    ("square", np.sqrt, 0.0, math.inf),
    ("sin", np.arcsin, -1.0, 1.0),
    ("cos", np.arccos, -1.0, 1.0),
    ("log", np.exp, -30.0, 30.0),
    ("cube", np.cbrt, -math.inf, math.inf),
    ("asin", np.sin, -math.pi / 2, math.pi / 2),
    ("acos", np.cos, 0.0, math.pi),
    ("atan", np.tan, -math.pi / 2, math.pi / 2),
    ("tanh", np.arctanh, -1.0, 1.0),
)
_COMMON = 6
"""How many of them, the first, are worth a try inside a formula."""


def functions(view: View, common: bool = False) -> Iterator[View]:
    """What the target is a function of, for every function whose value it may be, also with the sign turned.

    common: whether only those functions are tried that are frequent inside formulas.
    """
    for sign in (1.0, -1.0):
        values = sign * view.values
        low, high = values.min(), values.max()
        for name, undo, least, most in _UNDONE[: _COMMON if common else None]:
            odd = name in (OVER, "sin", "cube", "asin", "atan", "tanh")
            if least <= low and high <= most and not (odd and sign < 0.0):
                with np.errstate(all="ignore"):
                    turned = view if sign > 0.0 else view.through("neg", None, values)
                    yield from usable(turned.through(name, None, undo(values)))


def usable(view: View) -> Iterator[View]:
    """The view, if its values are finite and differ."""
    low, high = view.values.min(), view.values.max()
    if low > -_LARGEST and high < _LARGEST and high - low > _FLAT * max(abs(low), abs(high)):
        yield view


def parts(view: View, values: NDArray[np.float64], formulas: list[Formula]) -> Iterator[View]:
    """The rests of the target where a part is one of ``formulas``, whose values are float64 [K, N]."""
    for form in range(FORMS):
        for part, left in zip(formulas, rest(form, view.values, values), strict=True):
            if np.isfinite(left).all():
                yield from usable(view.through(form, part, left))
