"""Answers as people write them: ``x = 4``, ``x = -2 or x = 2``, ``x = 2, y = 1``, and the bare values behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trm_gym.errors import ProblemError
from trm_gym.written.signs import plain

_PART = re.compile(r"\s*(?:(?P<name>[a-z])\s*(?:_?[0-9])?\s*)?=\s*(?P<value>[^=]+?)\s*")
_BETWEEN = re.compile(r",|\bor\b|\band\b")
_LETTER = re.compile(r"\b[a-z]\b|(?<=[0-9])[a-z]\b")
_UNFINISHED = re.compile(r"(?P<lone>^[+*/^]|[(][+*/^]|[-+*/^]$|[-+*/^](?=[+*/^)])|[(][)])")


def bare(text: str, unknowns: str) -> str:
    """What an answer says, without the names of unknowns; x before y. Text in the alphabet's signs as it is.

    unknowns: those that a task has, ``xy`` or none. Raises ProblemError for what is more, or less, than an answer.
    """
    text = plain(text).strip()
    if not text:
        return text
    parts = [part.strip() for part in _BETWEEN.split(text)]
    if not all(parts):
        raise ProblemError(f"{text[:80]!r} is no answer: nothing stands before or after a comma, or, and")
    found = [_named_value(part, text) for part in parts]
    names = [name for name, _ in found if name]
    _check_names(names, unknowns, text)
    values = [value for _, value in found]
    if names and any(_LETTER.search(value) for value in values):
        raise ProblemError(f"{text[:80]!r} is no answer: a number has to stand after {names[0]} =")
    if names == ["y", "x"] and len(found) == 2:
        values.reverse()
    for value in values:
        _check_finished(value, text)
    return ",".join(one for value in values for one in _both_signs(value))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """An answer with other letters for its unknowns, all at once: ``names`` has the new by the old."""
    return _LETTER.sub(lambda letter: names.get(letter[0], letter[0]), text)


def _named_value(part: str, text: str) -> tuple[str, str]:
    """The name in a part of an answer, empty without one, and the value."""
    if "=" not in part:
        return "", part
    if (match := _PART.fullmatch(part)) is None:
        raise ProblemError(
            f"{text[:80]!r} is no answer: write x = and a number, or x = 2, y = 1 for two, or a value alone"
        )
    return match["name"] or "", match["value"]


def _check_names(names: list[str], unknowns: str, text: str) -> None:
    """Raise ProblemError for names that no answer has: an only unknown is called x."""
    wrong = [name for name in names if name not in (unknowns if "x" in names else unknowns[:1])]
    if wrong:
        called = "an only unknown is called x, two are x and y"
        known = called if unknowns else "there is no unknown: write the number alone"
        raise ProblemError(f"{text[:80]!r} is no answer: {wrong[0]} is not asked for, {known}")


def _check_finished(value: str, text: str) -> None:
    """Raise ProblemError for a value with an operator that has nothing to work on, or with a bracket too many."""
    close = "".join(value.removeprefix("±").split())
    depth = 0
    for sign in close:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            break
    if depth or not close or (lone := _UNFINISHED.search(close)):
        fault = "a bracket has no partner" if depth else f"{lone['lone']!r} stands alone" if close else "± stands alone"
        raise ProblemError(f"{text[:80]!r} is no answer: {fault}")


def _both_signs(value: str) -> tuple[str, ...]:
    """The two numbers of a value after ±, or the value itself."""
    rest = value.removeprefix("±").strip()
    return (value,) if rest == value else (f"-{rest}", rest)


def named(answer: str, problem: str) -> str:
    """An answer with the names of the unknowns that ``problem``, as the alphabet writes it, asks for, if it does.

    ``bare`` gives the answer back.
    """
    if not answer or "=" in answer or "=" not in problem or (problem[:1].isalpha() and problem[1:2].isalpha()):
        return answer
    parts = answer.split(",")
    if "," not in problem:
        return " or ".join(f"x = {part}" for part in parts)
    return f"x = {parts[0]}, y = {parts[1]}" if len(parts) == 2 else answer
