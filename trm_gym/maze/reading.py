"""Mazes as people write them: one text, or the lines of a file, as rows of cells.

``WALLS``, ``OPENS``, ``STARTS`` and ``GOALS`` say which signs are read. A text's rows stand on lines of their own, or
are parted by slashes; a square one may also stand on a single line, row after row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from trm_gym.errors import ProblemError
from trm_gym.files import Path
from trm_gym.lists import is_list, read_list
from trm_gym.maze.layout import GOAL, LARGEST, OPEN, START, WALL
from trm_gym.plain_text import has_words, plain_text
from trm_gym.records import Entry, records
from trm_gym.task import UserProblem

LONGEST = 100_000
"""Characters of a maze that are read."""

WALLS, OPENS, STARTS, GOALS = "#█▓▒░XW1+-|", ". 0O_·•●*", "S2A@", "G3EBF"
"""What stands for a wall, an open cell, the start and the goal; small letters are as good."""

SIGNS = {
    sign: token
    for signs, token in ((WALLS, WALL), (OPENS, OPEN), (STARTS, START), (GOALS, GOAL))
    for sign in (*signs, *signs.lower())
}
"""The token of every sign that is read; those of a path that is drawn in are open."""

_LETTERS = "sgxowabef"
_SMALLEST_SQUARE = 25
_PAIRS = {wall * 2 for wall in "█▓▒░#"}
_FRAME = re.compile(r"\+(?:(?:---|   )\+)+")


def rows_of_text(text: str) -> list[str]:
    """The rows of a text. Raises ProblemError for one that is too long."""
    if len(text) > LONGEST:
        raise ProblemError(f"a text of {len(text)} characters is too long for a maze of at most {LARGEST} rows")
    lines = plain_text(text).replace("\\n", "\n").strip("\n").split("\n")
    if len(lines) > 1:
        lines = _without_titles(lines)
    return _squared(_halved(_unframed([row for line in lines for row in line.split("/")])))


def rows_of(problem: UserProblem) -> Sequence[Any]:
    """The rows of a maze in any form but a file, or the cells of a flat one. Raises ProblemError."""
    if isinstance(problem, str):
        return read_list(problem) if len(problem) <= LONGEST and is_list(problem) else rows_of_text(problem)
    rows = problem.tolist() if isinstance(problem, np.ndarray) else problem
    if not isinstance(rows, Sequence):
        raise ProblemError(f"a maze is text, a list, an array or the path of a file, not {type(rows).__name__}")
    return rows


def entries(path: Path) -> Iterator[Entry]:
    """The mazes of a file, of any size: as ``trm_gym.records`` has them, or as rows on lines, parted by empty lines or
    titles. Raises ProblemError.
    """
    rows: list[str] = []
    begun, title, first = 0, None, True
    for record in records(path, is_one, _is_comment):
        line = record.problem if isinstance(record.problem, str) and not record.named else None
        whole = line is None or "/" in line or len(_squared([line])) > 1
        if line and not whole and not _is_title(line):
            begun = begun if rows else record.line
            rows.append(line)
            title = None
            continue
        if rows:
            yield Entry(begun, "\n".join(rows))
            rows = []
        if line == "":
            continue
        if title:
            yield title  # Words above no rows: they were meant as a maze.
        title = None if whole or first else record
        if whole:
            yield record
        first = False
    if rows:
        yield Entry(begun, "\n".join(rows))
    if title:
        yield title


def is_one(values: list[Any]) -> bool:
    """Whether a list is one maze, rows or cells, and not a list of mazes."""
    if values and all(isinstance(value, str) for value in values):
        return not any("/" in value or "\n" in value or len(_squared([value])) > 1 for value in values)
    return not any(isinstance(part, (list, dict)) for row in values if isinstance(row, list) for part in row)


def _is_title(line: str) -> bool:
    """Whether a line is a title or a caption: words of letters that no maze has."""
    return has_words(line, _LETTERS) or line.strip() == "```"


def _is_comment(line: str) -> bool:
    """Whether a line that begins with a wall's sign is a comment."""
    return line.startswith("#") and _is_title(line)


def _without_titles(lines: list[str]) -> list[str]:
    """The lines that are rows: no titles, and no empty ones above and below."""
    rows = [line for line in lines if not _is_title(line)] or lines
    while len(rows) > 1 and not rows[0]:
        rows = rows[1:]
    while len(rows) > 1 and not rows[-1]:
        rows = rows[:-1]
    return rows


def _halved(lines: list[str]) -> list[str]:
    """The rows of a drawing with two characters a cell, ``██`` for a wall; others as they are."""
    width = max(map(len, lines), default=0)
    padded = [line.ljust(width + width % 2) for line in lines]
    pairs = [line[at : at + 2] for line in padded for at in range(0, len(line), 2)]
    doubled = any(pair in _PAIRS or pair == "· " for pair in pairs)
    if doubled and all(pair in _PAIRS or (pair[1] == " " and pair[0] not in "#█▓▒░") for pair in pairs):
        return [line[::2] for line in padded]
    return lines


def _unframed(lines: list[str]) -> list[str]:
    """The rows of a maze drawn with ``+---+`` and ``|`` around cells of three characters, walls and cells in turn.

    Others are as they are.
    """
    if len(lines) < 3 or len(lines) % 2 == 0 or not all(_FRAME.fullmatch(line) for line in lines[::2]):
        return lines
    width = len(lines[0])
    between = [line.ljust(width) for line in lines[1::2]]
    cells = [line[at : at + 3].strip() for line in between for at in range(1, width, 4)]
    if any(len(line) != width for line in (*between, *lines[::2])) or any(len(cell) > 1 for cell in cells):
        return lines
    if any(line[at] not in "| " for line in between for at in range(0, width, 4)):
        return lines
    rows = []
    for line in (line.ljust(width) for line in lines):
        cell = [line[at : at + 3].strip()[:1] or " " for at in range(1, width, 4)]
        edges = [line[at] for at in range(0, width, 4)]
        rows.append("".join(edge + part for edge, part in zip(edges, [*cell, ""], strict=True)))
    return rows


def _squared(lines: list[str]) -> list[str]:
    """A lone line that is a square row after row as its rows; others as they are."""
    line = lines[0]
    side = round(len(line) ** 0.5)
    walled = any(SIGNS.get(sign) == WALL for sign in line)
    if len(lines) > 1 or side * side != len(line) or len(line) < _SMALLEST_SQUARE or not walled:
        return lines
    return [line[start : start + side] for start in range(0, len(line), side)]
