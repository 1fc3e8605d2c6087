"""Algebra by trying: expressions are computed at points, exactly, with their slopes (dual numbers).

Two polynomials of degree 6 at most are the same where they agree at seven points. It is a hundred times as fast as
SymPy, and the answer's form is judged by patterns alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from scripts.oracles.algebra import is_sum, numbers

WRITTEN = 40
_VERBS = ("expand ", "factor ", "collect ", "differentiate ", "evaluate ", " at ")
SYMBOLS = ("", *"0123456789", *"+-*/^()=,xy", *_VERBS)
POINTS = tuple(map(Fraction, range(-3, 4)))
_TOKEN = re.compile(r"[0-9]+|[xy()+*/^-]")
_PRODUCT = re.compile(r"-?([2-9]|[1-9][0-9]+)?\*?((x|\([^()]+\))(\^[2-6])?\*?)+")


@dataclass(frozen=True)
class Dual:
    """A value and how fast it changes with x."""

    value: Fraction
    slope: Fraction = Fraction(0)

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.value + other.value, self.slope + other.slope)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __mul__(self, other: Dual) -> Dual:
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def over(self, other: Dual) -> Dual:
        """Divided by a number."""
        return Dual(self.value / other.value, self.slope / other.value)


def at(text: str, x: Fraction, y: Fraction = Fraction(0)) -> Dual:
    """An expression at a point; juxtaposition is a product. Raises ValueError for what is none."""
    tokens = _TOKEN.findall(text)

    def look() -> str:
        return tokens[0] if tokens else ""

    def total() -> Dual:
        result = product()
        while look() and look() in "+-":
            result = result + (product() if tokens.pop(0) == "+" else -product())
        return result

    def product() -> Dual:
        result = signed()
        while look() and look() in "*/x(":
            sign = tokens.pop(0) if look() in "*/" else "*"
            result = result * signed() if sign == "*" else result.over(signed())
        return result

    def signed() -> Dual:
        if look() == "-":
            tokens.pop(0)
            return -signed()
        result, power = bare(), 1
        if look() == "^":
            tokens.pop(0)
            power = int(tokens.pop(0))
        whole = Dual(Fraction(1))
        for _ in range(power):
            whole = whole * result
        return whole

    def bare() -> Dual:
        token = tokens.pop(0) if tokens else ""
        if token == "(":
            inside = total()
            if not tokens or tokens.pop(0) != ")":
                raise ValueError(text)
            return inside
        return {"x": Dual(x, Fraction(1)), "y": Dual(y)}.get(token) or Dual(Fraction(int(token)))

    result = total()
    if tokens:
        raise ValueError(text)
    return result


def gap(equation: str, x: Fraction, y: Fraction = Fraction(0)) -> Dual:
    """One side of an equation minus the other, at a point."""
    left, right = equation.split("=")
    return at(left, x, y) + -at(right, x, y)


def right(problem: str, answer: str) -> bool:
    """Whether ``answer`` answers ``problem``: linear and quadratic equations, systems of two, polynomials to x^6."""
    verb, _, rest = problem.partition(" ")
    if rest and verb != "evaluate":
        if not (_PRODUCT.fullmatch(answer) if verb == "factor" else is_sum(answer)):
            return False
        asked = [at(rest, x) for x in POINTS]
        found = [at(answer, x).value for x in POINTS]
        return found == [one.slope if verb == "differentiate" else one.value for one in asked]
    said = numbers(answer)
    if said is None:
        return False
    values = [Fraction(int(number.p), int(number.q)) for number in said]
    if rest:
        inside, point = rest.split(" at x=")
        return values == [at(inside, at(point, Fraction(0)).value).value]
    return _solves_both(problem, values) if "," in problem else _has_roots(problem, values)


def _has_roots(equation: str, roots: list[Fraction]) -> bool:
    """Whether these are all the roots of a linear or quadratic equation."""
    below, zero, above = (gap(equation, Fraction(x)).value for x in (-1, 0, 1))
    square, slope = (below + above) / 2 - zero, (above - below) / 2
    if any(gap(equation, root).value for root in roots) or len(set(roots)) != len(roots):
        return False
    wanted = 2 if square and slope * slope != 4 * square * zero else 1 if square or slope else 0
    return len(roots) == wanted


def _solves_both(equations: str, values: list[Fraction]) -> bool:
    """Whether x and y are the one solution of a system."""
    if len(values) != 2:
        return False
    lines = equations.split(",")
    constants = [gap(line, Fraction(0)).value for line in lines]
    (a, b), (c, d) = (
        (gap(line, Fraction(1)).value - constant, gap(line, Fraction(0), Fraction(1)).value - constant)
        for line, constant in zip(lines, constants, strict=True)
    )
    return a * d != b * c and all(gap(line, *values).value == 0 for line in lines)


def texts(problem: np.ndarray, solution: np.ndarray) -> tuple[str, str]:
    """The problem and answer in cells uint8 [64] as people write them: in answers, cells hold numbers units first."""
    answer = "".join(SYMBOLS[cell] or " " for cell in solution[WRITTEN:])
    turned = re.sub("[0-9]+", lambda number: number[0][::-1], answer)
    return "".join(SYMBOLS[cell] for cell in problem[:WRITTEN]).strip(), turned.replace(" ", "")


def fault(problem: np.ndarray, solution: np.ndarray) -> str:
    """What is wrong with a solution uint8 [64] of a problem; "" if nothing."""
    asked, answer = texts(problem, solution)
    return "" if right(asked, answer) else f"{answer} does not answer {asked}"
