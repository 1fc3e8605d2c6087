"""Finding a formula from points as a task of the suite."""

from __future__ import annotations

import math
import os
import string
from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, final

import numpy as np
from gymnasium.spaces import Box, MultiBinary
from numpy.typing import NDArray

from trm_gym.checks import LARGEST, whole_number
from trm_gym.errors import ProblemError
from trm_gym.problems import BLANK
from trm_gym.records import Entry
from trm_gym.regression import corruption, generator, user_problems, verifier, view
from trm_gym.regression.curve import curve_of
from trm_gym.regression.drafts import draft_text, read_draft, used_alone
from trm_gym.regression.export import latex
from trm_gym.regression.fitting import EXACT, PER_SLOT, description, fit
from trm_gym.regression.formula import of_program
from trm_gym.regression.layout import LENGTH, SIGNS, SLOTS, VARIABLES, VOCAB
from trm_gym.regression.levels import DEFAULT_LEVEL, LEVELS
from trm_gym.regression.points import FEWEST, MOST, PRESENT, ROW, TARGET, USUAL_MOST, points_of
from trm_gym.regression.programs import PROGRAM
from trm_gym.structure import HeapStructure
from trm_gym.task import ImportedProblems, Problems, Task, UserProblem, Verdicts

if TYPE_CHECKING:
    import gymnasium


