"""The problems of a file, whichever of the usual forms it has, one after another.

A file holds JSON objects, one a line or in a list; or a table, whose first line names the columns; or problems as they
are, one a line, perhaps with more columns. Fields and columns are known by the names of ``PROBLEM`` and ``SOLUTION``.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from trm_gym.errors import ProblemError
from trm_gym.files import Path, file_lines
from trm_gym.lists import is_list, read_list
from trm_gym.plain_text import plain_text, unnamed
from trm_gym.short_repr import short_repr

PROBLEM = ("problem", "puzzle", "question", "quiz", "q", "grid", "maze", "board", "sudoku", "expression", "equation")
PROBLEM = (*PROBLEM, "problems", "puzzles", "questions", "quizzes", "input", "prompt", "unsolved", "initial", "givens")
"""Names under which people keep problems; of several the first counts."""

SOLUTION = ("solution", "answer", "a", "solutions", "answers", "solved", "output", "target", "result")
"""Names under which people keep solutions."""

LONGEST = 100_000
"""Characters of a line that are read."""

_DELIMITERS = ("\t", ",", ";", "|")
_MOST = 20_000_000
_MOST_ROWS = 100
_DEEPEST = 3
_OPENED = re.compile(r"(?:^|[,;\t|])\"[^\"]*$")
_JSON_LIST = re.compile(r"\s*\[\s*(?:[\"{]|$)")
_NAME = re.compile(r"[a-z_][\w .-]*")


@short_repr
@dataclass(frozen=True)
class Entry:
    """One problem of a file.

    line: on which it begins, from 1. problem: as ``Task.encode`` reads it. solution: what the file claims. named:
    whether a field or a column's name said which is which. fields: everything that stands beside it, by name. fault:
    why it cannot be read; empty where it can.
    """

    line: int
    problem: Any
    solution: Any = None
    named: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""

    def given(self) -> Any:
        """The problem. Raises ProblemError where there is none."""
        if self.fault:
            raise ProblemError(self.fault)
        return self.problem


def is_comment(line: str) -> bool:
    """Whether a line is a comment where # means nothing else; the names of columns may stand in one."""
    return line.startswith("#")


def records(
    path: Path,
    is_one: Callable[[list[Any]], bool] | None = None,
    is_comment: Callable[[str], bool] = is_comment,
) -> Iterator[Entry]:
    """What a file holds, lines that are no record as they are; empty ones have an empty problem. Raises ProblemError.

    is_one: whether a list is one problem and not many; None where a problem is never a list, and brackets are signs of
    it. is_comment: whether a line is none of the problems.
    """
    begins_list = is_list if is_one else _JSON_LIST.match
    is_one = is_one or (lambda value: False)
    lines = _Lines(path)
    table: _Table | None = None
    first = True
    for line in lines:
        if is_comment(line):
            table = table or _Table.of(line.lstrip("# "), commented=True)
        elif not line.strip(None if table else " "):
            yield Entry(lines.number, "")  # tabs may part the empty cells of a row
        elif line.lstrip().startswith("{") or begins_list(bare := unnamed(line) if begins_list is is_list else line):
            yield from _values(lines, line if line.lstrip().startswith("{") else bare, is_one)
        elif first and table is None and (table := _Table.of(line, commented=False)):
            pass
        elif table is not None:
            if not table.is_rule(line):
                yield table.entry(lines.number, lines.whole_quotes(line) if table.delimiter else line)
        else:
            yield Entry(lines.number, line)
        first = first and (is_comment(line) or not line.strip())


