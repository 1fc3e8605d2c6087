"""Answers as people write them: ``x = 4``, ``x = -2 or x = 2``, ``x = 2, y = 1``, and the bare numbers behind them."""

from __future__ import annotations

import re

from trm_gym.written.signs import plain

_PART = re.compile(r"\s*(?:(?P<name>[xy])\s*(?:_?[0-9])?\s*)?=\s*(?P<value>[^=]+?)\s*")
_BETWEEN = re.compile(r",|\bor\b|\band\b")


def bare(text: str) -> str:
    """What an answer says, without the names of unknowns; x before y. Other text in the alphabet's signs as it is."""
    text = plain(text).strip()
    parts = [(_PART.fullmatch(part), part.strip()) for part in _BETWEEN.split(text)]
    if parts[0][0] is None or any("=" in part for match, part in parts if match is None):
        return text
    values = [((match["name"] or "") if match else "", match["value"] if match else part) for match, part in parts]
    if [name for name, _ in values] == ["y", "x"]:
        values.reverse()
    found = [one for _, value in values for one in _both_signs(value)]
    return ",".join(found)


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
