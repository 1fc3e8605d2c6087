"""What each option is worth: one factor at a time around a preset, as a table and a picture.

python scripts/ablate.py --preset pretraining --vary model.cycles=1,2,3 model.mixer=units,attention --minutes 4
python scripts/ablate.py --preset halting --vary training.grpo.advantage=batch_scale,group_std dataset.noise=0,0.1,1

Options are the fields of PretrainConfig, or of Halting below, by their dotted names; words of a value that has several
stand between spaces ("levels=clues12 clues10,clues8"). Every run is a folder that is never done twice.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, final

from agents.checkpoint import Checkpoint, load_checkpoint, rollout_store, save_checkpoint
from agents.common.acceleration import AccelerationConfig
from agents.common.checks import Checked, at_least
from agents.common.cli import main, parse, save_config
from agents.common.console import Countdown
from agents.common.places import Places, writes
from agents.common.same_numerics import same_numerics
from agents.common.signals import TimeLimit
from agents.evaluation.ablation import Run, effects, headline
from agents.evaluation.evaluate import measure
from agents.evaluation.figures import effects_figure
from agents.evaluation.protocol import EvaluationConfig, shown_steps
from agents.evaluation.records import write_tables
from agents.evaluation.run_store import CachedRun, load_head, save_head
from agents.halting.registry import FIXED, LEARNER, head_rules, no_tuning, oracle, rule_named
from agents.halting.restart_head import two_acts
from agents.learners.config import LearnerConfig
from agents.learners.registry import check_learners, train_head
from agents.pretraining.config import PretrainConfig, describe
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.run import pretrain
from agents.pretraining.timing import updates_within
from agents.rollouts.dataset import DatasetConfig, RolloutStore
from agents.rollouts.unroll import Unroll
from trm_gym import make_task
from trm_gym.task import Task

BASE = "preset"
"""What the run without any change is called."""
Options = TypeVar("Options")


@dataclass(frozen=True)
class Halting(Checked):
    """GRPO on an existing network: everything that is fixed while one option is varied."""

    learn: tuple[str, ...] = ("clues8-10",)
    """Levels that the head is taught on, in equal parts."""
    dataset: DatasetConfig = field(default_factory=lambda: DatasetConfig(problems=1000))
    """The problems that it is taught on; runs with the same ones share them."""
    training: LearnerConfig = field(default_factory=LearnerConfig)
    """How the head is taught."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_learners([LEARNER], self.training)


@dataclass(frozen=True)
class Config(TimeLimit):
    """Ablate options of pretraining or of halting."""

    kind: Literal["pretraining", "halting"]
    """What is varied: options of pretraining, or of a halting head on a network that stays as it is."""
    evaluation: EvaluationConfig
    """How runs are measured; each of evaluation.level has a table."""
    vary: tuple[str, ...] = ()
    """Options and their values: NAME=VALUE,VALUE,..."""
    pretrain: PretrainConfig = field(default_factory=lambda: PRETRAIN["sudoku6x6"])
    """The preset around which pretraining is varied."""
    minutes: float = 0.0
    """Time for the updates of a pretraining run, which sets their number; 0 keeps pretrain.updates. Compiling and the
    timing itself come on top."""
    checkpoint: str = "sudoku6x6"
    """The network whose halting is varied."""
    halting: Halting = field(default_factory=Halting)
    """The settings of a head's training around which one option is varied."""
    seeds: tuple[int, ...] = (0,)
    """Seeds that every variant is run with."""
    acceleration: AccelerationConfig = field(default_factory=lambda: AccelerationConfig(bfloat16="off"))
    """What makes the unrolling of problems fast; pretraining has its own."""
    folder: Path | None = None
    """Folder for all results; runs/ablate-KIND-TASK by default."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(0, self, "minutes")
        if not self.seeds or not self.evaluation.level:
            raise ValueError("give at least one seed, and at least one --evaluation.level")


PRESETS = {
    "pretraining": Config("pretraining", EvaluationConfig(level=("clues8-10",), problems=2000)),
    "halting": Config("halting", EvaluationConfig(level=("clues8-10",), problems=2000, validation=1000, resamples=500)),
}
"""The first is the default."""


def variants(base: Options, vary: Sequence[str]) -> dict[tuple[str, str], Options]:
    """By option and value what differs from ``base`` there; under (BASE, "") the base itself.

    Raises ValueError for words that are no NAME=VALUE,...; a wrong name or value ends the process with code 2.
    """
    found = {(BASE, ""): base}
    for words in vary:
        name, equals, values = words.partition("=")
        if not (name and equals and values):
            raise ValueError(f"--vary takes NAME=VALUE,VALUE,..., got {words!r}")
        for value in values.split(","):
            made = parse(type(base), {BASE: base}, [f"--{name}", *value.split()])
            if made != base:
                found[name, value] = made
    return found


def slug(option: str, value: str) -> str:
    """A folder's name for a variant."""
    return "".join(c if c.isalnum() or c in "._-=" else "-" for c in f"{option}={value}" if value or c != "=")