class _Lines:
    """The lines of a file, and the number of the last one."""

    def __init__(self, path: Path) -> None:
        self._lines = file_lines(path, LONGEST)
        self._back: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else plain_text(next(self._lines))
        self.number += 1
        return line

    def put_back(self, line: str) -> None:
        """Have ``line`` come once more."""
        self._back.append(line)
        self.number -= 1

    def whole_quotes(self, line: str) -> str:
        """``line`` with those below that belong to it, where a quoted column has line breaks in it."""
        parts = [line]
        if not _OPENED.search(line):
            return line
        while sum(part.count('"') for part in parts) % 2:
            if len(parts) > _MOST_ROWS or (follows := next(self, None)) is None:
                for part in reversed(parts[1:]):
                    self.put_back(part)
                return line
            parts.append(follows)
        return "\n".join(parts)


@dataclass(frozen=True)
class _Table:
    """Columns by their names. delimiter: what parts them, empty for white space, None for a lone column."""

    names: tuple[str, ...]
    delimiter: str

    @staticmethod
    def of(line: str, commented: bool) -> _Table | None:
        """The table that a line begins; None where it names no column that is known."""
        for delimiter in (*_DELIMITERS, ""):
            names = tuple(name.strip().strip("\"'").lower() for name in _split(line, delimiter))
            if not all(_NAME.fullmatch(name) or not name for name in names) or not set(names) & set(PROBLEM):
                continue
            if len(names) == 1:
                return None if commented else _Table(names, "\0")
            if delimiter or set(names) & set(SOLUTION):
                return _Table(names, delimiter)
        return None

    def is_rule(self, line: str) -> bool:
        """Whether a line is drawn below the names, as Markdown has it."""
        return self.delimiter == "|" and "-" in line and not set(line) - set("|-: ")

    def entry(self, number: int, line: str) -> Entry:
        """The problem that stands on a line."""
        values = _split(line, self.delimiter)
        if len(values) > len(self.names) and self.delimiter == ",":
            wrong = f"{len(values)} columns where the first line names {len(self.names)}: quote text with a comma in it"
            return Entry(number, line, named=True, fault=wrong)
        return of_fields(number, line, dict(zip(self.names, values, strict=False)))


def _split(line: str, delimiter: str) -> list[str]:
    """The columns of a line, quotes around one taken off."""
    if not delimiter:
        return line.split()
    try:
        found = next(csv.reader(line.splitlines(keepends=True), delimiter=delimiter), [""])
        return [value.strip() for value in found] if delimiter == "|" else found
    except csv.Error:
        return line.split(delimiter)


def of_fields(number: int, line: str, fields: Mapping[Any, Any]) -> Entry:
    """The problem among named fields. line: where they stand, for messages."""
    small = {str(name).lower(): value for name, value in fields.items()}
    problem, solution = (next((small[n] for n in names if n in small), None) for names in (PROBLEM, SOLUTION))
    if isinstance(problem, (int, float)):
        fault = f"no problem in {line.strip()[:80]!r}: a number loses zeros and digits, write it in quotes"
        return Entry(number, line, named=True, fields=small, fault=fault)
    if problem is None or isinstance(problem, Mapping) or (isinstance(problem, str) and not problem):
        found = ", ".join(list(small)[:8]) or "nothing"
        fault = (
            f"no problem in {line.strip()[:80]!r}: expected a field {', '.join(PROBLEM[:6])} or the like, got {found}"
        )
        return Entry(number, line, named=True, fields=small, fault=fault)
    return Entry(number, problem, solution, True, small)


def _values(lines: _Lines, line: str, is_one: Callable[[list[Any]], bool]) -> Iterator[Entry]:
    """The problems of the JSON object or list that begins with ``line``, over as many lines as it takes."""
    number, parts, open_brackets = lines.number, [line], _open_brackets(line)
    try:
        value, length = _parsed(line), len(line)
        while value is None and open_brackets > 0 and length < _MOST and (follows := next(lines, None)) is not None:
            if follows.startswith("{") and line.startswith("{"):
                lines.put_back(follows)
                break
            parts.append(follows)
            length += len(follows)
            open_brackets += _open_brackets(follows)
        value = _final("\n".join(parts)) if value is None else value
    except ProblemError as error:
        yield Entry(number, line, named=True, fault=str(error))
        return
    yield from _problems(number, line, value, is_one)


