"""Fresh problems: drawn, written, and drawn again until they are valid and of the split; then solved."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.draws import Draws, Keyed, Listed
from trm_gym.algebra._search.invariant import invariant_hash
from trm_gym.algebra._search.pieces import write_problems
from trm_gym.algebra._search.rational import WIDTH
from trm_gym.algebra._search.reading import Reading, read
from trm_gym.algebra.layout import LENGTH, WRITTEN
from trm_gym.algebra.levels import LEVELS
from trm_gym.algebra.solver import difficulty, solve
from trm_gym.splits import check_held, split_index, split_of
from trm_gym.streams import mix
from trm_gym.task import Problems
from trm_gym.written.signs import as_text, free_cells

MAX_DRAWS = 2000
"""Draws after which a key counts as hopeless: with nine in ten of another split and half invalid, one in 10**44."""

_AHEAD = 64  # draws of one key that cost hardly more than one
_AT_ONCE = 256  # draws of all keys that cost hardly more than one


class _Drawn(NamedTuple):
    """B problems uint8 [B, WRITTEN] as drawn, what they say, and which of them are valid and of the split, bool [B]."""

    written: NDArray[np.uint8]
    reading: Reading
    good: NDArray[np.bool_]


def _drawn(level: int, draws: Draws, part: int) -> _Drawn:
    """Problems of a level, good where they are valid and of split ``part``."""
    pieces, valid = LEVELS[level].family(draws)
    written, fits = write_problems(pieces)
    reading = read(written)
    mine = split_of(invariant_hash(reading)) == part
    return _Drawn(written, reading, fits & valid & (reading.kinds > 0) & mine)


def sample(keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
    """One problem per key, a pure function of it. keys: uint64 [B], well mixed. levels: int64 [B].

    Raises RuntimeError for a level and split in which nothing is found.
    """
    part, count = split_index(split), len(keys)
    written = np.empty((count, WRITTEN), np.uint8)
    reading = Reading(np.empty(count, np.int64), np.empty((count, 4, WIDTH), np.int64))
    for level in np.flatnonzero(np.bincount(levels, minlength=1)).tolist():
        left, tried = np.flatnonzero(levels == level), 0
        while len(left):
            if tried >= MAX_DRAWS:
                raise RuntimeError(f"no problem of level {LEVELS[level].name} and split {split} in {tried} draws")
            # Many draws at a time for the last few keys; the first good one counts, as if there had been one at a time.
            ahead = max(1, min(_AHEAD, _AT_ONCE // len(left)))
            drawn = _drawn(level, Keyed(mix(keys[left, None], np.arange(tried, tried + ahead)).ravel()), part)
            good = drawn.good.reshape(-1, ahead)
            done = good.any(axis=1)
            first = (np.arange(len(left)) * ahead + good.argmax(axis=1))[done]
            written[left[done]] = drawn.written[first]
            for whole, some in zip(reading, drawn.reading, strict=True):
                whole[left[done]] = some[first]
            left, tried = left[~done], tried + ahead
    return _solved(written, reading, levels.copy())


def _solved(written: NDArray[np.uint8], reading: Reading, levels: NDArray[np.int64]) -> Problems:
    """Problems uint8 [B, WRITTEN], which have been read, with their solutions."""
    solutions, found, _ = solve(written, reading)
    if (found < 0).any():
        text = as_text(written[found < 0][0])
        raise RuntimeError(f"the generator made {text!r}, which has no answer: a fault of its family of problems")
    problems = np.zeros_like(solutions)
    problems[:, :WRITTEN] = written
    return Problems(problems, free_cells(len(written), WRITTEN, LENGTH), solutions, levels, difficulty(solutions))


@functools.cache
def listed(level: int, split: str) -> NDArray[np.uint8]:
    """Every problem of a level that can be listed, in a split: uint8 [n, WRITTEN], all different."""
    first = Listed(np.zeros(1, np.int64))
    LEVELS[level].family(first)
    drawn = _drawn(level, Listed(np.arange(first.size)), split_index(split))
    return np.unique(drawn.written[drawn.good], axis=0)


def split_size(level: int, split: str) -> int | None:
    """How many different problems a level has in a split; None where they cannot be listed."""
    return len(listed(level, split)) if LEVELS[level].listed else None


def generate(count: int, level: int, split: str, seed: int) -> Problems:
    """``count`` problems of ``level``; problem i depends on (seed, i, level, split) alone, except that those of a level
    that can be listed are all different. Raises ValueError where it holds fewer than ``count``.
    """
    part = split_index(split)
    if not LEVELS[level].listed:
        return sample(mix(seed, np.arange(count), level, part), np.full(count, level), split)
    every = listed(level, split)
    check_held(count, len(every), split, "algebra", LEVELS[level].name)
    order = np.argsort(mix(seed, np.arange(len(every)), level, part))[:count]
    return _solved(every[order], read(every[order]), np.full(count, level))
