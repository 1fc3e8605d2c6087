"""The tasks by name, and the environments registered with Gymnasium. A new task is one line here."""

from __future__ import annotations

import functools
import importlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import gymnasium
from gymnasium.envs.registration import WrapperSpec

from trm_gym.checks import whole_number
from trm_gym.short_repr import short

if TYPE_CHECKING:
    from trm_gym.task import Task


@dataclass(frozen=True)
class TaskEntry:
    """Where a task lives: the module that is imported at its first use, the class in it, its arguments."""

    env_id: str
    module: str
    factory: str
    kwargs: dict[str, Any]

    @property
    def cells_id(self) -> str:
        """The id of the same environment one cell at a time, ``TRM-Sudoku-Cells-v0``."""
        return self.env_id.replace("-v", "-Cells-v")


TASKS = {
    "sudoku4x4": TaskEntry("TRM-Sudoku4x4-v0", "trm_gym.sudoku", "SudokuTask", {"size": 4}),
    "sudoku6x6": TaskEntry("TRM-Sudoku6x6-v0", "trm_gym.sudoku", "SudokuTask", {"size": 6}),
    "sudoku9x9": TaskEntry("TRM-Sudoku-v0", "trm_gym.sudoku", "SudokuTask", {"size": 9}),
    "arithmetic": TaskEntry("TRM-Arithmetic-v0", "trm_gym.arithmetic", "ArithmeticTask", {}),
    "maze11x11": TaskEntry("TRM-Maze-v0", "trm_gym.maze", "MazeTask", {"size": 11}),
    "algebra": TaskEntry("TRM-Algebra-v0", "trm_gym.algebra", "AlgebraTask", {}),
    "regression": TaskEntry("TRM-Regression-v0", "trm_gym.regression", "RegressionTask", {"size": 64}),
}
"""Every task by its name. One that has a ``size`` comes in others too: maze11x11 as maze30x30, and a name without a
number, which stands for the size in its entry, with a number after it."""

EXTRAS = {
    "arc30x30": TaskEntry("TRM-ARC-v0", "trm_gym.arc", "ArcTask", {"size": 30}),
}
"""Tasks whose problems another package brings: an environment tells at its first reset what to install."""

# Of bounded length: whatever is no name is to be found out soon.
_SIZED = re.compile(r"(.{1,40}?)(0|[1-9][0-9]{0,8})(x\2)?")


def without_size(name: str) -> str:
    """The name of a task without its size: "sudoku" for "sudoku9x9"; the name itself where it has none."""
    sized = _SIZED.fullmatch(name)
    return name if sized is None else sized[1]


def make_task(name: str, size: int | None = None) -> Task:
    """The task called ``name``, the same object every time: what it builds lazily is then built once.

    size: another size of it than its name says (``make_task("maze11x11", 30)`` is ``make_task("maze30x30")``).
    Raises ValueError with the known names, and for a size that the task does not have.
    """
    if not isinstance(name, str):
        raise ValueError(f"the name of a task is text, such as 'sudoku9x9', not {short(name)}")
    if size is not None:
        size = whole_number("size", size)
        name = _in_size(_entry(name)[0], size)
    return _made(_entry(name)[0])


@functools.cache
def _made(name: str) -> Task:
    _, entry = _entry(name)
    factory = getattr(importlib.import_module(entry.module), entry.factory)
    try:
        task = factory(**entry.kwargs)
    except ValueError as error:
        raise ValueError(f"unknown task {name!r}: {error}") from None
    task.remade_by = make_task, (name,)
    return task


def _entry(name: str) -> tuple[str, TaskEntry]:
    """The name and the entry of a task, or of a relative in another size."""
    known_tasks = TASKS | EXTRAS
    if name in known_tasks:
        return name, known_tasks[name]
    if sized := _SIZED.fullmatch(name):
        size = int(sized[2])
        for known, entry in known_tasks.items():
            if "size" in entry.kwargs and _in_size(known, size) == name:
                relative = replace(entry, kwargs={**entry.kwargs, "size": size})
                return (known, entry) if relative == entry else (name, relative)
    raise ValueError(f"unknown task {short(name)}: use one of {', '.join(TASKS)}")


def _in_size(name: str, size: int) -> str:
    """The name of the task called ``name``, in this size or another. Raises ValueError for one that has no size."""
    if "size" not in _entry(name)[1].kwargs:
        raise ValueError(f"{short(name)} has no size: leave out size={size}")
    sized = _SIZED.fullmatch(name)
    if sized is None:
        return f"{name}{size}"
    return f"{sized[1]}{size}x{size}" if sized[3] else f"{sized[1]}{size}"


def register_envs() -> None:
    """Register every task with Gymnasium, for ``gym.make`` and ``gym.make_vec``.

    Those of ``TASKS`` have a second environment, the first within ``trm_gym.wrappers.EditCells``; it has no native
    vector environment.

    There is no ``max_episode_steps``: the environments end their episodes themselves (the budget is part of
    the problem), and a time limit around them would truncate what they terminate.
    """
    for name, entry in (TASKS | EXTRAS).items():
        if entry.env_id not in gymnasium.registry:
            gymnasium.register(
                id=entry.env_id,
                entry_point="trm_gym.env:RefinementEnv",
                vector_entry_point="trm_gym.vector:RefinementVectorEnv",
                kwargs={"task": name},
            )
    for name, entry in TASKS.items():
        if entry.cells_id not in gymnasium.registry:
            gymnasium.register(
                id=entry.cells_id,
                entry_point="trm_gym.env:RefinementEnv",
                kwargs={"task": name},
                additional_wrappers=(WrapperSpec("EditCells", "trm_gym.wrappers.edit_cells:EditCells", {}),),
            )
