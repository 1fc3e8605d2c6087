"""Score a checkpoint as ARC does: published tasks, two attempts at each test input, and only exact grids count.

python scripts/arc.py --checkpoint runs/pretrain-arc6x6-0/checkpoint

The network sees every problem in many disguises; undone, its answers vote, and the two with most votes are the attempts
(arXiv 2510.04871). It thinks to the end of the budget. What is not here: training (pretrain.py), halting (evaluate.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from agents.checkpoint import CheckpointError, load_checkpoint
from agents.cli import main
from agents.files import atomic_write
from agents.rollout import BATCH, Network, refine
from trm_gym import make_task
from trm_gym.arc import ArcTask
from trm_gym.arc.attempts import most_voted, solved_in, tasks_solved
from trm_gym.arc.disguise import Disguises
from trm_gym.splits import SPLITS
from trm_gym.streams import mix
from trm_gym.task import Problems


@dataclass(frozen=True)
class Config:
    """Score a checkpoint on published tasks of ARC."""

    checkpoint: str
    """A folder with a checkpoint of an ARC task."""
    level: tuple[str, ...] = ("small", "evaluation")
    """Levels to score, split by split."""
    disguises: int = 64
    """Disguises of each problem whose answers vote, the plain one among them (published: 1000)."""
    max_steps: int = 16
    """Steps of thinking."""
    seed: int = 0
    """Decides the disguises."""
    out: Path | None = None
    """A file to write the table to, as CSV."""

    def __post_init__(self) -> None:
        for name in ("disguises", "max_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"--{name.replace('_', '-')} must be at least 1, got {getattr(self, name)}")


class Score(NamedTuple):
    """What a level's tasks of one split came to; the columns of the table."""

    level: str
    split: str
    pairs: str
    """What was asked for: pairs that were trained on, in disguises that were not, or official test inputs."""
    tests: int
    draft: float
    """Share solved by the draft for the plain problem (or for the disguised one, where pairs were trained on)."""
    two_attempts: float
    """Share with a right one among the two attempts."""
    tasks: int
    tasks_solved: float
    """Share of tasks all of whose test inputs were solved in two attempts."""


@torch.no_grad()
def answers(network: Network, problems: Problems, max_steps: int) -> NDArray[np.uint8]:
    """The last drafts, uint8 [B, L]."""
    drafts = np.empty_like(problems.problem)
    for start in range(0, len(problems), BATCH):
        part = slice(start, start + BATCH)
        *_, last = refine(network, problems[part], max_steps)
        drafts[part] = last.draft.numpy()
    return drafts


def votes(network: Network, task: ArcTask, problems: Problems, config: Config) -> NDArray[np.uint8]:
    """Answers in the problems' own frame, uint8 [A, B, L]: to the plain problem, then to each disguise of it."""
    drafts = [answers(network, problems, config.max_steps)]
    for number in range(1, config.disguises):
        disguises = Disguises.draw(mix(config.seed, number, np.arange(len(problems))))
        dressed = task.disguised(problems, disguises)
        drafts.append(disguises.inverse.apply(answers(network, dressed, config.max_steps), task.size))
    return np.array(drafts)


def scores(network: Network, task: ArcTask, config: Config) -> Iterator[Score]:
    """The rows of the table: the splits of each level that hold something."""
    for level in config.level:
        index = task.level_index(level)
        for split in SPLITS:
            published = task.published(level, split)
            if not published.names:
                continue
            if split == "train":
                fresh = task.generate(task.split_size(index, split), index, split, config.seed)
                right = float(task.verify(fresh, answers(network, fresh, config.max_steps)).solved.mean())
                yield Score(level, split, "trained on, new disguise", len(fresh), right, np.nan, 0, np.nan)
            drafts = votes(network, task, published.problems, config)
            first = float(solved_in(published.problems, drafts[:1]).mean())
            solved = solved_in(published.problems, most_voted(drafts))
            tasks = tasks_solved(solved, published.names)
            share = sum(tasks.values()) / len(tasks)
            yield Score(level, split, "test inputs", len(solved), first, float(solved.mean()), len(tasks), share)


def run(config: Config) -> None:
    """Score, print and write."""
    checkpoint = load_checkpoint(config.checkpoint)
    task = make_task(checkpoint.task)
    if not isinstance(task, ArcTask):
        raise CheckpointError(f"{config.checkpoint} was trained on {checkpoint.task}: choose a checkpoint of ARC")
    for level in config.level:
        task.level_index(level)
    table = Table(*(name.replace("_", " ") for name in Score._fields), title=f"{task.name}, solved, percent")
    lines = [",".join(Score._fields)]
    for score in scores(checkpoint.model, task, config):
        table.add_row(*("" if value != value else f"{100 * value:.1f}" if isinstance(value, float) else str(value)
                        for value in score))
        lines.append(",".join(f'"{value}"' if isinstance(value, str) else str(value) for value in score))
    Console().print(table)
    print(f"{len(task.left_out)} tasks have a grid larger than {task.size}x{task.size} and are left out")
    if config.out is not None:
        atomic_write(config.out, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main(run, Config)
