"""The tasks by name, and the environments registered with Gymnasium. A new task is one line here."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gymnasium

if TYPE_CHECKING:
    from trm_gym.task import Task


@dataclass(frozen=True)
class TaskEntry:
    """Where a task lives: the module that is imported at its first use, the class in it, its arguments."""

    env_id: str
    module: str
    factory: str
    kwargs: dict[str, Any]


TASKS = {
    "sudoku4x4": TaskEntry("TRM-Sudoku4x4-v0", "trm_gym.sudoku", "SudokuTask", {"size": 4}),
    "sudoku6x6": TaskEntry("TRM-Sudoku6x6-v0", "trm_gym.sudoku", "SudokuTask", {"size": 6}),
    "sudoku9x9": TaskEntry("TRM-Sudoku-v0", "trm_gym.sudoku", "SudokuTask", {"size": 9}),
}
"""Every task by its name."""


@functools.cache
def make_task(name: str) -> Task:
    """The task called ``name``, the same object every time: what it builds lazily is then built once.

    Raises ValueError with the known names.
    """
    if name not in TASKS:
        raise ValueError(f"unknown task {name!r}: use one of {', '.join(TASKS)}")
    entry = TASKS[name]
    return getattr(importlib.import_module(entry.module), entry.factory)(**entry.kwargs)


def register_envs() -> None:
    """Register an environment for every task with Gymnasium, for ``gym.make`` and ``gym.make_vec``.

    There is no ``max_episode_steps``: the environments end their episodes themselves (the budget is part of
    the problem), and a time limit around them would truncate what they terminate.
    """
    for name, entry in TASKS.items():
        if entry.env_id not in gymnasium.registry:
            gymnasium.register(
                id=entry.env_id,
                entry_point="trm_gym.env:RefinementEnv",
                vector_entry_point="trm_gym.vector:RefinementVectorEnv",
                kwargs={"task": name},
            )