def drafts(runs: RolloutStore, task: Task, level: str, config: EvaluationConfig, split: str) -> Unroll:
    """The graded drafts of a level's problems."""
    count = config.problems if split == "test" else config.validation
    asked = DatasetConfig(problems=count, max_steps=config.max_steps, seed=config.seed)
    return runs.load_or_collect([task.level_index(level)], asked, split, shuffle=False).unroll


def pretraining_run(config: Config, made: PretrainConfig, seed: int, folder: Path) -> dict[str, dict[str, float]]:
    """Pretrain, and test at 1, 2, 4, ... steps: figures by level."""
    made = dataclasses.replace(made, seed=seed)
    cached = CachedRun(folder, {"pretrain": describe(made), "minutes": config.minutes, **protocol(config)})
    if not cached.done:
        if config.minutes:
            made = dataclasses.replace(made, updates=updates_within(made, config.minutes, folder / "updates.json"))
        started = time.perf_counter()
        checkpoint = pretrain(made, folder)
        seconds = time.perf_counter() - started
        save_checkpoint(folder / "checkpoint", checkpoint)
        run = {"parameters": checkpoint.model.num_parameters(), "updates": made.updates, "seconds": round(seconds)}
        found, runs = {}, rollout_store(checkpoint, None, config.acceleration, config.evaluation.batch)
        for level in config.evaluation.level:
            test = drafts(runs, make_task(checkpoint.task), level, config.evaluation, "test")
            solved = test.solved.double().mean(0)
            right = {f"right at {step}": float(solved[step - 1]) for step in shown_steps(config.evaluation.max_steps)}
            found[level] = right | run
        cached.finish(figures=found)
    return cached.read()["figures"]


