"""What can be chosen on the page: tasks with their levels and an example, and the networks that serve them."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from typing import final

from agents.common.tensor_file import CheckpointError
from agents.inference.other_rules import PRICES
from agents.inference.own_problem import family_of, networks_for, solver_for
from agents.inference.solver import Solver
from agents.inference.trajectory import Json
from trm_gym import make_task
from trm_gym.maze.layout import LARGEST, SMALLEST
from trm_gym.structure import HeapStructure, TextStructure
from trm_gym.task import Task

TASKS = {
    "sudoku9x9": "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79",
    "sudoku6x6": "",
    "sudoku4x4": "1.34\n34.2\n.14.\n43.1",
    "maze11x11": "",
    "maze15x15": "",
    "maze19x19": "",
    "arithmetic": "731-58+94",
    "algebra": "3*x + 4 = 25 - 4*x",
    "regression": "x^2 + x",
}
"""The tasks that can be chosen, each with a problem to begin with; an empty one is drawn from the default level."""
RULES = "verifier confidence:0.9 q:0 unchanged:2 velocity:-0.05 best-fixed-k:8 bce two_heads"
"""The rules whose stops are shown beside the policies', where the person names no others."""
MOST_LOADED = 12
"""Networks that are kept in memory."""


def kind_of(task: Task) -> str:
    """How the page draws a draft of a task: as a ``formula``, a ``line`` of text or a ``board``."""
    if isinstance(task.structure, HeapStructure):
        return "formula"
    return "line" if isinstance(task.structure, TextStructure) else "board"


def entry(name: str, example: str, checkpoints: Sequence[str]) -> Json:
    """A task as the page is told of it. example: a problem to begin with; checkpoints: the names of its networks."""
    task = make_task(name)
    return {
        "name": name,
        "family": family_of(name),
        "kind": kind_of(task),
        "example": example,
        "default_level": task.levels[task.default_level].name,
        "levels": [{"name": level.name, "description": level.description} for level in task.levels],
        "checkpoints": list(checkpoints),
    }


@final
class Shelf:
    """The networks that may be chosen: those shipped, and a person's own folders. Loaded when first asked for.

    Only these: the page of one person may be open to others, who must not name files of that machine.
    """

    def __init__(self, own: Sequence[str] = ()) -> None:
        """Raises CheckpointError for a folder that holds no checkpoint."""
        self._own = {place: Solver.from_pretrained(place).task.name for place in own}
        self._lock = threading.Lock()
        self._loaded = functools.lru_cache(MOST_LOADED)(solver_for)

    def names(self, task: Task) -> list[str]:
        """The networks for a task, the usual one first, then another that is shipped under the task's name."""
        family = family_of(task.name)
        mine = [place for place, name in self._own.items() if family_of(name) == family]
        return [*networks_for(task), *mine]

    def solver(self, task: Task, name: str = "") -> Solver:
        """The network of that name, or the usual one. Raises CheckpointError for one that is not on the shelf."""
        known = self.names(task)
        if name and name not in known:
            raise CheckpointError(f"there is no network {name} for {task.name} here: choose {', '.join(known)}")
        with self._lock:
            return self._loaded(task, None if name in ("", known[0]) else name)

    def as_json(self) -> Json:
        """All that can be chosen."""
        return {
            "tasks": [entry(name, example, self.names(make_task(name))) for name, example in TASKS.items()],
            "prices": list(PRICES),
            "rules": RULES,
            "maze": {"least": SMALLEST, "most": min(LARGEST, 31)},
        }
