"""Base puzzles, built once from the suite's own seed and kept on disk: ``sample`` draws symmetric copies of them.

Those of first resets (training, each size's default level) come with the package, the same as they would be built: so
nobody who starts out waits for the compilation of the search that builds them. So do those that are slow to find.
"""

from __future__ import annotations

import functools
import logging
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.kept_arrays import Arrays, cache_folder, read_arrays, write_arrays
from trm_gym.short_repr import short_repr
from trm_gym.splits import SPLITS, split_index, split_of
from trm_gym.sudoku._search.classes import classes_4x4
from trm_gym.sudoku.generator import generate, split_hash
from trm_gym.sudoku.geometry import geometry
from trm_gym.sudoku.levels import DEFAULT_LEVEL, LEVELS, RENAMED_LEVELS, SudokuLevel
from trm_gym.sudoku.solver import difficulty
from trm_gym.sudoku.symmetry import pack

_SEED = 20_260_214
_VERSION = 2  # To be raised with any change to what the generator or the rating makes of a seed.

SHIPPED_PUZZLES = Path(__file__).parent / "shipped"
"""Where the base puzzles lie that come with the package."""

_FILED_AS = {new: old for old, new in RENAMED_LEVELS.items()}
"""Files are called after the name that a level had when they were first written."""

_log = logging.getLogger(__name__)


@short_repr
class BasePuzzles(NamedTuple):
    """N base puzzles of one level and split: packed uint8 [N, L] (see ``symmetry.pack``), difficulty float32 [N]."""

    packed: NDArray[np.uint8]
    difficulty: NDArray[np.float32]


@functools.cache
def base_puzzles(size: int, level: int, split: str) -> BasePuzzles:
    """The base puzzles of a level (by index) and split: from memory, else from disk, else built and written to disk."""
    split_index(split)
    count = None if size == 4 else LEVELS[size][level].bases
    for folder in (SHIPPED_PUZZLES, cache_folder()):
        stored = _read(folder / _file(size, level, split), size, count)
        if stored is not None:
            return stored
    began = time.perf_counter()
    built = build_base_puzzles(size, level, split)
    path = cache_folder() / _file(size, level, split)
    _log.info("built %d problems for %s in %.1f s", len(built.packed), path.stem, time.perf_counter() - began)
    write_arrays(path, built._asdict())
    return built


def build_base_puzzles(size: int, level: int, split: str) -> BasePuzzles:
    """The base puzzles of a level (by index) and split, made afresh; of size 4, every class of problems in it."""
    spec = LEVELS[size][level]
    if size == 4:
        return _classes(spec, split)
    made = generate(size, spec, level, spec.bases, split, _SEED)
    return BasePuzzles(pack(made.problem, made.solution), made.difficulty)


def ship() -> None:
    """Write anew the base puzzles that come with the package; to be called whenever ``_VERSION`` is raised."""
    for size, default in DEFAULT_LEVEL.items():
        for level, spec in enumerate(LEVELS[size]):
            for split in SPLITS if spec.exchanges else SPLITS[:1] if spec.name == default else ():
                built = build_base_puzzles(size, level, split)
                write_arrays(SHIPPED_PUZZLES / _file(size, level, split), built._asdict())


def _file(size: int, level: int, split: str) -> str:
    name = LEVELS[size][level].name
    return f"sudoku{size}x{size}-{_FILED_AS.get(name, name)}-{split}-{_VERSION}.npz"


def _classes(spec: SudokuLevel, split: str) -> BasePuzzles:
    """Every class of a 4x4 level in a split."""
    board = geometry(4)
    problem, solution = classes_4x4()
    clues = (problem > 0).sum(axis=1)
    mine = (clues >= spec.clues[0]) & (clues <= spec.clues[1])
    mine &= split_of(split_hash(problem, solution, board)) == split_index(split)
    return BasePuzzles(pack(problem[mine], solution[mine]), difficulty(problem[mine], board))


def _read(path: Path, size: int, count: int | None) -> BasePuzzles | None:
    """``count`` base puzzles (None: any number) from ``path``; None where there is none, or no sound one."""

    def sound(stored: Arrays) -> bool:
        packed, difficulty = stored["packed"], stored["difficulty"]
        many = difficulty.size if count is None else count
        right = packed.shape == (many, size * size) and difficulty.shape == (many,)
        return right and packed.dtype == np.uint8 and difficulty.dtype == np.float32

    stored = read_arrays(path, BasePuzzles._fields, sound)
    return None if stored is None else BasePuzzles(**stored)
