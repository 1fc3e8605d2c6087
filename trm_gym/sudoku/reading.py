"""Sudokus as people write them: one text, or the lines of a file, as cells; rules of the game are not looked at.

Blanks are 0 . _ * x ? and the like, and dashes where they draw no lines. White space, bars, commas, slashes, brackets
and box-drawing signs part cells and mean nothing else; lines with words are titles. Blanks may also be empty columns
(``columns``) or, where digits stand below each other, spaces.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trm_gym.columns import cells_in_columns
from trm_gym.errors import ProblemError
from trm_gym.files import Path
from trm_gym.given import given
from trm_gym.lists import is_list, read_list
from trm_gym.plain_text import has_words, pasted_text, where
from trm_gym.records import Entry, is_comment, records
from trm_gym.sudoku.geometry import Geometry
from trm_gym.task import UserProblem

LONGEST = 10_000
"""Characters of a puzzle that are read."""

SIZES = {16: 4, 36: 6, 81: 9}
"""The size of a sudoku by its number of cells."""

BLANKS = "0._*xXoO?~·•∙□▢◻⬜"
"""What stands for an empty cell, beside a dash."""

_PARTS = "|+,;/:\\!'\"`[](){}=" + "".join(map(chr, range(0x2500, 0x2580)))
_DASHES, _NO_BARS = str.maketrans("–—−", "---"), str.maketrans("", "", "|│┃║")
_RUN = re.compile(r"(?<![0-9._*])[0-9._*]+(?![0-9._*])")
_LOOKS = re.compile(r"[0-9._*]{9}")
_FLOATS = re.compile(r"\d\.\d*(?:e[-+]?\d+)?\s|\bnan\b", re.IGNORECASE)
_ROUNDED = re.compile(r"\s*[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}\s*")
_RULE = re.compile(f"[-\\s{re.escape(_PARTS)}]*")
_LONGEST_ROW = 12
_SHORTEST_PUZZLE = 14  # An index or a name beside a puzzle is shorter; the smallest puzzle is longer.


def cells_of_text(text: str, board: Geometry | None) -> NDArray[np.uint8]:
    """The cells uint8 [L] of a text, for a board, or, where that is None, of any size that there is.

    Raises ProblemError for a sign that is no cell, with its place, and for a number of cells that no board has.
    """
    if len(text) > LONGEST:
        raise ProblemError(f"a text of {len(text)} characters is too long: expected {shape_text(board)}")
    text, whole = _puzzle_alone(pasted := pasted_text(text).translate(_DASHES)), pasted
    wanted = (board.size**2,) if board else tuple(SIZES)
    if (cells := _in_columns(whole)) is None or len(cells) not in wanted:
        cells = _below_each_other(text)
    if cells is None or len(cells) not in wanted:
        cells = _cells_apart(text, whole, wanted, board)
    return np.array(cells, np.uint8)


def _cells_apart(text: str, whole: str, wanted: tuple[int, ...], board: Geometry | None) -> list[int]:
    """The cells of a text where every sign but those of ``_PARTS`` is one. Raises ProblemError."""
    if _ROUNDED.fullmatch(text):
        raise ProblemError(
            f"{text.strip()} is what a spreadsheet made of a puzzle: mark the column as text before the file is opened"
        )
    places = _places(text, dashes=False)
    if len(dashed := _places(text, dashes=True)) in wanted:
        widths = {count for line in text.split("\n") if (count := len(_places(line, dashes=True)))}
        places = dashed if len(places) not in wanted or len(widths) == 1 else places
    if len(places) not in wanted or any(digit_of(text[place], None) is None for place in places):
        # Words around it: an address, a line of XML, a sentence.
        alone = {run for run in _RUN.findall(whole) if len(run) in wanted}
        if len(alone) == 1:
            text = alone.pop()
            places = list(range(len(text)))
    cells = [_token(text, place, board) for place in places]
    if len(cells) not in wanted:
        raise ProblemError(_wrong_number(text, len(cells), board))
    return cells


def _in_columns(text: str) -> list[int] | None:
    """The cells of a square in columns, row by row or in one row; None where it is none."""
    if not set("\t;,&|│┃║") & set(text) and not _FLOATS.search(text):
        return None
    rows = cells_in_columns(text) or []
    cells = [digit_of(cell, None) if cell else 0 for row in rows for cell in row]
    square = len(rows) == 1 or (rows and len(rows) == len(rows[0]))
    return [cell for cell in cells if cell is not None] if square and None not in cells else None


def _below_each_other(text: str) -> list[int] | None:
    """The cells of rows of digits, with spaces where a cell is blank; None where these are no such rows."""
    lines = [line.translate(_NO_BARS).rstrip() for line in text.strip("\n").split("\n")]
    for rows in (lines, [line for line in lines if line]):
        whole = len(rows) in SIZES.values() and max(map(len, rows)) <= len(rows)
        if whole and " " in "".join(rows) and not set("".join(rows)) - set("123456789 "):
            return [int(cell) if cell != " " else 0 for row in rows for cell in row.ljust(len(rows))]
    return None


def size_of(problem: UserProblem) -> int:
    """The size of a puzzle, 4, 6 or 9, by the number of its cells. Raises ProblemError."""
    problem = listed(problem)
    if isinstance(problem, str):
        return SIZES[len(cells_of_text(problem, None))]
    if not isinstance(problem, (np.ndarray, Sequence)):
        raise ProblemError(f"a puzzle is text, a list, an array or the path of a file, not {type(problem).__name__}")
    size = len(problem) if len(problem) in SIZES.values() else SIZES.get(len(problem))
    if size is None:
        raise ProblemError(f"{len(problem)} cells or rows found: expected {shape_text(None)}")
    return size


def listed(problem: UserProblem) -> UserProblem:
    """What a person hands in, see ``given``, and text that is a list as this list; brackets may also mean nothing."""
    problem = given(problem)
    if isinstance(problem, str) and len(problem) <= LONGEST and is_list(text := pasted_text(problem)):
        with contextlib.suppress(ProblemError):
            return read_list(text)
    return problem


def digit_of(letter: str, board: Geometry | None) -> int | None:
    """The token that one character stands for; None where it stands for no cell."""
    if letter in BLANKS or letter == "-":
        return 0
    return int(letter) if letter in "123456789"[: board.size if board else 9] else None


def shape_text(board: Geometry | None) -> str:
    """The cells that are expected, for messages."""
    if board is None:
        return "16, 36 or 81 (4x4, 6x6 or 9x9)"
    return f"{board.size**2} cells, {board.size} rows of {board.size}"


def entries(path: Path) -> Iterator[Entry]:
    """The puzzles of a file, of any size: as ``trm_gym.records`` has them, or as rows on lines, with titles or without.

    Of the columns on a line the first that is long enough is the puzzle, and the next, if it is as long, its solution.
    Raises ProblemError.
    """
    block, title, first = _Block(), None, True
    for record in records(path, is_one):
        line = record.problem if isinstance(record.problem, str) and not record.named else None
        puzzle = record if line is None else _puzzle_of(record)
        if puzzle is None and line and has_words(line, BLANKS):
            # The first line, and what stands above rows, is a title; any other line of words is no puzzle.
            yield from (*block.end(), *([title] if title else ()))
            title = None if first and not _LOOKS.search(line) else record
        elif puzzle is None and line is not None:
            if _places(line, dashes=False):
                title = None
            yield from block.take(record)
        else:
            yield from (*block.end(), *([title] if title else ()), *([puzzle] if puzzle else ()))
            title = None
        first = first and line == ""
    yield from (*block.end(), *([title] if title else ()))


def is_one(values: list[Any]) -> bool:
    """Whether a list is one puzzle, cells or rows of them, and not a list of puzzles."""
    if not values or len(values) not in (*SIZES, *SIZES.values()):
        return not any(isinstance(value, (str, list)) for value in values)
    if isinstance(values[0], str):
        return len(_places(values[0], dashes=True)) <= max(SIZES.values())
    return not (isinstance(values[0], list) and any(isinstance(part, list) for part in values[0]))


class _Block:
    """Rows of a puzzle that stand on lines of their own."""

    def __init__(self) -> None:
        self._rows: list[str] = []
        self._begun = 0

    def take(self, record: Entry) -> Iterator[Entry]:
        """Add a line; the puzzle, if it ends with it. An empty line ends one that is whole with dashes as blanks."""
        line = record.problem
        if line and (self._rows or _places(line, dashes=True) or _width(line)):
            self._begun = self._begun if self._rows else record.line
            self._rows.append(line)
        rows = [count for row in self._rows if (count := _width(row))]
        whole = len(rows) == max(rows, default=0) and sum(rows) in SIZES
        if whole or (not line and len(_places("\n".join(self._rows), dashes=True)) in SIZES):
            yield from self.end()

    def end(self) -> Iterator[Entry]:
        """The puzzle that the rows are, whole or not, if there are any."""
        text, self._rows = "\n".join(self._rows), []
        if _places(text, dashes=False) or len(_places(text, dashes=True)) in SIZES:
            yield Entry(self._begun, text)


def _puzzle_of(record: Entry) -> Entry | None:
    """The puzzle on a line, and its solution, if there is one; None where it is no line with a whole puzzle."""
    line = record.problem
    for delimiter in ("\t", ",", ";", "|", ":", None):
        columns = ["".join(column.split()) for column in line.split(delimiter)]
        if len(columns) == 1:
            continue
        for place, column in enumerate(columns):
            if len(column) < _SHORTEST_PUZZLE or has_words(column, BLANKS) or _RULE.fullmatch(column):
                continue
            follows = columns[place + 1] if place + 1 < len(columns) else ""
            count = len(_places(column, dashes=True))
            solution = follows if count == len(_places(follows, dashes=True)) else None
            return Entry(record.line, column, solution)
    if has_words(line, BLANKS) or _RULE.fullmatch(line):
        return None
    whole = len(_places(line, dashes=False)) > _LONGEST_ROW or len(_in_columns(line) or ()) in SIZES
    return Entry(record.line, line) if whole else None


def _width(row: str) -> int:
    """The cells of a row that stands on a line of its own."""
    cells = _in_columns(row) or ()
    return len(cells) if len(cells) in SIZES.values() else len(_places(row, dashes=False))


def _puzzle_alone(text: str) -> str:
    """``text`` with spaces for comments, titles and drawn lines, so that every other sign stays where it is."""
    lines = text.split("\n")
    if sum(bool(line.strip()) for line in lines) == 1:
        return text
    drawn = [is_comment(line) or has_words(line, BLANKS) or _is_drawn(line) for line in lines]
    return "\n".join(" " * len(line) if gone else line for line, gone in zip(lines, drawn, strict=True))


def _is_drawn(line: str) -> bool:
    """Whether a line is part of a frame: dashes alone may be blanks as well."""
    return _RULE.fullmatch(line) is not None and bool(set(line.strip()) - {"-", " "})


def _places(text: str, dashes: bool) -> list[int]:
    """Where the cells stand. dashes: whether these are blanks."""
    apart = _PARTS if dashes else _PARTS + "-"
    return [place for place, letter in enumerate(text) if not letter.isspace() and letter not in apart]


def _token(text: str, place: int, board: Geometry | None) -> int:
    """The token of a cell. Raises ProblemError."""
    token = digit_of(text[place], board)
    if token is None:
        size = board.size if board else 9
        kind = f"a {size}x{size} sudoku" if board else "a sudoku"
        raise ProblemError(
            f"{text[place]!r} at {where(text, place)} is no cell of {kind}: use the digits 1-{size}, and 0 . _ * x "
            "or - for a blank"
        )
    return token


def _wrong_number(text: str, count: int, board: Geometry | None) -> str:
    """Why a number of cells is none, and where it may have gone wrong."""
    message = f"{count} cells found: expected {shape_text(board)}"
    if board and count in SIZES:
        return (
            f"{message}; this is one of {SIZES[count]}x{SIZES[count]}, for the task sudoku{SIZES[count]}x{SIZES[count]}"
        )
    counts = [(number, len(_places(line, dashes=False))) for number, line in enumerate(text.split("\n"), start=1)]
    rows = [(number, cells) for number, cells in counts if cells]
    if len(rows) > 1:
        usual = board.size if board else max((cells for _, cells in rows), key=[cells for _, cells in rows].count)
        if odd := next((row for row in rows if row[1] != usual), None):
            return f"{message}; line {odd[0]} has {odd[1]}"
        return f"{message}; there are {len(rows)} rows"
    lost = "0" in text and "." not in text and any(0 < size - count < 5 for size in SIZES)
    return f"{message}; spreadsheets drop zeros at the start" if lost else message
