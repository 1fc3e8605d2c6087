"""Every halting rule and learner on the same test problems: networks x halting seeds x levels, by one protocol.

``python scripts/compare.py --preset sudoku6x6`` pretrains networks (or takes ``--checkpoints``), runs
problems once per network, teaches every learner's head on it, and stops all rules on the same test drafts. Settings
are chosen on validation problems. Every run is a folder that is never done twice: start it again to go
on, or with more learners, seeds or levels to add to it. Raw results stand in outcomes.npz and steps.npz.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import torch
from rich.console import Console

from agents.checkpoint import Checkpoint, digest, load_checkpoint, rollout_store, save_checkpoint
from agents.common.acceleration import AccelerationConfig
from agents.common.checks import at_least_one
from agents.common.cli import main, save_config
from agents.common.cluster import Cluster, machines
from agents.common.console import Countdown
from agents.common.places import Places, writes
from agents.common.same_numerics import same_numerics
from agents.common.signals import TimeLimit
from agents.evaluation.comparison import compare, merged
from agents.evaluation.evaluate import write, write_levels
from agents.evaluation.protocol import EvaluationConfig, RuleSteps, TestOutcomes
from agents.evaluation.run_store import (
    CachedRun,
    load_outcomes,
    load_rule_steps,
    rules_of,
    save_head,
    save_tested,
)
from agents.evaluation.spread import spread_over
from agents.halting.registry import LEARNER
from agents.learners.config import LearnerConfig
from agents.learners.registry import LEARNERS, check_learners, train_head
from agents.pretraining.config import PretrainConfig, describe
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.run import pretrain
from agents.rollouts.dataset import DatasetConfig, RolloutDataset
from agents.rollouts.unroll import Unroll
from trm_gym import make_task

PLAIN = "plain"
"""Stands for all rules that need no head."""
MIX = "+"
"""Joins levels that are tested together."""


@dataclass(frozen=True)
class Config(TimeLimit):
    """Compare halting rules and learners."""

    pretrain: PretrainConfig
    """How networks are pretrained; the first at its seed, the others at the seeds after it."""
    evaluation: EvaluationConfig
    """The protocol; one table for each of evaluation.level, where levels joined by + are one mix in equal parts."""
    learn: tuple[str, ...]
    """Levels that heads are taught on, in equal parts."""
    checkpoints: tuple[str, ...] = ()
    """Networks to take in place of pretraining any: folders, or names of those that come with the package."""
    networks: int = 3
    """How many networks are pretrained where no --checkpoints are given."""
    seeds: int = 3
    """Halting seeds of each learner on each network."""
    learners: tuple[str, ...] = tuple(name for name, learner in LEARNERS.items() if learner.acts == 2)
    """The learners whose heads are taught and compared; those of two acts."""
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    """The problems that heads are taught on, and the budget (dataset.max-steps) that they are taught at."""
    training: LearnerConfig = field(default_factory=LearnerConfig)
    """How heads are taught."""
    size: int | None = None
    """Another size of the task to test at; for networks that tie no weight to a size."""
    learn_size: int | None = None
    """Another size of the task to teach heads at."""
    acceleration: AccelerationConfig = field(default_factory=lambda: AccelerationConfig(bfloat16="off"))
    """What makes networks fast; the numbers that heads see stay in float32 by default."""
    folder: Path | None = None
    """Folder for all results; runs/compare-TASK by default."""
    ray: str | None = None
    """A Ray cluster whose machines share the work, HOST:PORT, or auto for the one that this machine is of. All of them
    must see --folder and --checkpoints under the same paths. The results are the same."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "networks", "seeds")
        check_learners(self.learners, self.training)
        if three := [name for name in self.learners if LEARNERS[name].acts > 2]:
            raise ValueError(f"{three[0]} plays on several starts of a problem: scripts/restarts.py compares it")
        if not self.evaluation.level or not self.learn:
            raise ValueError("name at least one level to learn (--learn) and one to test (--evaluation.level)")

    @property
    def heads(self) -> list[tuple[str, int]]:
        """Learners with their halting seeds; the first entry stands for the rules without a head."""
        return [(PLAIN, 0), *((name, seed) for name in self.learners for seed in range(self.seeds))]

    @property
    def protocol(self) -> EvaluationConfig:
        """The evaluation, which knows at what budget heads were taught."""
        return dataclasses.replace(self.evaluation, taught_steps=self.evaluation.taught_steps or self.dataset.max_steps)


