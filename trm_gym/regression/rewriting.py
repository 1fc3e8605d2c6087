"""Formulas written otherwise: in the few functions that drafts have, with powers spread, over one denominator."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from trm_gym.regression.formula import Formula, number, to_program
from trm_gym.regression.layout import VARIABLES
from trm_gym.regression.programs import evaluate

_POWERS = {2.0: "square", 3.0: "cube", 4.0: "fourth", 0.5: "sqrt"}


def forms(formula: Formula) -> Iterator[Formula]:
    """A formula in several forms of the same value, each with numbers joined to one and functions that drafts have."""
    folded = _folded(formula)
    yield folded
    spread = _spread(folded)
    yield spread
    yield _spread(_cleared(spread))


def terms(formula: Formula, plus: str, minus: str, turned: bool = False) -> list[tuple[bool, Formula]]:
    """The terms of a sum (of a product), each with whether it is taken away (divided by)."""
    if formula.sign not in (plus, minus):
        return [(turned, formula)]
    left, right = formula.parts
    return terms(left, plus, minus, turned) + terms(right, plus, minus, turned ^ (formula.sign == minus))


def _spread(formula: Formula) -> Formula:
    """The same with whole powers of products taken factor by factor."""
    parts = tuple(map(_spread, formula.parts))
    if formula.sign in ("square", "cube", "fourth") and parts[0].sign in ("*", "/"):
        return replace(parts[0], parts=tuple(_spread(replace(formula, parts=(part,))) for part in parts[0].parts))
    return replace(formula, parts=parts)


def _cleared(formula: Formula) -> Formula:
    """The same with a sum over one denominator, where one of its terms alone has any."""
    parts = tuple(map(_cleared, formula.parts))
    formula = replace(formula, parts=parts)
    bag = terms(formula, "+", "-")
    split = [terms(term, "*", "/") for _, term in bag]
    over = [[factor for turned, factor in factors if turned and not factor.is_number] for factors in split]
    if len(bag) < 2 or sum(map(bool, over)) != 1:
        return formula
    (below,) = (functools.reduce(_times, factors) for factors in over if factors)
    whole: Formula | None = None
    for (minus, term), factors, own in zip(bag, split, over, strict=True):
        kept = [Formula("/", (number(1), part)) if turned else part for turned, part in factors if part not in own]
        one = functools.reduce(_times, kept or [number(1)]) if own else _times(term, below)
        if whole is None:
            whole = Formula("*", (number(-1), one)) if minus else one
        else:
            whole = Formula("-" if minus else "+", (whole, one))
    return formula if whole is None else Formula("/", (whole, below))


def _times(one: Formula, other: Formula) -> Formula:
    return Formula("*", (one, other))


def _folded(formula: Formula) -> Formula:
    """The same with functions and powers in the few forms that a draft has, and with numbers joined to one."""
    parts = tuple(map(_folded, formula.parts))
    sign = formula.sign
    if parts and all(part.is_number for part in parts):
        value = evaluate(to_program(Formula(sign, parts))[None], np.zeros((1, 1, len(VARIABLES))))[0, 0]
        if math.isfinite(value):
            return number(value)
    if sign == "neg":
        return Formula("*", (number(-1), parts[0]))
    if sign == "abs":
        return Formula("sqrt", (Formula("*", (parts[0], parts[0])),))
    if sign in ("tan", "sinh", "cosh", "tanh"):
        return _circular(sign, parts[0])
    if sign == "^":
        return _power(*parts)
    return replace(formula, parts=parts)


def _circular(sign: str, inside: Formula) -> Formula:
    """The tangent and its like by sine, cosine and exponentials."""
    if sign == "tan":
        return Formula("/", (Formula("sin", (inside,)), Formula("cos", (inside,))))
    if sign == "tanh":
        twice = Formula("exp", (_folded(Formula("*", (number(2), inside))),))
        return Formula("/", (Formula("-", (twice, number(1))), Formula("+", (twice, number(1)))))
    grown = Formula("exp", (inside,))
    both = (grown, Formula("/", (number(1), grown)))
    return Formula("/", (Formula("+" if sign == "cosh" else "-", both), number(2)))


def _power(base: Formula, exponent: Formula) -> Formula:
    """A power as a function, a product or a fraction where it can be one."""
    if base.is_number and base.value == math.e:
        return Formula("exp", (exponent,))
    if not exponent.is_number or exponent.value is None:
        return Formula("^", (base, exponent))
    value = exponent.value
    if value == 1.0:
        return base
    if value < 0.0:
        return Formula("/", (number(1), _power(base, number(-value))))
    if value in _POWERS:
        return Formula(_POWERS[value], (base,))
    for inner in (2.0, 3.0, 4.0):  # x^6 is (x^2)^3: one function, and one operator with a number
        if value / inner in (2.0, 3.0, 4.0, 5.0):
            return Formula("^", (Formula(_POWERS[inner], (base,)), number(value / inner)))
    if value == int(value) and 5.0 < value <= 9.0:
        return Formula("*", (_power(base, number(5)), _power(base, number(value - 5))))
    return Formula("^", (base, exponent))
