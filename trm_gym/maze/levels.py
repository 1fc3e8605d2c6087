"""The difficulty settings of each size: by how walls are laid, and by the length of the shortest path."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from trm_gym.maze.layout import LARGEST
from trm_gym.task import Level

KINDS = ("random", "perfect", "rooms")
"""How walls are laid: each cell by itself; a tree of corridors, one way between any two cells; such a tree with rooms
cleared and walls taken out, so that there are loops."""


@dataclass(frozen=True)
class MazeLevel(Level):
    """A level of one of KINDS whose shortest path has ``steps`` (fewest, most).

    share, drawn for each maze between its two numbers: of the cells that are wall (random), of the times that a
    corridor is driven on from its newest cell, not from one at random (perfect), or of the walls between corridors
    that are taken out (rooms).
    """

    kind: str
    share: tuple[float, float]
    steps: tuple[int, int]


_LATTICE = 9  # Below it there are so few trees of corridors that three splits would hold a handful each.
_HARD = 16  # Below it one maze in ten thousand or fewer has so long a path.


@functools.cache
def levels(size: int) -> tuple[MazeLevel, ...]:
    """The levels of a canvas of ``size``, from easy to hard; the one in the middle is the default."""
    scattered, corridors = "walls at random", "corridors without loops"
    short, middling = 7 * size // 10, 14 * size // 10
    scatter = [
        _level("near", f"{scattered}, goal near", "random", (0.15, 0.35), 2, short),
        _level("random", scattered, "random", (0.25, 0.4), short + 1, middling),
        _level("far", f"{scattered}, goal far", "random", (0.32, 0.42), middling + 1),
    ]
    if size < _LATTICE:
        return tuple(scatter)
    near, random, far = scatter
    rooms = _level("rooms", "rooms and corridors with loops", "rooms", (0.05, 0.3), 8 * size // 10)
    perfect = _level("perfect", corridors, "perfect", (0.0, 1.0), size)
    # A corridor that fills the canvas grows with its area; this asks for half of that and more.
    long = _level("long", "long winding corridors", "perfect", (0.9, 1.0), size * (140 + 18 * size) // 100)
    # The rule of Maze-Hard (Wang et al., "Hierarchical Reasoning Model", 2025): more than 110 steps at size 30.
    hard = _level("hard", f"{scattered}, goal very far", "random", (0.34, 0.41), 110 * size // 30 + 1)
    return near, rooms, random, perfect, far, *([hard] if size >= _HARD else []), long


def _level(
    name: str, laid: str, kind: str, share: tuple[float, float], fewest: int, most: int | None = None
) -> MazeLevel:
    """A level whose shortest path has ``fewest`` to ``most`` (None: any number of) steps."""
    span = f"{fewest}-{most} steps" if most else f"{fewest} steps or more"
    return MazeLevel(name, f"{laid}; {span}", kind, share, (fewest, most or LARGEST**2))
