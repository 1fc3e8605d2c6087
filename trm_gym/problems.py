"""Batches of problems and of verdicts, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Protocol

import numpy as np

from trm_gym.short_repr import short_repr

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLANK = 0
"""The token of a cell that holds nothing yet, in every task."""


class Canvas(Protocol):
    """The sizes of a task's problems: cells L, numbers K that are shown beside them, numbers M that are not."""

    @property
    def length(self) -> int: ...

    @property
    def numbers(self) -> int: ...

    @property
    def truth(self) -> int: ...


def _no_numbers() -> NDArray[np.float64]:
    return np.zeros((0, 0))


@short_repr
@dataclass(frozen=True)
class Problems:
    """A batch of B problems over L positions, as arrays.

    problem: uint8 [B, L], the tokens shown; BLANK where something is to be found.
    free: bool [B, L], the cells that an answer may change.
    solution: uint8 [B, L], one valid answer, for supervision only.
    level: int64 [B], index into ``Task.levels``; -1 for a person's own problem.
    difficulty: float32 [B], what the task's solver measured.
    numbers: float64 [B, K], what is shown beside the tokens. truth: float64 [B, M], what only the verifier knows. K and
    M are 0 for tasks of tokens alone, which leave them out.
    """

    problem: NDArray[np.uint8]
    free: NDArray[np.bool_]
    solution: NDArray[np.uint8]
    level: NDArray[np.int64]
    difficulty: NDArray[np.float32]
    numbers: NDArray[np.float64] = field(default_factory=_no_numbers)
    truth: NDArray[np.float64] = field(default_factory=_no_numbers)

    def __post_init__(self) -> None:
        for name in ("numbers", "truth"):
            if getattr(self, name).shape == (0, 0):
                object.__setattr__(self, name, np.zeros((len(self.problem), 0)))

    def __len__(self) -> int:
        return len(self.problem)

    def __getitem__(self, index: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Problems:
        """The problems at ``index`` (slice, integers or mask), as a batch."""
        parts = [getattr(self, part.name) for part in fields(self)]
        if isinstance(index, np.ndarray) and index.dtype != np.bool_:
            # A third of the time that indexing takes.
            return Problems(*(part.take(index, axis=0) for part in parts))
        return Problems(*(part[index] for part in parts))

    @property
    def start(self) -> NDArray[np.uint8]:
        """The first draft, uint8 [B, L]: the problem with its free cells blank. A fresh array."""
        return self.problem * ~self.free  # many times faster than np.where on bytes

    def put(self, index: NDArray[np.int64] | NDArray[np.bool_], new: Problems) -> None:
        """Overwrite the problems at ``index`` by ``new``, in place."""
        for part in fields(self):
            getattr(self, part.name)[index] = getattr(new, part.name)

    @staticmethod
    def blank(count: int, task: Canvas) -> Problems:
        """``count`` problems that ask for nothing: blank tokens in free cells, zeros for numbers. Fresh arrays."""
        cells = (count, task.length)
        return Problems(
            problem=np.zeros(cells, np.uint8),
            free=np.ones(cells, np.bool_),
            solution=np.zeros(cells, np.uint8),
            level=np.zeros(count, np.int64),
            difficulty=np.zeros(count, np.float32),
            numbers=np.zeros((count, task.numbers)),
            truth=np.zeros((count, task.truth)),
        )

    @staticmethod
    def concatenate(batches: Sequence[Problems]) -> Problems:
        """One batch out of several."""
        return Problems(*(np.concatenate([getattr(b, f.name) for b in batches]) for f in fields(Problems)))


@short_repr
@dataclass(frozen=True)
class Verdicts:
    """What a verifier says of B answers: solved, bool [B]; score, float32 [B] in [0, 1], 1 iff solved."""

    solved: NDArray[np.bool_]
    score: NDArray[np.float32]


@short_repr
@dataclass(frozen=True)
class Hints:
    """What is known of B problems when news has travelled some way through them, for supervision only.

    kinds: bool [B, L, K], which of a task's K kinds of hint are right for a cell; a cell without any is told nothing.
    answer: uint8 [B, L], what of the solution can be told by then.
    """

    kinds: NDArray[np.bool_]
    answer: NDArray[np.uint8]


@short_repr
@dataclass(frozen=True)
class ImportedProblems:
    """What a file from outside holds: the problems that are the task's, and where and why others were left out."""

    problems: Problems
    skipped: tuple[str, ...] = ()
