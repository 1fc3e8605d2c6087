"""Files of math problems: one a line, as text, or as JSON lines with a question in words."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from trm_gym.errors import ProblemError
from trm_gym.task import ImportedProblems, Problems
from trm_gym.user_files import file_lines

_LONGEST = 10_000


def read_questions(
    path: str | os.PathLike[str], encode: Callable[[str], Problems], from_words: Callable[[str], str | None]
) -> ImportedProblems:
    """The problems of a file; what is no problem of the task, or words that it does not understand, is left out.

    A line is a problem as ``encode`` reads it, or a JSON object whose ``q`` is a question that ``from_words`` turns
    into one. Empty lines and those that start with # are skipped. Raises ProblemError where nothing is left.
    """
    name, kept, skipped = os.fspath(path), [], []
    for number, line in enumerate((line.rstrip("\n") for line in file_lines(path, _LONGEST)), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            kept.append(encode(_problem(line, from_words)))
        except ProblemError as error:
            skipped.append(f"{name}:{number}: {error}")
    if not kept:
        raise ProblemError(f"{name} holds no problem of this task; the first fault: {(skipped or ['it is empty'])[0]}")
    return ImportedProblems(Problems.concatenate(kept), tuple(skipped))


def _problem(line: str, from_words: Callable[[str], str | None]) -> str:
    """The problem on a line. Raises ProblemError."""
    if not line.startswith("{"):
        return line
    try:
        question = json.loads(line)["q"]
        text = from_words(question)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ProblemError(f"expected a JSON object with a question q, got {line[:80]!r}") from None
    if text is None:
        raise ProblemError(f"not covered: {question[:120]!r}")
    return text
