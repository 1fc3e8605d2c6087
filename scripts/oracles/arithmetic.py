"""What arithmetic means, written once more: by recursive descent and fractions, sharing no code with the package."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

import numpy as np

CELLS = " 0123456789+-*/^()=,xy"
WRITTEN = 32
Tree = int | tuple


def text_of(cells: np.ndarray) -> str:
    """The cells as they stand, one character each, those of no character here as ``?``."""
    return "".join(CELLS[cell] if cell < len(CELLS) else "?" for cell in cells)


def parse(text: str) -> Tree:
    """An expression as numbers, ("neg", a), ("^", a, power), (operator, a, b). Raises ValueError for what is none."""
    tokens = re.findall(r"[0-9]+|\S", text)

    def look() -> str:
        return tokens[0] if tokens else ""

    def joined(operators: str, part) -> Tree:
        tree = part()
        while look() and look() in operators:
            tree = (tokens.pop(0), tree, part())
        return tree

    def total() -> Tree:
        return joined("+-", lambda: joined("*/", factor))

    def factor() -> Tree:
        first = tokens.pop(0) if tokens else ""
        if first == "-":
            return ("neg", factor())
        if first != "(":
            return raised(int(first))
        inside = total()
        if not tokens or tokens.pop(0) != ")":
            raise ValueError(text)
        return raised(inside)

    def raised(base: Tree) -> Tree:
        if look() != "^":
            return base
        tokens.pop(0)
        return ("^", base, int(tokens.pop(0)))

    tree = total()
    if tokens:
        raise ValueError(text)
    return tree


def value(tree: Tree) -> Fraction:
    """What an expression comes to. Raises ZeroDivisionError."""
    if isinstance(tree, int):
        return Fraction(tree)
    if tree[0] == "^":
        return value(tree[1]) ** tree[2]
    first, *rest = (value(part) for part in tree[1:])
    match tree[0]:
        case "neg":
            return -first
        case "+":
            return first + rest[0]
        case "-":
            return first - rest[0]
        case "*":
            return first * rest[0]
    return first / rest[0]


def form(tree: Tree) -> tuple:
    """The same for all orders of terms and factors, wherever signs and brackets stand; sign of the whole left out."""
    terms = _terms(tree)
    return min(_frozen(terms), _frozen({term: -count for term, count in terms.items()}))


def _frozen(counted: dict) -> tuple:
    return tuple(sorted(((key, count) for key, count in counted.items() if count), key=repr))


def _terms(tree: Tree) -> Counter:
    if isinstance(tree, int):
        return Counter({("number", tree): 1} if tree else {})
    if tree[0] == "^" and tree[2] < 2:
        return _terms(tree[1] if tree[2] else 1)
    if tree[0] == "neg":
        return Counter({term: -count for term, count in _terms(tree[1]).items()})
    if tree[0] in "+-":
        left, right = _terms(tree[1]), _terms(tree[2])
        for term, count in right.items():
            left[term] += count if tree[0] == "+" else -count
        return left
    sign, factors = _factors(tree)
    return Counter({("product", _frozen(factors)): sign})


def _factors(tree: Tree) -> tuple[int, Counter]:
    if isinstance(tree, tuple) and tree[0] == "neg":
        sign, factors = _factors(tree[1])
        return -sign, factors
    if isinstance(tree, tuple) and tree[0] in "*/":
        (sign, left), (other, right) = _factors(tree[1]), _factors(tree[2])
        for factor, count in right.items():
            left[factor] += count if tree[0] == "*" else -count
        return sign * other, left
    if isinstance(tree, tuple) and tree[0] == "^" and tree[2]:
        sign, factors = _factors(tree[1])
        return sign ** tree[2], Counter({factor: count * tree[2] for factor, count in factors.items()})
    whole = form(tree if not isinstance(tree, tuple) or tree[0] != "^" else 1)
    return (1 if whole == _frozen(_terms(tree)) else -1), Counter({whole: 1})


def answer(cells: np.ndarray) -> Fraction | None:
    """The number that an answer's cells say, None where they are not in the form that is asked for."""
    digits = r"([0-9]*[1-9]|0)"
    match = re.fullmatch(rf" *(-?) *{digits} *(?:/ *{digits} *)?", text_of(cells))
    if match is None or max(len(match[2]), len(match[3] or "")) > 9:
        return None
    top, bottom = int(match[2][::-1]), int((match[3] or "1")[::-1])
    if bottom == 0 or (match[1] and top == 0):
        return None
    said = Fraction(top, bottom)
    lowest = said.numerator == top and said.denominator == bottom and (bottom != 1 or match[3] is None)
    return (-said if match[1] else said) if lowest else None


def faults(problems: np.ndarray, solutions: np.ndarray) -> list[str]:
    """What is wrong with solutions uint8 [B, 48] of expressions; "" where nothing is."""
    found = []
    for problem, solution in zip(problems, solutions, strict=True):
        right = value(parse(text_of(problem[:WRITTEN]).strip()))
        found.append("" if answer(solution[WRITTEN:]) == right else f"it comes to {right}")
    return found
