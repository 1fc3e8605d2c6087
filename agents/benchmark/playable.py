"""A problem set made ready to play: its network, and graded runs that are kept in a folder."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from rich.console import Console

from agents.benchmark.frozen import ProblemSet, Version, check
from agents.checkpoint import Checkpoint, rollout_store
from agents.common.acceleration import AccelerationConfig
from agents.envs.acts import observation_names, observation_space
from agents.evaluation.restarts import StartsBank, clairvoyant
from agents.halting import outcomes
from agents.halting.restarts import NOISE
from agents.halting.rules import ScoreThreshold
from agents.rollouts.dataset import DatasetConfig, RolloutDataset
from agents.rollouts.unroll import BATCH
from trm_gym import make_task

STEADY = AccelerationConfig(compile="off", bfloat16="off")
"""What differs least between machines."""
COUNTS = {"validation": 256, "train": 256}
"""Problems that are given to choose settings on, and to learn from, where no other number is asked for."""
COUNTS_OF_STARTS = {"validation": 128, "train": 128}
"""The same where every problem is run from several starts."""


@final
@dataclass(frozen=True)
class Shown:
    """What a policy is made for: all of a problem set but its test problems."""

    name: str
    checkpoint: str
    level: str
    max_steps: int
    """The budget."""
    starts: int
    """Starts of a problem; with more than one, 2 starts afresh."""
    observation_names: tuple[str, ...]
    """A name for each entry of what an act sees."""
    runs: Callable[..., RolloutDataset]
    """``PlayableSet.runs``: graded runs to learn from ("train") and to choose settings on ("validation")."""


@final
class PlayableSet:
    """A problem set that policies play. Raises ValueError where the set is no longer that of its version.

    set: the problem set, with name, level, budget and starts. problems: test problems that are played. folder: where
    graded runs are kept.
    """

    def __init__(self, version: Version, one: ProblemSet, problems: int, folder: Path | None) -> None:
        self.version, self.set, self.problems = version, one, min(problems, one.problems)
        self.checkpoint: Checkpoint = check(version, one, self.problems)
        self._folder = folder

    @functools.cached_property
    def shown(self) -> Shown:
        """What a person's policy is given."""
        one, restarts = self.set, self.set.restarts
        names = observation_names(observation_space(self.test.unroll, restarts), restarts)
        return Shown(one.name, one.checkpoint, one.level, one.max_steps, one.starts, names, self.runs)

    def runs(self, split: str, problems: int = 0) -> RolloutDataset:
        """Graded runs of ``train`` or ``validation`` problems, to learn from and to choose settings on.

        problems: how many; 0 stands for the usual number. Raises ValueError for the test split, which is measured.
        """
        usual = COUNTS_OF_STARTS if self.set.restarts else COUNTS
        if split not in usual:
            raise ValueError(f"a policy learns on train and validation problems, not on {split!r}: name one of the two")
        return self._runs(split, problems or usual[split])

    @functools.cached_property
    def test(self) -> RolloutDataset:
        """Graded runs of the test problems."""
        return self._runs("test", self.problems)

    def fixed_returns(self, price: float) -> outcomes.Floats:
        """Every problem's return at the version's best fixed number of steps from the first start, [n]."""
        steps = np.full(self.problems, self.set.fixed[self.version.prices.index(price)])
        return outcomes.returns(self._first_start, steps, price)

    def bound_returns(self, price: float) -> outcomes.Floats:
        """Those of whoever knows every verdict: the quickest way to a right draft, and one step where there is none."""
        if self.set.restarts:
            return clairvoyant(self.bank("test")).returns(price, self.set.max_steps)
        return outcomes.returns(self._first_start, outcomes.oracle_steps(self._first_start), price)

    def bank(self, split: str) -> StartsBank:
        """Runs from several starts, whose drafts the network's own halt logit judges, as the environment has it."""
        return StartsBank(self.test if split == "test" else self.runs(split), ScoreThreshold("q", math.inf))

    @property
    def _first_start(self) -> outcomes.Bools:
        return self.test.unroll.solved.numpy()[:: self.set.starts]

    def _runs(self, split: str, problems: int) -> RolloutDataset:
        one, task = self.set, make_task(self.checkpoint.task)
        title = f"{one.name}, 64 {split} problems"
        store = rollout_store(self.checkpoint, self._folder, STEADY, BATCH, title, Console(stderr=True))
        config = DatasetConfig(problems=problems, max_steps=one.max_steps, seed=self.version.seed)
        if one.restarts:
            starts = {"branches": one.starts, "branching": "restarts", "noise": NOISE}
            config = DatasetConfig(**{**vars(config), **starts})
        return store.in_parts([task.level_index(one.level)], config, split)
