"""What a task is: problems as arrays, verdicts on answers, and what every task must offer.

Everything else in the suite (environments, agents, scripts) speaks to a task through this file alone.
"""

from __future__ import annotations

import abc
import os
import reprlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, SupportsIndex

import numpy as np

from trm_gym.cell_text import read_cells
from trm_gym.records import Entry, records
from trm_gym.structure import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLANK = 0
"""The token of a cell that holds nothing yet, in every task."""

UserProblem = str | os.PathLike[str] | Sequence[int] | Sequence[Sequence[int]] | np.ndarray
"""What a person may hand in as a problem of their own: text, a file, a list, an array."""


@dataclass(frozen=True)
class Level:
    """One difficulty setting of a task."""

    name: str
    description: str


@dataclass(frozen=True)
class Problems:
    """A batch of B problems over L positions, as arrays.

    problem: uint8 [B, L], the tokens shown; BLANK where something is to be found.
    free: bool [B, L], the cells that an answer may change.
    solution: uint8 [B, L], one valid answer, for supervision only.
    level: int64 [B], index into ``Task.levels``; -1 for a person's own problem.
    difficulty: float32 [B], what the task's solver measured.
    """

    problem: NDArray[np.uint8]
    free: NDArray[np.bool_]
    solution: NDArray[np.uint8]
    level: NDArray[np.int64]
    difficulty: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.problem)

    def __getitem__(self, index: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Problems:
        """The problems at ``index`` (slice, integers or mask), as a batch."""
        parts = [getattr(self, field.name) for field in fields(self)]
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
        for field in fields(self):
            getattr(self, field.name)[index] = getattr(new, field.name)

    @staticmethod
    def concatenate(batches: Sequence[Problems]) -> Problems:
        """One batch out of several."""
        return Problems(*(np.concatenate([getattr(b, f.name) for b in batches]) for f in fields(Problems)))


@dataclass(frozen=True)
class Verdicts:
    """What a verifier says of B answers: solved, bool [B]; score, float32 [B] in [0, 1], 1 iff solved."""

    solved: NDArray[np.bool_]
    score: NDArray[np.float32]


@dataclass(frozen=True)
class ImportedProblems:
    """What a file from outside holds: the problems that are the task's, and where and why others were left out."""

    problems: Problems
    skipped: tuple[str, ...] = ()


class Task(abc.ABC):
    """A family of problems on one canvas of fixed length and vocabulary.

    Levels never change ``length`` (L) or ``vocab`` (V): tokens are 0..V-1, 0 is BLANK.
    """

    name: str
    length: int
    vocab: int
    levels: tuple[Level, ...]
    default_level: int
    structure: Structure
    graded: bool
    """Whether ``Verdicts.score`` is a sound partial score: 0 for an echo of the problem and for any constant."""
    renamed_levels: ClassVar[Mapping[str, str]] = {}
    """Old names of levels, each with the name to use now."""
    remade_by: tuple[Callable[..., Task], tuple[Any, ...]] | None = None
    """A function and its arguments that give this very task, set by ``make_task``; None for a task made otherwise."""

    @property
    def answer_tokens(self) -> NDArray[np.bool_]:
        """Which tokens a free cell may hold in a right answer, bool [V]: all but BLANK where a task says no more."""
        return np.arange(self.vocab) != BLANK

    @abc.abstractmethod
    def generate(self, count: int, level: int, split: str, seed: int) -> Problems:
        """``count`` fresh problems, a pure function of the arguments; for supervision and evaluation.

        Raises ValueError where the split holds fewer distinct problems than a finite task is asked for.
        """

    def split_size(self, level: int, split: str) -> int | None:
        """How many different problems a level has in a split; None where they are too many to count."""
        return None

    def generate_at_most(self, count: int, level: int, split: str, seed: int) -> Problems:
        """What ``generate`` gives: ``count`` problems, or all that a finite split holds where those are fewer."""
        held = self.split_size(level, split)
        return self.generate(count if held is None else min(count, held), level, split, seed)

    @abc.abstractmethod
    def sample(self, keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
        """One problem per key, quickly: a base problem under a random symmetry, a pure function of its key.

        keys: uint64 [B], already well mixed. levels: int64 [B].
        """

    def augment(self, problems: Problems, keys: NDArray[np.uint64]) -> Problems:
        """The same problems, each under a symmetry of the task that is drawn from its key, for augmentation.

        keys: uint64 [B], well mixed. Raises ValueError where a task has none.
        """
        raise ValueError(f"{self.name} has no symmetries to augment problems by: train without augment")

    @abc.abstractmethod
    def verify(self, problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
        """Judge answers uint8 [B, L] by the task's rules (never by comparison with ``problems.solution``)."""

    @abc.abstractmethod
    def solve(self, problem: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The solution uint8 [L] of one problem uint8 [L]. Raises ProblemError where there is none."""

    def nearest(self, problems: Problems, preference: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The solutions uint8 [B, L] that agree best with a preference, for supervision where a problem has several.

        preference: float32 [B, L, V], logits of tokens; only their differences within a cell count. Here, where one
        solution is known, that one.
        """
        return problems.solution

    @abc.abstractmethod
    def encode(self, problem: UserProblem) -> Problems:
        """A person's own problem as a batch of one, fully validated. Raises ProblemError."""

    def entries(self, path: str | os.PathLike[str]) -> Iterator[Entry]:
        """The problems of a file one after another, none of them checked: here one a line, see ``trm_gym.records``.

        Raises ProblemError for a file that cannot be read.
        """
        return (record for record in records(path) if record.problem != "" or record.fault)

    def remark(self, problems: Problems) -> str:
        """What a person should know of problems that they brought, in a sentence; empty where it is nothing."""
        return ""

    @abc.abstractmethod
    def read_file(self, path: str | os.PathLike[str]) -> ImportedProblems:
        """The problems of a file; each task names its format. Raises ProblemError where it holds none."""

    @abc.abstractmethod
    def decode(self, tokens: NDArray[np.uint8]) -> str:
        """Tokens uint8 [L] as the text that ``encode`` reads."""

    @property
    def signs(self) -> tuple[str, ...]:
        """How each token is written in a cell; BLANK is an empty text or a sign of the task's own."""
        return tuple(self.decode(np.full(self.length, token, dtype=np.uint8))[0] for token in range(self.vocab))

    @property
    def letters(self) -> str:
        """The characters that ``decode`` and ``draft_text`` write, sorted, and a line break."""
        return "".join(sorted(set("".join(self.signs) + "\n")))

    def draft_text(self, draft: NDArray[np.uint8]) -> str:
        """A draft uint8 [L] as people write it: where a task says no more, as ``decode`` does, one sign a cell."""
        return self.decode(draft)

    def answer_text(self, tokens: NDArray[np.uint8]) -> str:
        """The answer of tokens uint8 [L] as people write it, which ``read_draft`` reads: here as ``decode`` has it."""
        return self.decode(tokens)

    def read_draft(self, text: str) -> NDArray[np.uint8]:
        """The draft uint8 [L] that ``text`` says, as ``draft_text`` writes it; fixed cells may hold anything.

        White space at the ends of lines is free. Raises ProblemError for anything else.
        """
        return read_cells(text, self.signs, self.structure.shape, self.name)

    @abc.abstractmethod
    def draw_ansi(self, problems: Problems, draft: NDArray[np.uint8]) -> str:
        """A batch of one and a draft uint8 [L] for a terminal.

        Here and in a picture the draft may be two, uint8 [2, L], the one before it first: then the cells that it
        changed are marked (``trm_gym.render.changes`` tells which).
        """

    @abc.abstractmethod
    def draw_rgb(self, problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
        """A batch of one and a draft uint8 [L] as a picture uint8 [H, W, 3] with a line of text below."""

    def __deepcopy__(self, memo: dict) -> Task:
        """The task itself: nothing about it changes, so that copies of an environment share it."""
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """Pickled by name where the suite knows it by that name; what it is made of then stays at home."""
        return self.remade_by or super().__reduce_ex__(protocol)

    def level_index(self, level: int | str) -> int:
        """The index of a level given by index or name. Raises ValueError with the known levels."""
        names = [known.name for known in self.levels]
        if isinstance(level, str) and level in self.renamed_levels:
            new = self.renamed_levels[level]
            message = f"level {level!r} of {self.name} is called {new!r} now; the old name goes with the next version"
            level = new
            warnings.warn(message, FutureWarning, stacklevel=2)
        if isinstance(level, str) and level in names:
            return names.index(level)
        if isinstance(level, (int, np.integer)) and not isinstance(level, bool) and 0 <= level < len(names):
            return int(level)
        known = f"0..{len(names) - 1} or one of {', '.join(names)}"
        raise ValueError(f"unknown level {reprlib.repr(level)} of {self.name}: use {known}")
