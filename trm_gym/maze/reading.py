"""Mazes as people write them: one text, or the lines of a file, as rows of cells.

``WALLS``, ``OPENS``, ``STARTS`` and ``GOALS`` say which signs are read. A text's rows stand on lines of their own, or
are parted by slashes; a square one may also stand on a single line, row after row. ``layouts`` turns what has other
columns or edges into such rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from trm_gym.errors import ProblemError
from trm_gym.files import Path
from trm_gym.given import given
from trm_gym.lists import is_list, read_list
from trm_gym.maze.layout import GOAL, LARGEST, OPEN, START, WALL
from trm_gym.maze.layouts import evened, frozen, halved, in_columns, parted, unframed, unquoted
from trm_gym.plain_text import has_words, pasted_text
from trm_gym.records import Entry, records
from trm_gym.task import UserProblem

LONGEST = 100_000
"""Characters of a maze that are read."""

WALLS, OPENS, STARTS, GOALS = "#█▓▒░■◼▪⬛🧱%XW1+-|", ". 0O_·•●*□◻▫⬜", "S2A@RP🟩🟢🏃🚶🚩", "G3EBFT🟥🔴🏁🎯"
"""What stands for a wall, an open cell, the start and the goal; small letters are as good."""

SIGNS = {
    sign: token
    for signs, token in ((WALLS, WALL), (OPENS, OPEN), (STARTS, START), (GOALS, GOAL))
    for sign in (*signs, *signs.lower())
}
"""The token of every sign that is read; those of a path that is drawn in are open."""

_LINES = str.maketrans(
    {
        code: "-" if chr(code) in "─━┄┅┈┉═╌╍╴╶╸╺╼╾" else "|" if chr(code) in "│┃┆┇┊┋║╎╏╵╷╹╻╽╿" else "+"
        for code in range(0x2500, 0x2580)
    }
)
"""Drawn lines and their corners, as the signs that people type for them."""
_LETTERS = "sgxowabefh"
_SMALLEST_SQUARE = 25
_LABEL = re.compile(r"\(?#?\d{1,3}[):]|=+")


def rows_of_text(text: str) -> list[str]:
    """The rows of a text. Raises ProblemError for one that is too long."""
    if len(text) > LONGEST:
        raise ProblemError(f"a text of {len(text)} characters is too long for a maze of at most {LARGEST} rows")
    lines = unquoted(pasted_text(text).translate(_LINES).split("\n"))
    titled = [line for line in lines if not _is_title(line)]
    above, rows, below = parted(titled if any(map(str.strip, titled)) else lines)
    if (cells := in_columns(rows)) is not None:
        return cells
    rows = frozen([row for line in rows for row in line.split("/")])
    return _squared(evened(halved(unframed(rows)), WALLS, above, below))


def rows_of(problem: UserProblem) -> Sequence[Any]:
    """The rows of a maze in any form but a file, or the cells of a flat one. Raises ProblemError."""
    problem = given(problem)
    if isinstance(problem, str):
        if len(problem) > LONGEST or not is_list(text := pasted_text(problem)):
            return rows_of_text(problem)
        problem = read_list(text)
    rows = problem.tolist() if isinstance(problem, np.ndarray) else problem
    if not isinstance(rows, Sequence):
        raise ProblemError(f"a maze is text, a list, an array or the path of a file, not {type(rows).__name__}")
    texts = [row for row in rows if isinstance(row, str)]
    return frozen(texts) if texts and len(texts) == len(rows) else rows


def entries(path: Path) -> Iterator[Entry]:
    """The mazes of a file, of any size: as ``trm_gym.records`` has them, or as rows on lines, parted by empty lines or
    titles. Raises ProblemError.
    """
    cut: Entry | None = None  # it lacks an end, which the rows below an empty one may have
    for entry in _blocks(path):
        if cut is not None:
            joined = Entry(cut.line, f"{cut.problem}\n\n{entry.problem}") if _is_cut(entry, "") else None
            if joined is not None and not _is_cut(joined, ""):
                cut = None
                yield joined
                continue
            yield cut
        cut = entry if _is_cut(entry, STARTS) or _is_cut(entry, GOALS) else None
        if cut is None:
            yield entry
    if cut is not None:
        yield cut


def _is_cut(entry: Entry, ends: str) -> bool:
    """Whether rows on lines have no cell of these ``ends``; without any, whether they lack one end of two."""
    if entry.named or entry.fault or "/" in entry.problem or len(_squared([entry.problem])) > 1:
        return False
    if not ends:
        return sum(any(sign in entry.problem.upper() for sign in signs) for signs in (STARTS, GOALS)) != 2
    return not any(sign in entry.problem.upper() for sign in ends)


def _blocks(path: Path) -> Iterator[Entry]:
    """The records of a file, and rows on lines as long as no empty line or title parts them."""
    rows: list[str] = []
    begun, title, first, empty = 0, None, True, 0
    for record in records(path, is_one, _is_comment):
        line = record.problem if isinstance(record.problem, str) and not record.named else None
        line = "" if line is not None and not line.strip() and not any("\t" in row for row in rows) else line
        whole = line is None or "/" in line or len(_squared([line])) > 1
        if line and not whole and not _is_title(line):
            begun = begun if rows else record.line
            # Empty lines at the start of a file may be rows of spaces that an editor cut.
            rows.extend([*[""] * (empty if first and not rows else 0), line])
            title, empty = None, 0
            continue
        if rows:
            yield Entry(begun, "\n".join(rows))
            rows, first = [], False
        if line == "":
            empty += 1
            continue
        if title:
            yield title  # Words above no rows: they were meant as a maze.
        title = None if whole or first or _LABEL.fullmatch(line or "") else record
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
    return has_words(line, _LETTERS) or line.strip() in ("```", "~~~") or _LABEL.fullmatch(line.strip()) is not None


def _is_comment(line: str) -> bool:
    """Whether a line that begins with a wall's sign is a comment."""
    return line.startswith("#") and _is_title(line)


def _squared(lines: list[str]) -> list[str]:
    """A lone line that is a square row after row as its rows; others as they are."""
    line = lines[0]
    side = round(len(line) ** 0.5)
    walled = any(SIGNS.get(sign) == WALL for sign in line)
    if len(lines) > 1 or side * side != len(line) or len(line) < _SMALLEST_SQUARE or not walled:
        return lines
    return [line[start : start + side] for start in range(0, len(line), side)]