def preset(task: str, tested: tuple[str, ...], **settings: Any) -> Config:
    """A task with a level where nearly all is solved and one where much is not; taught on both."""
    return Config(PRETRAIN[task], EvaluationConfig(level=tested), learn=tested, **settings)


PRESETS = {
    "sudoku6x6": preset("sudoku6x6", ("clues8-10", "search")),
    "sudoku9x9": preset("sudoku9x9", ("clues30", "search")),
    "maze": preset("maze11x11", ("perfect", "far")),
    # The network of 11x11 where half is beyond it: it can go on to the end of the budget, or give up.
    "maze19x19": preset("maze11x11", ("hard",), size=19, learn_size=19),
    "arithmetic": preset("arithmetic", ("carry", "chain")),
    "algebra": preset("algebra", ("long_shift", "scale")),
    # Half of the mix is of a family that the network was never taught.
    "algebra-mix": Config(
        PRETRAIN["algebra"],
        EvaluationConfig(level=("long_shift", "long_shift+quadratic")),
        learn=("long_shift", "quadratic"),
    ),
}
"""The first is the default."""


@final
class Network:
    """One network of the grid: its folder, its heads, and its drafts, made when a run asks for them."""

    def __init__(self, config: Config, folder: Path, number: int, countdown: Countdown) -> None:
        self.config, self.folder, self.number, self.countdown = config, folder, number, countdown
        self.cluster: Cluster | None = None
        self._place = self._pretrained()
        # Its content and not its name: another network may come to stand at the same place.
        self._called = digest(self._load())
        self._taught_on: RolloutDataset | None = None
        self._drafts: dict[str, tuple[Unroll, Unroll]] = {}

    def _pretrained(self) -> Path | str:
        """Where its checkpoint stands; it is pretrained now if need be."""
        if self.config.checkpoints:
            return self.config.checkpoints[self.number]
        made = dataclasses.replace(self.config.pretrain, seed=self.config.pretrain.seed + self.number)
        run = CachedRun(self.folder / "pretraining", describe(made))
        if not run.done:
            save_checkpoint(run.folder / "checkpoint", pretrain(made, run.folder))
            run.finish()
        return run.folder / "checkpoint"

    def _load(self, size: int | None = None) -> Checkpoint:
        return load_checkpoint(self._place, self.config.pretrain.task, size)

    def _dataset(
        self, levels: Sequence[str], size: int | None, config: DatasetConfig, split: str, shuffle: bool
    ) -> RolloutDataset:
        """Graded runs of this network, from the store of this comparison."""
        start, batch = self._load(size), self.config.evaluation.batch
        title = f"network {self.number}: {config.problems:,} {split} problems, {config.max_steps} steps each"
        spread = spread_over(self.cluster, self._place, size, batch, title) if self.cluster else None
        store = rollout_store(start, self.folder / "rollouts", self.config.acceleration, batch, title, spread=spread)
        task = make_task(start.task)
        return store.load_or_collect([task.level_index(name) for name in levels], config, split, shuffle)

    def groups(self) -> RolloutDataset:
        """The problems that heads are taught on, run once."""
        if self._taught_on is None:
            config = self.config
            self._taught_on = self._dataset(config.learn, config.learn_size, config.dataset, "train", shuffle=True)
        return self._taught_on

    def head_run(self, learner: str, seed: int) -> CachedRun:
        """The run of one learner's head; taught now if need be."""
        config = self.config
        settings = {"learner": learner, "seed": seed, "learn": config.learn, "dataset": vars(config.dataset)}
        settings |= {"training": dataclasses.asdict(config.training), "network": self._called}
        settings |= {} if config.learn_size is None else {"size": config.learn_size}
        run = CachedRun(self.folder / "heads" / f"{learner}-{seed}", settings)
        if not run.done:
            groups = self.groups()
            save_head(run.folder / "head.safetensors", train_head(learner, groups, config.training, seed))
            run.finish()
        return run

    def drafts(self, level: str) -> tuple[Unroll, Unroll]:
        """The graded drafts of a level's validation and test problems, run once, as heads see them."""
        if level not in self._drafts:  # those of one level alone are held
            self._drafts = {level: (self._of_split(level, "validation"), self._of_split(level, "test"))}
        return self._drafts[level]

    def _of_split(self, level: str, split: str) -> Unroll:
        config = self.config.protocol
        tested = tuple(level.split(MIX))
        levels = (config.chosen_on or tested) if split == "validation" else tested
        count = config.problems if split == "test" else config.validation
        asked = DatasetConfig(problems=count, max_steps=config.max_steps, seed=config.seed)
        return config.seen(self._dataset(levels, self.config.size, asked, split, shuffle=False).unroll)

    def cell(self, level: str, learner: str, seed: int) -> Path:
        """The folder of what a learner's head, or the rules without one, do on a level; tested now if need be."""
        config = self.config
        settings = {name: value for name, value in vars(config.protocol).items() if name not in ("level", "batch")}
        folder = self.folder / level / (PLAIN if learner == PLAIN else f"{learner}-{seed}")
        head = None if learner == PLAIN else self.head_run(learner, seed)
        rules = rules_of(learner, head and head.folder / "head.safetensors", config.protocol)
        asked = {"level": level, "protocol": settings, "size": config.size, "rules": [one.name for one in rules]}
        run = CachedRun(folder, asked | ({} if head is None else {"head": head.read()["settings"]}))
        if worked := not run.done:
            save_tested(folder, rules, *self.drafts(level), config.protocol, keep=head is None)
            run.finish()
        self.countdown.done(worked)
        return folder

    def tested(self, level: str) -> tuple[TestOutcomes, dict[str, list[RuleSteps]]]:
        """What every rule does on a level: by rule, the steps of every halting seed."""
        found: dict[str, list[RuleSteps]] = {}
        for learner, seed in self.config.heads:
            for name, steps in load_rule_steps(self.cell(level, learner, seed) / "steps.npz").items():
                found.setdefault(name, []).append(steps)
        return load_outcomes(self.folder / level / PLAIN / "outcomes.npz"), found


