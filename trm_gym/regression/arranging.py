"""Sums, products and powers put as people write them: constants as fractions, roots and exponentials taken apart."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

from trm_gym.regression.formula import Formula, number
from trm_gym.regression.rewriting import terms

_SNAPPED = 1e-8
_LARGEST_EXPONENT = 700.0
"""Of e, in numbers that are worked out: what is larger, or smaller than its inverse, is no float."""
_POWERS = {"square": 2.0, "cube": 3.0, "fourth": 4.0, "sqrt": 0.5}
_NAMES = {power: name for name, power in _POWERS.items()}


def _fraction(value: float) -> tuple[int, int] | None:
    """Of which whole numbers a value is the quotient, the second a small one; None for others."""
    for below in (1, 2, 3, 4, 5, 6, 8, 10):
        above = round(value * below) if abs(value) < 1e9 else 0
        if above and abs(value * below - above) <= _SNAPPED * abs(above):
            return above, below
    return None


def is_fraction(value: float) -> bool:
    """Whether a value is a quotient of whole numbers, the second a small one."""
    return value == 0.0 or _fraction(value) is not None


def rounded(value: float) -> float:
    """The fraction of small numbers that a fitted constant is meant as, if any; else the constant itself."""
    found = _fraction(value)
    return found[0] / found[1] if found else value


def times(factor: float, formula: Formula) -> Formula:
    """The product of a number and a formula; the formula for 1, a negative for -1."""
    if factor == 1.0:
        return formula
    if formula.sign == "*" and formula.parts[0].is_number:
        return times(rounded(factor * (formula.parts[0].value or 0.0)), formula.parts[1])
    if formula.is_number:
        return number(factor * (formula.value or 0.0))
    if formula.sign == "neg":
        return times(-factor, formula.parts[0])
    return Formula("neg", (formula,)) if factor == -1.0 else Formula("*", (number(factor), formula))


def plus(formula: Formula | None, added: Formula) -> Formula:
    """The sum of two, a difference where the second is negative."""
    if formula is None:
        return added
    if added.sign == "neg":
        return Formula("-", (formula, added.parts[0]))
    negative = added.parts[0] if added.sign == "*" else added
    if negative.is_number and (negative.value or 0.0) < 0.0:
        return Formula("-", (formula, times(-1.0, added)))
    return Formula("+", (formula, added))


def powered(base: Formula, power: float) -> Formula:
    """A formula to the power of a positive number, as the function that this is, if any."""
    if power == 1.0:
        return base
    value = base.value or 0.0
    if base.is_number and value > 0.0 and abs(power * math.log(value)) < _LARGEST_EXPONENT:
        return number(value**power)
    if base.sign in _POWERS and float(inner := _POWERS[base.sign] * power).is_integer() and base.sign != "sqrt":
        return powered(base.parts[0], inner)
    if base.sign == "sqrt" and power >= 2.0:
        return powered(base.parts[0], power / 2.0)
    return Formula(_NAMES[power], (base,)) if power in _NAMES else Formula("^", (base, number(power)))


def product(factors: list[tuple[bool, Formula]]) -> Formula:
    """The product of factors, each with whether it is divided by; numbers are one, in front."""
    constant, above, below = 1.0, [], []
    for turned, factor in factors:
        while factor.sign == "neg":
            constant, factor = -constant, factor.parts[0]
        if factor.is_number:
            constant = constant / (factor.value or 0.0) if turned else constant * (factor.value or 0.0)
        else:
            (below if turned else above).append(factor)
    constant = rounded(constant)
    if not above and below:
        return Formula("/", (number(constant), functools.reduce(_times, below)))
    whole = times(constant, functools.reduce(_times, above)) if above else number(constant)
    return Formula("/", (whole, functools.reduce(_times, below))) if below else whole


def _times(left: Formula, right: Formula) -> Formula:
    return Formula("*", (left, right))


def factors_of(formula: Formula) -> list[tuple[bool, Formula]]:
    """The factors of a product, each with whether it is divided by; zero is divided by nowhere."""
    found = terms(formula, "*", "/")
    return [(False, formula)] if any(turned and factor.value == 0.0 for turned, factor in found) else found


def arranged(formula: Formula) -> Formula:
    """The same for positive bases of powers and arguments of logarithms: roots and exponentials taken apart."""
    formula = replace(formula, parts=tuple(map(arranged, formula.parts)))
    if formula.sign == "^" and formula.parts[1].is_number and formula.parts[1].value in _NAMES:
        formula = Formula(_NAMES[formula.parts[1].value], formula.parts[:1])
    if formula.sign in _POWERS:
        return _power_apart(formula, _POWERS[formula.sign])
    if formula.sign == "exp":
        return _exponential_apart(formula)
    return product(factors_of(formula)) if formula.sign in "*/" else formula


def _power_apart(formula: Formula, power: float) -> Formula:
    """A power of a product: the factors that are powers themselves are taken out."""
    inside, outside = [], []
    for turned, factor in factors_of(formula.parts[0]):
        own = _POWERS.get(factor.sign, 0.0) * power
        positive = factor.is_number and (factor.value or 0.0) > 0.0
        if own and own.is_integer():
            outside.append((turned, powered(factor.parts[0], own)))
        elif positive:
            outside.append((turned, powered(factor, power)))
        else:
            inside.append((turned, factor))
    if not outside:
        return formula
    if inside and all(turned for turned, _ in inside):
        outside.append((True, powered(product([(False, factor) for _, factor in inside]), power)))
    elif inside:
        outside.append((False, powered(product(inside), power)))
    return product(outside)


def _exponential_apart(formula: Formula) -> Formula:
    """An exponential of a sum: its logarithms and constants become factors."""
    factors: list[tuple[bool, Formula]] = []
    left: Formula | None = None
    for turned, term in terms(formula.parts[0], "+", "-"):
        while term.sign == "neg":
            turned, term = not turned, term.parts[0]
        scale, inner = 1.0, term
        if term.sign == "*" and term.parts[0].is_number:
            scale, inner = term.parts[0].value or 0.0, term.parts[1]
        if term.is_number and abs(term.value or 0.0) < _LARGEST_EXPONENT:
            factors.append((False, number(math.exp(-(term.value or 0.0) if turned else term.value or 0.0))))
        elif inner.sign == "log" and scale:
            factors.append((turned ^ (scale < 0.0), powered(inner.parts[0], abs(scale))))
        else:
            left = plus(left, times(-1.0, term) if turned else term)
    if not factors:
        return formula
    return product([*factors, *([(False, Formula("exp", (left,)))] if left else [])])
