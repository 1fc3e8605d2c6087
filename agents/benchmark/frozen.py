"""What a version of the benchmark is made of: problem sets, each a network, a level and a budget, all of them hashed.

A version is a JSON file in ``versions/``. It holds no weights and no problems, only their hashes: networks are those
that come with the package, and problems are made again from level, split and seed. Where either is no longer what it
was, the version is refused by name, so that figures of two versions never stand in one table.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from agents.checkpoint import Checkpoint, load_checkpoint
from agents.common.tensor_file import CheckpointError
from agents.rollouts.dataset import PART
from agents.rollouts.unroll import draw
from agents.trm import TRMConfig
from trm_gym import make_task
from trm_gym.short_repr import short
from trm_gym.task import Problems

VERSIONS = Path(__file__).parent / "versions"
NEWEST = "v1"
HASH_DIGITS = 16


@final
@dataclass(frozen=True)
class ProblemSet:
    """Test problems of one level, and the network that refines them."""

    name: str
    """As tables call it."""
    checkpoint: str
    """A network that comes with the package."""
    level: str
    size: int | None = None
    """Another size of the network's task."""
    max_steps: int = 16
    """The budget."""
    starts: int = 1
    """Starts of every problem; with more than one, a policy may start afresh."""
    network: str = ""
    """A hash of task, shape and weights (``network_digest``)."""
    parts: tuple[str, ...] = ()
    """A hash of each 64 test problems, in their order."""
    fixed: tuple[int, ...] = ()
    """The best fixed number of steps for each price, chosen on validation problems."""

    @property
    def problems(self) -> int:
        """Test problems."""
        return PART * len(self.parts)

    @property
    def restarts(self) -> bool:
        """Whether a policy may start afresh."""
        return self.starts > 1


@final
@dataclass(frozen=True)
class Version:
    """All that makes two runs of the benchmark comparable."""

    name: str
    prices: tuple[float, ...]
    """Of the whole budget (lambda)."""
    seed: int
    """Of the first 64 problems of each split; those after them have the seeds after it."""
    sets: tuple[ProblemSet, ...]

    def track(self, restarts: bool) -> tuple[ProblemSet, ...]:
        """The problem sets of policies of two acts, or of three."""
        return tuple(one for one in self.sets if one.restarts == restarts)


def network_digest(checkpoint: Checkpoint) -> str:
    """A hash of all that decides what a network does: task, weights, and what of its shape is not as by default.

    An option that a later package adds, and that is off by default, leaves it as it is.
    """
    shape, usual = (dataclasses.asdict(config) for config in (checkpoint.model.config, TRMConfig()))
    chosen = {name: value for name, value in shape.items() if value != usual[name]}
    found = hashlib.sha256(json.dumps([checkpoint.task, chosen], sort_keys=True).encode())
    for name, value in sorted(checkpoint.model.state_dict().items()):
        found.update(f"{name}{tuple(value.shape)}{value.dtype}".encode() + value.contiguous().numpy().tobytes())
    return found.hexdigest()[:HASH_DIGITS]


def problem_digest(problems: Problems) -> str:
    """A hash of what is shown, what is free and a solution of each.

    Numbers that are shown beside tokens (the points of a function) are left out: they follow from the solution, and
    their last digits may differ between machines.
    """
    found = hashlib.sha256()
    for values in (problems.problem, problems.free, problems.solution, problems.level):
        found.update(f"{values.shape}{values.dtype}".encode() + np.ascontiguousarray(values).tobytes())
    return found.hexdigest()[:HASH_DIGITS]


def part_digest(one: ProblemSet, seed: int, place: int) -> str:
    """The hash of the ``place``-th 64 test problems of a set."""
    task = make_task(load_checkpoint(one.checkpoint, size=one.size).task)
    return problem_digest(draw(task, [task.level_index(one.level)], PART, "test", seed + place))


def check(version: Version, one: ProblemSet, problems: int) -> Checkpoint:
    """The network of a set, once it and the first ``problems`` are those of the version. Raises ValueError."""
    found = load_checkpoint(one.checkpoint, size=one.size)
    if (now := network_digest(found)) != one.network:
        raise ValueError(
            f"version {version.name} of the benchmark is played on another network {one.checkpoint}: expected the hash "
            f"{one.network}, this package has {now}. {_advice(version)}"
        )
    for place, expected in enumerate(one.parts[: -(-problems // PART)]):
        if (made := part_digest(one, version.seed, place)) != expected:
            raise ValueError(
                f"version {version.name} of the benchmark has other problems in {one.name}, {place * PART + 1} to "
                f"{(place + 1) * PART}: expected the hash {expected}, this package makes {made}. {_advice(version)}"
            )
    return found


def _advice(version: Version) -> str:
    others = [name for name in names() if name != version.name]
    newer = f"play version {others[-1]}, or " if others else ""
    return f"To compare with its table, {newer}install the package of that version"


def names() -> list[str]:
    """The versions that this package knows, oldest first."""
    return sorted((path.stem for path in VERSIONS.glob("v*.json")), key=lambda name: (len(name), name))


def load_version(place: str) -> Version:
    """The version of a name, or of a JSON file. Raises ValueError, naming it, where it is none."""
    path = Path(place) if place.endswith(".json") else VERSIONS / f"{place}.json"
    if not path.is_file():
        raise ValueError(f"unknown version {short(place)} of the benchmark: choose one of {', '.join(names())}")
    try:
        return _version(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CheckpointError(
            f"{path} is no version of the benchmark ({error}): take it anew from the package"
        ) from error


def _version(found: Mapping[str, Any]) -> Version:
    sets = [ProblemSet(**{**one, "parts": tuple(one["parts"]), "fixed": tuple(one["fixed"])}) for one in found["sets"]]
    version = Version(found["name"], tuple(map(float, found["prices"])), int(found["seed"]), tuple(sets))
    for one in version.sets:
        if len(one.fixed) != len(version.prices) or not one.parts or not one.network:
            raise ValueError(f"the problem set {short(one.name)} is not frozen")
    return version


def as_json(version: Version) -> str:
    """What ``load_version`` reads."""
    return json.dumps(dataclasses.asdict(version), indent=1) + "\n"
