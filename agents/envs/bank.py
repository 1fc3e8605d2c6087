"""Banks: many problems run once to the end of the budget by a network that stays as it is, every draft graded.

Whatever learns to stop then needs no network any more: a step of an episode is a look at the next row.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import logging
import os
import reprlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from agents.checkpoint import Checkpoint, digest, load_checkpoint
from agents.common.acceleration import AccelerationConfig, accelerate, solving_pass
from agents.common.tensor_file import CheckpointError, load_tensors, save_tensors
from agents.rollouts.unroll import BATCH, Unroll, draw, unroll
from trm_gym import make_task
from trm_gym.splits import split_index

FORMAT = 1
"""To be raised with any change to what an unroll holds for a network and a problem."""
LARGEST = 10**8
"""Drafts in a bank; more would fit no memory."""
SHARED = 4
"""Banks kept in memory, so that environments of one process share theirs."""

ACCELERATION = AccelerationConfig(bfloat16="off")
"""What halting heads see stays in float32."""

_log = logging.getLogger(__name__)


class Bank(NamedTuple):
    """The graded runs, and how many seconds it took to make them (when they were made)."""

    unroll: Unroll
    seconds: float


@dataclass(frozen=True)
class BankConfig:
    """Which problems a bank holds."""

    level: str | int | None = None
    """Index or name; None for the task's default."""
    split: str = "train"
    """What its problems are for: train, validation or test."""
    problems: int = 20_000
    """How many; a level with fewer gives all it has."""
    max_steps: int = 16
    """The budget of steps."""
    seed: int = 0
    """Decides which problems of the split are drawn."""

    def __post_init__(self) -> None:
        for name in ("problems", "max_steps"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise ValueError(f"{name} must be a whole number from 1 up, not {reprlib.repr(number)}")
        if self.problems * self.max_steps > LARGEST:
            raise ValueError(
                f"a bank of {self.problems:,} problems of {self.max_steps:,} steps is too large: {LARGEST:,} drafts in "
                "all are the most"
            )
        split_index(self.split)


@dataclass(frozen=True)
class _Source:
    """A network with its task, equal to any other of the same content."""

    digest: str
    checkpoint: Checkpoint = field(compare=False, repr=False)


def load_bank(
    checkpoint: str | os.PathLike[str],
    config: BankConfig,
    task: str | None = None,
    size: int | None = None,
    cache: str | os.PathLike[str] | None = None,
) -> Bank:
    """The bank of a checkpoint (a folder or a shipped name): from memory, else from disk, else made now.

    task, size: see ``load_checkpoint``. cache: the folder in which it is kept on disk (about 5 kB a problem); None
    keeps it in memory alone. Raises CheckpointError, and ValueError for unknown levels.
    """
    source = load_checkpoint(checkpoint, task, size)
    made_for = make_task(source.task)
    level = made_for.default_level if config.level is None else made_for.level_index(config.level)
    named = dataclasses.replace(config, level=made_for.levels[level].name)
    return _bank(_Source(digest(source), source), named, None if cache is None else Path(cache))


@functools.lru_cache(maxsize=SHARED)
def _bank(source: _Source, config: BankConfig, cache: Path | None) -> Bank:
    settings = {"format": FORMAT, "network": source.digest, **dataclasses.asdict(config)}
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    name = f"{source.checkpoint.task}-{config.level}-{config.split}-{key}.safetensors"
    path = None if cache is None else cache / name
    if path is not None and path.exists():
        try:
            return _read(path, settings)
        except (CheckpointError, TypeError) as error:
            _log.warning("making the bank %s anew: %s", path, error)
    speed_up(source.checkpoint, config)
    bank = build_bank(source.checkpoint, config)
    _log.info("ran %d problems for %s steps in %.1f s", len(bank.unroll), config.max_steps, bank.seconds)
    if path is not None:
        save_tensors(path, vars(bank.unroll), {"settings": settings, "seconds": bank.seconds})
    return bank


def speed_up(checkpoint: Checkpoint, config: BankConfig) -> None:
    """Use what makes the network fast here, where the bank takes long enough for it to pay."""
    model, length = checkpoint.model, make_task(checkpoint.task).length
    passes = -(-config.problems // BATCH) * config.max_steps
    accelerate(model, solving_pass(model, length, min(BATCH, config.problems)), passes, ACCELERATION)


def build_bank(checkpoint: Checkpoint, config: BankConfig) -> Bank:
    """The bank of a checkpoint, made afresh."""
    task = make_task(checkpoint.task)
    level = task.default_level if config.level is None else task.level_index(config.level)
    began = time.perf_counter()
    problems = draw(task, [level], config.problems, config.split, config.seed)
    graded = unroll(checkpoint.model, task, problems, config.max_steps)
    return Bank(graded, time.perf_counter() - began)


def _read(path: Path, settings: Mapping[str, Any]) -> Bank:
    """What was kept on disk. Raises CheckpointError or TypeError where it is no such bank."""
    tensors: dict[str, Tensor]
    tensors, note = load_tensors(path)
    if note.get("settings") != settings:
        raise CheckpointError(f"{path} holds a bank of other settings")
    return Bank(Unroll(**tensors), float(note["seconds"]))
