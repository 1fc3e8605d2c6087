"""A task small enough to check by eye, for tests of everything that is not about one task.

Four blocks of three cells; within a block every cell is the successor of the one before, in the circle
1, 2, 3, 4. The first cell of each block is given ("hard"), or the first two ("easy"): 256 problems a level.
"""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.errors import ProblemError
from trm_gym.splits import SPLITS, split_index
from trm_gym.streams import mix
from trm_gym.structure import CellStructure
from trm_gym.task import BLANK, ImportedProblems, Level, Problems, Task, UserProblem, Verdicts

BLOCKS, WIDTH, TOKENS = 4, 3, 4


@final
class ToyTask(Task):
    """See the module; ``graded=False`` makes it a task without a sound partial score."""

    name = "toy"
    length = BLOCKS * WIDTH
    vocab = TOKENS + 1
    levels = (Level("easy", "one free cell in a block"), Level("hard", "two free cells in a block"))
    default_level = 1
    structure = CellStructure(shape=(BLOCKS, WIDTH), units=(np.arange(BLOCKS * WIDTH) // WIDTH,))

    def __init__(self, graded: bool = True) -> None:
        self.graded = graded

    def generate(self, count: int, level: int, split: str, seed: int) -> Problems:
        keys = mix(seed, np.arange(count), level, split_index(split))
        return self.sample(keys, np.full(count, level), split)

    def sample(self, keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
        assert split in SPLITS
        firsts = mix(keys[:, None], np.arange(BLOCKS)) % np.uint64(TOKENS)
        solution = (firsts.astype(np.int64)[..., None] + np.arange(WIDTH)) % TOKENS + 1
        free = np.arange(WIDTH) >= np.where(levels == 0, 2, 1)[:, None]
        free = np.tile(free, (1, BLOCKS))
        solution = solution.reshape(len(keys), -1).astype(np.uint8)
        return Problems(
            problem=np.where(free, np.uint8(BLANK), solution),
            free=free,
            solution=solution,
            level=levels.copy(),
            difficulty=(free.sum(1) / 8).astype(np.float32),
        )

    def verify(self, problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
        blocks, free = answers.reshape(-1, BLOCKS, WIDTH), problems.free.reshape(-1, BLOCKS, WIDTH)
        right = (blocks[..., :-1] > 0) & (blocks[..., 1:] == blocks[..., :-1] % TOKENS + 1)
        solved = right.all((1, 2)) & (problems.free | (answers == problems.problem)).all(1)
        # A constant may follow a given by chance, never itself: only pairs of free cells count.
        pairs = free[..., :-1] & free[..., 1:]
        share = (right & pairs).sum((1, 2)) / np.maximum(pairs.sum((1, 2)), 1)
        return Verdicts(solved=solved, score=np.where(solved, 1.0, 0.75 * share).astype(np.float32))

    def solve(self, problem: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return self.encode(problem).solution[0]

    def encode(self, problem: UserProblem) -> Problems:
        text = list(problem) if isinstance(problem, str) else np.asarray(problem).ravel().tolist()
        tokens = np.array([int(token) for token in text], dtype=np.uint8)
        if tokens.shape != (self.length,) or tokens.max() > TOKENS or (tokens[::WIDTH] == BLANK).any():
            raise ProblemError(f"a toy is {self.length} digits 0..{TOKENS}, the first of each block not 0: {problem!r}")
        solution = ((tokens[::WIDTH, None].astype(np.int64) - 1 + np.arange(WIDTH)) % TOKENS + 1).ravel()
        if (solution != tokens)[tokens != BLANK].any():
            raise ProblemError(f"the toy {problem!r} has no solution: a given does not follow the one before")
        return Problems(
            problem=tokens[None],
            free=(tokens == BLANK)[None],
            solution=solution.astype(np.uint8)[None],
            level=np.array([-1]),
            difficulty=np.array([(tokens == BLANK).sum() / 8], dtype=np.float32),
        )

    def read_file(self, path) -> ImportedProblems:
        raise ProblemError("toys have no files")

    def decode(self, tokens: NDArray[np.uint8]) -> str:
        return "".join(str(token) for token in tokens.tolist())

    def draw_ansi(self, problems: Problems, draft: NDArray[np.uint8]) -> str:
        return " ".join(self.decode(block) for block in draft.reshape(-1, BLOCKS, WIDTH)[-1])

    def draw_rgb(self, problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
        grey = np.repeat(np.repeat(draft.reshape(-1, BLOCKS, WIDTH)[-1] * np.uint8(60), 8, 0), 8, 1)
        return np.repeat(grey[..., None], 3, 2)
