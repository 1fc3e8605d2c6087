"""Check problem after problem against oracles that share no code with the suite, and write a report.

python scripts/soak.py                                       # 10^6 problems a task; stopped, it goes on where it was
python scripts/soak.py --problems 2000 --tasks algebra       # a small run
python scripts/soak.py --problems 100000 --tasks maze30x30   # a size that is no environment of its own, and slow
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from agents.common.checks import Checked, at_least_one
from agents.common.cli import main
from agents.common.console import Progress
from agents.common.places import Places, writes
from scripts.oracles import arithmetic, maze, points, regression, sudoku
from trm_gym.atomic_io import atomic_write
from trm_gym.json_files import read_json
from trm_gym.registration import TASKS, make_task
from trm_gym.splits import SPLITS
from trm_gym.streams import mix
from trm_gym.task import Problems, Task

CHUNK = 500
"""Problems that are checked together."""

CELLS = 2**20
"""Cells of the answers that are judged in one call, so that they stay in the processor's cache."""

KEPT = 100
"""Faults of a task that the report tells of; all are counted."""

EMPTY = {"chunks": 0, "problems": 0, "verdicts": 0, "seconds": 0.0, "wrong": 0}
"""What the report counts of a task."""

ORACLES = {"sudoku": sudoku, "maze": maze, "arithmetic": arithmetic, "algebra": points, "regression": regression}
"""The oracle of each task, by the first word of its name."""


@dataclass(frozen=True)
class Config(Checked):
    """Soak the tasks in problems. Levels and splits take turns, a chunk of 500 problems each."""

    tasks: tuple[str, ...] = tuple(TASKS)
    """The tasks to check; all that have an environment, if none is named."""
    problems: int = 1_000_000
    """Problems of each task."""
    levels: tuple[str, ...] = ()
    """Levels to check; all of a task where none is named."""
    processes: int = os.cpu_count() or 1
    """Worker processes."""
    seconds: float | None = None
    """When to stop for now; the next run goes on from there."""
    out: Path = Path("runs", "soak.json")
    """File for the report. One that is there is gone on with."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems", "processes")


class Chunk(NamedTuple):
    """One piece of work: chunk ``number`` of a task has a level and a split of its own."""

    task: str
    levels: tuple[int, ...]
    number: int


class Outcome(NamedTuple):
    """What came of a chunk of a task: problems and verdicts that were checked, seconds, and what was wrong."""

    task: str
    problems: int
    verdicts: int
    seconds: float
    faults: list[str]


def check(chunk: Chunk) -> Outcome:
    """Draw a chunk's problems, ask the oracle about all of them, and the verifier about answers of known worth."""
    began, task = time.perf_counter(), make_task(chunk.task)
    turn, level = divmod(chunk.number, len(chunk.levels))
    level, split = chunk.levels[level], SPLITS[turn % len(SPLITS)]
    drawn = task.sample(mix(0x50A4, chunk.number, np.arange(CHUNK)), np.full(CHUNK, level), split)
    oracle, verdicts = next(one for name, one in ORACLES.items() if chunk.task.startswith(name)), 0
    parts = (drawn.problem, drawn.solution, *((drawn.numbers, drawn.truth) if task.numbers else ()))
    wrong = [(index, fault) for index, fault in enumerate(oracle.faults(*parts)) if fault]
    for index, answers, worth, what in answers_of(task, drawn, np.random.default_rng(chunk.number)):
        verdicts += len(answers)
        misjudged = index[task.verify(drawn[index], answers).solved != worth]
        wrong += [(int(which), f"the verifier is wrong about {what}") for which in np.unique(misjudged)]
    name = f"{chunk.task} {task.levels[level].name} {split}"
    faults = [
        f"{name}, problem {index} of chunk {chunk.number}: {fault}: {task.decode(drawn.problem[index])!r}"
        for index, fault in sorted(dict.fromkeys(wrong), key=lambda one: one[0])
    ]
    return Outcome(chunk.task, CHUNK, verdicts, time.perf_counter() - began, faults)


