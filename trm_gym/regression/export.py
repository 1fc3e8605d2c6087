"""Formulas as text: as drafts are read, as people see them, as LaTeX, as Python, as SymPy.

Nothing here runs text: SymPy's expressions are made of its own functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trm_gym.regression.formula import Formula, is_join
from trm_gym.regression.layout import CONSTANT

if TYPE_CHECKING:
    import sympy

_POWERS = {"square": 2, "cube": 3, "fourth": 4}
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}
_NEGATIVE, _ATOM = 3, 5


def _number(value: float) -> str:
    """A number as short as it stands for itself to six digits, whole ones whole."""
    return f"{value:.6g}" if value != int(value) or abs(value) >= 1e15 else str(int(value))


@dataclass(frozen=True)
class _Style:
    """How the parts of a formula are written.

    joins: what stands between two, by operator. call: a function's name and what it is of. number: a value.
    power: a base and an exponent, where powers have a form of their own. over: the same for fractions. names: of
    functions, where they differ. mark: how a sign is shown that is marked. exact: whether brackets show the tree, so
    that it can be read back as it is.
    """

    joins: dict[str, str]
    call: Callable[[str, str], str]
    number: Callable[[float], str] = _number
    over: Callable[[str, str], str] | None = None
    power: Callable[[str, str], str] | None = None
    mark: Callable[[str], str] = str
    exact: bool = False

    def sign(self, formula: Formula, text: str) -> str:
        """What is written for the sign of a formula."""
        return self.mark(text) if formula.marked else text


_LATEX_NAMES = {name: rf"\{name}" for name in ("sin", "cos", "tan", "exp", "log", "sinh", "cosh", "tanh")}
_LATEX_NAMES |= {"asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan"}
_PYTHON_NAMES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh"}
_PYTHON_NAMES |= {"atanh": "arctanh", "neg": "negative"}


def _latex_number(value: float) -> str:
    mantissa, _, exponent = _number(value).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _latex_call(name: str, inside: str) -> str:
    if name == "sqrt":
        return rf"\sqrt{{{inside}}}"
    if name == "abs":
        return rf"\left|{inside}\right|"
    written = _LATEX_NAMES.get(name, rf"\operatorname{{{name}}}")
    return rf"{written}\left({inside}\right)"


_SPACED = {sign: f" {sign} " for sign in "+-*/"} | {"^": "^"}
_DRAFT = _Style(_SPACED, "{}({})".format, exact=True)
_PLAIN = _Style(_SPACED, "{}({})".format)
_MARKED = replace(_PLAIN, mark=lambda text: f"\x1b[43m{text}\x1b[0m")
_PYTHON = _Style(
    _SPACED | {"^": "**"}, lambda name, inside: f"np.{_PYTHON_NAMES.get(name, name)}({inside})", number=repr
)
_LATEX = _Style(
    {"+": " + ", "-": " - ", "*": r" \cdot ", "/": " / ", "^": "^"},
    _latex_call,
    _latex_number,
    over=lambda above, below: rf"\frac{{{above}}}{{{below}}}",
    power=lambda base, exponent: f"{base}^{{{exponent}}}",
)


def _written(formula: Formula, style: _Style) -> tuple[str, int]:
    """The text of a formula, and how tightly what it is made of holds together."""
    if formula.value is not None:
        shown = style.number(formula.value)
        return style.sign(formula, shown), _NEGATIVE if shown[0] == "-" or "e" in shown or "10^" in shown else _ATOM
    if formula.sign == "neg":
        return f"-{_bracketed(formula.parts[0], style, _NEGATIVE)}", _NEGATIVE
    if formula.sign in _POWERS and not style.exact:
        exponent = Formula("number", value=_POWERS[formula.sign], marked=formula.marked)
        return _joined(Formula("^", (formula.parts[0], exponent)), style)
    if is_join(formula):
        return _joined(formula, style)
    name = style.sign(formula, formula.sign)
    return (style.call(name, _written(formula.parts[0], style)[0]) if formula.parts else name), _ATOM


def _joined(formula: Formula, style: _Style) -> tuple[str, int]:
    sign, (left, right) = formula.sign, formula.parts
    if sign in "+-" and right.value is not None and right.value < 0 and not style.exact:
        sign, right = "-" if sign == "+" else "+", replace(right, value=-right.value)
    rank, joint = _RANK[sign], style.sign(formula, style.joins[sign])
    if sign == "/" and style.over is not None:
        # Brackets around the base of a power alone, whose exponent would else seem to be that of the upper part.
        return style.over(_written(left, style)[0], _written(right, style)[0]), _NEGATIVE
    if sign == "^":
        base, rank = _bracketed(left, style, rank + 1), _RANK["^"]
        if style.power is not None:
            return style.power(base, _written(right, style)[0]), rank
        return f"{base}{joint}{_bracketed(right, style, _ATOM if style.exact else rank)}", rank
    # A sum at the right of a sum needs no brackets, but that the tree could not be told from others.
    loose = sign in "+*" and not style.exact
    return f"{_bracketed(left, style, rank)}{joint}{_bracketed(right, style, rank + (not loose))}", rank


def _bracketed(part: Formula, style: _Style, least: int) -> str:
    text, rank = _written(part, style)
    opened, closed = (r"\left(", r"\right)") if style.over is not None else "()"
    return text if rank >= least else f"{opened}{text}{closed}"


def draft_text(formula: Formula) -> str:
    """A formula as ``parsing`` reads it back, to the same tree: ``square(x + 1) * (y * 2)``."""
    return _written(formula, _DRAFT)[0]


def plain_text(formula: Formula) -> str:
    """A formula as people write it: ``(x + 1)^2 * y * 2``."""
    return _written(formula, _PLAIN)[0]


def marked_text(formula: Formula) -> str:
    """The same with a yellow ground, in a terminal's colour codes, below what is marked."""
    return _written(formula, _MARKED)[0]


def latex(formula: Formula) -> str:
    r"""A formula as LaTeX, without dollar signs: ``\frac{\sin\left(x\right)}{2}``."""
    return _written(formula, _LATEX)[0]


def python(formula: Formula) -> str:
    """A formula as Python for NumPy, all digits kept: ``np.sin(x) / 2.0``."""
    return _written(formula, _PYTHON)[0]


def to_sympy(formula: Formula) -> sympy.Expr:
    """A formula in SymPy, over real symbols by the variables' names, and c for a constant without a value."""
    import sympy

    own: dict[str, Callable[..., Any]] = {
        "+": lambda left, right: left + right,
        "-": lambda left, right: left - right,
        "*": lambda left, right: left * right,
        "/": lambda left, right: left / right,
        "^": lambda left, right: left**right,
        "neg": lambda inside: -inside,
        "abs": sympy.Abs,
        **{name: lambda inside, power=power: inside**power for name, power in _POWERS.items()},
    }
    if formula.value is not None:
        whole = formula.sign != CONSTANT and formula.value == int(formula.value)
        return sympy.Integer(int(formula.value)) if whole else sympy.Float(formula.value)
    if not formula.parts:
        return sympy.Symbol(formula.sign, real=True)
    build = own.get(formula.sign) or getattr(sympy, formula.sign)
    return build(*map(to_sympy, formula.parts))