@final
class Bench:
    """What all halting runs share: the network and its graded runs, made when first asked for."""

    def __init__(self, config: Config, folder: Path) -> None:
        self.config, self.folder = config, folder

    @functools.cached_property
    def task(self) -> Task:
        """The network's."""
        return make_task(self.start.task)

    @functools.cached_property
    def start(self) -> Checkpoint:
        """The network."""
        return load_checkpoint(self.config.checkpoint)

    @functools.cached_property
    def runs(self) -> RolloutStore:
        """Its graded runs."""
        return rollout_store(
            self.start,
            self.folder / "rollouts",
            self.config.acceleration,
            self.config.evaluation.batch,
            "problems of a level",
        )

    def head(self, made: Halting, seed: int, path: Path) -> None:
        """Teach a head and write it."""
        levels = [self.task.level_index(name) for name in made.learn]
        groups = self.runs.load_or_collect(levels, made.dataset)
        save_head(path, train_head(LEARNER, groups, made.training, seed))

    def drafts(self, level: str, split: str) -> Unroll:
        """Graded drafts, run once."""
        return drafts(self.runs, self.task, level, self.config.evaluation, split)

    def run(self, made: Halting, seed: int, folder: Path) -> dict[str, dict[str, float]]:
        """Teach, and measure the head tuned on validation and without tuning: figures by level."""
        config, asked = self.config, self.config.evaluation
        settings = {"halting": dataclasses.asdict(made), "seed": seed, "checkpoint": config.checkpoint}
        cached = CachedRun(folder, settings | protocol(config))
        if cached.done:
            return cached.read()["figures"]
        self.head(made, seed, folder / "head.safetensors")
        heads, found = two_acts({LEARNER: load_head(folder / "head.safetensors")}), {}
        for level in asked.level:
            rules = [rule_named(FIXED, {}), *head_rules(LEARNER, heads[LEARNER], asked.prices), oracle()]
            report = measure(rules, self.drafts(level, "validation"), self.drafts(level, "test"), asked)
            mine = report.row(LEARNER)
            found[level] = {
                "right": mine.accuracy.value,
                "steps": mine.steps,
                "oracle gap closed": mine.oracle_gap_closed.value,
            }
            found[level] |= {"rank": mine.correlation, "area": mine.area}
            found[level] |= {f"return at {price:g}": mine.returns[price].value for price in asked.prices}
            for price in asked.prices:
                untuned = report.row(no_tuning(LEARNER, price))
                found[level][f"no tuning, return at {price:g}"] = untuned.returns[price].value
        cached.finish(figures=found)
        return found


def protocol(config: Config) -> dict[str, Any]:
    """The settings of the evaluation that decide its figures."""
    return {"evaluation": {name: value for name, value in vars(config.evaluation).items() if name != "batch"}}


def fill(
    config: Config, base: Options, run: Callable[[Options, int, Path], Mapping[str, Mapping[str, float]]], folder: Path
) -> list[Run]:
    """Every variant at every seed."""
    runs, made = [], variants(base, config.vary)
    countdown = Countdown(len(made) * len(config.seeds), "ablate")
    for (option, value), variant in made.items():
        for seed in config.seeds:
            place = folder / slug(option, value) / f"seed-{seed}"
            worked = not (place / "run.json").exists()
            runs.append(Run(option, value, seed, run(variant, seed, place)))
            countdown.done(worked)
    return runs


def task_of(config: Config) -> str:
    """The name of the task whose network or whose halting is varied."""
    return config.pretrain.task if config.kind == "pretraining" else load_checkpoint(config.checkpoint).task


def folder_of(config: Config) -> Path:
    """Where everything goes."""
    return config.folder or Path("runs") / f"ablate-{config.kind}-{task_of(config)}"


@writes(lambda config: Places([folder_of(config)]))
@same_numerics(folder_of)
def run(config: Config) -> None:
    """Fill the grid; then the table and a picture of every level."""
    pretraining, task = config.kind == "pretraining", task_of(config)
    for level in (*config.evaluation.level, *(() if pretraining else config.halting.learn)):
        make_task(task).level_index(level)
    folder = folder_of(config)
    save_config(config, folder / "config.yaml")
    if pretraining:
        runs = fill(
            config, config.pretrain, lambda made, seed, place: pretraining_run(config, made, seed, place), folder
        )
    else:
        runs = fill(config, config.halting, Bench(config, folder).run, folder)
    last = max(config.evaluation.prices)
    shown = f"right at {config.evaluation.max_steps}" if pretraining else f"no tuning, return at {last:g}"
    for level in config.evaluation.level:
        effects_figure(
            headline(runs, level, shown), f"{shown} steps" if pretraining else shown, folder / f"{level}.png"
        )
    text = write_tables(folder, effects(runs, config.evaluation.level))
    print(f"{text}\ntables, pictures and runs: {folder}")


if __name__ == "__main__":
    main(run, Config, PRESETS)
