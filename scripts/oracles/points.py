"""Algebra by trying: expressions are computed at points, exactly, with their slopes (dual numbers).

Two polynomials of degree 6 at most are the same where they agree at seven points. It is a hundred times as fast as
SymPy, and the answer's form is judged by patterns alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np

from scripts.oracles.algebra import is_sum, numbers

WRITTEN = 40
_VERBS = ("expand ", "factor ", "collect ", "differentiate ", "evaluate ", " at ")
SYMBOLS = ("", *"0123456789", *"+-*/^()=,xy", *_VERBS)
POINTS = np.arange(-3, 4).astype(object)
_TOKEN = re.compile(r"[0-9]+|[xy()+*/^-]")
_PRODUCT = re.compile(r"-?([2-9]|[1-9][0-9]+)?\*?((x|\([^()]+\))(\^[2-6])?\*?)+")


@dataclass(frozen=True)
class Dual:
    """Values at n points and how fast they change with x, object [n]: whole numbers, or fractions after a division."""

    value: np.ndarray
    slope: np.ndarray | int = 0

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.value + other.value, self.slope + other.slope)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __mul__(self, other: Dual) -> Dual:
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def over(self, other: Dual) -> Dual:
        """Divided by a number. Raises ZeroDivisionError."""
        part = Fraction(1) / other.value
        return Dual(self.value * part, self.slope * part)


def exact(*numbers: int | Fraction) -> np.ndarray:
    """Numbers as an array object [n], which computes with them as they are."""
    return np.array(numbers, object)


@final
class Reader:
    """Recursive descent that computes as it reads."""

    def __init__(self, text: str, x: np.ndarray, y: np.ndarray | int) -> None:
        self._tokens, self._x, self._y, self._zero = iter(_TOKEN.findall(text)), x, y, x * 0
        self.ahead = next(self._tokens, "")

    def take(self) -> str:
        taken, self.ahead = self.ahead, next(self._tokens, "")
        return taken

    def total(self) -> Dual:
        result = self.product()
        while self.ahead in ("+", "-"):
            result = result + (self.product() if self.take() == "+" else -self.product())
        return result

    def product(self) -> Dual:
        result = self.signed()
        while self.ahead and self.ahead in "*/x(":
            sign = self.take() if self.ahead in "*/" else "*"
            result = result * self.signed() if sign == "*" else result.over(self.signed())
        return result

    def signed(self) -> Dual:
        if self.ahead == "-":
            self.take()
            return -self.signed()
        base = self.bare()
        if self.ahead != "^":
            return base
        self.take()
        whole = Dual(self._zero + 1)
        for _ in range(int(self.take())):
            whole = whole * base
        return whole

    def bare(self) -> Dual:
        token = self.take()
        if token == "(":
            inside = self.total()
            if self.take() != ")":
                raise ValueError("a bracket is not closed")
            return inside
        if token == "x":
            return Dual(self._x, 1)
        return Dual(self._zero + (self._y if token == "y" else int(token)))


def at(text: str, x: np.ndarray, y: np.ndarray | int = 0) -> Dual:
    """An expression at points, object [n]; juxtaposition is a product. Raises ValueError for what is none."""
    reader = Reader(text, x, y)
    result = reader.total()
    if reader.ahead:
        raise ValueError(text)
    return result


def gap(equation: str, x: np.ndarray, y: np.ndarray | int = 0) -> list:
    """One side of an equation minus the other, at points object [n]."""
    left, right = equation.split("=")
    return (at(left, x, y) + -at(right, x, y)).value.tolist()


def right(problem: str, answer: str) -> bool:
    """Whether ``answer`` answers ``problem``: linear and quadratic equations, systems of two, polynomials to x^6."""
    verb, _, rest = problem.partition(" ")
    if rest and verb != "evaluate":
        if not (_PRODUCT.fullmatch(answer) if verb == "factor" else is_sum(answer)):
            return False
        asked, found = at(rest, POINTS), at(answer, POINTS).value
        return bool((found == (asked.slope if verb == "differentiate" else asked.value)).all())
    said = numbers(answer)
    if said is None:
        return False
    values = [Fraction(int(number.p), int(number.q)) for number in said]
    if rest:
        inside, point = rest.split(" at x=")
        return values == at(inside, at(point, exact(0)).value).value.tolist()
    return _solves_both(problem, values) if "," in problem else _has_roots(problem, values)


def _has_roots(equation: str, roots: list[Fraction]) -> bool:
    """Whether these are all the roots of a linear or quadratic equation."""
    below, zero, above, *rest = gap(equation, exact(-1, 0, 1, *roots))
    if any(rest) or len(set(roots)) != len(roots):
        return False
    # Twice the polynomial's leading coefficients, so that they stay whole.
    square, slope = below + above - 2 * zero, above - below
    wanted = 2 if square and slope * slope != 8 * square * zero else 1 if square or slope else 0
    return len(roots) == wanted


def _solves_both(equations: str, values: list[Fraction]) -> bool:
    """Whether x and y are the one solution of a system."""
    if len(values) != 2:
        return False
    (a, b, left), (c, d, over) = (
        (along - constant, up - constant, rest)
        for constant, along, up, rest in (
            gap(line, exact(0, 1, 0, values[0]), exact(0, 0, 1, values[1])) for line in equations.split(",")
        )
    )
    return a * d != b * c and left == 0 and over == 0


def texts(problem: np.ndarray, solution: np.ndarray) -> tuple[str, str]:
    """The problem and answer in cells uint8 [64] as people write them: in answers, cells hold numbers units first."""
    answer = "".join(SYMBOLS[cell] or " " for cell in solution[WRITTEN:])
    turned = re.sub("[0-9]+", lambda number: number[0][::-1], answer)
    return "".join(SYMBOLS[cell] for cell in problem[:WRITTEN]).strip(), turned.replace(" ", "")


def faults(problems: np.ndarray, solutions: np.ndarray) -> list[str]:
    """What is wrong with solutions uint8 [B, 64] of problems; "" where nothing is."""
    found = (texts(*pair) for pair in zip(problems, solutions, strict=True))
    return ["" if right(asked, answer) else f"{answer} does not answer {asked}" for asked, answer in found]
