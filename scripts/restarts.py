"""Rules of restarts and the policy of three acts on the same test problems, run from several starts.

python scripts/restarts.py                                       9x9 sudoku, level search, budget 64
python scripts/restarts.py --preset maze19x19 --seeds 1

Every problem is run once from every start, in parts that are kept: an interrupted comparison goes on where it ended.
Then heads are taught on the training problems, settings are chosen on validation problems, and rules measured on test
problems. No rule is given a checker but the two bounds.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, cast, final

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray
from rich.console import Console

from agents.checkpoint import digest, load_checkpoint, rollout_store, save_checkpoint
from agents.common.acceleration import AccelerationConfig
from agents.common.checks import above_zero, at_least, at_least_one
from agents.common.cli import main, save_config
from agents.common.places import Places, writes
from agents.common.same_numerics import same_numerics
from agents.common.signals import TimeLimit
from agents.evaluation.records import write_tables
from agents.evaluation.restart_reasons import acts_table, starts_table
from agents.evaluation.restart_report import Played, as_json, by_network, play_run, rows, tables
from agents.evaluation.restarts import StartsBank
from agents.evaluation.run_store import CachedRun, load_head, save_head
from agents.halting.restart_head import RestartPolicy, two_acts
from agents.halting.restart_policy import SeemsRight
from agents.halting.restart_registry import RESTARTS_LEARNER
from agents.learners.config import LearnerConfig
from agents.learners.registry import train_head
from agents.rollouts.dataset import DatasetConfig, RolloutDataset
from agents.rollouts.groups import RESTARTING
from agents.rollouts.unroll import BATCH, draw
from scripts.benchmarking.restart_speed import speed_table
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write

TWO = "grpo"
"""The learner of two acts that is taught on the same runs."""


@dataclass(frozen=True)
class Config(TimeLimit):
    """Compare rules that may start afresh."""

    checkpoints: tuple[str, ...] = ("sudoku9x9",)
    """Networks: folders, or names of those that come with the package."""
    level: str = "search"
    """The level that rules are tested on."""
    learn: tuple[str, ...] = ()
    """Levels that heads are taught on, in equal parts; by default the level that is tested."""
    size: int | None = None
    """Another size of the task; for networks that tie no weight to a size."""
    problems: int = 512
    """Test problems."""
    validation: int = 256
    """Validation problems, on which every cutoff and threshold is chosen."""
    dataset: DatasetConfig = field(
        default_factory=lambda: DatasetConfig(problems=512, branches=6, branching="restarts", noise=0.5, max_steps=64)
    )
    """Problems that heads are taught on; and for all splits the starts (branches), their noise, and the budget."""
    training: LearnerConfig = field(default_factory=lambda: LearnerConfig(groups=64, passes=16, minibatches=1))
    """How heads are taught."""
    seeds: int = 3
    """Halting seeds on each network."""
    prices: tuple[float, ...] = (0.1, 0.3)
    """Prices of thinking (of the whole budget) at which returns are compared."""
    timed: int = 0
    """Test problems that the engine runs for right answers per second, by the first policy; 0 times nothing."""
    resamples: int = 2000
    """Bootstrap resamples behind every interval."""
    acceleration: AccelerationConfig = field(default_factory=lambda: AccelerationConfig(bfloat16="off"))
    """What makes networks fast; the numbers that heads see stay in float32."""
    folder: Path | None = None
    """Folder for all results; runs/restarts-LEVEL by default."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems", "validation", "seeds", "resamples")
        at_least(0, self, "timed")
        above_zero(self, "prices")
        if self.dataset.branches < 2 or self.dataset.branching not in RESTARTING:
            raise ValueError(
                "restarts need several starts: use --dataset.branches 6 --dataset.branching restarts, or forms"
            )
        if not self.checkpoints:
            raise ValueError("name at least one network (--checkpoints)")


def _maze(size: int) -> Config:
    starts = DatasetConfig(problems=512, branches=8, branching="forms", max_steps=64)
    return Config(("maze11x11",), "hard", size=size, dataset=starts)


PRESETS = {"sudoku9x9": Config(), "maze19x19": _maze(19), "maze30x30": _maze(30)}
"""The first is the default."""


