"""Our problems as a data set of reasoning-gym, and problems of its data sets as ours.

Importing it registers ``trm_gym``, so that ``reasoning_gym.create_dataset("trm_gym", task="algebra", seed=0, size=10)``
makes one, alone or within a composite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from trm_gym.checks import whole_number
from trm_gym.dataset import draw
from trm_gym.ecosystems.words import asked, worth
from trm_gym.extras import require
from trm_gym.maze.layout import ON
from trm_gym.registration import make_task
from trm_gym.short_repr import short
from trm_gym.splits import split_index
from trm_gym.task import Problems, Task

require("reasoning-gym", "reasoning_gym")

from reasoning_gym.dataset import ProceduralDataset  # pyright: ignore[reportMissingImports]
from reasoning_gym.factory import register_dataset  # pyright: ignore[reportMissingImports]

NAME = "trm_gym"


@final
@dataclass
class TRMGymConfig:
    """What reasoning-gym asks of a configuration, and which of our problems are meant."""

    task: str = "sudoku4x4"
    level: str | None = None
    split: str = "train"
    seed: int | None = None
    size: int = 500

    def validate(self) -> None:
        """Raises ValueError for names that are unknown, and for sizes and seeds that are no whole numbers."""
        task = make_task(self.task)
        self.level = task.levels[task.default_level if self.level is None else task.level_index(self.level)].name
        split_index(self.split)
        whole_number("size", self.size)
        if self.seed is not None:
            whole_number("seed", self.seed, 0)


@final
class TRMGymDataset(ProceduralDataset):
    """Problems of one level; item i of seed s is the problem of seed s + i in ``trm_gym.dataset.draw``.

    An item's metadata names its problem, so that any data set of this kind can score it.
    """

    def __init__(self, config: TRMGymConfig) -> None:
        super().__init__(config, config.seed, config.size)

    def __getitem__(self, idx: int) -> dict[str, Any]:
        """Question, one right answer, and where the problem comes from."""
        config = self.config
        metadata = {"source_dataset": NAME, "source_index": idx, "task": config.task, "level": config.level}
        metadata |= {"split": config.split, "problem_seed": self.seed + idx}
        task, problems = _problem(metadata)
        return {
            "question": f"{asked(task)}\n\n{task.problem_text(problems)}",
            "answer": task.draft_text(problems.solution[0]),
            "metadata": metadata | {"difficulty": {"level": config.level, "measured": float(problems.difficulty[0])}},
        }

    def score_answer(self, answer: str | None, entry: Mapping[str, Any]) -> float:
        """1 for any answer that our verifier takes as solved, 0 for all else, what cannot be read among it."""
        return worth(*_problem(entry["metadata"]), answer)[0] if isinstance(answer, str) else 0.0


def _problem(metadata: Mapping[str, Any]) -> tuple[Task, Problems]:
    task = make_task(metadata["task"])
    return task, draw(task, metadata["level"], metadata["split"], 1, metadata["problem_seed"])


class _Theirs(NamedTuple):
    """A data set of theirs: the task that it belongs to, its problem for ``encode``, and our draft as its answer."""

    task: Callable[[Mapping[str, Any]], str]
    problem: Callable[[Mapping[str, Any]], Any]
    answer: Callable[[Task, NDArray[np.uint8]], str]


def _maze_rows(metadata: Mapping[str, Any]) -> list[str]:
    """The rows in our signs: theirs are drawn at random for every maze."""
    signs = {metadata[name]: ours for name, ours in zip(("wall", "path", "start", "goal"), "#.SG", strict=True)}
    return ["".join(signs[sign] for sign in row) for row in metadata["grid"]]


def _maze_task(metadata: Mapping[str, Any]) -> str:
    size = max(11, metadata["grid_size"])
    return f"maze{size}x{size}"


def _spaced(task: Task, draft: NDArray[np.uint8]) -> str:
    return "\n".join(" ".join(map(str, row)) for row in draft.reshape(task.structure.shape).tolist())


_THEIRS = {
    "mini_sudoku": _Theirs(lambda _: "sudoku4x4", lambda metadata: metadata["puzzle"], _spaced),
    # They ask for the number of steps; the last of them is onto the goal.
    "maze": _Theirs(_maze_task, _maze_rows, lambda _, draft: str(int((draft == ON).sum()) + 1)),
    "simple_equations": _Theirs(
        lambda _: "algebra", lambda metadata: metadata["equation"], lambda task, draft: task.draft_text(draft)
    ),
    "chain_sum": _Theirs(
        lambda _: "arithmetic", lambda metadata: metadata["expression"], lambda task, draft: task.draft_text(draft)
    ),
}


def read_entry(entry: Mapping[str, Any]) -> tuple[Task, Problems]:
    """An item of mini_sudoku, maze, simple_equations or chain_sum as a task of ours and a batch of one.

    Raises ValueError for an item of another data set, ProblemError for a problem that does not fit on our canvas.
    """
    theirs = _theirs(entry)
    task = make_task(theirs.task(entry["metadata"]))
    return task, task.encode(theirs.problem(entry["metadata"]))


def answer_of(entry: Mapping[str, Any], draft: NDArray[np.uint8]) -> str:
    """A draft uint8 [L] of the problem that ``read_entry`` gives, as the answer that the item's data set scores.

    Raises ValueError for an item of another data set.
    """
    return _theirs(entry).answer(make_task(_theirs(entry).task(entry["metadata"])), draft)


def _theirs(entry: Mapping[str, Any]) -> _Theirs:
    name = entry["metadata"]["source_dataset"]
    if name not in _THEIRS:
        raise ValueError(f"items of {short(name)} are no problems of ours: use one of {', '.join(_THEIRS)}")
    return _THEIRS[name]


register_dataset(NAME, TRMGymDataset, TRMGymConfig)
