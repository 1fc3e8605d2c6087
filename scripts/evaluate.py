"""Measure how well a checkpoint's network thinks and stops, beside every other rule of stopping. It trains nothing.

python scripts/evaluate.py --checkpoint sudoku6x6                          on its own level's test split
python scripts/evaluate.py --checkpoint runs/mine --level clues8-10        on another level
python scripts/evaluate.py --checkpoint sudoku9x9 --data puzzles.txt       on puzzles from outside
python scripts/evaluate.py --checkpoint maze11x11 --size 30 --max-steps 64 --level hard    on a size never trained on
python scripts/evaluate.py --all                                           every shipped network on its own levels
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console

from agents.checkpoint import Checkpoint, load_checkpoint, shipped
from agents.common.acceleration import AccelerationConfig, accelerate, solving_pass
from agents.common.checks import at_least_one
from agents.common.cli import main
from agents.common.console import Progress, announce
from agents.common.places import Places, writes
from agents.common.tensor_file import CheckpointError
from agents.evaluation.evaluate import evaluate_checkpoint, unmeasured
from agents.evaluation.outside import read_outside, remarks
from agents.evaluation.protocol import EvaluationConfig
from agents.evaluation.records import write_tables
from agents.evaluation.shipped import STEPS, level_rows, network_row, tables, taught
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write


@dataclass(frozen=True)
class Config(EvaluationConfig):
    """Measure every halting rule on a checkpoint: table, pictures, raw results."""

    checkpoint: str = "sudoku6x6"
    """A folder with a checkpoint, or the name of one that comes with the package."""
    size: int | None = None
    """Another size of the checkpoint's task to run it at; for networks that tie no weight to a size."""
    also: tuple[str, ...] = ()
    """More checkpoints of the same network, taught with other seeds: their GRPO heads become grpo-2, grpo-3, ..."""
    data: Path | None = None
    """A file of problems, as solve.py takes it: one a line, a table (CSV, tabs, spaces), JSON, sudokus and mazes also
    as rows on lines. What is none of the task's is counted and listed. Settings are still chosen on the level's
    validation split; any solution counts."""
    json: Path | None = None
    """A file to write the rows {rule, accuracy, steps, n} to, accuracy in [0, 1]."""
    folder: Path | None = None
    """Folder for report, raw results and pictures; runs/evaluate/CHECKPOINT-PROBLEMS by default."""
    all: bool = False
    """Instead, how many test problems each network that comes with the package solves after 1, 2, 4, 8 and 16 steps,
    at every level that it was taught. Of the other fields only all-problems, batch and folder count."""
    all_problems: int = 500
    """Test problems of each level where all networks are measured."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "all_problems")


def joined(checkpoint: Checkpoint, others: tuple[str, ...]) -> Checkpoint:
    """``checkpoint`` with the GRPO heads of ``others`` too. Raises CheckpointError where a network is another one."""
    heads, weights = dict(checkpoint.heads), checkpoint.model.state_dict()
    for number, place in enumerate(others, start=2):
        other = load_checkpoint(place)
        same = other.model.config == checkpoint.model.config
        if not same or any(not torch.equal(part, weights[name]) for name, part in other.model.state_dict().items()):
            raise CheckpointError(f"{place} holds another network: --also takes heads taught on the same one")
        if "grpo" not in other.heads:
            raise CheckpointError(f"{place} has no GRPO head: teach one with scripts/grpo.py --checkpoint {place}")
        heads[f"grpo-{number}"] = other.heads["grpo"]
    return dataclasses.replace(checkpoint, heads=heads)


def folder_of(config: Config) -> Path:
    """Where the report goes."""
    if config.all:
        return config.folder or Path("runs", "evaluate", "all")
    what = "-".join(config.level) or "own-levels" if config.data is None else config.data.stem
    return config.folder or Path("runs", "evaluate", f"{Path(config.checkpoint).name}-{what}")


def evaluate_all(config: Config) -> None:
    """Every shipped network on its own levels: the tables of docs/results/networks.md."""
    networks = {name: load_checkpoint(name) for name in shipped()}
    count, seconds = config.all_problems, 0.0
    for checkpoint in networks.values():
        passes = -(-count // config.batch) * max(STEPS) * len(taught(checkpoint))
        one_pass = solving_pass(checkpoint.model, make_task(checkpoint.task), config.batch)
        seconds += accelerate(checkpoint.model, one_pass, passes, AccelerationConfig(bfloat16="off")).seconds
    announce("running the problems", seconds)
    summary, levels = list[list[str]](), list[list[str]]()
    with Progress(sum(len(taught(checkpoint)) for checkpoint in networks.values()), "levels") as bar:
        for name, checkpoint in networks.items():
            first = len(levels)
            for row in level_rows(name, checkpoint, count):
                levels.append(row)
                bar.update(len(levels))
            summary.append(network_row(name, checkpoint, levels[first:]))
    out = folder_of(config)
    print(write_tables(out, tables(summary, levels)))
    print(f"tables: {out}")


@writes(lambda config: Places([folder_of(config)], [config.json], [config.data, config.checkpoint, *config.also]))
def run(config: Config) -> None:
    """Evaluate, print the table and write the files."""
    if config.all:
        return evaluate_all(config)
    checkpoint = joined(load_checkpoint(config.checkpoint, size=config.size), config.also)
    task = make_task(checkpoint.task)
    outside = None if config.data is None else read_outside(config.data, task)
    tested = config.problems if outside is None else len(outside.problems)
    passes = (tested + config.validation) // config.batch * config.max_steps
    one_pass = solving_pass(checkpoint.model, task, config.batch)
    how = accelerate(checkpoint.model, one_pass, passes, AccelerationConfig(bfloat16="off"))
    announce("running the problems", how.seconds)
    out = folder_of(config)
    report = evaluate_checkpoint(checkpoint, config, out, None if outside is None else outside.problems)
    console = Console()
    for remark in remarks(outside, task) if outside is not None else ():
        console.print(remark, highlight=False, markup=False, soft_wrap=True)
    if outside is not None and outside.skipped:
        place = atomic_write(out / "skipped.txt", "\n".join(outside.skipped) + "\n")
        console.print(f"all that was skipped: {place}", highlight=False, soft_wrap=True)
    console.print(report.table(), unmeasured(checkpoint), sep="\n", end="", highlight=False)
    if config.json is not None:
        atomic_write(config.json, json.dumps(report.summary(), indent=2) + "\n")
    console.print(f"report, raw results and pictures: {out}", highlight=False)


if __name__ == "__main__":
    main(run, Config, first="checkpoint level problems validation max_steps prices size data json folder")
