"""What people paste, without what they do not mean: marks that cannot be seen, colours, full-width signs."""

from __future__ import annotations

import re

_UNSEEN = dict.fromkeys((0xFEFF, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0x00AD))
_SPACES = dict.fromkeys((0x00A0, 0x2002, 0x2003, 0x2007, 0x2009, 0x200A, 0x202F, 0x3000), " ")
_NARROW = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_TABLE = {**_UNSEEN, **_SPACES, **_NARROW}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WORD = re.compile(r"[^\W\d_]{2,}")


def plain_text(text: str) -> str:
    """``text`` with line ends as \\n, plain spaces, digits and signs of usual width, without colour codes."""
    return _COLOUR.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).translate(_TABLE)


def has_words(line: str, letters: str) -> bool:
    """Whether a line holds a word of two letters or more, one of which at least is none of ``letters``."""
    return any(set(word.lower()) - set(letters) for word in _WORD.findall(line))


def where(text: str, place: int) -> str:
    """The place of character ``place``, from 0, as people tell it: by line and column where there are several lines."""
    if "\n" not in text.strip("\n"):
        return f"character {place + 1}"
    before = text[:place]
    return f"line {before.count(chr(10)) + 1}, column {place - (before.rfind(chr(10)) + 1) + 1}"
