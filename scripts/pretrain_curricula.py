"""Which levels should a network be pretrained on next? The same processor time under every curriculum.

``python scripts/pretrain_curricula.py`` trains a network under each curriculum at several seeds, and measures it on
validation problems of every level as it learns: right greedily at the last step, with averaged weights. Every run is a
folder that is never done twice. Halting heads of a network that stays as it is: compare_curricula.py.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agents.common.acceleration import AccelerationConfig
from agents.common.checks import Checked, above_zero, at_least_one
from agents.common.cli import main, save_config
from agents.common.console import Progress
from agents.common.places import Places, writes
from agents.common.same_numerics import same_numerics
from agents.evaluation.figures import learning_figure
from agents.evaluation.records import write_tables
from agents.evaluation.run_store import CachedRun
from agents.pretraining.config import PretrainConfig, describe
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.trainer import Pretrainer
from agents.rollouts.unroll import draw, unroll
from curricula import CURRICULA
from scripts.benchmarking.measuring import Clock
from scripts.compare_curricula import table


@dataclass(frozen=True, kw_only=True)
class Config(Checked):
    """Compare curricula of pretraining."""

    pretrain: PretrainConfig = field(default_factory=lambda: PRETRAIN["regression"])
    """What is trained. Learning rates, and the stages of fixed and hardest_first, go by its updates: say about as many
    as come in the time given."""
    curricula: tuple[str, ...] = tuple(name for name in CURRICULA if name != "fixed")
    """Curricula to compare."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds of each."""
    seconds: float = 150.0
    """Processor time of each run, measurements left out."""
    points: int = 10
    """Measurements of each run, at equal distances."""
    problems: int = 300
    """Validation problems of each level to measure on."""
    max_steps: int = 8
    """The budget of steps on them."""
    acceleration: AccelerationConfig = field(default_factory=AccelerationConfig)
    """What makes networks fast."""
    folder: Path | None = None
    """Folder for all results; runs/pretrain-curricula-TASK by default."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "points", "problems", "max_steps")
        above_zero(self, "seconds")
        if unknown := [name for name in self.curricula if name not in CURRICULA]:
            raise ValueError(f"unknown curriculum {unknown[0]!r}: use some of {', '.join(CURRICULA)}")
        if not (self.seeds and self.curricula):
            raise ValueError("name at least one curriculum and seed")


def preset(name: str, updates: int, **settings: Any) -> Config:
    """The settings of a pretraining preset, every level once, at learning rates that do not fall."""
    whole = PRETRAIN[name]
    optim, levels = dataclasses.replace(whole.optim, decay=0.0), tuple(dict.fromkeys(whole.levels))
    return Config(pretrain=dataclasses.replace(whole, optim=optim, levels=levels, updates=updates), **settings)


PRESETS = {
    "regression": preset("regression", 1600),
    "sudoku6x6": preset("sudoku6x6", 800, seconds=60.0),
    "sudoku4x4": preset("sudoku4x4", 200, seconds=8.0),
}
"""The first is the default."""


def right(trainer: Pretrainer, config: Config) -> list[float]:
    """The share of validation problems of each level that the averaged network has right at the last step."""
    task, network, shares = trainer.task, trainer.averaged(), []
    for name in dict.fromkeys(config.pretrain.levels):
        problems = draw(task, [task.level_index(name)], config.problems, "validation", 0)
        shares.append(float(unroll(network, task, problems, config.max_steps).solved[:, -1].float().mean()))
    return shares


def learn(name: str, seed: int, config: Config) -> dict[str, Any]:
    """One run: the seconds at which it was measured, the shares right there by level, the mixtures, its updates."""
    settings = dataclasses.replace(config.pretrain, curriculum=name, seed=seed, acceleration=config.acceleration)
    trainer = Pretrainer(settings)
    at, curve, mixtures, clock = [0.0], [right(trainer, config)], [trainer.supply.mixture], Clock()
    try:
        with Progress(config.points, f"{name}, seed {seed}") as bar:
            for point in range(1, config.points + 1):
                while clock.seconds < config.seconds * point / config.points:
                    trainer.update()
                with clock:
                    at.append(config.seconds * point / config.points)
                    curve.append(right(trainer, config))
                    mixtures.append(trainer.supply.mixture)
                    bar.update(point, right=float(np.mean(curve[-1])))
    finally:
        trainer.supply.close()
    return {"at": at, "curve": curve, "mixtures": mixtures, "updates": trainer.updates}


def folder_of(config: Config) -> Path:
    """Where everything goes."""
    return config.folder or Path("runs") / f"pretrain-curricula-{config.pretrain.task}"


@writes(lambda config: Places([folder_of(config)]))
@same_numerics(folder_of)
def run(config: Config) -> None:
    """Every curriculum at every seed, one seed after another; the table as far as it has come, and the picture."""
    folder = folder_of(config)
    save_config(config, folder / "config.yaml")
    settings = {name: getattr(config, name) for name in ("seconds", "points", "problems", "max_steps")}
    settings["pretrain"] = describe(dataclasses.replace(config.pretrain, curriculum="uniform", seed=0))
    found: dict[str, list[dict[str, Any]]] = {}
    text = ""
    for seed in config.seeds:
        for name in config.curricula:
            cached = CachedRun(folder / name / f"seed-{seed}", settings)
            if not cached.done:
                cached.finish(**learn(name, seed, config))
            found.setdefault(name, []).append(cached.read())
        text = write_tables(folder, [table(found, tuple(dict.fromkeys(config.pretrain.levels)), "right at the end")])
    curves = {name: np.array([np.mean(one["curve"], 1) for one in runs]) for name, runs in found.items()}
    at = next(iter(found.values()))[0]["at"]
    learning_figure(curves, at, "right, validation problems", folder / "curves.png", "seconds")
    print(f"{text}\ntable, picture and runs: {folder}")


if __name__ == "__main__":
    main(run, Config, PRESETS, first="curricula seeds seconds pretrain.updates problems folder")
