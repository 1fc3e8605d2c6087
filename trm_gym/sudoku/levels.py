"""The difficulty settings of each size, from easy to hard: by number of givens, and by the technique needed."""

from __future__ import annotations

from dataclasses import dataclass

from trm_gym.task import Level

TECHNIQUES = ("naked", "hidden", "locked_or_pairs", "search")
"""What a problem needs at most: naked singles, hidden singles, locked candidates and pairs, trial and error."""


@dataclass(frozen=True)
class SudokuLevel(Level):
    """A level of ``clues`` (fewest, most) givens; of problems that need exactly ``technique``, unless it is None;
    with ``minimal``, of problems that lose uniqueness with any given. ``bases``: how many base puzzles it has, fewer
    where they are slow to find. ``exchanges``: how often givens are exchanged for others where that makes it harder.
    """

    clues: tuple[int, int]
    technique: str | None = None
    minimal: bool = False
    bases: int = 2048
    exchanges: int = 0


_NEEDS = {
    "naked": "solved by naked singles alone",
    "hidden": "solved by singles, hidden ones among them",
    "locked_or_pairs": "minimal, needs locked candidates or pairs beyond singles",
    "search": "minimal, needs trial and error beyond singles, locked candidates and pairs",
}


def _clues(fewest: int, most: int | None = None, bases: int = 2048) -> SudokuLevel:
    most = most or fewest
    span = str(fewest) if fewest == most else f"{fewest}-{most}"
    return SudokuLevel(f"clues{span}", f"{span} givens", (fewest, most), bases=bases)


def _technique(name: str, fewest: int, most: int, bases: int = 1024) -> SudokuLevel:
    # Beyond singles only minimal problems: elsewhere such problems are too rare to look for.
    minimal = name in ("locked_or_pairs", "search")
    return SudokuLevel(name, f"{_NEEDS[name]}; {fewest}-{most} givens", (fewest, most), name, minimal, bases)


def _minimal(fewest: int, most: int) -> SudokuLevel:
    return SudokuLevel("minimal", f"no given can go; {fewest}-{most} givens", (fewest, most), minimal=True, bases=1024)


def _hard(fewest: int, most: int, exchanges: int) -> SudokuLevel:
    description = f"{_NEEDS['search']}, of {exchanges} tries to exchange givens the hardest; {fewest}-{most} givens"
    return SudokuLevel("hard", description, (fewest, most), "search", True, 512, exchanges)


LEVELS: dict[int, tuple[SudokuLevel, ...]] = {
    # No techniques at 4: naked singles solve every unique problem of that size.
    4: (_clues(10, 12), _clues(6, 8), _clues(4, 5)),
    6: (
        _clues(20),
        _clues(13),
        _technique("naked", 10, 13),
        _clues(12),
        _clues(11),
        _clues(10),
        _clues(8, 10),
        _minimal(8, 12),
        _clues(9, bases=1024),
        _technique("hidden", 8, 11),
        _clues(8, bases=128),
        _technique("locked_or_pairs", 8, 12, bases=128),
        _technique("search", 8, 12, bases=512),
    ),
    9: (
        _clues(60),
        _clues(45),
        _technique("naked", 32, 40),
        _clues(36),
        _clues(30),
        _technique("hidden", 26, 32),
        _clues(26),
        _clues(24, bases=1024),
        _minimal(22, 26),
        _technique("locked_or_pairs", 22, 27, bases=512),
        _technique("search", 22, 27, bases=512),
        _hard(20, 27, exchanges=64),
    ),
}
"""The levels of every size."""

RENAMED_LEVELS = {"more": "locked_or_pairs"}
"""What levels were called before. The old names work in this version, with a warning."""

DEFAULT_LEVEL = {4: "clues6-8", 6: "clues12", 9: "clues30"}
"""The name of every size's default level."""
