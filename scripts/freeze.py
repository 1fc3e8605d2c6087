"""Freeze a version of the benchmark: hash its networks and problems, and choose its best fixed numbers of steps.

python scripts/freeze.py                  write agents/benchmark/versions/v1.json anew, before it is published
python scripts/freeze.py --name v2        a new version: after a change of a network, a generator or a problem set

Rows of one version are not comparable with those of another: play them anew (``runs/benchmark.sh``).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agents.benchmark.frozen import NEWEST, VERSIONS, ProblemSet, Version, as_json, network_digest, part_digest
from agents.benchmark.playable import PlayableSet
from agents.checkpoint import load_checkpoint
from agents.common.checks import Checked, above_zero, at_least_one
from agents.common.cli import main
from agents.common.places import Places, writes
from trm_gym.atomic_io import atomic_write

SETS = (
    ProblemSet("sudoku-easy", "sudoku9x9", "clues30"),
    ProblemSet("sudoku-hard", "sudoku9x9", "hard"),
    ProblemSet("maze-easy", "maze11x11", "perfect"),
    ProblemSet("maze-hard", "maze11x11", "hard", size=19),
    ProblemSet("algebra-easy", "algebra", "long_shift"),
    ProblemSet("algebra-hard", "algebra", "scale"),
    ProblemSet("formulas-easy", "regression", "nodes7"),
    ProblemSet("formulas-hard", "regression", "constants"),
    ProblemSet("sudoku-restarts", "sudoku9x9", "hard", max_steps=64, starts=4),
    ProblemSet("maze-restarts", "maze11x11", "hard", size=19, max_steps=64, starts=4),
)
"""Each task at a level that its network mostly solves, and at one where much is never solved."""


@dataclass(frozen=True)
class Config(Checked):
    """Write a version of the benchmark."""

    name: str = NEWEST
    """The version."""
    prices: tuple[float, ...] = (0.1, 0.3, 0.6)
    """Prices of thinking (of the whole budget)."""
    parts: int = 6
    """Sixty-fours of test problems in a set."""
    restart_parts: int = 2
    """The same in a set on which policies may start afresh, where a problem takes sixteen times as long."""
    seed: int = 2026
    """Of the problems."""
    folder: Path = VERSIONS
    """Folder for the version's file."""
    rollouts: Path | None = Path("runs", "benchmark", "rollouts")
    """Where the networks' runs are kept; those of the benchmark's own script."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "parts", "restart_parts")
        above_zero(self, "prices")
        if not self.prices or not self.name.startswith("v"):
            raise ValueError("name one price or more, and a version as v1, v2, ...")


def hashed(one: ProblemSet, config: Config) -> ProblemSet:
    """A set with the hashes of its network and problems."""
    network = network_digest(load_checkpoint(one.checkpoint, size=one.size))
    count = config.restart_parts if one.restarts else config.parts
    parts = tuple(part_digest(one, config.seed, place) for place in range(count))
    return dataclasses.replace(one, network=network, parts=parts)


def best_fixed(version: Version, one: ProblemSet, rollouts: Path | None) -> tuple[int, ...]:
    """The number of steps of highest return on validation problems, for each price."""
    runs = PlayableSet(version, one, 1, rollouts).runs("validation").unroll
    solved, steps = runs.solved.numpy()[:: one.starts].mean(0), np.arange(1, runs.max_steps + 1)
    return tuple(int((solved - price * steps / runs.max_steps).argmax()) + 1 for price in version.prices)


@writes(lambda config: Places([config.folder, config.rollouts]))
def run(config: Config) -> None:
    """Hash, run the validation problems, write."""
    version = Version(config.name, config.prices, config.seed, tuple(hashed(one, config) for one in SETS))
    sets = [dataclasses.replace(one, fixed=best_fixed(version, one, config.rollouts)) for one in version.sets]
    place = config.folder / f"{config.name}.json"
    print(atomic_write(place, as_json(dataclasses.replace(version, sets=tuple(sets)))))


if __name__ == "__main__":
    main(run, Config)
