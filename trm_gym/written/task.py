"""Tasks of text: a problem that is read, and an answer that is written after it, in the symbols of ``signs``."""

from __future__ import annotations

import abc
import os
from collections.abc import Hashable, Iterator, Mapping
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from trm_gym.errors import ProblemError
from trm_gym.plain_text import has_words, plain_text
from trm_gym.records import Entry
from trm_gym.structure import TextStructure
from trm_gym.task import BLANK, ImportedProblems, Level, Problems, Task, UserProblem, Verdicts
from trm_gym.written import view
from trm_gym.written.answers import bare, named
from trm_gym.written.signs import SYMBOLS, TOKEN, answer_text, answer_tokens, as_text, readings, traits
from trm_gym.written.user_problems import in_hand, problem_text, question_entries, read_questions

_LONGEST = 1000
_FEW = 4


class WrittenTask(Task):
    """A task whose first cells hold the problem and whose others the answer; a subclass says what it is made of.

    structure: of one dimension.
    generator: the module with ``generate``, ``sample`` and ``split_size``; parsing: with ``encode``, ``solution`` and
    ``from_words``; verifier: with ``verify``. Those of them that are named
    like a method of ``Task`` do what it says there, the levels being indices. ``from_words`` turns a question in words
    into text that ``encode`` reads, or into None where the task does not cover it.
    """

    vocab = len(SYMBOLS)
    graded = False
    answer_symbols: str
    """What a right answer is written with, each character a symbol; cells that it does not need stay blank."""
    unknowns = ""
    """The names that an answer may give to its numbers; the first where there is but one."""

    @abc.abstractmethod
    def __init__(
        self,
        name: str,
        levels: tuple[Level, ...],
        default_level: str,
        structure: TextStructure,
        generator: ModuleType,
        parsing: ModuleType,
        verifier: ModuleType,
    ) -> None:
        self.name = name
        self.levels = levels
        self.default_level = self.level_index(default_level)
        self.structure = structure
        (self.length,) = structure.shape
        self._generator, self._parsing, self._verifier = generator, parsing, verifier

    @property
    def answer_tokens(self) -> NDArray[np.bool_]:
        """Which tokens a free cell may hold in a right answer, bool [V]: BLANK, and those of ``answer_symbols``."""
        allowed = np.zeros(self.vocab, np.bool_)
        allowed[[BLANK, *(TOKEN[symbol] for symbol in self.answer_symbols)]] = True
        return allowed

    def generate(self, count: int, level: int, split: str, seed: int) -> Problems:
        """``count`` fresh problems of the level; all different where a level's problems are counted.

        Raises ValueError where such a level holds fewer than asked for (see ``split_size``).
        """
        return self._generator.generate(count, self.level_index(level), split, seed)

    def split_size(self, level: int, split: str) -> int | None:
        """How many different problems, as they are written, a level has in a split; None where they are too many."""
        return self._generator.split_size(self.level_index(level), split)

    def sample(self, keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
        """One fresh problem per key, uint64 [B], of the level int64 [B] beside it."""
        return self._generator.sample(keys, levels, split)

    def verify(self, problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
        """Judge answers uint8 [B, L] by value and form, as the task's ``verifier`` says; the score is 1 or 0."""
        return self._verifier.verify(problems, answers)

    def solve(self, problem: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The canonical solution uint8 [L] of one problem uint8 [L]; what its answer's cells hold does not matter."""
        return self._parsing.solution(problem)

    def encode(self, problem: UserProblem) -> Problems:
        """A person's problem as a batch of one; the task's ``parsing`` says what is read, and what is refused.

        Raises ProblemError.
        """
        problem = in_hand(problem)
        text = (
            self._parsing.from_words(problem.strip())
            if isinstance(problem, str) and has_words(problem[:_LONGEST], "")
            else None
        )
        try:
            return self._parsing.encode(problem if text is None else text)
        except ProblemError as error:
            if isinstance(problem, str) and problem.strip()[-1:] in ("?", ".") and has_words(problem[:_LONGEST], ""):
                raise ProblemError(
                    f"not covered: {problem[:120]!r}; write what is asked in signs, without the words"
                ) from error
            if isinstance(problem, str) and (read := self._read_otherwise(problem)):
                told = ", ".join(f"{typed} was read as {known}" for typed, known in read[:_FEW])
                raise ProblemError(f"{error} ({told})") from error
            raise

    def readings(self, problem: UserProblem) -> Mapping[str, str]:
        """The decimals of a problem, and the fractions that they are read as."""
        problem = in_hand(problem)
        if not isinstance(problem, str) or "." not in plain_text(problem):
            return {}
        return readings(problem_text(problem, self.structure.answer_start, self.length, ""))

    def _read_otherwise(self, problem: str) -> list[tuple[str, str]]:
        """What a message may quote otherwise than it was typed: decimals and the fractions, letters and the task's."""
        try:
            names = self.names(problem)
        except ProblemError:  # it is refused before its letters are read
            names = {}
        return [*self.readings(problem).items(), *((typed, known) for known, typed in names.items())]

    def traits(self, problems: Problems) -> list[tuple[Hashable, tuple[float, ...]]]:
        """Of each problem its verb and the signs beside plus and minus; how many numbers, unknowns, digits, powers."""
        return [traits(as_text(tokens[: self.structure.answer_start])) for tokens in problems.problem]

    def entries(self, path: str | os.PathLike[str]) -> Iterator[Entry]:
        """The problems of a file, one a line, in the first of its columns, or by the names of ``trm_gym.records``."""
        return question_entries(path)

    def read_file(self, path: str | os.PathLike[str]) -> ImportedProblems:
        """The problems of a file that the task covers, and why the others are left out; see ``entries``."""
        return read_questions(path, self.encode)

    def decode(self, tokens: NDArray[np.uint8]) -> str:
        """Tokens uint8 [L] as text: the answer, if there is one, or the problem as ``encode`` reads it."""
        return answer_text(tokens[self.structure.answer_start :]) or as_text(tokens[: self.structure.answer_start])

    @property
    def signs(self) -> tuple[str, ...]:
        """The symbols of ``trm_gym.written.signs``; BLANK is empty."""
        return SYMBOLS

    def draft_text(self, draft: NDArray[np.uint8]) -> str:
        """The answer of a draft uint8 [L], numbers the usual way round; empty for a blank one."""
        return answer_text(draft[self.structure.answer_start :])

    def read_draft(self, text: str) -> NDArray[np.uint8]:
        """The draft uint8 [L] that ``text`` says, with the names of unknowns or without, written from the first cell of
        the answer on. Raises ProblemError.
        """
        written, accepted = self.structure.answer_start, f"{' '.join(self.answer_symbols)} in an answer of {self.name}"
        tokens = answer_tokens(bare(text, self.unknowns), self.length - written, accepted)
        if foreign := [SYMBOLS[token].strip() for token in tokens.tolist() if not self.answer_tokens[token]]:
            raise ProblemError(f"unexpected {foreign[0]!r} in {text.strip()[:80]!r}: use {accepted}")
        return np.concatenate([np.zeros(written, np.uint8), tokens])

    def answer_text(self, tokens: NDArray[np.uint8]) -> str:
        """The answer of tokens uint8 [L] as people write it, ``x = 4`` for an equation; ``read_draft`` reads it. Empty
        for a blank one.
        """
        return named(self.draft_text(tokens), as_text(tokens[: self.structure.answer_start]))

    def draw_ansi(self, problems: Problems, draft: NDArray[np.uint8]) -> str:
        """The problem in bold, the draft's answer below, powers as superscripts."""
        return view.draw_ansi(problems, draft, self.structure.answer_start)

    def draw_rgb(self, problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
        """The problem in black, the draft's answer in blue, ``caption`` below: uint8 [H, W, 3]."""
        return view.draw_rgb(problems, draft, caption, self.structure.answer_start)
