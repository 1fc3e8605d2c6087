"""Two hours of stepping, training, solving and serving in turn: does anything grow, is anything left behind?

python scripts/load.py                                  # two hours
python scripts/load.py --minutes 10 --warm-up 3         # a short look, whose slope says little

After every turn it is measured what this process and the page's server hold: memory, open files, threads, shared
memory. After the warm-up memory may grow by less than 1 MB in an hour, and nothing else may grow. At the end no
process that was begun on the way may be left, and no block of shared memory. Exit code 1 where that is not so.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from agents.common.checks import Checked, above_zero, at_least
from agents.common.cli import main
from agents.common.console import Progress
from agents.common.memory import give_back_memory
from agents.common.places import Places, writes
from agents.evaluation.tables import markdown_table
from scripts.enduring.held import Held, abandoned, adopt, begun, held, slope, told
from scripts.enduring.work import Page, every_size, solve, step, train
from trm_gym.atomic_io import atomic_write

BAR = 1.0
"""Megabytes an hour by which memory may grow after the warm-up."""
MOMENT = 20.0
"""Seconds in which whoever is about to end has to, before it counts as left behind."""
COUNTED = ("handles", "threads", "shared")
"""What may not grow at all after the warm-up."""


@dataclass(frozen=True)
class Config(Checked):
    """Let everything run for hours, and watch what is held."""

    minutes: float = 120.0
    """Minutes in all."""
    warm_up: float = 30.0
    """Minutes of these before what is held is judged: caches fill, kernels compile."""
    json: Path | None = None
    """File for all that was measured, as JSON."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "minutes")
        at_least(0, self, "warm_up")
        if self.warm_up >= self.minutes:
            raise ValueError(f"--warm-up must be below --minutes ({self.minutes:g}), got {self.warm_up:g}")
        if not told():
            raise ValueError("what processes hold is told by /proc, which this system does not have")


class Sample(NamedTuple):
    """What is held so many hours after the beginning. others: processes beside this one and the server."""

    hours: float
    own: Held
    server: Held
    others: int


@dataclass
class Record:
    """What hours of work came to. processes, blocks: what is left of processes and of shared memory at the end."""

    turns: int = 0
    samples: list[Sample] = field(default_factory=list)
    processes: int = 0
    blocks: int = 0


@dataclass(frozen=True)
class Row:
    """How something went after the warm-up. sound: whether as promised."""

    what: str
    first: float
    last: float
    most: float
    change: str
    sound: bool


def judged(samples: list[Sample]) -> list[Row]:
    """Memory by its slope; what is counted by whether the second half ever held more than the first."""
    rows, hours, half = [], [one.hours for one in samples], len(samples) // 2
    for who in ("own", "server"):
        values = [getattr(one, who).memory for one in samples]
        grows, error = slope(hours, values)
        # A NaN, of too few samples, is no proof.
        rows.append(_row(f"megabytes, {who}", values, f"{grows:+.2f} ± {error:.2f} an hour", grows < BAR))
        for name in COUNTED:
            values = [float(getattr(getattr(one, who), name)) for one in samples]
            before, after = max(values[:half], default=0.0), max(values[half:], default=0.0)
            rows.append(_row(f"{name}, {who}", values, f"{after - before:+g} at most", after <= before))
    values = [float(one.others) for one in samples]
    return [*rows, _row("other processes after a turn", values, "", max(values, default=0.0) == 0)]


def _row(what: str, values: list[float], change: str, sound: bool) -> Row:
    first, last = (values[0], values[-1]) if values else (0.0, 0.0)
    return Row(what, first, last, max(values, default=0.0), change, sound)


def endure(config: Config) -> Record:
    """Take turns until the time is over, measure after each, and count what is left."""
    adopt()
    record, began, before, earlier = Record(), time.monotonic(), abandoned(), set(begun(os.getpid()))
    console, minutes = Console(), 0.0
    every_size()
    with Page() as page, Progress(round(config.minutes), "load", 60.0, console) as bar:
        opened = set(begun(os.getpid()))  # the page, and what compiles beside it
        turns: tuple[Callable[[int], None], ...] = (step, train, solve, page.ask)
        while minutes < config.minutes:
            with open(os.devnull, "w", encoding="utf-8") as nothing, contextlib.redirect_stdout(nothing):
                for work in turns:
                    work(record.turns)
            gc.collect()
            give_back_memory()  # what the allocator keeps free is not held, and would swing by tens of megabytes
            minutes, server = (time.monotonic() - began) / 60, page.process.pid
            others = len(set(begun(os.getpid())) - opened)
            record.samples.append(Sample(minutes / 60, held([os.getpid()]), held([server]), others))
            record.turns += 1
            keep(config, record)
            own, its = record.samples[-1][1:3]
            bar.update(int(minutes), turns=record.turns, own=own.memory, server=its.memory, handles=own.handles)
    record.processes, record.blocks = left(earlier), len(abandoned() - before)
    return record


def left(earlier: set[int]) -> int:
    """How many processes were begun since those of ``earlier`` and have not ended; who is about to has a moment."""
    until = time.monotonic() + MOMENT
    while (found := set(begun(os.getpid())) - earlier) and time.monotonic() < until:
        for process in found:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process, os.WNOHANG)  # an adopted one that has ended stays until it is heard of
        time.sleep(0.05)
    return len(found)


def keep(config: Config, record: Record) -> None:
    """Write what was measured so far, so that a run that is ended has it too."""
    if config.json is not None:
        atomic_write(config.json, json.dumps(asdict(record), indent=1) + "\n")


@writes(lambda config: Places(files=[config.json]))
def run(config: Config) -> None:
    """Work, judge, show. Exit code 1 where something grew or was left."""
    record = endure(config)
    kept = [one for one in record.samples if 60 * one.hours >= config.warm_up]
    rows, console = judged(kept), Console()
    table = [
        (row.what, f"{row.first:.1f}", f"{row.last:.1f}", f"{row.most:.1f}", row.change, "yes" if row.sound else "NO")
        for row in rows
    ]
    text = markdown_table(("after the warm-up", "first", "last", "most", "growth", "as promised"), table)
    console.print(text, highlight=False, markup=False, soft_wrap=True)
    print(f"{record.turns} turns, {len(kept)} after the warm-up; left: {record.processes} processes,", end=" ")
    print(f"{record.blocks} blocks of shared memory")
    if config.json is not None:
        atomic_write(
            config.json, json.dumps({"rows": [asdict(row) for row in rows], **asdict(record)}, indent=1) + "\n"
        )
    if record.processes or record.blocks or not all(row.sound for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main(run, Config)
