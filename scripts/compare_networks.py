"""Are a network's answers better than another's? The same problems through several, with all their steps.

python scripts/compare_networks.py --checkpoints sudoku9x9 runs/grpo-sudoku9x9-joint-0/checkpoint --level minimal

Halting plays no part in it: accuracy is that of the draft after every number of steps. Differences from the first
network are paired, problem by problem.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint, load_checkpoint
from agents.common.acceleration import AccelerationConfig, accelerate, solving_pass
from agents.common.checks import Checked, at_least_one
from agents.common.cli import main
from agents.common.console import announce
from agents.common.places import Places, writes
from agents.common.tensor_file import CheckpointError
from agents.evaluation.metrics import Interval, paired_bootstrap
from agents.evaluation.protocol import shown_steps
from agents.evaluation.tables import difference, markdown_table
from agents.rollouts.unroll import BATCH, draw, unroll
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write


@dataclass(frozen=True)
class Config(Checked):
    """Compare the answers of networks on test problems."""

    checkpoints: tuple[str, ...]
    """Folders, or names of networks that come with the package; all of one task. The others are held against the
    first."""
    level: tuple[str, ...] = ()
    """Levels, each with a table; the task's default by default."""
    problems: int = 5000
    """Test problems of a level; one with fewer gives all it has."""
    max_steps: int = 16
    """The budget of steps."""
    resamples: int = 2000
    """Bootstrap resamples behind every interval."""
    seed: int = 0
    """Decides which problems of the split are drawn."""
    acceleration: AccelerationConfig = field(default_factory=lambda: AccelerationConfig(bfloat16="off"))
    """What makes networks fast."""
    json: Path | None = None
    """A file to write accuracies and differences to."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems", "max_steps", "resamples")


def loaded(config: Config) -> dict[str, Checkpoint]:
    """The networks by their places, made fast. Raises CheckpointError for one of another task than the first's."""
    found: dict[str, Checkpoint] = {}
    levels, seconds = max(1, len(config.level)), 0.0
    for place in config.checkpoints:
        found[place] = checkpoint = load_checkpoint(place)
        task_name = found[config.checkpoints[0]].task
        if checkpoint.task != task_name:
            raise CheckpointError(
                f"{place} was trained on {checkpoint.task}, the first on {task_name}: take one task's"
            )
        one_pass = solving_pass(checkpoint.model, make_task(task_name), BATCH)
        passes = levels * config.problems // BATCH * config.max_steps
        seconds += accelerate(checkpoint.model, one_pass, passes, config.acceleration).seconds
    announce("running the problems", seconds)
    return found


def differences(solved: list[NDArray[np.bool_]], step: int, config: Config) -> list[Interval]:
    """Accuracy after ``step`` steps of every network minus the first one's, paired."""
    first = solved[0][:, step - 1].astype(float)
    return [
        paired_bootstrap(other[:, step - 1].astype(float), first, config.resamples, config.seed) for other in solved[1:]
    ]


@writes(lambda config: Places(files=[config.json], reads=config.checkpoints))
def run(config: Config) -> None:
    """A table for every level."""
    networks = loaded(config)
    task = make_task(networks[config.checkpoints[0]].task)
    levels = config.level or (task.levels[task.default_level].name,)
    steps, found = shown_steps(config.max_steps), {}
    for level, index in zip(levels, [task.level_index(level) for level in levels], strict=True):
        problems = draw(task, [index], config.problems, "test", config.seed)
        models = [networks[place].model for place in config.checkpoints]
        solved = [unroll(model, task, problems, config.max_steps).solved.numpy() for model in models]
        gaps = [None, *differences(solved, config.max_steps, config)]
        rows = []
        for place, drafts, gap in zip(config.checkpoints, solved, gaps, strict=True):
            right = [f"{100 * drafts[:, step - 1].mean():.2f}" for step in steps]
            against = "" if gap is None else difference(Interval(*(100 * part for part in gap)), 2)
            rows.append([place, *right, against])
            accuracy = {str(step): float(drafts[:, step - 1].mean()) for step in steps}
            found.setdefault(level, {})[place] = {"accuracy": accuracy, "difference": gap}
        print(f"{task.name}, {level}: {len(problems):,} test problems; right after so many steps, %\n")
        print(markdown_table(["network", *map(str, steps), "minus the first (95%)"], rows) + "\n")
    if config.json is not None:
        atomic_write(config.json, json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main(run, Config)
