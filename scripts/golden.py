"""Write the hashes of the first problems of every environment and level anew. It generates; it judges nothing.

python scripts/golden.py            to tests/data/golden.json, which the tests compare with

A seed means the same problem on every platform and with every NumPy. So a hash may change only together with a version
number: of an environment (its id), or of the base puzzles that sudokus are drawn from.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agents.common.checks import Checked
from agents.common.cli import main
from agents.common.places import Places, writes
from trm_gym.atomic_io import atomic_write
from trm_gym.dataset import draw
from trm_gym.registration import TASKS, make_task
from trm_gym.splits import SPLITS

GOLDEN = Path(__file__).parent.parent / "tests" / "data" / "golden.json"
COUNT, SEED = 16, 2026


@dataclass(frozen=True)
class Config(Checked):
    """Where to write."""

    path: Path = GOLDEN
    """The file that is written anew."""


def digest(name: str, level: int, split: str) -> str:
    """The SHA-256 of the first problems of a task's level and split: what is shown, what is free, the solution."""
    problems, found = draw(make_task(name), level, split, COUNT, SEED), hashlib.sha256()
    for part in (problems.problem, problems.free, problems.solution):
        found.update(part.tobytes())
    for part in (problems.numbers, problems.truth):
        # Processors differ in the last digits of a sine.
        found.update(part.astype(np.float32).tobytes())
    return found.hexdigest()


def cases(name: str) -> list[tuple[int, str]]:
    """What has a hash: every level of the training split, and the default level of the others.

    Some base puzzles of the smaller splits take a minute to build, and are built by the same code.
    """
    task = make_task(name)
    rest = [(task.default_level, split) for split in SPLITS[1:]]
    return [(level, SPLITS[0]) for level in range(len(task.levels))] + rest


def key(name: str, level: int, split: str) -> str:
    """How a case is called in the file."""
    return f"{make_task(name).levels[level].name}, {split}"


@writes(lambda config: Places(files=[config.path]))
def run(config: Config) -> None:
    hashes = {TASKS[name].env_id: {key(name, *case): digest(name, *case) for case in cases(name)} for name in TASKS}
    atomic_write(config.path, json.dumps(hashes, indent=1) + "\n")
    print(f"{sum(map(len, hashes.values()))} hashes written to {config.path}")


if __name__ == "__main__":
    main(run, Config)
