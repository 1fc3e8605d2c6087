"""Score a network on ARC's tasks: exactly right after some steps, and in two attempts by vote over augmentations.

python scripts/arc.py --checkpoint runs/pretrain-arc10x10-0/checkpoint

Three scores, which are not the same thing: on the pairs that it was trained on, under augmentations that it never saw;
on the test inputs of those tasks, which no training problem asks for; and on tasks of the test split, of which it has
seen nothing. The published score of ARC is of the last kind, over all tasks; a level here is a part of them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from agents.checkpoint import load_checkpoint
from agents.common.checks import Checked, at_least_one
from agents.common.cli import main
from agents.evaluation.protocol import shown_steps
from agents.rollouts.unroll import BATCH, Network, refine, unroll
from trm_gym import make_task
from trm_gym.arc import ArcTask
from trm_gym.arc.attempts import augmented, most_voted, solved_in, tasks_solved
from trm_gym.arc.augmentation import TURNS, Augmentations
from trm_gym.streams import mix
from trm_gym.task import Problems, Task

STEPS = shown_steps(16)


@dataclass(frozen=True)
class Config(Checked):
    """Score a checkpoint on a level's tasks."""

    checkpoint: str = "runs/pretrain-arc10x10-0/checkpoint"
    """A folder with a checkpoint of an ARC task."""
    level: str = "in_place"
    """Level of the tasks."""
    augmentations: int = 8
    """Drafts that vote on the two attempts: the first of the problem as it is; with 8, one for each way to turn it."""
    seed: int = 1
    """Seed of the augmentations. Training uses others."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "augmentations")


@torch.no_grad()
def last_drafts(network: Network, task: Task, problems: Problems, steps: int) -> NDArray[np.uint8]:
    """The drafts uint8 [B, L] after so many steps."""
    found = []
    for first in range(0, len(problems), BATCH):
        *_, last = refine(network, task, problems[first : first + BATCH], steps)
        found.append(last.draft.cpu().numpy().astype(np.uint8))
    return np.concatenate(found)


def two_attempts(network: Network, task: ArcTask, problems: Problems, config: Config) -> NDArray[np.uint8]:
    """The two answers uint8 [2, B, L] most voted for by drafts of the problems, as they are and augmented."""
    drafts = [last_drafts(network, task, problems, max(STEPS))]
    for number in range(1, config.augmentations):
        drawn = Augmentations.draw(mix(config.seed, number, np.arange(len(problems))))
        augmentations = dataclasses.replace(drawn, turn=np.full(len(problems), number % TURNS))
        found = last_drafts(network, task, augmented(problems, augmentations, task.size), max(STEPS))
        drafts.append(augmentations.inverse.apply(found, task.size))
    return most_voted(np.stack(drafts))


def row(name: str, network: Network, task: ArcTask, problems: Problems, ids: tuple[str, ...], config: Config) -> list:
    """A line of the table; ids: of the problems' tasks, none where problems are no whole tasks."""
    steps = unroll(network, task, problems, max(STEPS)).solved.float().mean(0)
    shares = [f"{100 * float(steps[step - 1]):.1f}" for step in STEPS]
    if not ids:
        return [name, str(len(problems)), *shares, "", ""]
    solved = solved_in(problems, two_attempts(network, task, problems, config))
    tasks = tasks_solved(solved, ids)
    return [name, str(len(problems)), *shares, f"{100 * solved.mean():.1f}", f"{sum(tasks.values())} of {len(tasks)}"]


def run(config: Config) -> None:
    """Print the three scores."""
    checkpoint = load_checkpoint(config.checkpoint)
    task, network = make_task(checkpoint.task), checkpoint.model
    if not isinstance(task, ArcTask):
        raise ValueError(f"{config.checkpoint} was trained on {task.name}: choose a checkpoint of an ARC task")
    level, steps = task.level_index(config.level), (f"{step}" for step in STEPS)
    table = Table("problems", "n", *steps, "two attempts", "tasks", title="exactly right after steps, percent")
    pairs = task.generate(task.split_size(level, "train"), level, "train", config.seed)
    table.add_row(*row("trained pairs", network, task, pairs, (), config))
    for name, split in (("their test inputs", "train"), ("test split", "test")):
        asked = task.published(level, split)
        table.add_row(*row(name, network, task, asked.problems, asked.names, config))
    Console().print(table)


if __name__ == "__main__":
    main(run, Config)
