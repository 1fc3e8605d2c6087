"""What a task is: problems as arrays, verdicts on answers, and what every task must offer.

Everything else in the suite (environments, agents, scripts) speaks to a task through this file alone.
"""

from __future__ import annotations

import abc
import os
import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, SupportsIndex

import numpy as np

from trm_gym.cell_text import read_cells
from trm_gym.problems import BLANK, Hints, ImportedProblems, Problems, Verdicts
from trm_gym.records import Entry, records
from trm_gym.short_repr import short
from trm_gym.spaces import token_space
from trm_gym.structure import Structure

if TYPE_CHECKING:
    import gymnasium
    from numpy.typing import NDArray

UserProblem = (
    str
    | bytes
    | os.PathLike[str]
    | Sequence[int]
    | Sequence[str]
    | Sequence[Sequence[float]]
    | np.ndarray
    | Mapping[str, Any]
)
"""What a person may hand in as a problem of their own: text, a file, a list, an array, an object with named fields.

Tensors, data frames and whatever else becomes an array are taken too (``trm_gym.given``)."""


_NO_HINTS = "{} has no hints to train on: leave hints.weight at 0"


@dataclass(frozen=True)
class Level:
    """One difficulty setting of a task."""

    name: str
    description: str


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
    tells_misfit: bool = False
    """Whether ``misfit`` compares answers, so that the best of several can be taken without knowing the right one."""
    numbers: int = 0
    """How many numbers a problem shows beside its tokens (K): the width of ``Problems.numbers``."""
    truth: int = 0
    """How many numbers of a problem only the verifier knows (M): the width of ``Problems.truth``."""
    hint_kinds: int = 0
    """How many kinds of hint a cell may be given in training (K); 0 where the task has no ``hints``."""
    renamed_levels: ClassVar[Mapping[str, str]] = {}
    """Old names of levels, each with the name to use now."""
    remade_by: tuple[Callable[..., Task], tuple[Any, ...]] | None = None
    """A function and its arguments that give this very task, set by ``make_task``; None for a task made otherwise."""

    @property
    def answer_tokens(self) -> NDArray[np.bool_]:
        """Which tokens a free cell may hold in a right answer, bool [V]: all but BLANK where a task says no more."""
        return np.arange(self.vocab) != BLANK

    def shown_space(self) -> dict[str, gymnasium.Space]:
        """What is observed of a problem, as spaces by name; an environment adds ``answer`` and ``budget``.

        Here its tokens [L]. A task whose problems hold ``numbers`` says how those are observed.
        """
        return {"problem": token_space(self.length, self.vocab)}

    def shown(self, problems: Problems, index: NDArray[np.int64] | slice) -> dict[str, NDArray]:
        """What is observed of the problems at ``index`` [S], by the names of ``shown_space``: fresh arrays [S, ...]."""
        seen = problems.problem[index]
        return {"problem": seen.copy() if isinstance(index, slice) else seen}

    def labelled(self, problems: Problems, solutions: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Which cells of ``solutions`` uint8 [B, L] say what an answer should hold, bool [B, L].

        A free cell that holds what no right answer may, BLANK as a rule, says nothing: nobody knows what belongs there,
        or it does not matter.
        """
        return ~problems.free | self.answer_tokens[solutions]

    def counted(self, problems: Problems, drafts: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Which cells of drafts uint8 [B, L] an agent chose that mean something, bool [B, L]: here the free ones."""
        return problems.free

    def fault(self, problems: Problems) -> str:
        """Why problems that were handed in as arrays are none of this task, in a sentence; empty where they are.

        What a verifier would read past its tables for must be told here: saved states come through here too.
        """
        count = len(problems)
        if any(part.shape != (count, self.length) for part in (problems.problem, problems.free, problems.solution)):
            return f"a problem of {self.name} has {self.length} cells, this one {problems.problem.shape[-1]}"
        if max(problems.problem.max(initial=0), problems.solution.max(initial=0)) >= self.vocab:
            highest = max(problems.problem.max(), problems.solution.max())
            return f"tokens of {self.name} lie below {self.vocab}, this problem has {highest}"
        for name, width in (("numbers", self.numbers), ("truth", self.truth)):
            part = getattr(problems, name)
            if part.shape != (count, width) or part.dtype != np.float64:
                wanted, got = f"float64 of shape {(count, width)}", f"{part.dtype} of shape {part.shape}"
                return f"'{name}' of problems of {self.name} must be {wanted}, not {got}"
            if not np.isfinite(part).all():
                return f"'{name}' of problems of {self.name} must be finite, and one is {part[~np.isfinite(part)][0]}"
        return ""

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

    def corrupt(self, problems: Problems, keys: NDArray[np.uint64]) -> NDArray[np.uint8]:
        """Drafts uint8 [B, L] near the solutions, each spoilt as its key says, to learn mending from.

        keys: uint64 [B], well mixed. Raises ValueError where a task has none.
        """
        raise ValueError(f"{self.name} has no corrupted drafts to train on: leave drafts.*_corrupted at 0")

    def hints(self, problems: Problems, solutions: NDArray[np.uint8], travelled: NDArray[np.float64]) -> Hints:
        """What is known on the way to ``solutions`` uint8 [B, L] when news has ``travelled`` that many cells, [B]; it
        has not set out below 0 (``without_source``). Raises ValueError where a task has none."""
        raise ValueError(_NO_HINTS.format(self.name))

    def without_source(self, problems: Problems) -> NDArray[np.uint8]:
        """The tokens uint8 [B, L] of problems without what news comes from. Raises ValueError where there is none."""
        raise ValueError(_NO_HINTS.format(self.name))

    @abc.abstractmethod
    def verify(self, problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
        """Judge answers uint8 [B, L] by the task's rules (never by comparison with ``problems.solution``)."""

    def misfit(self, problems: Problems, answers: NDArray[np.uint8]) -> NDArray[np.float64]:
        """How badly answers uint8 [B, L] agree with what is shown, float64 [B]: less is better, at most 0 if fully.

        It is told by what everyone sees, never by ``Problems.truth``. Raises ValueError where a task has none.
        """
        raise ValueError(f"{self.name} has no misfit: its answers are right by its rules or not: leave out fit, fits")

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

    def names(self, problem: UserProblem) -> Mapping[str, str]:
        """The letters that ``encode`` renames, of a problem that it reads: the task's letter, and the person's own."""
        return {}

    def readings(self, problem: UserProblem) -> Mapping[str, str]:
        """What ``encode`` reads otherwise than it is typed, of a problem that it reads: ``{"0.5": "1/2"}``."""
        return {}

    def traits(self, problems: Problems) -> list[tuple[Hashable, tuple[float, ...]]]:
        """What tells problems apart at sight, of each its kind and numbers that measure it: here none, and how hard."""
        return [((), (float(difficulty),)) for difficulty in problems.difficulty]

    @abc.abstractmethod
    def read_file(self, path: str | os.PathLike[str]) -> ImportedProblems:
        """The problems of a file; each task names its format. Raises ProblemError where it holds none."""

    @abc.abstractmethod
    def decode(self, tokens: NDArray[np.uint8]) -> str:
        """Tokens uint8 [L] as the text that ``encode`` reads."""

    def problem_text(self, problems: Problems) -> str:
        """The problem of a batch of one as the text that ``encode`` reads: here its tokens, as ``decode`` has them."""
        return self.decode(problems.problem[0])

    @property
    def signs(self) -> tuple[str, ...]:
        """How each token is written in a cell; BLANK is an empty text or a sign of the task's own."""
        return tuple(self.decode(np.full(self.length, token, dtype=np.uint8))[0] for token in range(self.vocab))

    @property
    def letters(self) -> str:
        """The characters that ``problem_text`` and ``draft_text`` write, sorted, and a line break."""
        return "".join(sorted(set("".join(self.signs) + "\n")))

    def draft_text(self, draft: NDArray[np.uint8]) -> str:
        """A draft uint8 [L] as people write it: where a task says no more, as ``decode`` does, one sign a cell."""
        return self.decode(draft)

    def answer_text(self, tokens: NDArray[np.uint8]) -> str:
        """The answer of tokens uint8 [L] as people write it, which ``read_draft`` reads: here as ``decode`` has it."""
        return self.decode(tokens)

    def answer_latex(self, problems: Problems, tokens: NDArray[np.uint8]) -> str:
        """The answer uint8 [L] to a batch of one as LaTeX where it is a formula; here as ``answer_text`` has it."""
        return self.answer_text(tokens)

    def read_draft(self, text: str) -> NDArray[np.uint8]:
        """The draft uint8 [L] that ``text`` says, as ``draft_text`` writes it; fixed cells may hold anything.

        White space at the ends of lines is free. Raises ProblemError for anything else.
        """
        return read_cells(text, self.signs, self.structure.shape, self.name)

    @abc.abstractmethod
    def draw_ansi(self, problems: Problems, draft: NDArray[np.uint8]) -> str:
        """A batch of one and a draft uint8 [L] for a terminal.

        Here and in a picture it may be two, uint8 [2, L], the one before first: cells that it changed are then marked.
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
        raise ValueError(f"unknown level {short(level)} of {self.name}: use {known}")
