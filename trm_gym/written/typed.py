"""Mathematics as it is typed elsewhere, in the signs of the alphabet: LaTeX, fractions as one sign, words, labels."""

from __future__ import annotations

import re
import unicodedata

from trm_gym.errors import ProblemError

_COMMANDS = {
    **dict.fromkeys(("times", "cdot", "ast"), "*"),
    **dict.fromkeys(("div", "over"), "/"),
    **dict.fromkeys(("left", "right", "displaystyle", "quad", "qquad", "big", "bigl", "bigr", "mathrm", "text"), ""),
    **dict.fromkeys((",", ";", ":", "!", " "), ""),
    **dict.fromkeys(("(", ")", "[", "]"), ""),
    **dict.fromkeys(("{", "}"), ""),
    "pm": "±",
    "lor": " or ",
    "land": " and ",
    "\\": ", ",
}
"""What commands of LaTeX stand for."""

_COMMAND = re.compile(r"\\([a-z]+|.)")
_DERIVATIVE = re.compile(r"\\[dt]?frac\s*\{\s*d\s*\}\s*\{\s*d\s*([a-z])\s*\}")
_FRACTION = re.compile(r"\\[dt]?frac\s*(?:\{([^{}]*)\}|([0-9a-z]))\s*(?:\{([^{}]*)\}|([0-9a-z]))")
_POWER = re.compile(r"\^\s*\{\s*([0-9]+)\s*\}")
_SIGN = re.compile(r"([0-9]+|/\s*)?([¼-¾⅐-⅞])")
_SYSTEM = re.compile(r"\\(?:begin|end)\s*\{[a-z*]+\}")
_LONE = re.compile(r"[0-9]+|[a-z]")
_DOLLARS = re.compile(r"\$\$?([^$]*)\$\$?")
_WORDS = tuple(
    (re.compile(rf"(?<=[0-9a-z)])\s+{word}\s+(?=[0-9a-z(-])"), sign)
    for word, sign in (("plus", " + "), ("minus", " - "), ("times", " * "), (r"(?:divided\s+by|over)", " / "))
)
_LABEL = re.compile(
    r"\s*(?:[0-9]{1,3}(?:\)|\.(?!\s*[+*/^=]))|\(?[a-z]\)|q(?:uestion)?\s*[0-9]*\s*[:.)]|(?:problem|equation|expression|input)\s*[:=]"
    r"|[•‣▪]|\[[ x]\])\s+(?=\S)",
    re.IGNORECASE,
)
# A division in whole numbers or a remainder is no remark: it is left for the task to refuse.
_REMARK = re.compile(r"\s+(?:#(?:\s.*)?|(?://|%)(?:\s+(?![-+]?\s*[0-9(])(?![a-z]\s*(?:[-+*/^=)]|$)).*)?)$")
_SUBSCRIPTED = re.compile(r"(?<![a-z])([a-z])(?![a-z])(_(?:\{[0-9a-z]\}|[0-9a-z](?![0-9a-z]))|[₀-₉]*)")
_QUOTES = (('"', '"'), ("'", "'"), ("`", "`"), ("**", "**"))
_ASKED = re.compile(r"\s*=+\s*(?:\?+|_+|…|\.\.\.)?\s*$")
_END = re.compile(r"[\s.,;?]+$")


def without_latex(text: str) -> str:
    """``text``, in small letters, with LaTeX's commands and signs of fractions as the alphabet's own signs."""
    text = _vulgar(text)
    if "\\" not in text and "$" not in text and "{" not in text:
        return text
    text = _DERIVATIVE.sub(r"d/d\1 ", _SYSTEM.sub("", _DOLLARS.sub(r"\1", text)))
    text = _POWER.sub(r"^\1", text)
    while (shorter := _FRACTION.sub(_quotient, text)) != text:
        text = _POWER.sub(r"^\1", shorter)
    return _COMMAND.sub(lambda command: _COMMANDS.get(command[1], command[0]), text).replace("{*}", "*")


def _quotient(match: re.Match[str]) -> str:
    """A fraction with brackets where they are needed."""
    above, below = match[1] or match[2] or "", match[3] or match[4] or ""
    above, below = (part.strip() if _LONE.fullmatch(part.strip()) else f"({part})" for part in (above, below))
    text, end = match.string, match.end()
    before, after = text[: match.start()].rstrip()[-1:], text[end:].lstrip()[:1]
    if before == "/" or before.isalnum() or after == "^" or after.isdigit():
        return f"({above}/{below})"
    return f"{above}/{below}"


def _vulgar(text: str) -> str:
    """``text`` with ½ as 1/2, and 3½ as (3+1/2)."""
    if text.isascii():
        return text
    return _SIGN.sub(_spelt, text)


def _spelt(match: re.Match[str]) -> str:
    before, sign = match[1] or "", _parts(match[2])
    return f"({before}+{sign})" if before.isdecimal() else f"{before}({sign})" if before else sign


def _parts(sign: str) -> str:
    return unicodedata.normalize("NFKC", sign).replace("⁄", "/")


def check_subscripts(text: str) -> None:
    """Raise ProblemError where a letter stands with different subscripts, x₁ and x₂: those are two unknowns."""
    found: dict[str, str] = {}
    for match in _SUBSCRIPTED.finditer(text.lower()):
        written = found.setdefault(match[1], match[2])
        if written.strip("_{}") != match[2].strip("_{}"):
            raise ProblemError(
                f"{match[1]}{written} and {match[1]}{match[2]} are two unknowns: give each a letter of its own, "
                "such as x and y"
            )


def without_subscripts(text: str) -> str:
    """``text``, in small letters, with x for x₁ and x_1."""
    return _SUBSCRIPTED.sub(lambda match: match[1], text)


def in_signs(text: str) -> str:
    """``text`` with plus, minus, times and over as signs where they stand between numbers, unknowns or brackets."""
    for word, sign in _WORDS:
        text = word.sub(sign, text)
    return text


def unlabelled(line: str) -> str:
    """A line without its label (``1.``, ``a)``, ``Q:``), quotes, a remark behind # or //, and what asks for an answer
    (``= ?``) or ends a sentence.
    """
    line = _REMARK.sub("", line)
    line = line[label.end() :].strip() if (label := _LABEL.match(line)) else line.strip()
    for begin, end in _QUOTES:
        if len(line) > 2 and line.startswith(begin) and line.endswith(end):
            line = line[len(begin) : -len(end)].strip()
    if not has_question(line):
        line = _END.sub("", line)
        line = _ASKED.sub("", line)
    return line.replace("==", "=")


def has_question(line: str) -> bool:
    """Whether a line is a sentence: its end is then part of it."""
    return bool(re.search(r"[^\W\d_]{4,}", line)) and line.rstrip()[-1:] in "?."


def check_letters(text: str) -> None:
    """Raise ProblemError for a letter that only looks like one of the alphabet's."""
    for letter in text:
        if letter.isalpha() and not letter.isascii():
            name = unicodedata.name(letter, "unknown").lower()
            raise ProblemError(f"{letter!r} ({name}) in {text[:80]!r} is no letter that is read: type it anew")
