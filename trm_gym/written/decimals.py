"""Decimals as people type them, read exactly: 1.25 is 5/4, which is how the alphabet of the math tasks writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from trm_gym.errors import ProblemError
from trm_gym.short_repr import short

DIGITS = 9
"""The digits that a decimal's numerator and its denominator have at most: what numbers of the math tasks have."""

_LONGEST = 4 * DIGITS

_RUN = re.compile(r"[0-9.]*\.[0-9.]*")
_DECIMAL = re.compile(r"[0-9]*\.[0-9]+")
_PARTED = re.compile(r"[0-9]\s+\.\s*[0-9]|[0-9]\.\s+[0-9]")
_SCIENTIFIC = re.compile(r"(?<![0-9.a-z])[0-9.]*[0-9]\.?e[0-9]+")
_UNDER_OR_RAISING = re.compile(r"[/^][-\s]*$")
_ANSWER = re.compile(r"(?<![\w)^*/+-])(-?)([0-9]+)/([0-9]+)(?=\s*$|\s*,|\s+(?:or|and)\b)")


def as_fractions(text: str) -> str:
    """``text`` in plain signs with every decimal as a fraction in its lowest terms, in brackets where they count.

    Raises ProblemError for what looks like a decimal and is none, and for one with too many digits.
    """
    if scientific := _SCIENTIFIC.search(text):
        raise ProblemError(
            f"{short(scientific[0])} in {text[:80]!r} has a power of ten behind e, which is not read: write out its "
            "digits, as in 100000 or 0.001"
        )
    if "." not in text:
        return text
    if parted := _PARTED.search(text):
        raise ProblemError(f"{parted[0]!r} in {text[:80]!r} is no number: leave out the space beside the point")
    return _RUN.sub(_in_place, text)


def decimals_of(text: str) -> Mapping[str, str]:
    """The decimals that ``as_fractions`` finds in a text, each with what it is read as, in the text's order."""
    runs = (match[0] for match in _RUN.finditer(text))
    return {run: str(Fraction(run)) for run in runs if len(run) <= _LONGEST and _DECIMAL.fullmatch(run)}


def beside(answer: str) -> str:
    """An answer with its fractions as decimals beside them, where those end: ``x = 3/2 (1.5), y = 1/3``."""
    return _ANSWER.sub(_with_decimal, answer)


def _in_place(match: re.Match[str]) -> str:
    """The fraction of a decimal, as it has to stand where the decimal stood."""
    text, run = match.string, match[0]
    fraction = str(_exact(run, text))
    raised = text[match.end() :].lstrip().startswith("^")
    bare = "/" not in fraction or not (raised or _UNDER_OR_RAISING.search(text[: match.start()]))
    return fraction if bare else f"({fraction})"


def _exact(run: str, text: str) -> Fraction:
    """The value of digits with points among them. Raises ProblemError, with the ``text`` that they are from."""
    told = f"{short(run)} in {text[:80]!r}"
    if run.strip(".") == "":
        raise ProblemError(f"{told} stands alone: a decimal has digits after its point, as in 0.5")
    if run.count(".") > 1:
        raise ProblemError(f"{told} has {run.count('.')} points: a decimal has one, as in 1.25")
    if run.endswith("."):
        raise ProblemError(f"{told} ends with a point: write {run[:-1][:40]}, and a * where a product is meant")
    if len(run) > _LONGEST:
        raise ProblemError(f"the decimal {told} has {len(run) - 1} digits: use fewer")
    value = Fraction(run)
    if max(value.numerator, value.denominator) >= 10**DIGITS:
        raise ProblemError(
            f"the decimal {told} is the fraction {value}: at most {DIGITS} digits are read above and below"
        )
    return value


def _with_decimal(match: re.Match[str]) -> str:
    """A fraction, and in brackets the decimal that it is, unless that has no end or more than ``DIGITS`` places."""
    sign, above, below = match[1], int(match[2]), int(match[3])
    if below < 2 or 10**DIGITS % below:
        return match[0]
    digits = str(above * (10**DIGITS // below)).rjust(DIGITS + 1, "0")
    return f"{match[0]} ({sign}{digits[:-DIGITS]}.{digits[-DIGITS:]}".rstrip("0").rstrip(".") + ")"
