"""Tables as people have them, before anybody looks at their cells: text of many kinds, JSON, files, lists, arrays."""

from __future__ import annotations

import csv
import itertools
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trm_gym.errors import ProblemError
from trm_gym.files import check_regular, file_lines
from trm_gym.lists import is_list, read_list
from trm_gym.plain_text import plain_text
from trm_gym.short_repr import short

MOST_ROWS = 1_000_000
EXAMPLE = "write rows of numbers, the target in the last column"
_LONGEST = 10_000
_DELIMITERS = ("\t", ";", "|", ",")


@dataclass(frozen=True)
class Table:
    """Rows of cells. names: of the columns. rows: the cells, as they stand. numbers: what each row is called."""

    names: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    numbers: Sequence[int]


def is_table(text: str) -> bool:
    """Whether a text is meant as points: lines of which one holds several numbers, or a list."""
    if _is_json(text):
        return True
    lines = [line for line in plain_text(text).split("\n") if line.strip() and not line.startswith("#")]
    return len(lines) > 1 and any(_is_row(_cells(line, _delimiter(line))) for line in lines[:4])


def table_of(data: Any) -> Table:
    """The table of data in any form, see ``reading.read_points``. Raises ProblemError."""
    if isinstance(data, str):
        data = data.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(data, os.PathLike) or (isinstance(data, str) and "\n" not in data.strip() and not _is_json(data)):
        return _of_file(os.fspath(data).strip())
    if isinstance(data, str):
        return _of_json(data) if _is_json(data) else _of_lines(data.split("\n"))
    if isinstance(data, tuple) and len(data) == 2 and _axes(data[0]) in (1, 2) and _axes(data[1]) == 1:
        inputs, target = _of_rows(data[0]), list(np.asarray(data[1]).tolist())
        if len(inputs.rows) != len(target):
            raise ProblemError(f"there are {len(inputs.rows)} rows of inputs and {len(target)} targets: give one each")
        rows = [[*row, value] for row, value in zip(inputs.rows, target, strict=True)]
        return Table((*inputs.names, "target"), rows, inputs.numbers)
    return _of_object(data)


