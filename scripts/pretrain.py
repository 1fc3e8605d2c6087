"""Pretrain a TRM by supervision, and say how many problems of the test split it solves at 1, 2, 4, 8 and 16 steps.

``python scripts/pretrain.py --preset sudoku9x9``. An interrupted run goes on where it was when started again with the
same settings. ``torchrun --standalone --nproc-per-node 2 scripts/pretrain.py ...`` shares each batch among processes.
What is not here: halting by reward (grpo.py) and evaluation with halting honoured (evaluate.py).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agents.checkpoint import CONFIG_FILE, Checkpoint, save_checkpoint
from agents.common.checks import at_least_one
from agents.common.cli import main, save_config
from agents.common.kept_states import KeptStates
from agents.common.launch import is_first
from agents.common.places import Places, writes
from agents.common.processes import joined
from agents.common.signals import TimeLimit
from agents.evaluation.shipped import STEPS, solved_after
from agents.pretraining.config import PretrainConfig
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.run import pretrain
from trm_gym import make_task


@dataclass(frozen=True)
class Config(PretrainConfig, TimeLimit, KeptStates):
    """Supervised pretraining of a TRM."""

    folder: Path | None = None
    """Folder for all results; runs/pretrain-TASK-SEED by default."""
    test_problems: int = 2000
    """Problems of the test split per level; a finite split that holds fewer is taken whole."""
    test_levels: tuple[str, ...] = ()
    """Levels to test on; those trained on by default."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "test_problems")


def test_table(checkpoint: Checkpoint, levels: tuple[str, ...], count: int) -> tuple[Table, dict[str, list[float]]]:
    """Share of test problems solved after some numbers of steps, per level."""
    table = Table("level", "problems", *(f"{step} steps" for step in STEPS), title="solved, test split, percent")
    figures: dict[str, list[float]] = {}
    for name in levels:
        tried, solved = solved_after(checkpoint, name, count)
        figures[name] = [round(float(solved[step - 1]), 4) for step in STEPS]
        table.add_row(name, str(tried), *(f"{100 * value:.2f}" for value in figures[name]))
    return table, figures


def folder_of(config: Config) -> Path:
    """Where everything goes."""
    return config.folder or Path("runs") / f"pretrain-{config.task}-{config.seed}"


@writes(lambda config: Places([folder_of(config)] if is_first() else []))
def run(config: Config) -> None:
    """Pretrain, save, test."""
    folder = folder_of(config)
    levels = tuple(dict.fromkeys(config.test_levels or config.levels))
    for name in levels:
        make_task(config.task).level_index(name)  # an unknown one is told now and not after hours
    if is_first():
        save_config(config, folder / "config.yaml")
    settings = {field.name: getattr(config, field.name) for field in dataclasses.fields(PretrainConfig)}
    with joined() as processes:
        checkpoint = pretrain(PretrainConfig(**settings), folder, config.keep, config.restores, processes)
    if not processes.first:
        return
    if not (folder / "checkpoint" / CONFIG_FILE).exists():  # what stands there may have been measured already
        save_checkpoint(folder / "checkpoint", checkpoint)
    table, figures = test_table(checkpoint, levels, config.test_problems)
    meta = {**checkpoint.meta, "solved_at_steps": {"steps": STEPS, **figures}}
    save_checkpoint(folder / "checkpoint", dataclasses.replace(checkpoint, meta=meta))
    Console().print(table)
    took = f"trained in {meta['pretraining_seconds']:.0f} s; " if "pretraining_seconds" in meta else ""
    print(f"{took}checkpoint in {folder / 'checkpoint'}")


def presets() -> dict[str, Config]:
    """The pretraining presets, with this script's own fields."""
    fields = [field.name for field in dataclasses.fields(PretrainConfig)]
    return {name: Config(**{f: getattr(preset, f) for f in fields}) for name, preset in PRETRAIN.items()}


if __name__ == "__main__":
    main(
        run,
        Config,
        presets(),
        first="task levels updates batch max_steps model.mixer model.hidden model.cycles seed folder",
    )
