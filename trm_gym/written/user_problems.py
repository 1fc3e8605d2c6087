"""What people bring to tasks of text: a problem as text, as tokens or in a file, and files of many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from trm_gym.errors import ProblemError
from trm_gym.files import Path, file_of, file_text
from trm_gym.given import given
from trm_gym.plain_text import plain_text
from trm_gym.records import Entry, is_comment, only_entry, records
from trm_gym.short_repr import short
from trm_gym.task import ImportedProblems, Problems, UserProblem
from trm_gym.written.signs import ARROW, NOTHING, SYMBOLS, as_text
from trm_gym.written.typed import unlabelled

_LONGEST = 1000
_ITEM = "a dash and a space may be a minus or mark an item of a list: write -x, or leave the dash out"


def in_hand(problem: UserProblem) -> UserProblem:
    """A problem in any form as text or tokens: for a path what the file holds. Raises ProblemError."""
    if (path := file_of(problem)) is None:
        return given(problem)
    if _is_table(path):
        return given(only_entry(question_entries(path), path).given())
    text = file_text(path, _LONGEST + 1)
    return text if "\n" in text.strip() else text.split("\t")[0]


def problem_text(problem: UserProblem, written: int, length: int, example: str) -> str:
    """The text of a problem in any form: text, the path of a file, its tokens as a list or an array.

    written: the cells of a problem, and as many tokens as it has; ``length`` with the answer's cells, which are blank.
    example: a problem of the task, for messages. Raises ProblemError.
    """
    problem = in_hand(problem)
    if isinstance(problem, str):
        text = problem
    elif isinstance(problem, (np.ndarray, Sequence)):
        return as_text(_tokens(problem, written, length))
    else:
        kind = type(problem).__name__
        raise ProblemError(f"a problem is text such as {example!r}, its tokens, or the path of a file, not {kind}")
    if len(text) > _LONGEST:
        raise ProblemError(f"a text of {len(text)} characters is too long: at most {written} symbols fit")
    return _problem_alone(text)


def _is_table(path: Path) -> bool:
    """Whether a file holds more than text: a table or JSON, as its first line that is no comment tells."""
    first = next(question_entries(path), None)
    return first is not None and (first.named or bool(first.fault))


def _problem_alone(text: str) -> str:
    """The problem of a text, without comments, the title above it and the draft that is drawn below it.

    Two lines with an equation each are a system; other lines are one problem.
    """
    lines: list[str] = []
    for line in map(str.strip, plain_text(text).replace("\\n", "\n").split("\n")):
        if lines and line.startswith((ARROW.strip(), NOTHING)):
            break
        if line and not is_comment(line) and not (not lines and line.endswith(":")):
            lines.append(unlabelled(line))
    return (", " if len(lines) == 2 and all("=" in line.strip("=") for line in lines) else " ").join(lines)


def _tokens(values: Sequence | NDArray, written: int, length: int) -> NDArray[np.uint8]:
    """The problem's tokens uint8 [written]. Raises ProblemError for what are none, or not as many as a problem has."""
    values = np.atleast_1d(values).tolist() if isinstance(values, np.ndarray) else values
    if len(values) not in (written, length):
        raise ProblemError(
            f"{len(values)} tokens found: expected {written}, or {length} with the answer's {length - written} blank"
        )
    for place, value in enumerate(values, start=1):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or not 0 <= value < len(SYMBOLS):
            raise ProblemError(
                f"{short(value)} at place {place} is no token: use whole numbers from 0 to {len(SYMBOLS) - 1}"
            )
    if any(values[written:]):
        raise ProblemError("the answer's cells hold tokens: a problem leaves them blank, that is 0")
    return np.array(values[:written], np.uint8)


def question_entries(path: Path) -> Iterator[Entry]:
    """The problems of a file: as ``trm_gym.records`` has them, or one a line, in the first of its columns.

    Raises ProblemError.
    """
    for record in records(path):
        if record.named or record.fault:
            yield record
        elif isinstance(record.problem, str) and record.problem.strip():
            text = record.problem.split("\t")[0]
            fault = _ITEM if text.startswith("- ") and "=" in text else ""
            yield Entry(record.line, text, fault=fault)


def read_questions(path: Path, encode: Callable[[str], Problems]) -> ImportedProblems:
    """The problems of a file as ``encode`` reads them, questions in words among them; what is none is left out.

    Raises ProblemError where nothing is left.
    """
    name, kept, skipped = os.fspath(path), [], []
    for entry in question_entries(path):
        try:
            kept.append(encode(entry.given()))
        except ProblemError as error:
            skipped.append(f"{name}:{entry.line}: {error}")
    if not kept:
        raise ProblemError(f"{name} holds no problem of this task; the first fault: {(skipped or ['it is empty'])[0]}")
    return ImportedProblems(Problems.concatenate(kept), tuple(skipped))
