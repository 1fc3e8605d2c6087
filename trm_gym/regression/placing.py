"""Formulas put onto the canvas: as they are written where that fits, else with sums and products regrouped.

A sum is a bag of terms and a product a bag of factors; they are joined two by two, the flattest first, so that the
whole is as flat as can be. Powers become functions, numbers that are no tokens become constants.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trm_gym.regression.formula import Formula, is_join, number
from trm_gym.regression.layout import CONSTANT, DEPTH, LENGTH, NUMBERS, SLOTS, TOKEN, UNARY, VARIABLES
from trm_gym.regression.programs import CONSTANTS
from trm_gym.regression.rewriting import forms, terms
from trm_gym.short_repr import short_repr


@short_repr
@dataclass(frozen=True)
class Placed:
    """A draft uint8 [L] and the values of its constants, float64 [CONSTANTS], 1 where it has none."""

    draft: NDArray[np.uint8]
    constants: NDArray[np.float64]


@dataclass(frozen=True)
class _Slots:
    """A formula as slots: a base, a function of it, and for an operator what stands on its two sides."""

    base: str
    function: str = "id"
    sides: tuple[_Slots, ...] = ()
    value: float = 1.0

    @property
    def height(self) -> int:
        return 1 + max((side.height for side in self.sides), default=0)


def place_as_written(formula: Formula) -> Placed | None:
    """The draft with the very tree of a formula; None where that has functions that no draft has, or does not fit."""
    slots = _as_written(formula)
    return None if slots is None else _placed(slots)


def place(formula: Formula) -> Placed | None:
    """A draft of the same value as a formula; None where no regrouping that is known fits."""
    for form in forms(formula):
        slots = _arranged(form)
        placed = None if slots is None else _placed(slots)
        if placed is not None:
            return placed
    return None


def _placed(slots: _Slots) -> Placed | None:
    if slots.height > DEPTH:
        return None
    draft, found = np.zeros(LENGTH, np.uint8), {}

    def put(part: _Slots, slot: int) -> None:
        draft[slot], draft[SLOTS + slot] = TOKEN[part.base], TOKEN[part.function]
        if part.base == CONSTANT:
            found[slot] = part.value
        for side, inner in enumerate(part.sides, start=1):
            put(inner, 2 * slot + side)

    put(slots, 0)
    constants = np.ones(CONSTANTS)
    constants[: len(found)] = [found[slot] for slot in sorted(found)]
    return Placed(draft, constants)


def _leaf(formula: Formula) -> _Slots | None:
    """A variable, a number or a constant."""
    if formula.sign in VARIABLES:
        return _Slots(formula.sign)
    if formula.sign == CONSTANT:
        return _Slots(CONSTANT, value=1.0 if formula.value is None else formula.value)
    if formula.value is not None:
        whole = str(int(formula.value)) if formula.value == int(formula.value) else ""
        return _Slots(whole) if whole in NUMBERS else _Slots(CONSTANT, value=formula.value)
    return None


def _as_written(formula: Formula) -> _Slots | None:
    if formula.sign in UNARY and formula.parts:
        inside = _as_written(formula.parts[0])
        return None if inside is None or inside.function != "id" else replace(inside, function=formula.sign)
    if not is_join(formula):
        return _leaf(formula)
    left, right = map(_as_written, formula.parts)
    return None if left is None or right is None else _Slots(formula.sign, sides=(left, right))


def _arranged(formula: Formula) -> _Slots | None:
    """The slots of a folded formula, as flat as can be."""
    if formula.sign in ("+", "-"):
        return _sum(terms(formula, "+", "-"))
    if formula.sign in ("*", "/"):
        return _product(terms(formula, "*", "/"), signed=True)[1]
    if formula.sign in UNARY and formula.parts:
        inside = _arranged(formula.parts[0])
        return None if inside is None else _function(formula.sign, inside)
    if is_join(formula):
        sides = tuple(map(_arranged, formula.parts))
        return None if None in sides else _Slots(formula.sign, sides=sides)  # pyright: ignore[reportArgumentType]
    return _leaf(formula)


def _function(name: str, inside: _Slots) -> _Slots:
    """A function of slots; of a function it is one of a product with 1."""
    if inside.function != "id":
        inside = _Slots("*", sides=(_Slots("1"), inside))
    return replace(inside, function=name)


def _sum(bag: list[tuple[bool, Formula]]) -> _Slots | None:
    """A sum of terms, each with whether it is taken away."""
    total, rest = 0.0, []
    for minus, term in bag:
        if term.is_number and term.value is not None:
            total += -term.value if minus else term.value
        else:
            negative, slots = _product(terms(term, "*", "/"))
            rest.append((minus ^ negative, slots))
    if total:
        rest.append((total < 0.0, _leaf(number(abs(total)))))
    if any(slots is None for _, slots in rest):
        return None
    if rest and all(minus for minus, _ in rest):
        whole = _joined([(False, slots) for _, slots in rest], "+", "-")
        return _joined([(False, _Slots(CONSTANT, value=-1.0)), (False, whole)], "*", "/")
    return _joined(rest, "+", "-") if rest else _leaf(number(0))


def _product(factors: list[tuple[bool, Formula]], signed: bool = False) -> tuple[bool, _Slots | None]:
    """A product of factors, each with whether it is divided by: whether it is to be taken away, and its slots.

    signed: its sign belongs to its number, so that there is nothing to take away.
    """
    above, below, rest = 1.0, 1.0, []
    for over, factor in factors:
        if factor.is_number and factor.value is not None:
            above, below = (above, below * factor.value) if over else (above * factor.value, below)
        else:
            rest.append((over, _arranged(factor)))
    if any(slots is None for _, slots in rest) or below == 0.0:
        return False, None
    negative = (above < 0.0) ^ (below < 0.0)
    above, below = abs(above), abs(below)
    if (above / below).is_integer():
        above, below = above / below, 1.0
    elif (below / above).is_integer():
        above, below = 1.0, below / above
    if signed and negative:
        above, below, negative = -above / below, 1.0, False
    if str(int(above)) not in NUMBERS or str(int(below)) not in NUMBERS or above != int(above) or below != int(below):
        above, below = above / below, 1.0
    if above != 1.0 or all(over for over, _ in rest):
        rest.append((False, _leaf(number(above))))
    if below != 1.0:
        rest.append((True, _leaf(number(below))))
    return negative, _joined(rest, "*", "/")


def _joined(bag: Iterable[tuple[bool, _Slots | None]], plus: str, minus: str) -> _Slots:
    """Terms joined two by two, the flattest first; one of them at least is not turned."""
    left = [(turned, slots) for turned, slots in bag if slots is not None]
    while len(left) > 1:
        left.sort(key=lambda term: (term[1].height, term[0]))
        (first, one), (second, other) = left[:2]
        if first and not second:
            first, one, second, other = second, other, first, one
        sign = minus if second and not first else plus
        left = [*left[2:], (first, _Slots(sign, sides=(one, other)))]
    return left[0][1]
