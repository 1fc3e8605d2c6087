"""Drafts as text and back: what people and language models write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trm_gym.task import ProblemError
from trm_gym.text import SYMBOLS, answer_tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trm_gym.task import Task


def draft_text(task: Task, draft: NDArray[np.uint8]) -> str:
    """A draft uint8 [L] as ``task.decode`` writes it; of a task of text, the answer alone, empty for a blank one."""
    if task.structure.written is None:
        return task.decode(draft)
    answer = draft.copy()
    answer[: task.structure.written] = 0
    return task.decode(answer)


def read_draft(task: Task, text: str) -> NDArray[np.uint8]:
    """The draft uint8 [L] that ``text`` says, as ``draft_text`` writes it; white space at the ends of lines is free.

    A task of text gets it left-aligned in the answer's cells. Raises ProblemError for anything else.
    """
    written = task.structure.written
    if written is not None:
        answer = answer_tokens(text.strip(), task.length - written)
        return np.concatenate([np.zeros(written, dtype=np.uint8), answer])
    tokens = {sign: token for token, sign in enumerate(signs(task))}
    cells = _cells(text, " " in tokens, task.structure.shape)
    for place, sign in enumerate(cells):
        if sign not in tokens:
            raise ProblemError(f"{sign!r} at cell {place + 1} is no sign of {task.name}: use {' '.join(tokens)}")
    if len(cells) != task.length:
        raise ProblemError(f"a draft of {task.name} has {task.length} cells, got {len(cells)}")
    return np.array([tokens[sign] for sign in cells], dtype=np.uint8)


def signs(task: Task) -> list[str]:
    """How each token is written: one letter in tasks on a grid, a symbol in tasks of text."""
    if task.structure.written is not None:
        return list(SYMBOLS)
    return [task.decode(np.full(task.length, token, dtype=np.uint8))[0] for token in range(task.vocab)]


def _cells(text: str, spaced: bool, shape: tuple[int, ...]) -> str:
    """The signs of all cells in order. spaced: whether a space is the sign of a cell, so that lines are rows."""
    if not spaced:
        return "".join(text.split())
    height, width = shape
    lines = text.replace("\r", "").split("\n")
    # An empty line is a row of spaces, unless there are too many lines.
    while len(lines) > height and not (lines[0] and lines[-1]):
        del lines[0 if lines[-1] else -1]
    return "".join(line.rstrip().ljust(width) for line in lines)
