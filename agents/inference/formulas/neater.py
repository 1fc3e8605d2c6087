"""Formulas with plainer numbers: those of a fit to noisy points are never whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from trm_gym.regression.compositions import Candidate, Compositions
from trm_gym.regression.formula import Formula, number

_MORE = 1.3
"""How much more a formula with plainer numbers may leave."""
_COARSE, _FINE = 0.2, 0.02
"""How far a number may be from a plain one, relative to that, or to a half where it is small."""

_Plain = Callable[[float], float]


def neater_ones(candidate: Candidate, compositions: Compositions, tolerance: float) -> list[Candidate]:
    """What ``neater`` makes of a formula, judged, where it leaves hardly more.

    tolerance: the error of what fits exactly.
    """
    return compositions.judged(neater(candidate.formula), max(_MORE * candidate.error, tolerance))


def neater(formula: Formula) -> Iterator[Formula]:
    """The formula with its numbers made plain, all of them or each alone, and without each of its summands.

    Plain are halves of whole numbers that are near, and fractions of small numbers that are very near.
    """
    seen = {formula}
    for plain in (_half, _fraction):
        for one in (_all_plain(formula, plain), *_one_changed(formula, plain), *_all_without(formula, plain)):
            if one not in seen:
                seen.add(one)
                yield one


def _half(value: float) -> float:
    """The nearest half of a whole number, where it is near; else the value."""
    near = round(2.0 * value) / 2.0
    return near if abs(near - value) <= _COARSE * max(abs(near), 0.5) else value


def _fraction(value: float) -> float:
    """The fraction with the smallest denominator that is very near; else the value."""
    for below in (1, 2, 3, 4, 5, 6):
        near = round(value * below) / below
        if abs(near - value) <= _FINE * max(abs(near), 0.5):
            return near
    return value


def _all_plain(formula: Formula, plain: _Plain) -> Formula:
    if formula.value is not None:
        return number(plain(formula.value))
    return _without(replace(formula, parts=tuple(_all_plain(part, plain) for part in formula.parts)))


def _one_changed(formula: Formula, change: _Plain) -> Iterator[Formula]:
    """The formula with one number changed, for every number that is."""
    if formula.value is not None:
        if change(formula.value) != formula.value:
            yield number(change(formula.value))
        return
    for place, part in enumerate(formula.parts):
        for other in _one_changed(part, change):
            yield _without(replace(formula, parts=(*formula.parts[:place], other, *formula.parts[place + 1 :])))


def _all_without(formula: Formula, plain: _Plain) -> Iterator[Formula]:
    """The formula without one number that is a summand, as it is and with plain numbers."""
    for one in _one_less(formula):
        yield one
        yield _all_plain(one, plain)


def _one_less(formula: Formula) -> Iterator[Formula]:
    """The formula without one number that is a summand, for every one."""
    for place, part in enumerate(formula.parts):
        others = [number(0.0)] if formula.sign in "+-" and part.value else _one_less(part)
        for other in others:
            yield _without(replace(formula, parts=(*formula.parts[:place], other, *formula.parts[place + 1 :])))


def _without(formula: Formula) -> Formula:
    """The same without a summand 0 or a factor 1."""
    if len(formula.parts) != 2:
        return formula
    left, right = formula.parts
    if formula.sign in "+-" and right.value == 0.0:
        return left
    if (formula.sign == "+" and left.value == 0.0) or (formula.sign == "*" and left.value == 1.0):
        return right
    return left if formula.sign in ("*", "/", "^") and right.value == 1.0 else formula
