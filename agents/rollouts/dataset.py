"""Datasets of graded runs: what heads learn from, what halting environments play on, what rules are measured on.

A network that stays as it is runs every problem once, to the end of the budget, with every draft graded. One store
keeps them on disk, by a hash of all that decides what is in them.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from jaxtyping import Int
from torch import Tensor

from agents.common.checks import at_least_one
from agents.common.signals import pause
from agents.common.state_form import restoring
from agents.common.tensor_file import CheckpointError, load_tensors, save_tensors
from agents.rollouts.collect import pass_over, run_branches
from agents.rollouts.groups import SEEDS, BranchesConfig, group_index
from agents.rollouts.step import Network
from agents.rollouts.unroll import BATCH, OF_STEPS, Unroll, draw
from trm_gym.short_repr import short_repr
from trm_gym.splits import SPLITS, split_index
from trm_gym.task import Problems, Task
from trm_gym.vector import RefinementVectorEnv

FORMAT = 2
"""To be raised with any change to what an unroll holds for a network and a problem."""
MOST_DRAFTS = 10**8
"""Drafts in a dataset; more would fit no memory."""
CHUNK = 64
"""Problems that are run between two draws of a seed."""
PART = 64
"""Problems that ``in_parts`` runs and keeps at a time."""
DTYPES = {"solved": torch.bool, "level": torch.int64}
"""Types of an unroll's fields; of the others, float32."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DatasetConfig(BranchesConfig):
    """Which problems are run, and how, for heads to learn from."""

    problems: int = 5000
    """Problems (P), in equal parts of every level. Of a finite level there are no more than it has."""
    fresh: bool = True
    """Whether every problem is made anew. Otherwise problems are drawn as environments draw them: augmentations of some
    hundred base problems, which a network that sees through them has met again and again."""
    seed: int = 0
    """Decides problems and branches."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems")
        if self.problems * self.branches * self.max_steps > MOST_DRAFTS:
            raise ValueError(
                f"{self.problems:,} problems with {self.branches:,} branches of {self.max_steps:,} steps are too many: "
                f"{MOST_DRAFTS:,} drafts in all are the most"
            )


@short_repr
class Groups(NamedTuple):
    """Whole groups of a dataset that are run together, apart from all others, and the random stream as it is there."""

    problems: Problems
    config: DatasetConfig
    rng: np.random.Generator


Spread = Callable[[Sequence[Groups], Mapping[str, Any]], Sequence[Unroll]]
"""Runs groups elsewhere, by the numerics given; what comes of each, in their order."""


@final
@short_repr
@dataclass(frozen=True)
class RolloutDataset:
    """Graded runs of P problems, G branches each: the branches of a problem stand one after another."""

    unroll: Unroll
    branches: int
    """G."""
    step_cost: float
    """What a step costs; see trm_gym.reward.Price."""

    def __len__(self) -> int:
        """P."""
        return len(self.unroll) // self.branches

    def part(self, index: int, size: int) -> RolloutDataset:
        """The ``index``-th part of so many groups; after the last it starts again."""
        return self.take((torch.arange(size) + index * size) % len(self))

    def take(self, groups: Int[Tensor, " m"]) -> RolloutDataset:
        """The groups at these places."""
        return dataclasses.replace(self, unroll=self.unroll[group_index(groups, self.branches)])

    @staticmethod
    def concatenate(parts: Sequence[RolloutDataset]) -> RolloutDataset:
        """One dataset out of several of the same budget, branches and step cost."""
        return dataclasses.replace(parts[0], unroll=Unroll.concatenate([part.unroll for part in parts]))


def collect_dataset(
    network: Network,
    task: Task,
    levels: Sequence[int],
    config: DatasetConfig,
    split: str = SPLITS[0],
    shuffle: bool = True,
    batch: int = BATCH,
    spread: Callable[[Sequence[Groups]], Sequence[Unroll]] | None = None,
) -> RolloutDataset:
    """Run problems of ``levels`` to the end of the budget.

    shuffle: put them into random order, for learners that take one part after another; otherwise they stand level after
    level. batch: problems that the network takes at a time. spread: runs the groups, in place of this process.
    """
    rng = np.random.default_rng(config.seed)
    problems = (_fresh if config.fresh else _of_environments)(task, levels, config, split, shuffle, rng)
    if spread is None:
        parts = [run_branches(network, task, some, config, rng, batch=batch).unroll for some in problems]
    else:
        parts = spread(_apart(network, problems, config, rng))
    return RolloutDataset(Unroll.concatenate(parts), config.branches, config.step_cost)


def _apart(
    network: Network, problems: Iterator[Problems], config: DatasetConfig, rng: np.random.Generator
) -> list[Groups]:
    """The groups with the random streams that they would have one after another."""
    found = []
    for some in problems:
        found.append(Groups(some, config, copy.deepcopy(rng)))
        pass_over(network, config, rng)
    return found


def _fresh(
    task: Task, levels: Sequence[int], config: DatasetConfig, split: str, shuffle: bool, rng: np.random.Generator
) -> Iterator[Problems]:
    """Every problem made anew."""
    problems = draw(task, levels, config.problems, split, config.seed)
    order = rng.permutation(len(problems)) if shuffle else np.arange(len(problems))
    for first in range(0, len(order), CHUNK):
        yield problems[order[first : first + CHUNK]]


def _of_environments(
    task: Task, levels: Sequence[int], config: DatasetConfig, split: str, shuffle: bool, rng: np.random.Generator
) -> Iterator[Problems]:
    """Problems as an environment draws them."""
    order = np.resize(np.asarray(levels), config.problems)
    order = rng.permutation(order) if shuffle else np.sort(order)
    for first in range(0, len(order), CHUNK):
        some = order[first : first + CHUNK]
        envs = RefinementVectorEnv(len(some), task, split=split, autoreset_mode=AutoresetMode.DISABLED)
        envs.reset(seed=rng.integers(SEEDS, size=len(some)).tolist(), options={"levels": some})
        yield envs.problems[np.arange(len(some))]


@final
class RolloutStore:
    """The datasets of one network on one task, in a folder: collected when first asked for, read ever after.

    folder: None keeps nothing. digest: a hash of all that decides what the network does. speed_up: called before a
    dataset is collected, with the number of passes of a batch through the network that it will take; what it gives
    back, the numerics, is noted beside the dataset. chosen: what was chosen of them; other choices, other datasets.
    spread: runs whole groups elsewhere.
    """

    def __init__(
        self,
        folder: Path | None,
        network: Network,
        digest: str,
        task: Task,
        speed_up: Callable[[int], Mapping[str, Any]] = lambda passes: {},
        batch: int = BATCH,
        chosen: Mapping[str, Any] | None = None,
        spread: Spread | None = None,
    ) -> None:
        self._folder, self._network, self._digest, self._task = folder, network, digest, task
        self._speed_up, self._batch, self._chosen, self._spread = speed_up, batch, dict(chosen or {}), spread

    def load_or_collect(
        self, levels: Sequence[int], config: DatasetConfig, split: str = SPLITS[0], shuffle: bool = True
    ) -> RolloutDataset:
        """The dataset of these settings, see ``collect_dataset``. A file that is damaged is made anew, with a warning.

        The price is not among what decides: it changes what steps cost, and no draft. Raises ValueError.
        """
        split_index(split)
        settings = self._settings(levels, config, split, shuffle)
        key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
        name = f"{self._task.name}-{'+'.join(settings['levels'])[:60]}-{split}-{key}.safetensors"
        path = None if self._folder is None else self._folder / name
        if path is not None and path.exists():
            try:
                return RolloutDataset(_read(path, settings), config.branches, config.step_cost)
            except CheckpointError as error:
                _log.warning("%s; it is made anew", error)
        numerics = self._speed_up(-(-config.problems * config.branches // self._batch) * config.max_steps)
        began = time.perf_counter()
        elsewhere = self._spread
        spread = None if elsewhere is None else lambda groups: elsewhere(groups, numerics)
        made = collect_dataset(self._network, self._task, levels, config, split, shuffle, self._batch, spread)
        _log.info("ran %d problems for %d steps in %.1f s", len(made), config.max_steps, time.perf_counter() - began)
        if path is not None:
            save_tensors(path, vars(made.unroll), settings | {"numerics": dict(numerics)})
            pause()
        return made

    def in_parts(self, levels: Sequence[int], config: DatasetConfig, split: str) -> RolloutDataset:
        """As ``load_or_collect``, in parts of PART problems with a seed each, level after level in each of them.

        Each part is kept, so that an interrupted run goes on where it was. Fewer problems are the first of more.
        """
        parts = []
        for first in range(0, config.problems, PART):
            part = dataclasses.replace(
                config, problems=min(PART, config.problems - first), seed=config.seed + first // PART
            )
            parts.append(self.load_or_collect(levels, part, split, shuffle=False))
        return RolloutDataset.concatenate(parts)

    def _settings(self, levels: Sequence[int], config: DatasetConfig, split: str, shuffle: bool) -> dict[str, Any]:
        """All that decides what is in a dataset, as JSON gives it back."""
        decisive = {name: value for name, value in vars(config).items() if name != "price"} | {
            "noise": config.deviation
        }
        names = [self._task.levels[level].name for level in levels]
        where = {"format": FORMAT, "network": self._digest, "task": self._task.name, "levels": names, "split": split}
        return where | {"shuffle": shuffle} | decisive | ({"chosen": self._chosen} if self._chosen else {})


def _read(path: Path, settings: Mapping[str, Any]) -> Unroll:
    """What stands in a file of the store. Raises CheckpointError where it is no such dataset."""
    tensors, note = load_tensors(path)
    if {name: value for name, value in note.items() if name != "numerics"} != settings:
        raise CheckpointError(f"{path} holds another dataset")
    most = settings["problems"] * settings["branches"]
    with restoring(path):
        runs = len(tensors["level"].flatten())
        if not 0 < runs <= most or runs % settings["branches"]:
            raise ValueError(f"it holds {runs} runs, and should hold at most {most}")
        return read_unroll(tensors, runs, settings["max_steps"])


def read_unroll(tensors: Mapping[str, Tensor], runs: int, max_steps: int) -> Unroll:
    """An unroll of so many runs out of its parts. Raises ValueError where they are none of that size."""
    if names := {field.name for field in dataclasses.fields(Unroll)} ^ tensors.keys():
        raise ValueError(f"it lacks, or should not have, {', '.join(sorted(names))}")
    for name, values in tensors.items():
        shape = (runs, max_steps) if name in OF_STEPS else (runs,)
        extra = 1 if name == "features" else 0
        if values.shape[: values.ndim - extra] != shape or values.dtype is not DTYPES.get(name, torch.float32):
            raise ValueError(f"{name} is {values.dtype} of shape {tuple(values.shape)}")
    return Unroll(**tensors)
