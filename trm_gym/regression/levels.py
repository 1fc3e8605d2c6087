"""The difficulty settings: by length, variables, constants, noise and range."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trm_gym.task import Level

RANGES = (
    (-1.0, 1.0),
    (0.0, 2.0),
    (-2.0, 2.0),
    (0.1, 4.0),
    (1.0, 5.0),
    (-5.0, 5.0),
    (-10.0, 10.0),
    (0.1, 10.0),
)
"""Between which numbers all variables of a problem lie."""

USUAL = (0, 1, 2, 3, 4, 5)
WIDE = (6, 7)
"""Which of RANGES problems are shown on, and those of the level ``wide``."""


@dataclass(frozen=True)
class RegressionLevel(Level):
    """A level of some of the base formulas.

    parts: which of PARTS they are of. noise: its standard deviation, in standard deviations of y. ranges: which of
    RANGES.
    """

    parts: tuple[str, ...] = field(repr=False)
    noise: float = 0.0
    ranges: tuple[int, ...] = field(default=USUAL, repr=False)


@dataclass(frozen=True)
class Family:
    """Base formulas that are made together.

    variables: how many they have, one or more where that is 2. parts: their names, each with its number of nodes
    (fewest, most). draws: how many formulas are drawn of each number of nodes, by that; those of fewer nodes are gone
    through, every one. constants: whether each has some.
    """

    variables: int
    parts: dict[str, tuple[int, int]]
    draws: dict[int, int]
    constants: bool = False

    @property
    def most(self) -> int:
        """How many nodes a formula has at most."""
        return max(most for _, most in self.parts.values())


FAMILIES = (
    Family(
        2,
        {"nodes3": (1, 3), "nodes5": (4, 5), "nodes7": (6, 7), "nodes9": (8, 9)},
        {6: 200_000, 7: 300_000, 8: 300_000, 9: 400_000},
    ),
    Family(3, {"three_variables": (5, 9)}, {5: 60_000, 6: 80_000, 7: 150_000, 8: 150_000, 9: 250_000}),
    Family(2, {"constants": (3, 9)}, {5: 60_000, 6: 120_000, 7: 200_000, 8: 250_000, 9: 300_000}, constants=True),
)
PARTS = {part: family for family in FAMILIES for part in family.parts}
"""The family of each part."""


def _plain(name: str, span: str, *parts: str, **settings: Any) -> RegressionLevel:
    return RegressionLevel(name, f"one or two variables, {span}", parts, **settings)


_SHORT = ("nodes3", "nodes5", "nodes7")

LEVELS = (
    _plain("nodes3", "up to 3 nodes", "nodes3"),
    _plain("nodes5", "4 or 5 nodes", "nodes5"),
    _plain("nodes7", "6 or 7 nodes", "nodes7"),
    _plain("nodes9", "8 or 9 nodes", "nodes9"),
    RegressionLevel("three_variables", "three variables, 5 to 9 nodes", ("three_variables",)),
    RegressionLevel("constants", "one or two variables, one to three constants, 3 to 9 nodes", ("constants",)),
    _plain("noise1", "up to 7 nodes, noise of 0.01 standard deviations on y", *_SHORT, noise=0.01),
    _plain("noise10", "up to 7 nodes, noise of 0.1 standard deviations on y", *_SHORT, noise=0.1),
    _plain("wide", "up to 7 nodes, variables up to 10", *_SHORT, ranges=WIDE),
)
DEFAULT_LEVEL = "nodes5"
