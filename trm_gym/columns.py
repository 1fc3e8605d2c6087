"""Grids whose cells stand in columns, as spreadsheets, Markdown, LaTeX and NumPy's text files have them."""

from __future__ import annotations

import csv
import re

_SIGNS = ("\t", ";", ",", "&", "|")
_RULE = re.compile(r"[\s|+:=\-\\─-╿]*[-=─━═][\s|+:=\-\\─-╿]*|\s*\\hline\s*|\s*sep=.\s*")
_END = re.compile(r"(?:\\\\|\\hline|\s)+$")
_BARS = str.maketrans("│┃║", "|||")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]*)?(?:e[-+]?[0-9]+)?", re.IGNORECASE)
_NOTHING = ("nan", "none", "null", "na", "n/a", "<na>")
_FEWEST = 3


def cells_in_columns(text: str) -> list[list[str]] | None:
    """The cells of a grid, row by row: single characters, whole numbers as text, empty cells as empty text.

    Tabs, semicolons, commas, ampersands or bars part them, or spaces between numbers. Names and numbers of rows and
    columns are left out. None for a text that is no such grid.
    """
    lines = [line for line in text.split("\n") if line.strip(" ") and not _RULE.fullmatch(line)]
    if not lines:
        return None
    for sign in _SIGNS:
        lines_ = [line.translate(_BARS) for line in lines] if sign == "|" else lines
        if all(line.count(sign) >= _FEWEST - 1 for line in lines_):
            return _grid([_fields(line, sign) for line in lines_])
    rows = [line.split() for line in lines]
    # A sign alone is a cell wherever it stands; numbers of several signs are cells only as long as all are.
    return _grid(rows) if any(len(cell) > 1 for row in rows for cell in row) or _spaced(lines) else None


def _spaced(lines: list[str]) -> bool:
    """Whether single signs stand with a space between any two."""
    return all(len(line) > 2 and not line[1::2].strip(" ") and " " not in line[::2] for line in map(str.rstrip, lines))


def _fields(line: str, sign: str) -> list[str]:
    """What stands between the signs of a line."""
    if sign == "&":
        return _END.sub("", line).split(sign)
    if sign == "|":
        # The package sudoku of LaTeX ends its rows by a dot.
        return line.strip().removesuffix(".").removeprefix("|").removesuffix("|").split(sign)
    return next(csv.reader([line], delimiter=sign))


def _grid(rows: list[list[str]]) -> list[list[str]] | None:
    """The cells of fields, all rows as long; None where they are no cells."""
    rows = [[field.strip() for field in row] for row in rows]
    if len({len(row) for row in rows}) != 1 or len(rows[0]) < _FEWEST:
        return None
    if len(rows) > 1 and (_counts(rows[0]) or any(len(name) > 1 and _cell(name) is None for name in rows[0])):
        rows = rows[1:]
    if len(rows) > 1 and len(rows[0]) == len(rows) + 1 and _counts([row[0] for row in rows]):
        rows = [row[1:] for row in rows]
    cells = [[_cell(field) for field in row] for row in rows]
    found = [[cell for cell in row if cell is not None] for row in cells]
    return found if [len(row) for row in found] == [len(row) for row in cells] else None


def _counts(names: list[str]) -> bool:
    """Whether fields number rows or columns: 0, 1, 2, ... or A, B, C, ..., the first of them perhaps empty."""
    names = names[1:] if names[0] == "" else names
    numbers = [str(number) for number in range(len(names) + 1)]
    letters = [chr(65 + number) for number in range(min(len(names), 26))]
    return len(names) >= _FEWEST and names in (numbers[:-1], numbers[1:], letters, [one.lower() for one in letters])


def _cell(field: str) -> str | None:
    """What a field says; None where it is no cell."""
    if len(field) <= 1:
        return field
    if field.lower() in _NOTHING:
        return ""
    if _NUMBER.fullmatch(field) and float(field).is_integer():
        return str(int(float(field)))
    return None
