"""The circuit of the encoder ``formula`` without a network, beside networks, on the same problems.

python scripts/circuit.py --levels nodes5 nodes7 nodes9 three_variables constants --folder runs/circuit

The control says how much of what a network finds its encoder has looked up for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from agents.checkpoint import load_checkpoint
from agents.common.checks import Checked, at_least, at_least_one
from agents.common.cli import main
from agents.common.console import Progress
from agents.common.places import Places, writes
from agents.evaluation.metrics import wilson
from agents.rollouts.unroll import unroll
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write
from trm_gym.regression.circuit.alone import refine_alone
from trm_gym.regression.points import PRESENT, points_of

AFTER = (1, 2, 4, 8, 16)
ALONE = "circuit without a network"


@dataclass(frozen=True)
class Config(Checked):
    """Measure the circuit alone, greedily."""

    levels: tuple[str, ...] = ("nodes5", "nodes7", "nodes9", "three_variables", "constants")
    """Levels of the task regression."""
    problems: int = 300
    """Test problems of each level; of a level with fewer, all."""
    networks: tuple[str, ...] = ("regression",)
    """Checkpoints to run on the same problems: folders, or names of those that come with the package."""
    points: int = 24
    """At how many of the points shown drafts are run."""
    leaves: int = 3
    """Formulas of how many leaves are looked up, 2 or 3."""
    seed: int = 0
    """Of the problems."""
    folder: Path | None = None
    """Folder for result.json."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems", "points")
        at_least(2, self, "leaves")


def alone(config: Config, problems: Any, constants: bool) -> np.ndarray:
    """Which problems are solved after each step, bool [N, AFTER[-1]]."""
    task, solved = make_task("regression"), np.zeros((len(problems), AFTER[-1]), np.bool_)
    points = points_of(problems.numbers)
    with Progress(len(problems), ALONE) as bar:
        for index in range(len(problems)):
            shown = points[index][points[index, :, PRESENT] > 0]
            drafts = refine_alone(shown, AFTER[-1], config.points, config.leaves, constants)
            solved[index] = task.verify(problems[np.full(len(drafts), index)], drafts).solved
            bar.update(index + 1, solved=solved[: index + 1, -1].mean())
    return solved


def row_of(solved: np.ndarray) -> dict[str, Any]:
    """Shares in percent after some steps, the last with its interval."""
    _, low, high = wilson(int(solved[:, AFTER[-1] - 1].sum()), len(solved))
    after = ", ".join(f"{100 * solved[:, step - 1].mean():.1f}" for step in AFTER)
    return {
        f"exact after {', '.join(map(str, AFTER))} steps, %": after,
        "95% of the last": f"{100 * low:.1f}..{100 * high:.1f}",
        "problems": len(solved),
    }


@writes(lambda config: Places(folders=[config.folder], reads=config.networks))
def run(config: Config) -> None:
    """Measure, and print a row for each."""
    task, console, result = make_task("regression"), Console(), {}
    networks = {name: load_checkpoint(name).model for name in config.networks}
    for level in config.levels:
        problems = task.generate_at_most(config.problems, task.level_index(level), "test", config.seed)
        rows = result[level] = {ALONE: row_of(alone(config, problems, constants=False))}
        rows[f"{ALONE}, constants looked up"] = row_of(alone(config, problems, constants=True))
        for name, network in networks.items():
            rows[f"network {Path(name).name}"] = row_of(unroll(network, task, problems, AFTER[-1]).solved.numpy())
        for name, row in rows.items():
            console.print(f"{level}, {name}: {row}", highlight=False, soft_wrap=True)
        if config.folder is not None:
            atomic_write(config.folder / "result.json", json.dumps(result, indent=1))


if __name__ == "__main__":
    main(run, Config)