@final
class RegressionTask(Task):
    """Points of an unknown function are shown, and the draft is a whole formula of up to three variables.

    The canvas is a binary heap of 15 slots; slot i has the children 2i + 1 and 2i + 2. Cell i holds the base token of
    slot i (1 to 5: + - * / ^; 6 to 8: x, y, z; 9 to 13: the numbers 1 to 5; 14: a constant that is fitted to the
    points), cell 15 + i the function taken of it (15 to 23: none, square, cube, fourth power, root, sine, cosine,
    exponential, logarithm). What stands below a leaf does not count. So every choice of base tokens for the first 15
    cells, operators left out of the last eight, and of functions for the others is a formula.

    An answer is right if it equals the hidden function at points inside and beyond those that are shown, to six digits;
    its constants are fitted first. How it is written does not matter.

    size: the most points that a problem has, 8 to 512; it shows 20 or more of them where there is room. Raises
    ValueError for another.

    Problems come from base formulas, each the shortest known of its function; each function is in one split. A problem
    shows one of them on one of several ranges, at points of its own, its variables renamed.

    Observation Space: ``Dict`` of ``points``, float32 [N, 4], rows of x, y, z (0 for variables that there are not) and
    the target; ``mask`` [N], 1 for rows that hold a point; ``answer`` (the draft), tokens uint8 [L], 0 for a blank; and
    ``budget``, float32 [1], the share of steps left. The first draft is blank.

    Difficulty: how many operators, functions and leaves the shortest formula has that is known.
    """

    length, vocab, truth = LENGTH, VOCAB, PROGRAM
    levels = LEVELS
    graded = tells_misfit = True

    def __init__(self, size: int = USUAL_MOST) -> None:
        self.size = whole_number("the number of points of regression", size, FEWEST, MOST)
        self.name = "regression" if size == USUAL_MOST else f"regression{size}"
        self.numbers = ROW * self.size
        self.default_level = self.level_index(DEFAULT_LEVEL)
        self.structure = HeapStructure((2, SLOTS))

    def shown_space(self) -> dict[str, gymnasium.Space]:
        """``points``, float32 [N, 4], rows of x, y, z and the target; ``mask`` [N], 1 for rows that hold a point."""
        return {
            "points": Box(-LARGEST, LARGEST, (self.size, PRESENT), np.float32),
            "mask": MultiBinary(self.size),
        }

    def shown(self, problems: Problems, index: NDArray[np.int64] | slice) -> dict[str, NDArray]:
        """The points at ``index`` [S], float32 [S, N, 4], and which rows hold one, int8 [S, N]: fresh arrays."""
        points = points_of(problems.numbers[index])
        return {"points": points[..., :PRESENT].astype(np.float32), "mask": points[..., PRESENT].astype(np.int8)}

    def fault(self, problems: Problems) -> str:
        """Why problems are none of this task, in a sentence; empty where they are."""
        if told := super().fault(problems):
            return told
        present = points_of(problems.numbers)[..., PRESENT]
        if not np.isin(present, (0.0, 1.0)).all():
            return f"a point of {self.name} is there (1) or not (0); this problem says {present[present % 1 > 0][:1]}"
        if any(program.any() and of_program(program) is None for program in problems.truth):
            return f"the truth of a problem of {self.name} is a formula as a program; this one is none"
        return ""

    def generate(self, count: int, level: int, split: str, seed: int) -> Problems:
        """``count`` problems of the level, each of another base formula. Raises ValueError where there are fewer."""
        return generator.generate(count, self.level_index(level), split, seed, self.size, self.name)

    def split_size(self, level: int, split: str) -> int:
        """How many base formulas a level has in a split; each comes at many points."""
        return generator.split_size(self.level_index(level), split)

    def sample(self, keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
        """One problem per key, uint64 [B], well mixed, and level, int64 [B]: a base formula at points of its own."""
        return generator.sample(keys, levels, split, self.size)

    def corrupt(self, problems: Problems, keys: NDArray[np.uint64]) -> NDArray[np.uint8]:
        """Drafts uint8 [B, L] near the labels, each spoilt as its key, uint64 [B], says; see ``corruption``."""
        return corruption.corrupt(problems, keys)

    def verify(self, problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
        """Judge answers uint8 [B, L] by their values; see ``verifier.verify`` for the partial score."""
        return verifier.verify(problems, answers)

    def misfit(self, problems: Problems, answers: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The description length of answers uint8 [B, L] at the points shown, their constants fitted to those.

        At most 0 for what fits exactly.
        """
        longest = math.log(EXACT) + PER_SLOT * SLOTS
        return description(answers, fit(answers, points_of(problems.numbers)).error) - longest

    def solve(self, problem: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Raises ProblemError: the tokens of every problem are blank, a formula is found from its points."""
        raise ProblemError(f"the tokens of a problem of {self.name} are blank: a formula is found from its points")

    def nearest(self, problems: Problems, preference: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The likeliest drafts under logits float32 [B, L, V] where they are right, else the labels, uint8 [B, L].

        Cells that do not count are BLANK.
        """
        drafts = preference.argmax(axis=2).astype(np.uint8)
        right = self.verify(problems, drafts).solved
        return np.where(right[:, None], used_alone(drafts), problems.solution)

    def counted(self, problems: Problems, drafts: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Which cells of drafts uint8 [B, L] are of their formula, bool [B, L]: what stands below a leaf is not."""
        return used_alone(drafts) != BLANK

    def encode(self, problem: UserProblem | Mapping[str, Any]) -> Problems:
        """A person's own points, or a formula that is shown at points, as a batch of one; see ``user_problems``."""
        return user_problems.encode(problem, self.size)

    def entries(self, path: str | os.PathLike[str]) -> Iterator[Entry]:
        """The problems of a file: a table of points is one, formulas and records are one a line."""
        return user_problems.entries(path)

    def remark(self, problems: Problems) -> str:
        """That rows may have been left out, where the canvas is full."""
        full = (points_of(problems.numbers)[..., PRESENT] > 0).all() and (problems.level < 0).any()
        return f"at most {self.size} rows are used, a sample of those given" if full else ""

    def traits(self, problems: Problems) -> list[tuple[Hashable, tuple[float, ...]]]:
        """The number of variables of each problem."""
        seen = np.any(points_of(problems.numbers)[..., :TARGET], axis=1)
        return [(max(int(np.flatnonzero(row).max(initial=0)) + 1, 1), ()) for row in seen]

    def read_file(self, path: str | os.PathLike[str]) -> ImportedProblems:
        """All problems of a file, see ``entries``."""
        return user_problems.read_file(path, self.size)

    def decode(self, tokens: NDArray[np.uint8]) -> str:
        """The formula of a draft uint8 [L] as text, ``sin(x) + square(y)``; the cells in brackets where it is none."""
        return draft_text(tokens)

    def problem_text(self, problems: Problems) -> str:
        """The points of a batch of one as lines of a table with commas, its columns named."""
        points = points_of(problems.numbers)[0]
        points = points[points[:, PRESENT] > 0]
        width = max(int(np.flatnonzero(points[:, :TARGET].any(axis=0)).max(initial=0)) + 1, 1)
        rows = points[:, [*range(width), TARGET]].tolist()
        return "\n".join([",".join((*VARIABLES[:width], "target")), *(",".join(map(repr, row)) for row in rows)])

    def answer_latex(self, problems: Problems, tokens: NDArray[np.uint8]) -> str:
        """The formula of a draft uint8 [L] as LaTeX without dollar signs, its constants fitted to a batch of one.

        The cells in brackets where it is none.
        """
        formula = curve_of(problems, tokens).formula
        return draft_text(tokens) if formula is None else latex(formula)

    @property
    def signs(self) -> tuple[str, ...]:
        """How each token is written; a dot for BLANK."""
        return tuple(sign or "." for sign in SIGNS)

    @property
    def letters(self) -> str:
        """The characters of formulas and of tables of points, sorted, and a line break."""
        return "".join(sorted(set(string.ascii_lowercase + string.digits + "+-*/^()[]|., \n")))

    def read_draft(self, text: str) -> NDArray[np.uint8]:
        """The draft uint8 [L] that ``text`` says, a formula or cells in brackets. Raises ProblemError."""
        return read_draft(text)

    def draw_ansi(self, problems: Problems, draft: NDArray[np.uint8]) -> str:
        """The formula for a terminal, what it is off, and a plot in characters."""
        return view.draw_ansi(problems, draft)

    def draw_rgb(self, problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
        """Points, the formula's curve and residuals as a picture uint8 [H, W, 3], ``caption`` below."""
        return view.draw_rgb(problems, draft, caption)
