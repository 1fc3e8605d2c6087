"""The same budget under every curriculum: learning curves of a halting head, their area, and what each level came to.

``python scripts/compare_curricula.py`` runs problems of every level once through a network that stays as it is; then
each curriculum teaches a head by GRPO, drawing every round's problems by its own mixture. After every few rounds the
head is measured on test problems without tuning: nothing is chosen on them. Every run is a folder that is never done
twice.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from agents.checkpoint import digest, load_checkpoint, rollout_store
from agents.common.acceleration import AccelerationConfig
from agents.common.checks import above_zero, at_least_one
from agents.common.cli import main, save_config
from agents.common.console import Progress
from agents.common.places import Places, writes
from agents.common.same_numerics import same_numerics
from agents.common.signals import TimeLimit
from agents.evaluation.figures import curriculum_figure, learning_figure
from agents.evaluation.records import write_tables
from agents.evaluation.run_store import CachedRun
from agents.evaluation.tables import over_seeds
from agents.halting.heads import Halter
from agents.halting.outcomes import returns
from agents.halting.registry import LEARNER
from agents.halting.rules import HeadThreshold
from agents.halting.tuning import stopping_steps
from agents.learners.config import LearnerConfig
from agents.learners.grpo import Grpo
from agents.learners.registry import check_learners
from agents.rollouts.dataset import DatasetConfig, RolloutDataset
from agents.rollouts.unroll import Unroll
from curricula import CURRICULA, make_curriculum
from trm_gym import make_task


@dataclass(frozen=True)
class Config(TimeLimit):
    """Compare curricula of a halting head."""

    checkpoint: str = "sudoku6x6"
    """The network, which stays as it is: a folder, or the name of one that comes with the package."""
    levels: tuple[str, ...] = ("clues13", "clues11", "clues8-10", "minimal", "search")
    """Levels to learn on and to be measured on, from easy to hard."""
    curricula: tuple[str, ...] = tuple(CURRICULA)
    """Curricula to compare; fixed takes one level after another."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Halting seeds of each curriculum."""
    dataset: DatasetConfig = field(default_factory=lambda: DatasetConfig(problems=2000))
    """Problems of each level, which rounds are drawn from, and the budget."""
    training: LearnerConfig = field(default_factory=lambda: LearnerConfig(iterations=40))
    """How heads are taught."""
    every: int = 2
    """Rounds between two measurements."""
    test_problems: int = 2000
    """Problems of each level to measure on."""
    prices: tuple[float, ...] = (0.1, 0.3, 0.6)
    """Prices whose mean return is measured."""
    acceleration: AccelerationConfig = field(default_factory=lambda: AccelerationConfig(bfloat16="off"))
    """What makes the network fast."""
    folder: Path | None = None
    """Folder for all results; runs/curricula-TASK by default."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "every", "test_problems")
        above_zero(self, "prices")
        check_learners([LEARNER], self.training)
        if unknown := [name for name in self.curricula if name not in CURRICULA]:
            raise ValueError(f"unknown curriculum {unknown[0]!r}: use some of {', '.join(CURRICULA)}")
        if not (self.levels and self.seeds and self.prices and self.curricula):
            raise ValueError("name at least one level, curriculum, seed and price")


@final
class SharedData:
    """What all runs share: of every level, graded runs to learn from and graded drafts to be measured on.

    Both are made when a run first asks for them.
    """

    def __init__(self, config: Config, folder: Path) -> None:
        self._config, start = config, load_checkpoint(config.checkpoint)
        self.task = make_task(start.task)
        self.levels = [self.task.level_index(name) for name in config.levels]
        self.network = digest(start)
        self._store = rollout_store(start, folder / "rollouts", config.acceleration, title="problems of a level")

    @functools.cached_property
    def dataset(self) -> RolloutDataset:
        """Runs to learn from, level after level."""
        return RolloutDataset.concatenate(
            [self._store.load_or_collect([level], self._config.dataset) for level in self.levels]
        )

    @functools.cached_property
    def tests(self) -> list[Unroll]:
        """Drafts to be measured on, a level each."""
        config, taught = self._config, self._config.dataset
        asked = DatasetConfig(problems=config.test_problems, max_steps=taught.max_steps, seed=taught.seed)
        return [self._store.load_or_collect([level], asked, "test", shuffle=False).unroll for level in self.levels]

    @functools.cached_property
    def places(self) -> dict[int, NDArray[np.int64]]:
        """Where in the dataset the groups of each level are."""
        of_group = self.dataset.unroll.level[:: self.dataset.branches].numpy()
        return {level: np.flatnonzero(of_group == level) for level in self.levels}

    def draw(self, levels: NDArray[np.integer], rng: np.random.Generator) -> list[int]:
        """The place in the dataset of a group of each of these levels, in their order."""
        choices = (self.places[level] for level in levels.tolist())
        return [int(places[rng.integers(len(places))]) for places in choices]

    def worth(self, head: Halter, prices: Sequence[float]) -> list[float]:
        """The mean return of a head without tuning, over the prices, on each level's test problems."""
        return [float(np.mean([self._return(head, test, price) for price in prices])) for test in self.tests]

    def _return(self, head: Halter, test: Unroll, price: float) -> float:
        steps = stopping_steps(HeadThreshold(head, price=price), test)
        return float(returns(test.solved.numpy(), steps, price).mean())