def part(config: Config, folder: Path, number: int, *cell: Any) -> None:
    """On a machine of a cluster: pretrain a network, or teach a head (learner, seed) and test it on every level."""
    torch.set_num_threads(config.acceleration.threads)
    network = Network(config, folder, number, Countdown(len(config.evaluation.level), "compare"))
    for level in config.evaluation.level if cell else ():
        network.cell(level, *cell)


def fill(config: Config, networks: Sequence[Path], cluster: Cluster) -> None:
    """Do all of the grid that is not done yet: networks, then graded runs, then heads, each by all machines."""
    numbered = list(enumerate(networks))
    whole = (str(Path(place).resolve()) if Path(place).exists() else place for place in config.checkpoints)
    config = dataclasses.replace(config, checkpoints=tuple(whole))  # another machine has other working folders
    cluster.each(part, [(config, folder, number) for number, folder in numbered], "networks")
    for number, folder in numbered:
        network = Network(config, folder, number, Countdown(1, "compare"))
        network.cluster = cluster
        network.groups()
        for level in config.evaluation.level:
            network.drafts(level)
    cluster.each(
        part, [(config, folder, number, *cell) for number, folder in numbered for cell in config.heads], "cells"
    )


def folder_of(config: Config) -> Path:
    """Where everything goes."""
    return config.folder or Path("runs") / f"compare-{make_task(config.pretrain.task, config.size).name}"


@writes(lambda config: Places([folder_of(config)]))
@same_numerics(folder_of)
def run(config: Config) -> None:
    """Fill the grid, then a table and pictures for every level."""
    task = make_task(config.pretrain.task, config.size)
    folder = folder_of(config)
    for name in config.learn:
        make_task(config.pretrain.task, config.learn_size).level_index(name)
    mixed = [part for level in config.evaluation.level for part in level.split(MIX)]
    for name in (*config.evaluation.chosen_on, *mixed):
        task.level_index(name)
    save_config(config, folder / "config.yaml")
    count = len(config.checkpoints) or config.networks
    countdown = Countdown(count * len(config.evaluation.level) * len(config.heads), "compare")
    places = [(folder / f"network-{number}").resolve() for number in range(count)]
    with machines(config.ray) as cluster:
        if cluster is not None:
            fill(config, places, cluster)
    networks = [Network(config, place, number, countdown) for number, place in enumerate(places)]
    console, reports = Console(), []
    for level in config.evaluation.level:
        tested, steps = merged([network.tested(level) for network in networks])
        source = f"{level} ({count} network{'s' * (count > 1)}, {config.seeds} halting seed{'s' * (config.seeds > 1)})"
        reports.append(compare(task.name, source, tested, steps, config.protocol))
        write(reports[-1], folder / "results" / level)
        console.print(reports[-1].table(), highlight=False)
    if LEARNER in config.learners:
        write_levels(reports, folder / "results", config.protocol, config.dataset.price)
    console.print(f"tables, figures, raw results: {json.dumps(str(folder))}", highlight=False)


if __name__ == "__main__":
    main(run, Config, PRESETS)
