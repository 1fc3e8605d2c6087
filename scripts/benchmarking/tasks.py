"""The tasks: fresh problems and verdicts of math and mazes, beside reasoning-gym where installed."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import numpy as np

from scripts.benchmarking.measuring import Figure, Settings, best, per_second
from trm_gym.registration import make_task
from trm_gym.streams import mix

RATES = (
    ("arithmetic", "sum3", None, 500e3, "chain_sum"),
    ("algebra", "linear", 200e3, 500e3, "simple_equations"),
    ("algebra", "both_sides", None, 500e3, None),
    ("algebra", "expand", 20e3, 500e3, "polynomial_multiplication"),
    ("algebra", "collect", 20e3, 500e3, None),
    ("maze11x11", "perfect", 50e3, 200e3, "maze"),
    ("maze11x11", "random", 50e3, 200e3, None),
    ("maze30x30", "hard", 2e3, None, None),
)
"""Task, level, the bars for fresh problems and for verdicts a second, and what reasoning-gym calls its like."""


def measure_tasks(settings: Settings) -> list[Figure]:
    """Fresh problems of the train split, and verdicts on right answers, on one core."""
    figures = []
    for name, level, fresh, verdicts, relative in RATES:
        task = make_task(name)
        index, count = task.level_index(level), 20_000 if task.length < 200 else 500
        problems = task.generate(count, index, "train", 0)
        keys, levels = mix(1, np.arange(count)), np.full(count, index)
        rate = best(
            lambda t=task, k=keys, at=levels: per_second(lambda: t.sample(k, at, "train"), len(k), settings), max
        )
        figures.append(Figure(f"fresh problems, {name} {level}", rate, "per s", fresh))
        judged = best(lambda t=task, p=problems: per_second(lambda: t.verify(p, p.solution), len(p), settings), max)
        figures.append(Figure(f"verdicts, {name} {level}", judged, "per s", verdicts))
        if relative and find_spec("reasoning_gym"):
            figures.append(Figure(f"reasoning-gym's {relative}", reasoning_gym(relative, settings), "per s"))
    return figures


def reasoning_gym(name: str, settings: Settings) -> float:
    """Fresh problems a second of a dataset of reasoning-gym."""
    dataset = import_module("reasoning_gym").create_dataset(name, size=1_000_000, seed=0)
    numbers = iter(range(1_000_000))
    return per_second(lambda: dataset[next(numbers)], 1, settings)
