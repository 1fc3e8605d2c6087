"""Formulas computed without the suite's kernels: by mpmath with 50 digits, and as SymPy expressions."""

from __future__ import annotations

import mpmath
import numpy as np
import sympy
from numpy.typing import NDArray

from trm_gym.regression.layout import BASE, BINARY, FIRST_UNARY, SIGNS, SLOTS, TOKEN, UNARY, VARIABLES

PRECISE = mpmath.mp.clone()
PRECISE.dps = 50


class OutsideError(Exception):
    """A value that a real formula does not have."""


class TooLargeError(Exception):
    """A number of too many digits to go on with."""


def draft_of(*slots: tuple[int, str, str]) -> NDArray[np.uint8]:
    """A draft uint8 [L] with (slot, base, function) filled and all else blank."""
    draft = np.zeros(2 * SLOTS, np.uint8)
    for slot, base, function in slots:
        draft[slot], draft[SLOTS + slot] = TOKEN[base], TOKEN[function]
    return draft


def random_drafts(count: int, seed: int, leaves: tuple[str, ...], operators: float = 0.6) -> NDArray[np.uint8]:
    """Formulas uint8 [count, L] on full canvases; above the bottom an operator has the probability ``operators``."""
    rng = np.random.default_rng(seed)
    tokens = np.array([TOKEN[leaf] for leaf in leaves])
    base = tokens[rng.integers(0, len(tokens), (count, SLOTS))]
    above = slice(0, SLOTS // 2)
    joins = rng.integers(TOKEN[BINARY[0]], TOKEN[BINARY[-1]] + 1, (count, SLOTS))
    base[:, above] = np.where(rng.random((count, SLOTS)) < operators, joins, base)[:, above]
    functions = FIRST_UNARY + np.where(rng.random((count, SLOTS)) < 0.7, 0, rng.integers(0, len(UNARY), (count, SLOTS)))
    return np.concatenate([base, functions], axis=1).astype(np.uint8)


def _tree(draft: NDArray[np.uint8], leaf, join, function, slot: int = 0):
    """A draft folded from its leaves up."""
    base, name = SIGNS[draft[slot]], SIGNS[draft[SLOTS + slot]]
    assert base in BASE and name in UNARY
    if base in BINARY:
        sides = [_tree(draft, leaf, join, function, 2 * slot + side) for side in (1, 2)]
        return function(name, join(base, *sides))
    return function(name, leaf(slot if base == "c" else base))


def constant_slots(draft: NDArray[np.uint8], slot: int = 0) -> list[int]:
    """The slots of a formula's constants, in their order."""
    base = SIGNS[draft[slot]]
    if base in BINARY:
        return sorted(constant_slots(draft, 2 * slot + 1) + constant_slots(draft, 2 * slot + 2))
    return [slot] if base == "c" else []


def _mp_join(base, left, right):
    if base == "/" and right == 0:
        raise OutsideError
    if base == "^":
        return mp_power(left, right)
    return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right, "/": lambda: left / right}[
        base
    ]()


def mp_power(left, right):
    """A real power. Raises OutsideError where there is none, and TooLargeError."""
    whole = PRECISE.isint(right)
    if (left < 0 and not whole) or (left == 0 and right < 0):
        raise OutsideError
    if abs(right * PRECISE.log(abs(left) + 1)) > 1e4:
        raise TooLargeError
    return PRECISE.power(left, right)


def mp_function(name, value):
    """A function of a draft or of a program. Raises OutsideError outside its domain, and TooLargeError."""
    if (
        (name == "sqrt" and value < 0)
        or (name == "log" and value <= 0)
        or (name in ("asin", "acos") and abs(value) > 1)
        or (name == "atanh" and abs(value) >= 1)
        or (name == "acosh" and value < 1)
    ):
        raise OutsideError
    if name in ("exp", "sinh", "cosh") and abs(value) > 1e4:
        raise TooLargeError
    own = {
        "id": lambda: value,
        "square": lambda: value**2,
        "cube": lambda: value**3,
        "fourth": lambda: value**4,
        "neg": lambda: -value,
        "abs": lambda: abs(value),
    }
    return own[name]() if name in own else getattr(PRECISE, name)(value)


def precise(draft: NDArray[np.uint8], constants: NDArray[np.float64], point: NDArray[np.float64]):
    """The formula's value at one point, an mpf. Raises OutsideError where there is none, and TooLargeError."""
    numbers = dict(zip(constant_slots(draft), constants, strict=False))

    def leaf(which):
        if isinstance(which, int):
            return PRECISE.mpf(float(numbers[which]))
        return PRECISE.mpf(float(point[VARIABLES.index(which)]) if which in VARIABLES else int(which))

    return _tree(draft, leaf, _mp_join, mp_function)


def expression(draft: NDArray[np.uint8]) -> sympy.Expr:
    """The formula in SymPy, with symbols x, y, z and c0, c1, ... for its constants."""
    order = constant_slots(draft)

    def leaf(which):
        if isinstance(which, int):
            return sympy.Symbol(f"c{order.index(which)}")
        return sympy.Symbol(which) if which in VARIABLES else sympy.Integer(which)

    def join(base, left, right):
        return (
            {"+": left + right, "-": left - right, "*": left * right}[base]
            if base in "+-*"
            else (left / right if base == "/" else left**right)
        )

    powers = {"id": 1, "square": 2, "cube": 3, "fourth": 4}

    def function(name, value):
        return value ** powers[name] if name in powers else getattr(sympy, name)(value)

    return sympy.sympify(_tree(draft, leaf, join, function))
