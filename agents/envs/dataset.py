"""The graded runs that halting is played on, by the name of a checkpoint: a short door to the store of datasets."""

from __future__ import annotations

import dataclasses
import functools
import os
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from agents.checkpoint import Checkpoint, digest, load_checkpoint, rollout_store
from agents.common.acceleration import AccelerationConfig
from agents.halting.restarts import NOISE
from agents.rollouts.dataset import DatasetConfig, RolloutDataset
from agents.rollouts.unroll import BATCH
from trm_gym import make_task
from trm_gym.reward import Price
from trm_gym.splits import split_index

PROBLEMS = 2_000
"""Problems in a dataset to play on, where no number is given: a minute of running them, more or less."""
IN_MEMORY = 4
"""Datasets kept in memory, so that environments of one process share theirs."""
ACCELERATION = AccelerationConfig(bfloat16="off")
"""What halting heads see stays in float32."""


@dataclass(frozen=True)
class _Source:
    """A network with its task, equal to any other of the same content."""

    digest: str
    checkpoint: Checkpoint = field(compare=False, repr=False)


def load_dataset(
    checkpoint: str | os.PathLike[str],
    level: str | int | None = None,
    split: str = "train",
    problems: int = PROBLEMS,
    max_steps: int = 16,
    price: float = 0.1,
    task: str | None = None,
    size: int | None = None,
    cache: str | os.PathLike[str] | None = None,
    seed: int = 0,
    starts: int = 1,
    forms: bool = False,
) -> RolloutDataset:
    """Problems of a level, run once by a checkpoint's network, every draft graded: from memory, from disk, or made now.

    checkpoint: a folder, or the name of a shipped one; task, size: see ``load_checkpoint``. level: index or name, the
    task's default where none is given; a level with fewer problems gives all it has. problems: how many; about how
    long they will take is said on the standard error. price: lambda, that of the whole budget. cache: the folder in
    which it is kept on disk (about 5 kB a problem); None keeps it in memory alone. seed: decides which problems of
    the split are drawn. starts: of every problem; all but the first are noisy, or with ``forms`` each is another form
    of it. Raises CheckpointError, and ValueError for unknown levels and splits, and for forms that there are not.
    """
    config = DatasetConfig(problems=problems, max_steps=max_steps, seed=seed)
    if starts != 1 or forms:
        config = dataclasses.replace(
            config, branches=starts, branching="forms" if forms else "restarts", noise=None if forms else NOISE
        )
    step_cost = Price(price, max_steps).step_cost
    split_index(split)
    source = load_checkpoint(checkpoint, task, size)
    made_for = make_task(source.task)
    place = made_for.default_level if level is None else made_for.level_index(level)
    config.forms(made_for)
    found = _load(_Source(digest(source), source), place, split, config, None if cache is None else Path(cache))
    return dataclasses.replace(found, step_cost=step_cost)


@functools.lru_cache(maxsize=IN_MEMORY)
def _load(source: _Source, level: int, split: str, config: DatasetConfig, cache: Path | None) -> RolloutDataset:
    task = make_task(source.checkpoint.task)
    title = f"running {config.problems:,} problems of {task.name}, level {task.levels[level].name}, to play on"
    store = rollout_store(
        source.checkpoint, cache, ACCELERATION, min(BATCH, config.problems), title, Console(stderr=True)
    )
    return store.load_or_collect([level], config, split, shuffle=False)
