"""Lists as text, as Python, JSON and NumPy print them; nothing of it is run."""

from __future__ import annotations

import re
from typing import Any

from trm_gym.errors import ProblemError
from trm_gym.plain_text import where

DEEPEST = 4
"""Brackets in brackets that a list may have."""

_PIECE = re.compile(
    r"""(?P<space>[\s,;]+)|(?P<open>[\[({])|(?P<close>[\])}])|"(?P<double>[^"\\]*)"|'(?P<single>[^'\\]*)'"""
    r"""|(?P<number>[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)(?![\w.])"""
    r"""|(?P<word>[A-Za-z_][\w.]*=?(?:['"][\w|<>]*['"])?)"""
)
_BEGINS = re.compile(
    r"""(?:(?:(?:np|numpy|torch)\.)?(?:array|asarray|tensor)\(\s*)?(?:\[\s*(?:[\[({0-9'".+\]-]|none|nan|null|true|false|$)|\{\s*[{0-9])""",
    re.IGNORECASE,
)
_NOTHING = {"none", "nan", "null", "np.nan", "--"}
_TRUE, _FALSE = {"true", "np.true_"}, {"false", "np.false_"}


def is_list(text: str) -> bool:
    """Whether a text is meant as a list: it begins with a bracket that numbers, quotes or brackets follow."""
    return _BEGINS.match(text.lstrip()) is not None


def read_list(text: str) -> list[Any]:
    """The list that a text is: lists of numbers, text and None. Raises ProblemError, with the place of a fault."""
    whole: list[Any] = []
    open_lists, at = [whole], 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            raise ProblemError(
                f"{text[at]!r} at {where(text, at)} does not belong in a list: use numbers or quoted text"
            )
        kind, found = piece.lastgroup, piece[0]
        if kind == "open":
            if len(open_lists) > DEEPEST + 1:
                raise ProblemError(f"the brackets at {where(text, at)} are nested too deeply: give a list of rows")
            open_lists[-1].append(inner := [])
            open_lists.append(inner)
        elif kind == "close":
            if len(open_lists) == 1:
                raise ProblemError(f"the bracket closed at {where(text, at)} was never opened")
            open_lists.pop()
        elif kind not in ("space", "word") or found.lower() in _NOTHING | _TRUE | _FALSE:
            open_lists[-1].append(_value(piece))
        at = piece.end()
    if len(open_lists) > 1:
        raise ProblemError("a bracket of the list is never closed: add ]")
    return _unwrapped(whole)


def _value(piece: re.Match[str]) -> Any:
    """A piece's number, text, truth or None."""
    kind, found = piece.lastgroup, piece[0]
    if kind in ("double", "single"):
        return piece[kind]
    if kind == "word":
        word = found.lower()
        return None if word in _NOTHING else word in _TRUE
    number = float(found)
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _unwrapped(whole: list[Any]) -> list[Any]:
    """The list itself, without those that only hold it: the brackets of a call, and what all of it stands in."""
    while len(whole) == 1 and isinstance(whole[0], list):
        whole = whole[0]
    return whole
