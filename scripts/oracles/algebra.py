"""What SymPy and regular expressions say of a problem and an answer: an oracle that shares nothing with the package."""

from __future__ import annotations

import re
from math import gcd
from typing import Any

import sympy

X, Y = sympy.symbols("x y")
_TOKEN = re.compile(r"[0-9]+|[xy()+*/^-]")
_NUMBER = r"(?:0|-?[1-9][0-9]*(?:/[1-9][0-9]*)?)"
_TERM = r"(?:[1-9][0-9]*|(?:(?:[2-9]|[1-9][0-9]+)\*?)?x(?:\^[2-6])?)"
_SUM = rf"-?{_TERM}(?:[+-]{_TERM})*"
_FACTOR = rf"(?:x|\({_SUM}\))(?:\^[2-6])?"


class Reader:
    """Recursive descent over sums, products, signs and powers; ``None`` from ``read`` for what is no expression."""

    def __init__(self, text: str) -> None:
        self.tokens = _TOKEN.findall(text) if re.fullmatch(rf"(?:{_TOKEN.pattern})+", text) else ["?"]

    def next(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def sum(self) -> sympy.Expr:
        total = self.product()
        while self.next() in ("+", "-"):
            sign = 1 if self.tokens.pop(0) == "+" else -1
            total += sign * self.product()
        return total

    def product(self) -> sympy.Expr:
        result = self.signed()
        while self.next() in ("*", "/", "x", "("):
            divides = self.next() == "/"
            if self.next() in "*/":
                self.tokens.pop(0)
            factor = self.signed()
            if divides and factor == 0:
                raise ValueError
            result = result / factor if divides else result * factor
        return result

    def signed(self) -> sympy.Expr:
        if self.next() == "-":
            self.tokens.pop(0)
            return -self.signed()
        token = self.tokens.pop(0) if self.tokens else ""
        if token == "(":
            base = self.sum()
            if not self.tokens or self.tokens.pop(0) != ")":
                raise ValueError
        elif token.isdigit():
            base = sympy.Integer(token)
        elif token in ("x", "y"):
            base = X if token == "x" else Y
        else:
            raise ValueError
        if self.next() == "^":
            self.tokens.pop(0)
            power = self.tokens.pop(0) if self.tokens else ""
            if not power.isdigit():
                raise ValueError
            base = base ** int(power)
        return base


def read(text: str) -> sympy.Expr | None:
    """``text`` as a SymPy expression; None where it is none."""
    reader = Reader(text)
    try:
        value = reader.sum()
    except ValueError:
        return None
    return None if reader.tokens else value


def sides(text: str) -> sympy.Expr:
    """One side of an equation minus the other."""
    left, right = (read(side) for side in text.split("="))
    assert left is not None and right is not None, text
    return sympy.expand(left - right)


def wanted(problem: str) -> Any:
    """What a problem asks for: the set of roots, the pair (x, y), a value or a polynomial, expanded."""
    verb, _, rest = problem.partition(" ")
    if verb == "evaluate":
        inside, point = rest.split(" at x=")
        expression, value = read(inside), read(point)
        assert expression is not None and value is not None
        return expression.subs(X, value)
    if rest:
        expression = read(rest)
        assert expression is not None
        return sympy.expand(sympy.diff(expression, X) if verb == "differentiate" else expression)
    if "," in problem:
        solved = sympy.linsolve([sides(part) for part in problem.split(",")], X, Y)
        return next(iter(solved))
    return set(sympy.roots(sympy.Poly(sides(problem), X)))


def numbers(answer: str) -> list[sympy.Rational] | None:
    """The numbers of an answer, whole or in lowest terms; None where they are not written so."""
    found = []
    for part in answer.split(","):
        over, _, under = part.partition("/")
        if not re.fullmatch(_NUMBER, part) or (under and (int(under) < 2 or gcd(int(over), int(under)) > 1)):
            return None
        found.append(sympy.Rational(int(over), int(under or 1)))
    return found


def right(problem: str, answer: str) -> bool:
    """Whether ``answer`` answers ``problem`` in value and form."""
    verb = problem.partition(" ")[0] if " " in problem else ""
    if any(len(digits) > 9 for digits in re.findall("[0-9]+", answer)):
        return False
    if verb in ("", "evaluate"):
        found, asked = numbers(answer), wanted(problem)
        if found is None:
            return False
        if verb:
            return found == [asked]
        return tuple(found) == tuple(asked) if "," in problem else len(found) == len(asked) and set(found) == asked
    return (is_factored(answer) if verb == "factor" else is_sum(answer)) and same(problem, answer)


def same(problem: str, answer: str) -> bool:
    """Whether the answer is the polynomial that is asked for."""
    value = read(answer)
    return value is not None and sympy.expand(value) == wanted(problem)


def is_sum(text: str) -> bool:
    """Whether ``text`` is a sum of monomials of different degrees."""
    if text == "0":
        return True
    if not re.fullmatch(_SUM, text):
        return False
    terms = re.split(r"[+-]", text.removeprefix("-"))
    degrees = [int(term.partition("^")[2] or 1) if "x" in term else 0 for term in terms]
    return len(set(degrees)) == len(degrees)


def is_factored(text: str) -> bool:
    """Whether ``text`` is a product of a whole number and linear factors in lowest terms."""
    if not re.fullmatch(rf"-?(?:{_FACTOR}|(?:[2-9]|[1-9][0-9]+)\*?{_FACTOR})(?:\*?{_FACTOR})*", text):
        return False
    for inside in re.findall(rf"\(({_SUM})\)", text):
        value = read(inside)
        line = sympy.Poly(value, X)
        if not is_sum(inside) or line.degree() != 1 or gcd(*(int(number) for number in line.all_coeffs())) != 1:
            return False
    return True
