"""What the benchmarks share: which environments they measure, timing, and figures beside their bars."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from rich.console import Console
from rich.table import Table

from agents.common.checks import Checked, at_least, at_least_one

ACTION_BATCHES = 8
"""Batches of noise that stand for actions, drawn beforehand and taken in turn."""


@dataclass(frozen=True)
class Settings(Checked):
    """What the suite's own speed is measured on, and how long."""

    task: str = "sudoku9x9"
    """The task whose environments are measured."""
    level: str = "clues30"
    """Level of the problems that are measured on."""
    slots: int = 1024
    """Slots of the native vector environment."""
    loop_slots: int = 64
    """Slots of Gymnasium's looping vector environment, which it is compared with."""
    seconds: float = 1.0
    """Seconds of one run. The best of three counts, since other programs can only slow a run down."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "slots", "loop_slots")
        at_least(0, self, "seconds")


@dataclass(frozen=True)
class Figure:
    """One measurement and the bar that it should reach, or stay below."""

    what: str
    value: float
    unit: str
    bar: float | None = None
    below: bool = False

    @property
    def verdict(self) -> str:
        """Whether the bar is met; empty without one."""
        if self.bar is None:
            return ""
        met = self.value <= self.bar if self.below else self.value >= self.bar
        return "[green]met[/]" if met else "[red]missed[/]"


@final
class Clock:
    """Processor time of this process and of those that it has started and seen end, without what ``with`` blocks take.

    began: the processor time from which it counts, now by default; 0 is the start of the process.
    """

    def __init__(self, began: float | None = None) -> None:
        self._began = self._now() if began is None else began

    @staticmethod
    def _now() -> float:
        started = os.times()
        return time.process_time() + started.children_user + started.children_system

    @property
    def seconds(self) -> float:
        """What has gone by."""
        return self._now() - self._began

    def __enter__(self) -> None:
        self._at = self._now()

    def __exit__(self, *_: object) -> None:
        self._began += self._now() - self._at


def per_second(work: Callable[[], object], count: int, settings: Settings) -> float:
    """How many of ``count`` things, done by each call of ``work``, are done in a second."""
    calls, began = 0, time.perf_counter()
    while time.perf_counter() - began < settings.seconds:
        work()
        calls += 1
    return calls * count / (time.perf_counter() - began)


def best(measure: Callable[[], float], choose: Callable[[list[float]], float]) -> float:
    """The best of three measurements."""
    return choose([measure() for _ in range(3)])


def timed(code: str, **variables: str) -> float:
    """Seconds that ``code`` takes in a new interpreter with these environment variables; its start not counted."""
    return printed(f"import time; began = time.perf_counter(); {code}; print(time.perf_counter() - began)", **variables)


def printed(code: str, **variables: str) -> float:
    """The number that ``code`` prints last, in a new interpreter with these environment variables.

    Raises ValueError where it fails; what it said stands on stderr.
    """
    run = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **variables}, stdout=subprocess.PIPE, check=False, text=True
    )
    if run.returncode:
        why = "; it was killed, as for want of memory: measure less at once" if run.returncode < 0 else ""
        raise ValueError(f"a measurement in a process of its own ended with code {run.returncode}{why} ({code})")
    return float(run.stdout.split()[-1])


def show(figures: list[Figure]) -> None:
    """Print the figures as a table."""
    table = Table("measured", "figure", "unit", "bar", "")
    for column in (1, 3):
        table.columns[column].justify = "right"
    for figure in figures:
        bar = "" if figure.bar is None else f"{'<=' if figure.below else '>='} {figure.bar:,.6g}"
        value = f"{figure.value:,.0f}" if figure.value >= 1000 else f"{figure.value:.2f}"
        table.add_row(figure.what, value, figure.unit, bar, figure.verdict)
    Console().print(table)
