"""Fresh problems: one for each key, written anew until it is of its level and split."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from trm_gym.arithmetic._search.expression import FINE, compute, read, workspace
from trm_gym.arithmetic._search.invariant import program_hash
from trm_gym.arithmetic._search.items import ROOM, SCRATCH, spell
from trm_gym.arithmetic._search.writers import WRITERS
from trm_gym.arithmetic.layout import ANSWER_BOUND, LENGTH, OPEN, WRITTEN
from trm_gym.arithmetic.levels import BROKEN, LEVELS, SHAPES, TREE, WHOLE
from trm_gym.arithmetic.solver import solve
from trm_gym.jit import inner, lazy_kernel
from trm_gym.splits import check_held, split_index, split_of
from trm_gym.streams import mix
from trm_gym.task import Problems
from trm_gym.written.signs import free_cells

MAX_DRAWS = 1000
"""How often a key is written anew before the generator gives up; nine tries in ten meet another split at worst."""


AT_ONCE = 64
"""How many tries are made together at least: as many as take about as long as the call itself."""


@lazy_kernel
def _check(items, counts, shape, problem, hashes, fits, work):
    """The loop of ``written``, after the writing: spells out, hashes, and says whether it is a problem of the level."""
    for index in range(len(items)):
        row = problem[index]
        brackets = shape[0] != TREE
        for place in range(counts[index]):
            brackets |= items[index, place] == -OPEN
        fits[index] = False
        if brackets and spell(items[index], counts[index], row) and read(row, work):
            hashes[index] = program_hash(work)
            if compute(work) == FINE:
                fits[index] = _ends(work.values[0, 0], work.values[0, 1], shape[8])


@inner
def _ends(numerator, denominator, ending):
    """Whether a problem comes to what its level's problems come to."""
    small = abs(numerator) < ANSWER_BOUND and denominator < ANSWER_BOUND
    return small and ending != (BROKEN if denominator == 1 else WHOLE)


def written(words: NDArray[np.uint64], level: int, split: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """One try for each word: problems uint8 [B, L], and which of them are of the level and split, bool [B]."""
    count, shape = len(words), SHAPES[level]
    items, counts = np.empty((count, ROOM), np.int64), np.empty(count, np.int64)
    WRITERS[LEVELS[level].kind](words, shape, items, counts, np.zeros(1, np.uint64), np.empty(SCRATCH, np.int64))
    problem, hashes, fits = np.zeros((count, LENGTH), np.uint8), np.empty(count, np.uint64), np.empty(count, np.bool_)
    _check(items, counts, shape, problem, hashes, fits, workspace())
    return problem, fits & (split_of(hashes) == split)


def sample(keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
    """One problem for each key uint64 [B] of the level int64 [B] beside it, a pure function of key, level and split.

    Raises ValueError where a level has next to no problems in the split.
    """
    part, problem = split_index(split), np.empty((len(keys), LENGTH), np.uint8)
    for level in np.flatnonzero(np.bincount(levels, minlength=len(LEVELS))):
        missing, tries = np.flatnonzero(levels == level), 0
        while len(missing):
            if tries == MAX_DRAWS:
                name = LEVELS[level].name
                raise ValueError(f"no problem of level {name} in the {split} split in {MAX_DRAWS} draws: use another")
            # The first try that fits counts, so several at once change nothing but the time that few keys take.
            width = min(MAX_DRAWS - tries, 1 + AT_ONCE // len(missing))
            words = mix(keys[missing][:, None], np.arange(tries, tries + width))
            made, fits = written(words.ravel(), int(level), part)
            fits = fits.reshape(len(missing), width)
            found, first = fits.any(axis=1), fits.argmax(axis=1)
            problem[missing[found]] = made.reshape(len(missing), width, LENGTH)[found, first[found]]
            missing, tries = missing[~found], tries + width
    return finished(problem, levels)


def finished(problem: NDArray[np.uint8], levels: NDArray[np.int64]) -> Problems:
    """Problems uint8 [B, L] of known levels int64 [B], with their solutions and difficulties."""
    solution, difficulty, _ = solve(problem)
    return Problems(problem, free_cells(len(problem), WRITTEN, LENGTH), solution, levels.astype(np.int64), difficulty)


@functools.cache
def numbered(level: int, split: str) -> NDArray[np.uint64]:
    """The numbers of all problems that a level of numbered problems has in a split, uint64 [n]."""
    numbers = np.arange(LEVELS[level].size, dtype=np.uint64)
    return numbers[written(numbers, level, split_index(split))[1]]


def split_size(level: int, split: str) -> int | None:
    """How many different problems a level has in a split; None where they are not numbered."""
    return len(numbered(level, split)) if LEVELS[level].size else None


def generate(count: int, level: int, split: str, seed: int) -> Problems:
    """``count`` problems of ``level``; problem i depends on (seed, i, level, split) alone.

    Those of a level of numbered problems are distinct, in an order that the seed decides. Raises ValueError where
    there are fewer than ``count``.
    """
    part = split_index(split)
    if not LEVELS[level].size:
        return sample(mix(seed, np.arange(count), level, part), np.full(count, level), split)
    held = numbered(level, split)
    check_held(count, len(held), split, "arithmetic", LEVELS[level].name)
    chosen = held[np.argsort(mix(seed, np.arange(len(held)), level, part))[:count]]
    return finished(written(chosen, level, part)[0], np.full(count, level))