@final
class Network:
    """One network of the comparison: its runs, made when they are asked for, and its heads."""

    def __init__(self, config: Config, folder: Path, place: str) -> None:
        self._config, self.folder, self._place = config, folder, place
        self.checkpoint = load_checkpoint(place, size=config.size)
        config.dataset.forms(make_task(self.checkpoint.task))

    def runs(self, split: str, count: int, levels: tuple[str, ...] = ()) -> RolloutDataset:
        """So many problems of a split from every start, part by part."""
        config, task = self._config, make_task(self.checkpoint.task)
        places = [task.level_index(level) for level in levels or (config.level,)]
        title = f"{count:,} {split} problems of {task.name}, {config.dataset.branches} starts"
        store = rollout_store(self.checkpoint, self.folder / "rollouts", config.acceleration, BATCH, title)
        return store.in_parts(places, dataclasses.replace(config.dataset, problems=count), split)

    def solved(self, count: int) -> Bool[NDArray[np.bool_], "n g s"]:
        """Where so many test problems are right."""
        found = self.runs("test", count)
        return found.unroll.solved.numpy().reshape(len(found), found.branches, -1)

    def timed(self) -> dict[str, Any]:
        """The first policy in the engine; timed once, as every other run."""
        config, task = self._config, make_task(self.checkpoint.task)
        head = self.head(RESTARTS_LEARNER, 0)
        settings = {"problems": config.timed, "price": config.prices[0], "validation": config.validation}
        run = CachedRun(self.folder / "timed", settings | {"head": head.read()["settings"]})
        if not run.done:
            problems = draw(task, [task.level_index(config.level)], config.timed, "test", config.dataset.seed)
            asked = policy(self, config, 0)
            bank = StartsBank(self.runs("validation", config.validation), SeemsRight(asked))
            run.finish(table=speed_table(self.checkpoint, problems, bank, asked, config.prices[0]))
        return run.read()["table"]

    def save(self, head: RestartPolicy) -> None:
        """Write the network, in the size that it was taught, with a policy of three acts beside its other heads."""
        whole, taught = load_checkpoint(self._place), self._settings(RESTARTS_LEARNER, 0)
        heads, meta = whole.heads | {RESTARTS_LEARNER: head}, whole.meta | {RESTARTS_LEARNER: taught}
        save_checkpoint(self.folder / "checkpoint", dataclasses.replace(whole, heads=heads, meta=meta))

    def head(self, learner: str, seed: int) -> CachedRun:
        """The run of a learner's head; taught now if need be."""
        config, settings = self._config, self._settings(learner, seed)
        run = CachedRun(self.folder / "heads" / f"{learner}-{seed}", settings | {"network": digest(self.checkpoint)})
        if not run.done:
            taught_on = self.runs("train", config.dataset.problems, config.learn)
            save_head(run.folder / "head.safetensors", train_head(learner, taught_on, config.training, seed))
            run.finish()
        return run

    def _settings(self, learner: str, seed: int) -> dict[str, Any]:
        """What decides on a head, beside its network."""
        config = self._config
        settings = {"learner": learner, "seed": seed, "levels": config.learn or (config.level,), "size": config.size}
        return settings | {"dataset": vars(config.dataset), "training": dataclasses.asdict(config.training)}


def policy(network: Network, config: Config, seed: int) -> RestartPolicy:
    """The policy of three acts of one halting seed."""
    head = cast(RestartPolicy, load_head(network.head(RESTARTS_LEARNER, seed).folder / "head.safetensors"))
    return head.taught_on(config.dataset.branches, config.dataset.deviation)


def play(network: Network, config: Config, seed: int) -> dict[str, Played]:
    """Every rule with the heads of one halting seed; all drafts are judged by its policy of three acts."""
    head = policy(network, config, seed)
    two = two_acts({TWO: load_head(network.head(TWO, seed).folder / "head.safetensors")})[TWO]
    validation = StartsBank(network.runs("validation", config.validation), SeemsRight(head))
    test = StartsBank(network.runs("test", config.problems), SeemsRight(head))
    if seed == 0:
        network.save(head)
    return play_run(validation, test, head, two, config.prices)


def folder_of(config: Config) -> Path:
    """Where everything goes."""
    size = "" if config.size is None else f"-{config.size}"
    return config.folder or Path("runs") / f"restarts-{config.level}{size}"


@writes(lambda config: Places([folder_of(config)]))
@same_numerics(folder_of)
def run(config: Config) -> None:
    """Run, teach, choose, measure."""
    folder = folder_of(config)
    save_config(config, folder / "config.yaml")
    networks = [Network(config, folder / f"network-{i}", place) for i, place in enumerate(config.checkpoints)]
    by = [[play(network, config, seed) for seed in range(config.seeds)] for network in networks]
    runs, how = list(chain(*by)), (config.prices, config.dataset.max_steps, config.resamples)
    found = rows(runs, *how)
    about = {"level": config.level, "networks": len(networks), "seeds": config.seeds, "problems": config.problems}
    atomic_write(folder / "results.json", as_json(found, about))
    console = Console()
    reasons: list[dict[str, Any]] = [by_network(by, *how)] if len(by) > 1 else []
    reasons.append(acts_table(runs, *how[:2]))
    reasons += [starts_table(network.solved(config.problems)) for network in networks]
    reasons += [network.timed() for network in networks if config.timed]
    console.print(write_tables(folder, [*tables(found), *reasons]), highlight=False, markup=False, soft_wrap=True)
    console.print(f"tables, heads, runs: {folder}", highlight=False)


if __name__ == "__main__":
    main(run, Config, PRESETS)
