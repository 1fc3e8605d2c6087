"""A problem of a person's own, read in one way by every script: as text, as a file, as a list; in the size it needs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agents.common.tensor_file import CheckpointError
from agents.inference.solver import Solver
from trm_gym import make_task
from trm_gym.errors import ProblemError
from trm_gym.files import file_of
from trm_gym.maze.parsing import size_of as maze_size
from trm_gym.records import only_entry
from trm_gym.registration import without_size
from trm_gym.short_repr import short_repr
from trm_gym.sudoku.reading import size_of as sudoku_size
from trm_gym.task import Problems, Task, UserProblem

MAZES = "maze11x11"
"""The task, and the network, that stand for mazes of every size."""
FAMILIES = {"sudoku": "sudoku9x9", "maze": MAZES, "arithmetic": "arithmetic", "algebra": "algebra"}
"""The task of each family that reads its files, whatever the size of what they hold."""

SOLVES_MOST = {
    "arithmetic": "everyday_arithmetic",
    "algebra": "everyday_algebra",
    "sudoku9x9": "hard_sudoku9x9",
    MAZES: "maze15x15",
}
"""The shipped network of a task that solves most of what people type, where it is not the one named like the task."""

_PATH = re.compile(
    r"(?:[A-Za-z]:|~|\.{1,2})?[/\\](?=.*[b-npqrtuvyz]{2}).*|(?:[\w.-]+[/\\])*[\w-]*[a-z]{4}[\w-]*\.[a-z]{2,4}"
)
"""What is the path of a file, be there one or not: no puzzle has such words."""


@final
@short_repr
@dataclass(frozen=True)
class OwnProblem:
    """A problem as a batch of one, and its task in the size that it needs.

    names: the person's own letters by those of the task, see ``Task.names``; readings: see ``Task.readings``. remark:
    what the person should know.
    """

    task: Task
    problems: Problems
    names: Mapping[str, str]
    readings: Mapping[str, str]
    remark: str


def own_problem(family: str, given: UserProblem) -> OwnProblem:
    """What a person gave: a problem, or a file with one. Raises ProblemError, saying what is wrong.

    family: one of FAMILIES, or the name of a task that has no other size.
    """
    if family in FAMILIES and (path := _path(given)) is not None:
        given = only_entry(make_task(FAMILIES[family]).entries(path), path).given()
    task = make_task(task_name(family, given))
    return on_canvas(task, given)


def on_canvas(task: Task, given: UserProblem) -> OwnProblem:
    """What a person gave as a problem of that very task, and what was done to it on the way. Raises ProblemError."""
    problems, names, readings = task.encode(given), task.names(given), task.readings(given)
    read = ", ".join(f"{typed} is read as {known}" for typed, known in readings.items())
    called = ", ".join(f"{letter} is written as {known}" for known, letter in names.items())
    remarks = (task.remark(problems), read, called and f"{called} while the network works")
    return OwnProblem(task, problems, names, readings, "; ".join(filter(None, remarks)))


def task_name(family: str, problem: UserProblem) -> str:
    """The name of the task that a problem of a family belongs to, in its size. Raises ProblemError."""
    if family == "sudoku":
        size = sudoku_size(problem)
    elif family == "maze":
        if (size := maze_size(problem)) is None:
            return MAZES  # which says what is wrong with it
    else:
        return family
    return f"{family}{size}x{size}"


def family_of(task: str) -> str:
    """The family of a task by its name; the name itself of a task that is none of FAMILIES."""
    named = without_size(task)
    return named if named in FAMILIES else task


def networks_for(task: Task) -> list[str]:
    """The names of the networks for a task that come with the package, the one that solves most first."""
    named = MAZES if family_of(task.name) == "maze" else task.name
    return list(dict.fromkeys([SOLVES_MOST.get(named, named), named]))


def solver_for(task: Task, checkpoint: str | None = None) -> Solver:
    """The checkpoint asked for, or the first of ``networks_for``; a network for mazes serves every size of them.

    Raises CheckpointError for a network of another task.
    """
    maze = family_of(task.name) == "maze"
    size = task.structure.shape[0] if maze else None
    found = Solver.from_pretrained(checkpoint or networks_for(task)[0], size)
    if found.task is not task:
        wanted = "mazes" if maze else task.name
        raise CheckpointError(
            f"{checkpoint} was trained on {found.task.name}, not on {task.name}: choose a checkpoint of {wanted}"
        )
    return found


def problems_by_task(family: str, data: Path) -> dict[Task, list[int]]:
    """The problems of a file, by their numbers from 0 on, under the task in the size that they need, smallest first.

    What is no problem stands with the first. Raises ProblemError for a file that holds none.
    """
    found: dict[Task, list[int]] = {}
    bad, fault = list[int](), "it holds no problem: expected one a line, a table, or JSON"
    for number, entry in enumerate(make_task(FAMILIES[family]).entries(data)):
        try:
            task = make_task(task_name(family, problem := entry.given()))
            if family == "maze" and maze_size(problem) is None:
                task.encode(problem)  # says what is wrong with it
            found.setdefault(task, []).append(number)
        except ValueError as error:  # it is no problem, or of a size that there is not
            bad.append(number)
            fault = f"line {entry.line}: {error}"
    if not found:
        raise ProblemError(f"{data}: {fault}")
    first, *others = sorted(found, key=lambda task: task.length)
    return {first: sorted(found[first] + bad), **{task: found[task] for task in others}}


def _path(given: UserProblem) -> str | os.PathLike[str] | None:
    """The file that stands for a problem, be there one or not; None for a problem itself."""
    if (path := file_of(given)) is not None or not isinstance(given, str):
        return path
    return given if _is_file(Path(given)) or _PATH.fullmatch(given) else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file() or path.is_fifo()
    except (OSError, ValueError):  # A puzzle may be too long for a file name.
        return False
