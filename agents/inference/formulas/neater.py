"""Formulas with plainer numbers: those of a fit to noisy points are never whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trm_gym.regression.formula import Formula, number

_LARGEST_STEP = 0.2
"""How far a number may be from a plain one, relative to that, or to a half where it is small."""


def neater(formula: Formula) -> Iterator[Formula]:
    """The formula with all numbers that are near plain ones made these, and with each of them alone."""
    plain = _all_plain(formula)
    if plain != formula:
        yield plain
    yield from (one for one in _one_plain(formula) if one != plain)


def _plain(value: float) -> float:
    """The nearest half of a whole number, where it is near; else the value."""
    near = round(2.0 * value) / 2.0
    return near if abs(near - value) <= _LARGEST_STEP * max(abs(near), 0.5) else value


def _all_plain(formula: Formula) -> Formula:
    if formula.value is not None:
        return number(_plain(formula.value))
    return _without(replace(formula, parts=tuple(map(_all_plain, formula.parts))))


def _one_plain(formula: Formula) -> Iterator[Formula]:
    """The formula with one number made plain, for every number that is not."""
    if formula.value is not None:
        if _plain(formula.value) != formula.value:
            yield number(_plain(formula.value))
        return
    for place, part in enumerate(formula.parts):
        for other in _one_plain(part):
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