def answers_of(
    task: Task, drawn: Problems, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, str]]:
    """Which problems are answered (int64 [n]), how (uint8 [n, L]), whether rightly (bool [1] or [n]), and by what."""
    each, right, wrong = np.arange(len(drawn)), np.array([True]), np.array([False])
    yield each, drawn.solution, right, "the solution"
    yield each, drawn.start, drawn.free.sum(axis=1) == 0, "an empty draft"
    if task.name.startswith("maze"):
        yield each, maze.another(drawn.problem, rng), right, "another shortest path"
    if task.name.startswith(("maze", "sudoku")):
        # No other filling of a cell can be right: the solution is unique, and a shortest path misses no cell.
        others = drawn.free[:, :, None] & (drawn.solution[:, :, None] != np.arange(task.vocab))
        index, cells, tokens = np.nonzero(others)
        for begin in range(0, len(index), CELLS // task.length):
            some = slice(begin, begin + CELLS // task.length)
            answers = drawn.solution[index[some]]
            answers[np.arange(len(answers)), cells[some]] = tokens[some]
            yield index[some], answers, wrong, "a solution with one cell changed"


def plan(config: Config, report: dict[str, Any]) -> list[Chunk]:
    """What is left to do: a chunk of each task in turn."""
    chunks = []
    for name in config.tasks:
        task = make_task(name)
        levels = tuple(task.level_index(level) for level in config.levels) or tuple(range(len(task.levels)))
        entry = report.setdefault(name, {"levels": levels, **EMPTY, "faults": []})
        if tuple(entry["levels"]) != levels:
            raise ValueError(f"{config.out} is a report on other levels of {name}: give another file as --out")
        chunks += [Chunk(name, levels, number) for number in range(entry["chunks"], -(-config.problems // CHUNK))]
    return sorted(chunks, key=lambda chunk: chunk.number)


def take(entry: dict[str, Any], outcome: Outcome) -> None:
    """Add a chunk to a task's part of the report."""
    entry["chunks"] += 1
    entry["problems"] += outcome.problems
    entry["verdicts"] += outcome.verdicts
    entry["seconds"] = round(entry["seconds"] + outcome.seconds, 3)
    entry["wrong"] += len(outcome.faults)
    entry["faults"] = (entry["faults"] + outcome.faults)[:KEPT]


def read(path: Path) -> dict[str, Any]:
    """The report at ``path``; an empty one where there is none. Raises ValueError."""
    if not path.exists():
        return {}
    try:
        report = read_json(path)
        if all({"levels", "faults", *EMPTY} <= set(entry) for entry in report.values()):
            return report
    except (ValueError, AttributeError, TypeError):
        pass
    raise ValueError(f"{path} is no report of this script: move it away, or give another file as --out")


def show(report: dict[str, Any]) -> None:
    """Print the report as a table, and what was wrong."""
    table = Table("task", "problems", "verdicts", "problems/s", "faults")
    for name, entry in report.items():
        rate = entry["problems"] / max(entry["seconds"], 1e-9)
        row = (entry["problems"], entry["verdicts"], round(rate), entry["wrong"])
        table.add_row(name, *(f"{number:,}" for number in row))
    Console().print(table)
    for entry in report.values():
        for fault in entry["faults"]:
            print(fault)


def outcomes(chunks: list[Chunk], processes: int, stack: contextlib.ExitStack) -> Iterator[Outcome]:
    """What comes of the chunks, in their order; the processes end with ``stack``."""
    if processes == 1:
        return map(check, chunks)
    return stack.enter_context(multiprocessing.get_context("spawn").Pool(processes)).imap(check, chunks)


@writes(lambda config: Places(files=[config.out]))
def run(config: Config) -> None:
    """Check what is left of every task and keep the report up to date. Exit code 1 where faults were found."""
    report, began = read(config.out), time.perf_counter()
    with contextlib.ExitStack() as stack:
        bar = stack.enter_context(Progress(config.problems * len(config.tasks), "soak"))
        for outcome in outcomes(plan(config, report), config.processes, stack):
            take(report[outcome.task], outcome)
            atomic_write(config.out, json.dumps(report, indent=1))
            done, faults = (sum(report[name][what] for name in config.tasks) for what in ("problems", "wrong"))
            bar.update(done, faults=faults)
            if config.seconds is not None and time.perf_counter() - began > config.seconds:
                break
    show(report)
    if any(entry["wrong"] for entry in report.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main(run, Config)