def _axes(data: Any) -> int:
    """How many axes the array has that is made of data; 0 for what is none."""
    try:
        return np.ndim(data)
    except (TypeError, ValueError, RuntimeError):  # ragged rows, objects that are no arrays
        return 0


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{") or is_list(text)


def _of_json(text: str) -> Table:
    """The table of JSON text, rows or columns, or of a list as another language prints it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if not is_list(text):
            raise ProblemError(f"no JSON object: {short(text)}") from None
        value = read_list(text)
    return _of_object(value)


def _of_file(path: str) -> Table:
    """The table of a file: an array for .npy, else text."""
    if path.lower().endswith(".npy"):
        return _of_npy(path)
    lines = file_lines(path, _LONGEST)
    first = next((line for line in lines if line.strip()), "")
    if _is_json(plain_text(first)) and not path.lower().endswith((".jsonl", ".ndjson")):
        return _of_json("\n".join([first, *itertools.islice(lines, MOST_ROWS)]))
    if plain_text(first).lstrip().startswith("{"):
        rows = [_object(line) for line in itertools.chain([first], itertools.islice(lines, MOST_ROWS)) if line.strip()]
        return _of_object(rows)
    return _of_lines(file_lines(path, _LONGEST))


def _object(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise ProblemError(f"no JSON object: {short(line)}") from None


def _of_npy(path: str) -> Table:
    try:
        check_regular(path)
        with open(path, "rb") as file:
            return _of_object(np.load(file, allow_pickle=False))
    except ProblemError:
        raise
    except OSError as error:
        raise ProblemError(f"cannot read {path}: {error.strerror or error}") from None
    except Exception as error:  # There is no end to what a damaged file may raise.
        raise ProblemError(f"cannot read {path}: no array of numbers in NumPy's format ({error})") from None


def _of_object(data: Any) -> Table:
    """The table of rows, of rows with named cells, of columns by their names, of an array, of a DataFrame."""
    if hasattr(data, "columns") and hasattr(data, "to_numpy"):  # a DataFrame, of whichever library
        rows = data.to_numpy().tolist()
        return Table(tuple(map(str, data.columns)), rows, range(1, len(rows) + 1))
    if isinstance(data, Mapping):
        columns = {str(name): np.asarray(column, dtype=object) for name, column in data.items()}
        if len({column.shape for column in columns.values()}) > 1 or any(one.ndim != 1 for one in columns.values()):
            raise ProblemError(f"columns by their names are lists of numbers, all equally long, not {short(data)}")
        rows = [list(row) for row in zip(*(column.tolist() for column in columns.values()), strict=True)]
        return Table(tuple(columns), rows, range(1, len(rows) + 1))
    if hasattr(data, "__array__") and not isinstance(data, np.ndarray):
        data = np.asarray(data)
    if isinstance(data, np.ndarray):
        if data.ndim == 1 and data.dtype.names is not None:
            return _of_object({name: data[name] for name in data.dtype.names})
        if data.ndim not in (1, 2) or data.dtype.names is not None:
            raise ProblemError(f"an array of shape {data.shape} is no table: give one of rows and columns")
        data = data.tolist()
    return _of_rows(data)


def _of_rows(data: Any) -> Table:
    if isinstance(data, (str, bytes)) or not isinstance(data, Iterable):
        raise ProblemError(f"points are text, a file, rows or an array, not {type(data).__name__}: {EXAMPLE}")
    rows, names = [], None
    for row in data:
        if isinstance(row, Mapping):
            names = names or tuple(map(str, row))
            rows.append([row.get(name) for name in names])
            continue
        cells = row.tolist() if isinstance(row, np.ndarray) else row
        rows.append(list(cells) if isinstance(cells, (list, tuple)) else [cells])
        if len(rows) > MOST_ROWS:
            raise ProblemError(f"there are more than {MOST_ROWS} rows: give a sample of them")
    width = len(rows[0]) if rows else 0
    return Table(names or _usual_names(width), rows, range(1, len(rows) + 1))


def _usual_names(width: int) -> tuple[str, ...]:
    return tuple(str(place) for place in range(1, width + 1))


def _delimiter(line: str) -> str:
    """What parts the columns of a line; empty for white space."""
    return next((sign for sign in _DELIMITERS if sign in line), "")


def _cells(line: str, delimiter: str) -> list[str]:
    line = line.strip().strip("|") if delimiter == "|" else line
    if not delimiter:
        return line.replace("\N{MINUS SIGN}", "-").split()
    try:
        parts = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # longer than its reader likes
        parts = line.split(delimiter)
    cells = [cell.strip().replace("\N{MINUS SIGN}", "-") for cell in parts]
    # A decimal comma, where commas do not part columns.
    return [cell.replace(",", ".") if delimiter != "," and cell.count(",") == 1 else cell for cell in cells]


def _is_row(cells: Sequence[str]) -> bool:
    """Whether most of the cells are numbers."""
    numbers = sum(_is_number(cell) for cell in cells)
    return numbers >= 1 and 2 * numbers >= len(cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _of_lines(lines: Iterable[str]) -> Table:
    """The table of lines of text, the first of which may name the columns; empty lines and comments are passed over."""
    names: tuple[str, ...] | None = None
    rows: list[list[str]] = []
    numbers: list[int] = []
    delimiter: str | None = None
    passed = ""
    for number, line in enumerate(map(plain_text, lines), start=1):
        commented = line.lstrip().startswith("#")
        line = line.lstrip("# \t") if commented else line
        if not line.strip() or not line.strip("|-: \t"):
            continue
        if delimiter is None and not commented:
            delimiter = _delimiter(line)
        cells = _cells(line, _delimiter(line) if delimiter is None else delimiter)
        if commented or (not rows and not any(map(_is_number, cells))):
            if names and not commented and not passed:  # one line of words names the columns
                passed = f"line {number} is {short(line.strip())}"
            names = tuple(cells) if not rows else names
            continue
        rows.append(cells)
        numbers.append(number)
        if len(rows) > MOST_ROWS:
            raise ProblemError(f"there are more than {MOST_ROWS} rows: give a sample of them")
    if passed and not rows:
        raise ProblemError(f"no line holds a plain number ({passed}): {EXAMPLE}, without units, decimals with a point")
    width = len(rows[0]) if rows else 0
    return Table(names if names and len(names) == width else _usual_names(width), rows, numbers)
