"""A task of numbers, small enough to check by eye: two of them are shown, and the answer says how large they are.

Each number lies in the middle of 0..1, 1..2, 2..3 or 3..4, and its cell should hold 1, 2, 3 or 4. Where the second is
not the larger, its cell does not matter, and nothing is known of it.
"""

from __future__ import annotations

from typing import final

import gymnasium
import numpy as np
from gymnasium.spaces import Box, MultiBinary
from numpy.typing import NDArray

from trm_gym.errors import ProblemError
from trm_gym.splits import split_index
from trm_gym.streams import mix
from trm_gym.structure import CellStructure
from trm_gym.task import BLANK, ImportedProblems, Level, Problems, Task, UserProblem, Verdicts

TOKENS = 4


@final
class ToyNumbers(Task):
    """See the module; ``size`` is only there to be in the name."""

    length, vocab = 2, TOKENS + 1
    numbers, truth = 2, 2
    levels = (Level("any", "any two numbers"),)
    default_level = 0
    structure = CellStructure(shape=(1, 2))
    graded = False

    def __init__(self, size: int = 64) -> None:
        self.name = "toynumbers" if size == 64 else f"toynumbers{size}"

    def shown_space(self) -> dict[str, gymnasium.Space]:
        return {"points": Box(0, TOKENS, (2,), np.float32), "mask": MultiBinary(2)}

    def shown(self, problems: Problems, index: NDArray[np.int64] | slice) -> dict[str, NDArray]:
        points = problems.numbers[index].astype(np.float32)
        return {"points": points, "mask": np.ones(points.shape, np.int8)}

    def _problems(self, numbers: NDArray[np.float64], level: int) -> Problems:
        counts = len(numbers)
        sizes = np.floor(numbers) + 1
        sizes[:, 1] *= sizes[:, 1] > sizes[:, 0]
        return Problems(
            problem=np.zeros((counts, 2), np.uint8),
            free=np.ones((counts, 2), np.bool_),
            solution=sizes.astype(np.uint8),
            level=np.full(counts, level),
            difficulty=np.zeros(counts, np.float32),
            numbers=numbers,
            truth=sizes,
        )

    def generate(self, count: int, level: int, split: str, seed: int) -> Problems:
        return self.sample(mix(seed, np.arange(count), level, split_index(split)), np.full(count, level), split)

    def sample(self, keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
        return self._problems((mix(keys[:, None], np.arange(2)) % np.uint64(TOKENS)).astype(np.float64) + 0.5, 0)

    def corrupt(self, problems: Problems, keys: NDArray[np.uint64]) -> NDArray[np.uint8]:
        spoilt = np.maximum(problems.solution, 1)
        spoilt[:, 0] = spoilt[:, 0] % TOKENS + 1
        return spoilt

    def fault(self, problems: Problems) -> str:
        if wrong := super().fault(problems):
            return wrong
        outside = (problems.truth < 0) | (problems.truth > TOKENS)
        return (
            f"truth of {self.name} is from 0 to {TOKENS}, this one {problems.truth.tolist()}" if outside.any() else ""
        )

    def verify(self, problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
        solved = ((answers == problems.truth) | (problems.truth == 0)).all(1)
        return Verdicts(solved, solved.astype(np.float32))

    def solve(self, problem: NDArray[np.uint8]) -> NDArray[np.uint8]:
        raise ProblemError("tokens alone say nothing of the numbers")

    def encode(self, problem: UserProblem) -> Problems:
        try:
            numbers = np.array(str(problem).split(), np.float64)[None]
        except ValueError:
            numbers = np.zeros((1, 0))
        if numbers.shape != (1, 2) or not ((numbers >= 0) & (numbers < TOKENS)).all():
            raise ProblemError(f"a problem of {self.name} is two numbers from 0 to below {TOKENS}, not {problem!r}")
        return self._problems(numbers, -1)

    def read_file(self, path) -> ImportedProblems:
        raise ProblemError("numbers have no files")

    def decode(self, tokens: NDArray[np.uint8]) -> str:
        return "".join("." if token == BLANK else str(token) for token in tokens.tolist())

    def problem_text(self, problems: Problems) -> str:
        return " ".join(map(str, problems.numbers[0].tolist()))

    @property
    def letters(self) -> str:
        return "\n .0123456789"

    def draw_ansi(self, problems: Problems, draft: NDArray[np.uint8]) -> str:
        return f"{self.problem_text(problems)}: {self.decode(np.atleast_2d(draft)[-1])}"

    def draw_rgb(self, problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
        return np.full((16, 16, 3), 50 * np.atleast_2d(draft)[-1, 0], np.uint8)
