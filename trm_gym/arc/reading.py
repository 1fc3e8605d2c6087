"""ARC's tasks as people have them: JSON, Python's print of it, lines of it, drawings of pairs; grids of any form.

What comes out is a task in ARC's own form, an object with train and test; its grids are lists of rows, unchecked.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trm_gym.errors import ProblemError
from trm_gym.files import Path, file_of, file_text
from trm_gym.lists import is_list, read_list
from trm_gym.plain_text import has_words, pasted_text, plain_text
from trm_gym.short_repr import short

LONGEST = 20_000_000
"""Characters of a task or a file that are read."""

FORM = '{"train": [{"input": grid, "output": grid}, ...], "test": [{"input": grid, "output": grid}]}'
"""A task, for messages."""

Named = tuple[str, Any]
"""A task and its name in a file."""

_PARTS = ("train", "test")
_SIDES = ("input", "output")
_ARROW = re.compile(r"(?:->|→|=>|⇒|⟶)")
_PYTHON = (
    (re.compile(r"'"), '"'),
    (re.compile(r"\bNone\b"), "null"),
    (re.compile(r"\("), "["),
    (re.compile(r",?\s*\)"), "]"),
)


def task_of(problem: object) -> Any:
    """The one task that a person hands in: text, a path, bytes or a mapping. Raises ProblemError."""
    if isinstance(problem, (bytes, bytearray)):
        problem = bytes(problem).decode("utf-8", "replace")
    if (path := file_of(problem)) is not None:
        problem = file_text(path, LONGEST + 1)
    found = tasks_of_text(problem, "") if isinstance(problem, str) else _tasks(problem, "")
    if not found:
        return {}
    if len(found) != 1:
        raise ProblemError(f"{len(found)} tasks found: give one, or the file of them as data")
    return found[0][1]


def tasks_of_file(path: Path) -> list[Named]:
    """The tasks of a file, with the names that they have there. Raises ProblemError where it is no such file."""
    return tasks_of_text(file_text(path, LONGEST + 1), os.path.splitext(os.path.basename(os.fspath(path)))[0])


def tasks_of_text(text: str, name: str) -> list[Named]:
    """The tasks of a text; ``name`` is that of a lone one. Raises ProblemError."""
    if len(text) > LONGEST:
        raise ProblemError(f"the text is longer than {LONGEST:,} characters: leave fewer tasks in it")
    plain, pasted = plain_text(text), pasted_text(text)
    if _ARROW.search(plain) and not plain.lstrip().startswith(("{", "[")):
        return [(name, _drawn(pasted))]
    if (value := _value(plain)) is None:
        lines = [_value(line) for line in plain.split("\n") if line.strip()]
        if len(lines) > 1 and all(isinstance(line, Mapping) for line in lines):
            return [one for number, line in enumerate(lines, 1) for one in _tasks(line, f"{name}:{number}")]
        value = _value(pasted)
    if value is None:
        try:
            json.loads(plain)
        except (ValueError, RecursionError) as error:
            raise ProblemError(f"this is no JSON ({error}): an ARC task is {FORM}") from None
    return _tasks(value, name)


def _value(text: str) -> Any:
    """The value that a text is, as JSON or as Python prints it; None where it is none."""
    for pattern, sign in (*((None, ""),), *_PYTHON):
        text = pattern.sub(sign, text) if pattern else text
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            continue
    return None


def _tasks(value: object, name: str) -> list[Named]:
    """The tasks of a value: itself, those that it holds by their names, or a list of them. Raises ProblemError."""
    if isinstance(value, Mapping):
        small = {str(key).lower(): part for key, part in value.items()}
        if set(_PARTS) & set(small):
            return [(str(small.get("id", small.get("task_id", name))), _lenient(small))]
        parts = [(str(key), part) for key, part in value.items()]
        return [
            one for key, part in parts for one in (_tasks(part, key) if isinstance(part, Mapping) else [(key, part)])
        ]
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        if all(isinstance(part, Mapping) and not set(_SIDES) & set(part) for part in value):
            return [one for number, part in enumerate(value) for one in _tasks(part, f"{name}:{number}")]
        if all(isinstance(part, Mapping) for part in value):
            raise ProblemError(f"these are pairs without a task around them: say which is asked for, in {FORM}")
    raise ProblemError(f"an ARC task is {FORM}, as JSON or a mapping, not {short(value)}")


def _lenient(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """A task with its pairs as mappings of grids as lists, as far as they are such."""
    found = dict(task)
    for part in _PARTS:
        pairs = task.get(part)
        if isinstance(pairs, Mapping):
            pairs = [pairs]
        if isinstance(pairs, Sequence) and not isinstance(pairs, str):
            found[part] = [_pair(pair) for pair in pairs]
    return found


def _pair(pair: object) -> object:
    """A pair by its sides; an output that is not told is left out."""
    if isinstance(pair, Sequence) and not isinstance(pair, str) and len(pair) == 2:
        pair = dict(zip(_SIDES, pair, strict=True))
    if not isinstance(pair, Mapping):
        return pair
    small = {str(key).lower(): side for key, side in pair.items()}
    return {
        key: grid_rows(side)
        for key, side in small.items()
        if key != _SIDES[1] or not (side is None or (isinstance(side, (str, Sequence)) and not len(side)))
    }


def grid_rows(grid: object) -> object:
    """A grid as a list of rows of numbers, where it is a text, an array or a list of texts; others as they are."""
    if isinstance(grid, np.ndarray) or hasattr(grid, "__array__"):
        grid = np.asarray(grid).tolist()
    if isinstance(grid, str):
        text = pasted_text(grid).strip()
        grid = read_list(text) if is_list(text) else re.split(r"\s*[\n/;|]\s*", text)
    if not isinstance(grid, Sequence):
        return grid
    return [_row(row) for row in grid]


def _row(row: object) -> object:
    if isinstance(row, np.ndarray):
        row = row.tolist()
    if isinstance(row, str):
        row = re.findall(r"[^\s,]", row)
    return [_colour(cell) for cell in row] if isinstance(row, Sequence) else row


def _colour(cell: object) -> object:
    """A colour as a whole number, however it is written; what is none stays as it is."""
    if isinstance(cell, str) and cell.isdecimal() and len(cell) == 1:
        return int(cell)
    if isinstance(cell, (float, np.integer, np.floating)) and float(cell).is_integer():
        return int(cell)
    return cell


def _drawn(text: str) -> Mapping[str, Any]:
    """The task of a drawing: pairs below each other, parted by empty lines, an arrow in every row.

    What stands behind the last pair's arrows is a draft, and is not read. Raises ProblemError.
    """
    blocks: list[list[tuple[str, str]]] = [[]]
    for number, line in enumerate(text.split("\n"), start=1):
        if (arrow := _ARROW.search(line)) is not None:
            blocks[-1].append((line[: arrow.start()], line[arrow.end() :]))
        elif not line.strip():
            blocks.append([])
        elif not has_words(line, ""):
            raise ProblemError(f"line {number} has no arrow: a drawing has one in every row, as in 0 1  ->  1 0")
    pairs = [{side: _side([row[at] for row in block]) for at, side in enumerate(_SIDES)} for block in blocks if block]
    if len(pairs) < 2:
        raise ProblemError("a drawing shows at least one pair, an empty line, and the input that is asked for")
    return {"train": pairs[:-1], "test": [{_SIDES[0]: pairs[-1][_SIDES[0]]}]}


def _side(rows: Sequence[str]) -> list[object]:
    """The grid on one side of the arrows, which may have fewer rows than the other."""
    found = [row.strip() for row in rows]
    while found and not found[-1]:
        found.pop()
    return [_row(row) for row in found]