def learn(shared: SharedData, name: str, seed: int, config: Config) -> dict[str, Any]:
    """One run: the iterations that were measured, the returns there by level, and the mixture of every round."""
    training = config.training
    curriculum = make_curriculum(name, shared.levels, training.iterations * training.groups)
    learner = Grpo(training, shared.dataset.unroll.features.shape[-1], seed)
    rng, seen = np.random.default_rng(seed), []
    at, curve, mixtures = [0], [shared.worth(learner.head, config.prices)], []
    with Progress(training.iterations, f"{name}, seed {seed}") as bar:
        for iteration in range(1, training.iterations + 1):
            mixtures.append(curriculum.mixture.tolist())
            levels = curriculum.sample(training.groups, rng)
            drawn = shared.draw(levels, rng)
            seen += drawn
            rollout = shared.dataset.take(torch.tensor(drawn))
            metrics = learner.update(rollout, shared.dataset.take(torch.tensor(seen)).unroll)
            curriculum.update(levels, metrics.solved, metrics.return_variance)
            if iteration % config.every == 0 or iteration == training.iterations:
                at.append(iteration)
                curve.append(shared.worth(learner.head, config.prices))
                bar.update(iteration, **{"return": float(np.mean(curve[-1]))})
    return {"at": at, "curve": curve, "mixtures": mixtures}


def area(at: Sequence[float], curve: NDArray[np.floating]) -> float:
    """Mean height of a learning curve, [points], over the iterations ``at`` which it was measured (trapezoids)."""
    widths = np.diff(at)
    return float((widths * (curve[1:] + curve[:-1]) / 2).sum() / widths.sum())


def table(
    found: dict[str, list[dict[str, Any]]], levels: Sequence[str], last: str = "return at the end"
) -> dict[str, Any]:
    """Area, what the curve came to over all levels and on each, mean over seeds and their range."""
    rows = []
    for name, runs in found.items():
        curves = [np.array(run["curve"]) for run in runs]
        areas = [area(run["at"], curve.mean(1)) for run, curve in zip(runs, curves, strict=True)]
        ends = [[curve[-1].mean(), *curve[-1]] for curve in curves]
        rows.append([name, *(over_seeds(values, "{:.4f}".format) for values in (areas, *zip(*ends, strict=True)))])
    return {"header": ["curriculum", "area", last, *levels], "rows": rows}


def folder_of(config: Config) -> Path:
    """Where everything goes."""
    return config.folder or Path("runs") / f"curricula-{load_checkpoint(config.checkpoint).task}"


@writes(lambda config: Places([folder_of(config)]))
@same_numerics(folder_of)
def run(config: Config) -> None:
    """Every curriculum at every seed; then the table and the pictures."""
    folder = folder_of(config)
    shared = SharedData(config, folder)
    save_config(config, folder / "config.yaml")
    skipped = ("curricula", "seeds", "folder", "acceleration", "checkpoint")
    settings = {name: value for name, value in dataclasses.asdict(config).items() if name not in skipped}
    found: dict[str, list[dict[str, Any]]] = {}
    for name in config.curricula:
        for seed in config.seeds:
            cached = CachedRun(folder / name / f"seed-{seed}", settings | {"network": shared.network})
            if not cached.done:
                cached.finish(**learn(shared, name, seed, config))
            found.setdefault(name, []).append(cached.read())
        curriculum_figure(np.mean([one["mixtures"] for one in found[name]], 0), config.levels, folder / f"{name}.png")
    curves = {name: np.array([np.mean(one["curve"], 1) for one in runs]) for name, runs in found.items()}
    at = next(iter(found.values()))[0]["at"]
    learning_figure(curves, at, "mean return, test problems", folder / "curves.png")
    text = write_tables(folder, [table(found, config.levels)])
    print(f"{text}\ntable, pictures and runs: {folder}")


if __name__ == "__main__":
    main(run, Config)
