"""Reads formulas that people type, by a grammar of its own: nothing of the text is ever run.

Numbers (2, .5, 1e-3, pi, e), variables, + - * / ^ (also ** and the signs that people copy), brackets, minus, functions
such as sin(x); a product needs no sign (2x, 2(x + 1)), and what stands before an equals sign (y =) is left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import final

from trm_gym.errors import ProblemError
from trm_gym.regression.formula import Formula, number
from trm_gym.regression.layout import CONSTANT, VARIABLES
from trm_gym.regression.operations import FUNCTIONS
from trm_gym.written.signs import plain_signs

LONGEST = 2000
"""Characters of a formula that are read."""
MOST = 250
"""Numbers, names and signs that a formula may have."""
DEEPEST = 50
"""Brackets in brackets, powers of powers and the like that a formula may have."""

_OPERATORS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "divide": "/", "pow": "^"}
_OTHER_NAMES = {"ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "sqr": "square"}
_OTHER_NAMES |= {"arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh"} | _OPERATORS
_LOGARITHMS = {"log10": 10.0, "log2": 2.0}
_KNOWN = {"pi": math.pi, "e": math.e}
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUBSCRIPT = re.compile(r"_\{(\w+)\}")
_COMMAND = re.compile(r"\\(?=[a-z])")
_MEANT = re.compile(r"\s*[a-z]\w*\s*(?:\([\w\s,]*\)\s*)?=(?!=)")
_PIECE = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?)"
    r"|(?:(?:np|numpy|math)\.)?(?P<name>[a-z_]\w*|π|√)|(?P<sign>[-+*/^(),])|(?P<wrong>\S))"
)


def parse(text: str, names: Sequence[str] = (), constants: bool = False) -> Formula:
    """The formula that ``text`` says. Raises ProblemError, with what is wrong and where.

    names: of the variables x, y, z in this order; without them those are x, y, z, or x1, x2, x3, or x0, x1, x2.
    constants: whether c stands for a number that is to be fitted.
    """
    if len(text) > LONGEST:
        raise ProblemError(f"a formula of {len(text)} characters is too long: at most {LONGEST}")
    text = _COMMAND.sub(" ", plain_signs(_SUBSCRIPT.sub(r"_\1", text.translate(_LOWERED))))
    if meant := _MEANT.match(text):
        text = text[meant.end() :]
    known = {name.lower(): variable for name, variable in zip(names, VARIABLES, strict=False)}
    return _Parser(text, known or usual_names(text), constants).whole()


def usual_names(text: str) -> dict[str, str]:
    """The variables by the names that a text calls them."""
    numbered = range(3) if re.search(r"(?<!\w)x_?0(?!\w)", text) else range(1, 4)
    names = {f"x{gap}{place}": sign for gap in ("", "_") for place, sign in zip(numbered, VARIABLES, strict=True)}
    return names | {sign: sign for sign in VARIABLES}


@final
class _Parser:
    """Reads one text by recursive descent: sums of products of powers."""

    def __init__(self, text: str, names: dict[str, str], constants: bool) -> None:
        self._text, self._names, self._constants = text, names, constants
        self._pieces = list(_PIECE.finditer(text))
        self._at, self._depth = 0, 0
        if len(self._pieces) > MOST:
            raise ProblemError(f"a formula of {len(self._pieces)} numbers, names and signs is too long: at most {MOST}")

    def whole(self) -> Formula:
        """The formula that all of the text is."""
        if not self._pieces:
            raise ProblemError("the formula is empty: write one, such as sin(x) + 2*x^2")
        found = self._sum()
        if self._at < len(self._pieces):
            raise self._error(f"unexpected {self._shown()}")
        return found

    def _sign(self) -> str:
        """The sign that comes next; empty where none does."""
        return (self._pieces[self._at]["sign"] or "") if self._at < len(self._pieces) else ""

    def _shown(self) -> str:
        return repr(self._pieces[self._at][0].strip()) if self._at < len(self._pieces) else "the end"

    def _error(self, what: str) -> ProblemError:
        place = len(self._text)
        if self._at < len(self._pieces):
            place = self._pieces[self._at].end() - len(self._pieces[self._at][0].strip())
        return ProblemError(f"{what} at character {place + 1} of the formula {self._text.strip()[:80]!r}")

    def _sum(self) -> Formula:
        found = self._product()
        while self._sign() in ("+", "-"):
            sign = self._sign()
            self._at += 1
            found = Formula(sign, (found, self._product()))
        return found

    def _product(self) -> Formula:
        found = self._signed()
        while True:
            if self._sign() in ("*", "/"):
                sign = self._sign()
                self._at += 1
                found = Formula(sign, (found, self._signed()))
            elif self._at < len(self._pieces) and (self._sign() == "(" or self._pieces[self._at]["name"]):
                found = Formula("*", (found, self._power()))
            else:
                return found

    def _signed(self) -> Formula:
        if self._sign() in ("-", "+"):
            return self._deeper(self._negative)
        return self._power()

    def _negative(self) -> Formula:
        sign = self._sign()
        self._at += 1
        inside = self._signed()
        if sign == "+":
            return inside
        return number(-(inside.value or 0.0)) if inside.is_number else Formula("neg", (inside,))

    def _power(self) -> Formula:
        base = self._atom()
        if self._sign() != "^":
            return base
        self._at += 1
        return Formula("^", (base, self._deeper(self._signed)))

    def _deeper(self, read: Callable[[], Formula]) -> Formula:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(f"the formula is nested too deeply: at most {DEEPEST} times")
        found = read()
        self._depth -= 1
        return found

    def _atom(self) -> Formula:
        if self._at == len(self._pieces):
            raise self._error("something is missing")
        piece = self._pieces[self._at]
        if piece["number"]:
            self._at += 1
            value = float(piece["number"])
            if math.isinf(value):
                self._at -= 1
                raise self._error("a number is too large")
            return number(value)
        if piece["sign"] == "(":
            return self._bracket(1)[0]
        if piece["name"]:
            self._at += 1
            return self._named(piece["name"])
        raise self._error(f"unexpected {self._shown()}")

    def _bracket(self, count: int) -> list[Formula]:
        """``count`` formulas in brackets, parted by commas."""
        if self._sign() != "(":
            raise self._error("a function needs brackets, as sin(x) has them; expected '('")
        parts: list[Formula] = []
        while len(parts) < count:
            self._at += 1
            parts.append(self._deeper(self._sum))
            if self._sign() != ("," if len(parts) < count else ")"):
                raise self._error(f"expected {',' if len(parts) < count else ')'!r}, found {self._shown()}")
        self._at += 1
        return parts

    def _named(self, name: str) -> Formula:
        name = {"π": "pi", "√": "sqrt"}.get(name, name)
        if name in self._names:
            return Formula(self._names[name])
        if name == CONSTANT and self._constants:
            return Formula(CONSTANT)
        if name in _KNOWN:
            return number(_KNOWN[name])
        if name in _LOGARITHMS:
            return Formula("/", (Formula("log", tuple(self._bracket(1))), number(math.log(_LOGARITHMS[name]))))
        sign = _OTHER_NAMES.get(name, name)
        if sign in FUNCTIONS:
            return Formula(sign, tuple(self._bracket(1)))
        if name in _OTHER_NAMES:
            return Formula(sign, tuple(self._bracket(2)))
        self._at -= 1
        known = f"the variables are {', '.join(self._names)}, the functions {', '.join(FUNCTIONS)}"
        raise self._error(f"unknown name {name!r}: {known}; it stands")
