"""Problems from base formulas: for each key a formula, names of its variables, constants, a range, points, noise."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import below, inner, lazy_kernel
from trm_gym.regression._search.fitted_forms import TYPICAL
from trm_gym.regression._search.renaming import rename
from trm_gym.regression._search.values import LARGEST, STEEPEST, STEEPEST_FITTED, is_telling
from trm_gym.regression.base_formulas import level_formulas, nodes_of
from trm_gym.regression.layout import LENGTH, SLOTS
from trm_gym.regression.levels import LEVELS, RANGES
from trm_gym.regression.operations import COS, NAN, SIN
from trm_gym.regression.points import PRESENT, ROW, TARGET, USUAL_LEAST
from trm_gym.regression.programs import (
    CONSTANTS,
    FIRST_VARIABLE,
    FITTED,
    INPUTS,
    LAST_VARIABLE,
    read_draft,
    read_numbers,
    run_draft,
    to_programs,
)
from trm_gym.splits import check_held, split_index
from trm_gym.streams import mix
from trm_gym.task import Problems

_TRIES = 8
"""Ranges and constants that are tried for a formula which tells nothing at the points drawn."""
_ROUNDS = 16
"""Times that points are drawn anew where a formula has no value."""
_UNIT = 2.0**-32
SMALLEST_CONSTANT, LARGEST_CONSTANT = 0.1, 5.0
"""Between which sizes the constants of a formula are drawn; half of them are negative."""


@inner
def _share(state):
    """A random number in [0, 1)."""
    return below(state, 1 << 32) * _UNIT


@inner
def _fill(state, low, high, even, count, columns, start):
    """Draw points ``start`` to ``count`` between two numbers; where ``even``, the first variable in equal steps."""
    for at in range(start, count):
        for variable in range(INPUTS):
            columns[variable, at] = low + (high - low) * _share(state)
        if even:
            columns[0, at] = min(high, low + (high - low) * at / (count - 1))


@inner
def _blot(drafts, index, used, rows, count, steepest):
    """Take the value, in row SLOTS, from points at which a sine or cosine is taken of more than ``steepest``."""
    for slot in range(SLOTS):
        if used[slot] and SIN <= drafts[index, SLOTS + slot] <= COS:
            for at in range(count):
                if not -steepest <= rows[slot, at] <= steepest:
                    rows[SLOTS, at] = NAN


@inner
def _weed(columns, values, count):
    """Move the points that have a value, float64 [>= count], to the front. Returns how many have one."""
    kept = 0
    for at in range(count):
        if -LARGEST <= values[at] <= LARGEST:
            for variable in range(INPUTS):
                columns[variable, kept] = columns[variable, at]
            values[kept] = values[at]
            kept += 1
    return kept


@inner
def _pick(state, allowed, count):
    """One of the bits that are set in ``allowed``, of ``count``."""
    left = 0
    for place in range(count):
        left += allowed >> place & 1
    left = below(state, left)
    for place in range(count):
        if allowed >> place & 1:
            if left == 0:
                return place
            left -= 1
    return 0


@inner
def _settle(state, drafts, index, used, constants, literals, typical):
    """Draw the constants of a formula, into ``constants`` and into ``literals`` by slot; the typical ones, if so.

    Returns how many there are.
    """
    count = 0
    for slot in range(SLOTS):
        if used[slot] and drafts[index, slot] == FITTED:
            value = TYPICAL[count]
            if not typical:
                value = SMALLEST_CONSTANT + (LARGEST_CONSTANT - SMALLEST_CONSTANT) * _share(state)
                if below(state, 2):
                    value = -value
            constants[index, count], literals[slot] = value, value
            count += 1
    return count


@inner
def _place(state, allowed, variables, size, ranges, drafts, index, used, constants, literals, columns, rows):
    """Draw ``size`` points on one of the ranges ``allowed``, and constants; row SLOTS of ``rows`` gets the values.

    Returns how many there are, fewer where the formula has no value almost everywhere.
    """
    count = 0
    for tries in range(_TRIES):
        fitted = _settle(state, drafts, index, used, constants, literals, tries == _TRIES - 1)
        which = _pick(state, allowed, len(ranges))
        count, even = 0, variables == 1 and below(state, 3) == 0
        for _ in range(_ROUNDS):
            _fill(state, ranges[which, 0], ranges[which, 1], even, size, columns, count)
            run_draft(drafts, index, used, literals, columns, rows, size)
            _blot(drafts, index, used, rows, size, STEEPEST_FITTED if fitted else STEEPEST)
            count, even = _weed(columns, rows[SLOTS], size), False
            # Where half of the points have no value, others may suit a formula better: another range or constants.
            if count == size or (2 * count < size and tries < _TRIES - 1):
                break
        if count == size and is_telling(rows[SLOTS], 0, count):
            break
    return count


@inner
def _noisy(state, values, count, noise):
    """Add normal noise of ``noise`` standard deviations of the values."""
    mean, square = 0.0, 0.0
    for at in range(count):
        mean += values[at] / count
    for at in range(count):
        square += (values[at] - mean) * (values[at] - mean) / count
    scale = noise * math.sqrt(square)
    for at in range(count):
        radius = math.sqrt(-2.0 * math.log(1.0 - _share(state)))
        values[at] += scale * radius * math.cos(2.0 * math.pi * _share(state))


@inner
def _name(state, variables, names):
    """Draw other names for the variables."""
    for place in range(INPUTS):
        names[place] = place
    for place in range(variables - 1, 0, -1):
        other = below(state, place + 1)
        kept = names[place]
        names[place] = names[other]
        names[other] = kept


@lazy_kernel
def _draw(keys, drafts, allowed, noise, constants, ranges, numbers, names, used, literals, columns, rows, state):
    room = numbers.shape[1] // ROW
    fewest = min(room, USUAL_LEAST)
    for index in range(len(keys)):
        state[0] = keys[index]
        variables = 0
        for slot in range(SLOTS):
            if FIRST_VARIABLE <= drafts[index, slot] <= LAST_VARIABLE:
                variables = max(variables, drafts[index, slot] - FIRST_VARIABLE + 1)
        _name(state, variables, names)
        rename(drafts, index, names)
        read_draft(drafts, index, used)
        read_numbers(drafts, index, used, constants, literals)
        size, bits = fewest + below(state, room - fewest + 1), allowed[index]
        count = _place(state, bits, variables, size, ranges, drafts, index, used, constants, literals, columns, rows)
        if noise[index] > 0.0:
            _noisy(state, rows[SLOTS], count, noise[index])
        for at in range(count):
            for variable in range(variables):
                numbers[index, at * ROW + variable] = columns[variable, at]
            numbers[index, at * ROW + TARGET] = rows[SLOTS, at]
            numbers[index, at * ROW + PRESENT] = 1.0


def _problems(
    keys: NDArray[np.uint64], rows: NDArray[np.int64], levels: NDArray[np.int64], split: str, points: int
) -> Problems:
    """Base formulas ``rows`` int64 [B] of ``levels`` int64 [B], each at points drawn by its key."""
    count = len(keys)
    drafts, allowed = np.empty((count, LENGTH), np.uint8), np.empty(count, np.int64)
    noise = np.array([level.noise for level in LEVELS])[levels]
    for level in np.flatnonzero(np.bincount(levels, minlength=len(LEVELS))):
        mine, base = levels == level, level_formulas(LEVELS[level], split)
        drafts[mine], allowed[mine] = base.drafts[rows[mine]], base.shown[rows[mine]]
    constants, numbers = np.ones((count, CONSTANTS)), np.zeros((count, points * ROW))
    room = np.empty(INPUTS, np.int64), np.empty(SLOTS, np.bool_), np.empty(SLOTS)
    room += np.empty((INPUTS, points)), np.empty((2 * SLOTS, points)), np.empty(1, np.uint64)
    _draw(keys, drafts, allowed, noise, constants, np.array(RANGES), numbers, *room)
    blank, free = np.zeros_like(drafts), np.ones(drafts.shape, np.bool_)
    difficulty = nodes_of(drafts).astype(np.float32)
    truth = to_programs(drafts, constants)
    return Problems(blank, free, drafts, levels.astype(np.int64), difficulty, numbers=numbers, truth=truth)


def sample(keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str, points: int) -> Problems:
    """One problem of at most ``points`` for each key, uint64 [B], well mixed, and level, int64 [B]."""
    held = np.array([split_size(level, split) if (levels == level).any() else 1 for level in range(len(LEVELS))])
    rows = (mix(keys, 0) % held[levels].astype(np.uint64)).astype(np.int64)
    return _problems(mix(keys, 1), rows, levels, split, points)


def generate(count: int, level: int, split: str, seed: int, points: int, task: str) -> Problems:
    """``count`` problems of a level, no two of the same base formula. Raises ValueError where it has fewer."""
    held = split_size(level, split)
    check_held(count, held, split, task, LEVELS[level].name)
    part = split_index(split)
    rows = np.argsort(mix(seed, np.arange(held), level, part, 0), kind="stable")[:count]
    return _problems(mix(seed, np.arange(count), level, part, 1), rows, np.full(count, level), split, points)


def split_size(level: int, split: str) -> int:
    """How many base formulas a level has in a split."""
    return len(level_formulas(LEVELS[level], split).shown)
