"""What people paste, without what they do not mean: marks that cannot be seen, colours, full-width signs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import final

_UNSEEN = dict.fromkeys((0xFEFF, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0x00AD, 0xFE0E, 0xFE0F, 0x20E3))
_SPACES = dict.fromkeys((0x00A0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
_LINE_ENDS = dict.fromkeys((0x85, 0x2028, 0x2029, 0x0B, 0x0C), "\n")
_QUOTES = {**dict.fromkeys(map(ord, "‘’‚‛"), "'"), **dict.fromkeys(map(ord, "“”„‟«»"), '"')}
_NARROW = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_CIRCLED = {first + digit: chr(0x31 + digit) for first in (0x2460, 0x2776, 0x2780, 0x278A) for digit in range(9)}
_LETTERS_OF_MATHEMATICS = range(0x1D400, 0x1D7CE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WORD = re.compile(r"[^\W\d_]{2,}")
_QUOTED = re.compile(r"\s*>\s?")
_NUMBERED = re.compile(r"\s*([0-9]{1,3})[.):]\s+(?=\S)")
_NAMED = re.compile(r"\s*(?!\d)[A-Za-z_][\w. ]*(?:\[\d*\]\s*)*[:=]\s*(?=[\[{('\"`0-9.])")
_FENCE = re.compile(r"\s*(?:```|~~~|\"\"\"|''')\w*\s*")


@final
class _Table(dict[int, "str | None"]):
    """What characters turn into, for ``str.translate``: also the digits of every script, once one of them is met."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        digit = unicodedata.decimal(sign, None)
        if digit is not None:
            sign = str(digit)
        elif code in _LETTERS_OF_MATHEMATICS:  # as they are copied from typeset pages
            sign = unicodedata.normalize("NFKC", sign)
        self[code] = sign
        return sign


_TABLE = _Table({**_UNSEEN, **_SPACES, **_LINE_ENDS, **_QUOTES, **_NARROW, **_CIRCLED})


def plain_text(text: str) -> str:
    """``text`` with line ends as \\n, plain spaces and quotes, usual digits and signs, without colour codes."""
    text = _COLOUR.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text if text.isascii() and not ("\x0b" in text or "\x0c" in text) else text.translate(_TABLE)


def pasted_text(text: str) -> str:
    """``plain_text`` of cells, without what stands around them elsewhere.

    Typed line breaks (\\n) are line breaks; fences, marks of a quote (``>``) or a numbered list on every line, and the
    name that they are given to (``grid = ...``) are left out.
    """
    text = plain_text(text).replace("\\r\\n", "\n").replace("\\n", "\n")
    return "\n".join(unlisted([line for line in unnamed(text).split("\n") if not _FENCE.fullmatch(line)]))


def unnamed(text: str) -> str:
    """``text`` without the name that it is given to, as in ``grid = [[...``."""
    return text[named.end() :] if (named := _NAMED.match(text)) else text


def unlisted(lines: Sequence[str]) -> list[str]:
    """The lines without marks of a quote or a numbered list, where every line that is not empty has one."""
    written = [line for line in lines if line.strip()]
    if len(written) < 2:
        return list(lines)
    if all(_QUOTED.match(line) for line in written):
        return [_QUOTED.sub("", line, count=1) for line in lines]
    numbers = [int(match[1]) if (match := _NUMBERED.match(line)) else None for line in written]
    if numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(written))):
        return [_NUMBERED.sub("", line, count=1) for line in lines]
    return list(lines)


def has_words(line: str, letters: str) -> bool:
    """Whether a line holds a word of two letters or more, one of which at least is none of ``letters``."""
    return any(set(word.lower()) - set(letters) for word in _WORD.findall(line))


def where(text: str, place: int) -> str:
    """The place of character ``place``, from 0, as people tell it: by line and column where there are several lines."""
    if "\n" not in text.strip("\n"):
        return f"character {place + 1}"
    before = text[:place]
    return f"line {before.count(chr(10)) + 1}, column {place - (before.rfind(chr(10)) + 1) + 1}"
