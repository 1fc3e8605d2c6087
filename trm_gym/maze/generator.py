"""Fresh mazes: walls are laid at random, then start and goal are put as far apart as the level asks for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import below, inner, lazy_kernel
from trm_gym.maze._search.field import flood, workspace
from trm_gym.maze._search.invariant import invariant_hash
from trm_gym.maze._search.screen import BITS, DRAWS_AT_ONCE, WIDEST, seek
from trm_gym.maze.layout import GOAL, OPEN, START, WALL
from trm_gym.maze.levels import KINDS, MazeLevel
from trm_gym.maze.solver import solve
from trm_gym.splits import split_index, split_of
from trm_gym.streams import mix
from trm_gym.task import Problems

MAX_DRAWS = 100_000
"""Mazes tried for one key before the level counts as too rare."""

MAX_REDRAWS = 50
"""How often mazes that were met before are drawn anew before a split counts as too small."""

_UNIT = 1 << BITS  # Shares are counted in parts of this: four draws fit into 32 random bits.
_RARE = len(KINDS)  # Walls at random as in KINDS, between which ways as long as the level's are rare.


class Rules(NamedTuple):
    """What the levels ask for, as arrays over the levels; ``MazeLevel`` says what it means.

    kind: int64 [N], index into KINDS, or _RARE. share, steps: int64 [N, 2]; shares in parts of _UNIT.
    """

    kind: NDArray[np.int64]
    share: NDArray[np.int64]
    steps: NDArray[np.int64]


def rules(levels: tuple[MazeLevel, ...], size: int) -> Rules:
    """The ``levels`` of a ``size`` as arrays."""
    rare = [level.kind == "random" and level.steps[0] > 3 * size and size <= WIDEST for level in levels]
    return Rules(
        np.where(rare, _RARE, [KINDS.index(level.kind) for level in levels]),
        np.array([[round(share * _UNIT) for share in level.share] for level in levels]),
        np.array([level.steps for level in levels]),
    )


@inner
def _bits(state):
    """32 random bits, as an int64. Constants handed to ``below`` itself would each compile it anew."""
    return below(state, 1 << 32)


@inner
def _scatter(work, share):
    """Each cell a wall by itself, with a chance of ``share``."""
    word = 0
    for row in range(work.size):
        here = (row + 2) * work.width + 2
        for column in range(work.size):
            word = word >> 8 if column & 3 else _bits(work.state)
            work.field[here + column] = WALL if word & (_UNIT - 1) < share else OPEN


@inner
def _carve(work, top, left, share):
    """A tree of corridors on every second cell from ``top`` and ``left`` (0 or 1) on, from solid wall.

    It grows from its newest cell with a chance of ``share``, else from any that may still have room beside it.
    """
    field, queue, state = work.field, work.queue, work.state
    for row in range(2, work.size + 2):
        for column in range(2, work.size + 2):
            field[row * work.width + column] = WALL
    queue[0] = (top + 2) * work.width + left + 2
    field[queue[0]] = OPEN
    count = 1
    while count:
        place = count - 1
        if _bits(state) & (_UNIT - 1) >= share:
            place = below(state, count)
        here, found, chosen = queue[place], 0, 0
        for way in (-work.width, 1, work.width, -1):
            if field[here + 2 * way] == WALL:
                found += 1
                # The last of k ways with a chance of 1/k: each is as likely as the others.
                if found == 1 or below(state, found) == 0:
                    chosen = way
        if found:
            field[here + chosen] = field[here + 2 * chosen] = OPEN
            queue[count] = here + 2 * chosen
            count += 1
        else:
            count -= 1
            queue[place] = queue[count]


@inner
def _clear(work, top, left, share):
    """Rooms cleared out of the corridors that start at ``top`` and ``left``, and a ``share`` of the walls taken out."""
    down, across = (work.size - top + 1) // 2, (work.size - left + 1) // 2
    for _ in range(1 + down * across // 30):
        word = _bits(work.state)
        tall, wide = 2 + (word & 1), 2 + (word >> 1 & 1)
        row, column = 2 * below(work.state, down - tall + 1), 2 * below(work.state, across - wide + 1)
        corner = (top + 2 + row) * work.width + left + 2 + column
        for line in range(2 * tall - 1):
            for place in range(2 * wide - 1):
                work.field[corner + line * work.width + place] = OPEN
    for row in range(2 * down - 1):
        here = (top + 2 + row) * work.width + left + 2
        for column in range(1 - row % 2, 2 * across - 1, 2):
            if work.field[here + column] == WALL and _bits(work.state) & (_UNIT - 1) < share:
                work.field[here + column] = OPEN


@inner
def _build(work, kind, low, high):
    """Walls of one maze."""
    share = low + below(work.state, high - low + 1)
    if kind == 0:
        _scatter(work, share)
        return
    word = _bits(work.state)
    top, left = word & 1, word >> 1 & 1
    _carve(work, top, left, word >> 24 if kind == 2 else share)
    if kind == 2:
        _clear(work, top, left, share)


@inner
def _any(work):
    """A random open cell, -1 where none was met in many tries."""
    for _ in range(1000):
        cell = (below(work.state, work.size) + 2) * work.width + 2 + below(work.state, work.size)
        if work.field[cell] == OPEN:
            return cell
    return -1


@inner
def _place(work, goal, fewest, most):
    """Start and goal, a shortest path of ``fewest`` to ``most`` steps apart; -1 and -1 where there are none.

    One end is the cell ``goal``; or, where nothing is far enough from it, the cell that is farthest, and so an end of a
    long path (of the longest, in a tree).
    """
    # A variable, not the constant -1, and cells widened as they leave the queue: else ``flood`` compiles once a type.
    nowhere = -work.size
    count = flood(work, goal, nowhere)
    reach = work.steps[work.queue[count - 1]]
    if 2 * reach < fewest:  # No two cells are farther apart than by way of this one.
        return -1, -1
    if reach < fewest:
        goal = np.int64(work.queue[count - 1])
        count = flood(work, goal, nowhere)
    near, far = 0, count
    while near < count and work.steps[work.queue[near]] < fewest:
        near += 1
    while far > near and work.steps[work.queue[far - 1]] > most:
        far -= 1
    if near == far:
        return -1, -1
    start = np.int64(work.queue[near + below(work.state, far - near)])
    if _bits(work.state) & 1:
        return goal, start
    return start, goal


@inner
def _write(work, start, goal, problem):
    """The maze in ``work.field`` as the tokens ``problem`` uint8 [L]."""
    for row in range(work.size):
        here = (row + 2) * work.width + 2
        for column in range(work.size):
            problem[row * work.size + column] = work.field[here + column]
    for cell, token in ((start, START), (goal, GOAL)):
        problem[(cell // work.width - 2) * work.size + cell % work.width - 2] = token


@lazy_kernel
def _make(keys, levels, rules, problem, work):
    """The loop of ``attempt``. Returns the first key whose attempts ran out, or -1."""
    for index in range(len(keys)):
        level = levels[index]
        low, high = rules.share[level]
        fewest, most = rules.steps[level]
        work.state[0] = keys[index]
        start, goal, tries = -1, -1, 0
        while start < 0:
            if tries >= MAX_DRAWS:
                return index
            tries += 1
            if rules.kind[level] == _RARE:
                goal = seek(work, low, high, fewest)
                tries += DRAWS_AT_ONCE - 1
            else:
                _build(work, rules.kind[level], low, high)
                goal = _any(work)
            if goal >= 0:
                start, goal = _place(work, goal, fewest, most)
        _write(work, start, goal, problem[index])
    return -1


def attempt(
    keys: NDArray[np.uint64], chosen: NDArray[np.int64], size: int, known: tuple[MazeLevel, ...]
) -> NDArray[np.uint8]:
    """One maze, uint8 [B, L], of any split for each key, uint64 [B], and level among the ``known``, int64 [B]."""
    problem = np.empty((len(keys), size * size), np.uint8)
    failed = _make(keys, chosen, rules(known, size), problem, workspace(size))
    if failed >= 0:
        raise ValueError(
            f"no maze of level {known[chosen[failed]].name} was found in {MAX_DRAWS:,} attempts at size {size}: "
            "use another level or size"
        )
    return problem


def sample(
    keys: NDArray[np.uint64], chosen: NDArray[np.int64], split: str, size: int, known: tuple[MazeLevel, ...]
) -> Problems:
    """One maze of the split for each key, uint64 [B], and level, int64 [B]; each a function of its key and level."""
    part = split_index(split)
    problem = attempt(keys, chosen, size, known)
    left, tries = np.flatnonzero(split_of(invariant_hash(problem, size)) != part), 0
    while len(left):
        tries += 1
        again = attempt(mix(keys[left], tries), chosen[left], size, known)
        fits = split_of(invariant_hash(again, size)) == part
        problem[left[fits]] = again[fits]
        left = left[~fits]
    solution, _, difficulty = solve(problem, size)
    return Problems(problem, problem == OPEN, solution, chosen.copy(), difficulty)


def distinct(
    keys: NDArray[np.uint64], chosen: NDArray[np.int64], split: str, size: int, known: tuple[MazeLevel, ...]
) -> Problems:
    """As ``sample``, but no two of the mazes are the same under a symmetry, as mazes on small canvases may be.

    Raises ValueError where the split holds too few.
    """
    problems = sample(keys, chosen, split, size, known)
    for tries in range(MAX_REDRAWS):
        firsts = np.unique(invariant_hash(problems.problem, size), return_index=True)[1]
        again = np.delete(np.arange(len(keys)), firsts)
        if not len(again):
            return problems
        problems.put(again, sample(mix(keys[again], -1 - tries), chosen[again], split, size, known))
    name = known[chosen[0]].name
    raise ValueError(
        f"the {split} split at size {size} holds hardly more than {len(firsts)} different mazes of level {name}, and "
        f"{len(keys)} were asked for: ask for fewer, or for a larger size"
    )
