"""The alphabet of the math tasks, and how text stands on a canvas.

A canvas is a row of cells: a problem region, then an answer region. The problem stands as a person writes it, from
the left. In the answer every number is written units first (-12 is ``-21``), because a carry moves from the units up
and because a digit's place is then its distance from the start of its field; blanks between symbols mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from trm_gym.errors import ProblemError
from trm_gym.plain_text import plain_text
from trm_gym.written.decimals import as_fractions, decimals_of
from trm_gym.written.typed import in_signs, without_latex, without_subscripts

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERBS = ("expand", "factor", "collect", "differentiate", "evaluate")
"""What is to be done with an expression; an equation needs none."""

SYMBOLS = ("", *"0123456789", *"+-*/^()=,xy", *(f"{verb} " for verb in VERBS), " at ")
"""The text of each token; 0 is blank."""

SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
"""The digits of powers as people write and see them."""

ARROW, NOTHING = "-> ", "…"
"""What stands before a draft that is shown below its problem, and what stands for an empty one."""

_ALTERNATIVES = str.maketrans(
    {
        **dict.fromkeys("−–—‐‑‒﹣➖", "-"),
        **dict.fromkeys("·×⋅∙•∗✕✖⨯", "*"),
        **dict.fromkeys("÷∕⁄:∶➗", "/"),
        **dict.fromkeys("﹢➕", "+"),
        "﹦": "=",
        **dict.fromkeys("[{", "("),
        **dict.fromkeys("]}", ")"),
        ";": ",",
    }
)
"""What people write for the alphabet's own signs; full-width ones are in ``trm_gym.plain_text``."""

_RAISE, _LOWER = str.maketrans("0123456789", SUPERSCRIPTS), str.maketrans(SUPERSCRIPTS, "0123456789")
_UNARY_PLUS = re.compile(rf"(^|[-+*/^(=,]|{'|'.join(VERBS)}|\bat\b)(\s*)\+(?=\s*[0-9a-z.(+-])")

ACCEPTED = f"digits, . in decimals, + - * / ^ ( ) = , x y and the words {', '.join(VERBS)}, at"
"""What the whole alphabet is, for messages."""

DIGIT = 1
"""The token of the digit 0; those of 1 to 9 follow."""

TOKEN = {symbol.strip(): token for token, symbol in enumerate(SYMBOLS)}
"""Token by text, spaces around it left out."""

_READ = re.compile("|".join(re.escape(s) for s in sorted(TOKEN, key=len, reverse=True) if s) + r"|\s+|(?P<wrong>.)")
_NUMBER = re.compile(r"[0-9]+")
_GAP = re.compile(r"[0-9]+\s+[0-9]+")


def plain(text: str) -> str:
    """``text`` in the alphabet's own signs and small letters: as ``plain_signs`` has it, without subscripts, and with
    fractions for decimals. Raises ProblemError for a decimal that is none.
    """
    return as_fractions(_with_points(text))


def readings(text: str) -> Mapping[str, str]:
    """The decimals of a text, and the fractions that ``plain`` reads them as."""
    return decimals_of(_with_points(text))


def _with_points(text: str) -> str:
    """``text`` in plain signs without subscripts, decimals as they are."""
    return plain_signs(without_subscripts(plain_text(text).lower()))


def plain_signs(text: str) -> str:
    """``text`` in plain signs and small letters: the one table of what is read, in problems, answers and formulas.

    Other minus, times and division signs, other brackets, ``**``, superscripts and LaTeX are turned; a plus that adds
    nothing is left out.
    """
    text = in_signs(without_latex(plain_text(text).lower()).translate(_ALTERNATIVES)).replace("**", "^")
    text = re.sub(f"[{SUPERSCRIPTS}]+", lambda power: "^" + power[0].translate(_LOWER), text)
    while (shorter := _UNARY_PLUS.sub(r"\1\2", text)) != text:
        text = shorter
    return text


def raised(text: str) -> str:
    """``text`` as people see it: ``2*x^12`` is ``2·x¹²``; a ^ without a number stays."""
    return re.sub(r"\^([0-9]+)", lambda power: power[1].translate(_RAISE), text).replace("*", "·")


def free_cells(count: int, written: int, length: int) -> NDArray[np.bool_]:
    """Which cells of ``count`` problems an answer may change, bool [count, length]: those from ``written`` on."""
    return np.tile(np.arange(length) >= written, (count, 1))


def tokenize(text: str, cells: int, accepted: str = ACCEPTED) -> NDArray[np.uint8]:
    """``text`` as tokens uint8 [cells], from the left, spaces left out; see ``plain`` for what else is read.

    accepted: what a task reads, for messages. Raises ProblemError for a character outside the alphabet, for a space
    within a number and for text that is too long.
    """
    if gap := _GAP.search(text := plain(text)):
        raise ProblemError(f"{gap[0]!r} is no number: leave out the space in it, or write the operator")
    tokens = []
    for match in _READ.finditer(text):
        if match["wrong"]:
            raise ProblemError(f"unexpected {match['wrong']!r} in {text[:80]!r}: use {accepted}")
        if not match[0].isspace():
            tokens.append(TOKEN[match[0]])
    if len(tokens) > cells:
        raise ProblemError(f"{text[:80]!r} has {len(tokens)} symbols: at most {cells} fit")
    return np.array(tokens + [0] * (cells - len(tokens)), dtype=np.uint8)


def as_text(tokens: NDArray[np.uint8]) -> str:
    """The problem region's ``tokens`` as text; blanks are left out."""
    return "".join(SYMBOLS[token] for token in tokens).strip()


def answer_text(tokens: NDArray[np.uint8]) -> str:
    """The answer region's ``tokens`` as people write it: numbers the usual way round.

    Blanks part two digits that they stand between, so that such a draft does not look like a number.
    """
    spaced = "".join(SYMBOLS[token] or " " for token in tokens)
    turned = _NUMBER.sub(lambda number: number[0][::-1], spaced)
    return re.sub(r"(?<![0-9 ]) +| +(?![0-9 ])", "", turned)


def answer_tokens(text: str, cells: int, accepted: str = ACCEPTED) -> NDArray[np.uint8]:
    """An answer as people write it, as tokens uint8 [cells], numbers units first. Raises as ``tokenize`` does."""
    return tokenize(_NUMBER.sub(lambda number: number[0][::-1], plain(text)), cells, accepted)


def traits(text: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """What a problem in the alphabet is at sight: its verb and which signs beside plus and minus it has; how many
    numbers and unknowns, the digits of the longest number, and the highest power.
    """
    verb = next((verb for verb in VERBS if text.startswith(verb)), "")
    rest = text.removeprefix(verb)
    numbers = _NUMBER.findall(rest)
    unknowns = len(re.findall(r"\b[xy]\b|(?<=[0-9])[xy]", rest))
    kind = (verb, *(sign for sign in "*/^()=,y" if sign in rest))
    powers = map(int, re.findall(r"\^([0-9]+)", rest))
    return kind, (len(numbers), unknowns, max(map(len, numbers), default=0), max(powers, default=0))