def _problems(number: int, line: str, value: Any, is_one: Callable[[list[Any]], bool]) -> Iterator[Entry]:
    """The problems of a value, which may be one itself, hold many, or hold a list of them under a name."""
    if isinstance(value, dict):
        found = _objects(value, is_one)
        yield from (of_fields(number, line if one is value else json.dumps(one), one) for one in found or [value])
        return
    if not isinstance(value, list):
        yield Entry(number, line, named=True, fault=f"expected an object or a list, got {line.strip()[:80]!r}")
    elif value and not isinstance(value[0], dict) and is_one(value):
        yield Entry(number, value, named=True)
    else:
        for part in value:
            if isinstance(part, dict):
                found = _objects(part, is_one) or [part]
                yield from (of_fields(number, json.dumps(one), one) for one in found)
            else:
                fault = (
                    "" if isinstance(part, (str, list)) else f"expected problems in the list, got {str(part)[:80]!r}"
                )
                yield Entry(number, part, named=True, fault=fault)


def _objects(value: Any, is_one: Callable[[list[Any]], bool], depth: int = _DEEPEST) -> list[Mapping[str, Any]]:
    """The objects with a problem that an object or a list holds: itself, rows below a name, or a column of them all."""
    if isinstance(value, list):
        return [one for part in value if isinstance(part, dict) for one in _objects(part, is_one, depth)]
    small = {str(name).lower(): part for name, part in value.items()}
    if name := next((name for name in PROBLEM if name in small), None):
        column = list(small[name].values()) if isinstance(small[name], dict) else small[name]
        if not isinstance(column, list) or not all(isinstance(one, (str, list)) for one in column) or is_one(column):
            return [value]
        solution = next((name for name in SOLUTION if name in small), "")
        beside = list(small[solution].values()) if isinstance(small.get(solution), dict) else small.get(solution)
        if not isinstance(beside, list) or len(beside) != len(column):
            beside = [None] * len(column)
        return [{name: one, solution or SOLUTION[0]: other} for one, other in zip(column, beside, strict=True)]
    names, rows = small.get("columns"), small.get("data")
    if isinstance(names, list) and isinstance(rows, list) and set(map(str, names)) & set(PROBLEM):
        return [dict(zip(map(str, names), row, strict=False)) for row in rows if isinstance(row, list)]
    held = [part for part in value.values() if isinstance(part, (list, dict))] if depth else []
    return [one for part in held for one in _objects(part, is_one, depth - 1)]


def _open_brackets(line: str) -> int:
    """How many more brackets a line opens than it closes."""
    return sum((sign in "[{(") - (sign in "]})") for sign in line)


def _parsed(text: str) -> Any:
    """The JSON value that a text is; None where it is none, or not yet."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _final(text: str) -> Any:
    """The JSON value that a text is, or the list of another language. Raises ProblemError, with its place."""
    if not text.lstrip().startswith("{") or is_list(text):
        return read_list(text) if (value := _parsed(text)) is None else value
    try:
        return json.loads(text)
    except RecursionError:
        raise ProblemError(f"no JSON, brackets nested too deeply: {text[:80]!r}") from None
    except ValueError as error:
        raise ProblemError(f"no JSON object ({error}): {text[:80]!r}") from None


def only_entry(entries: Iterator[Entry], path: Path) -> Entry:
    """The one problem of a file. Raises ProblemError where it holds none or several."""
    found = next(entries, None)
    if found is None:
        raise ProblemError(f"{os.fspath(path)} holds no problem: write one")
    if (second := next(entries, None)) is not None:
        raise ProblemError(
            f"{os.fspath(path)} holds several problems, on lines {found.line} and {second.line}: leave one, or give "
            "the file as data (--data)"
        )
    return found
