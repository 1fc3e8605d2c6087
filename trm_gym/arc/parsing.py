"""Checks the tasks that people bring, each fault with an error of its own; ``reading`` knows their forms."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trm_gym.arc.layout import (
    COLOUR,
    COLOURS,
    LARGEST,
    OUTSIDE,
    SHOWN_PAIRS,
    Grid,
    as_panels,
    as_problems,
    extent,
    length,
    panel_of,
)
from trm_gym.arc.reading import FORM, grid_rows, task_of, tasks_of_file
from trm_gym.errors import ProblemError
from trm_gym.short_repr import short
from trm_gym.task import BLANK, ImportedProblems, Problems, UserProblem


def encode(problem: UserProblem | Mapping[str, Any], size: int) -> Problems:
    """A person's task with one test pair, on panels of ``size``, as a batch of one of level -1. Raises ProblemError."""
    problems = _problems(task_of(problem), size)
    if len(problems) > 1:
        raise ProblemError(
            f"the task has {len(problems)} test pairs, and a problem asks for one grid: leave one in 'test', "
            "or give the file as data"
        )
    return problems


def read_file(path: str | os.PathLike[str], size: int) -> ImportedProblems:
    """The test pairs of a file with a task or with many, see ``reading``. Raises ProblemError where none is left."""
    where, kept, skipped = os.fspath(path), [], []
    for name, task in tasks_of_file(path):
        try:
            kept.append(_problems(task, size))
        except ProblemError as error:
            skipped.append(f"{where}: {name}: {error}")
    if not kept:
        fault = skipped[0] if skipped else f"it is empty; expected {FORM}"
        raise ProblemError(f"{where} holds no task for panels of {size}x{size}; the first fault: {fault}")
    return ImportedProblems(Problems.concatenate(kept), tuple(skipped))


def decode(tokens: NDArray[np.uint8], size: int) -> str:
    """Tokens uint8 [L] as a task in JSON; a blank answer is left out, null stands for cells that are no colour."""
    pairs = []
    for pair in as_panels(tokens[None], size)[0]:
        height, width = extent(pair)
        if height.any():
            given, answer = (_rows(panel[:h, :w]) for panel, h, w in zip(pair, height, width, strict=True))
            pairs.append({"input": given} if (pair[1] == BLANK).all() else {"input": given, "output": answer})
    return json.dumps({"train": pairs[:-1], "test": pairs[-1:]})


def draft_text(draft: NDArray[np.uint8], size: int) -> str:
    """The answer's grid in a draft uint8 [L] as JSON, null for cells that are no colour; empty for a blank answer."""
    panel = as_panels(draft[None], size)[0, -1, 1]
    height, width = (int(side) for side in extent(panel))
    return "" if (panel == BLANK).all() else json.dumps(_rows(panel[:height, :width]))


def read_draft(text: str, size: int) -> NDArray[np.uint8]:
    """The draft uint8 [L] that ``text`` says, a grid in JSON; the problem's cells are blank. Raises ProblemError."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProblemError(f"this is no JSON ({error}): a draft is a grid, such as [[0, 1], [2, 3]]") from None
    draft = np.full(length(size), BLANK, np.uint8)
    draft[-size * size :] = panel_of(_grid(grid_rows(rows), "the draft", size), size).ravel()
    return draft


def _rows(tokens: NDArray[np.uint8]) -> list[list[int | None]]:
    return [[token - COLOUR if token >= COLOUR else None for token in row] for row in tokens.tolist()]


def _problems(task: object, size: int) -> Problems:
    """One problem for each test pair of a task."""
    if not isinstance(task, Mapping):
        raise ProblemError(f"an ARC task is {FORM}, not {short(task)}")
    panels = {part: _part(task, part, size) for part in ("train", "test")}
    nothing = np.full((2, size, size), OUTSIDE, np.uint8)
    context = (panels["train"] + [nothing] * SHOWN_PAIRS)[:SHOWN_PAIRS]
    solution = np.array([[*context, asked] for asked in panels["test"]]).reshape(len(panels["test"]), -1)
    return as_problems(solution, np.full(len(solution), -1), size)


def _part(task: Mapping[str, Any], part: str, size: int) -> list[NDArray[np.uint8]]:
    """The panels uint8 [2, size, size] of each pair of a part; the output's is blank where nobody told it."""
    pairs = task.get(part)
    if not isinstance(pairs, Sequence) or isinstance(pairs, str) or not pairs:
        raise ProblemError(f"the task has no list of pairs under {part!r}: expected {FORM}")
    found = []
    for number, pair in enumerate(pairs, start=1):
        where = f"{part} pair {number}"
        if not isinstance(pair, Mapping) or "input" not in pair:
            raise ProblemError(f"{where} has no 'input': expected an object with 'input' and 'output'")
        if "output" not in pair and part == "train":
            raise ProblemError(f"{where} has no 'output': a demonstration shows what the rule makes of its input")
        panels = np.full((2, size, size), BLANK, np.uint8)
        for role, side in enumerate(("input", "output")):
            if side in pair:
                panels[role] = panel_of(_grid(pair[side], f"the {side} of {where}", size), size)
        found.append(panels)
    return found


def _grid(rows: object, where: str, size: int) -> Grid:
    """A grid uint8 [height, width] of colours. Raises ProblemError."""
    if isinstance(rows, np.ndarray):
        rows = rows.tolist()
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise ProblemError(f"{where} is {short(rows)}: expected a list of rows")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Sequence) or isinstance(row, str) or not row:
            raise ProblemError(f"{where}: row {number} is {short(row)}: expected a list of colours 0 to 9")
        if len(row) != len(rows[0]):
            raise ProblemError(
                f"{where}: row {number} has {len(row)} cells and row 1 has {len(rows[0])}: make all rows equally long"
            )
        for column, value in enumerate(row, start=1):
            if type(value) is not int or not 0 <= value < COLOURS:
                raise ProblemError(f"{where}: {short(value)} in row {number}, column {column} is no colour: use 0 to 9")
    longest = max(len(rows), len(rows[0]))
    if longest > size:
        raise ProblemError(
            f"{where} is {len(rows)}x{len(rows[0])}, too large for a canvas of {size}x{size}: "
            + (f"make it with size={longest}" if longest <= LARGEST else f"{LARGEST}x{LARGEST} is the most")
        )
    return np.array(rows, np.uint8)
