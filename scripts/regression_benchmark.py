"""Exact recovery of the formulas of a benchmark, in equal processor time, by each way to search.

python scripts/regression_benchmark.py --formulas nguyen_keijzer.jsonl --seconds 1 5 15 --folder runs/nguyen

A formula counts where it equals the hidden one to six digits at 1,000 points, half of them inside the box of the points
shown and half in a box twice as large, wherever the hidden one has a value. R2 counts nothing here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from agents.common.checks import Checked, above_zero, at_least_one
from agents.common.cli import main
from agents.common.places import Places, writes
from agents.inference.formulas.config import SearchConfig
from agents.inference.formulas.search import search
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write
from trm_gym.errors import ProblemError
from trm_gym.files import file_lines
from trm_gym.regression._search.values import spread
from trm_gym.regression.compositions import values_of
from trm_gym.regression.formula import Formula
from trm_gym.regression.points import PRESENT, TARGET, points_of
from trm_gym.regression.programs import evaluate
from trm_gym.task import Problems

CLOSE = 1e-6
POINTS = 500
LONGEST = 100_000
WAYS = {
    "compositions and pool": SearchConfig(change="mutation"),
    "pool, parts looked up": SearchConfig(change="mutation", compositions=False),
    "pool, mutation alone": SearchConfig(change="mutation", compositions=False, lookup=False),
}
"""Ways to search, by the names that tables give them."""


@dataclass(frozen=True)
class Config(Checked):
    """Compare ways to search on a file of formulas."""

    formulas: Path | None = None
    """Records, one a line, with a formula as expr and ranges, as published benchmarks have them."""
    seconds: tuple[float, ...] = (1.0, 5.0, 15.0)
    """Processor seconds for each formula."""
    seeds: int = 10
    """How often each is looked for, with other random numbers."""
    noise: float = 0.0
    """Of the target, in its standard deviations."""
    folder: Path | None = None
    """Folder for result.json."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "seconds")
        at_least_one(self, "seeds")


def problems_of(path: Path) -> list[tuple[str, Problems, int]]:
    """Name, problem and number of variables of every record that is a problem of the task."""
    found, task = [], make_task("regression")
    for line in file_lines(str(path), LONGEST):
        record = json.loads(line)
        try:
            found.append((record["name"], task.encode(record), int(record["nvars"])))
        except ProblemError:
            continue
    return found


def is_exact(formula: Formula, problem: Problems) -> bool:
    """Whether a formula equals the hidden one of a batch of one, inside the box shown and beyond it."""
    points = points_of(problem.numbers)[0]
    inputs = points[points[:, PRESENT] > 0][:, :TARGET]
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    cube = spread(2 * POINTS)
    within = low + (high - low) * cube[:POINTS]
    beyond = low - (high - low) / 2 + 2 * (high - low) * cube[POINTS:]
    places = np.concatenate([within, beyond])
    truth, found = evaluate(problem.truth, places[None])[0], values_of(formula, places)
    known = np.isfinite(truth)
    with np.errstate(invalid="ignore"):
        return bool((np.abs(found - truth)[known] <= CLOSE * np.maximum(np.abs(truth[known]), 1e-9)).all())


def table_of(problem: Problems, variables: int, noise: float, seed: int) -> NDArray[np.float64]:
    """The points shown, float64 [N, 2 to 4], with noise on the target."""
    points = points_of(problem.numbers)[0]
    points = points[points[:, PRESENT] > 0]
    target = points[:, TARGET]
    off = noise * target.std() * np.random.default_rng([seed, 1]).normal(size=len(points))
    return np.column_stack([points[:, :variables], target + off])


@writes(lambda config: Places(folders=[config.folder], reads=[config.formulas]))
def run(config: Config) -> None:
    """Look for every formula in every way and at every limit."""
    if config.formulas is None:
        raise ValueError("name a file of formulas: --formulas nguyen_keijzer.jsonl")
    console, problems = Console(), problems_of(config.formulas)
    if not problems:
        raise ValueError(f"{config.formulas} holds no formula of up to three variables")
    for _, problem, variables in problems[:1]:  # compiles what is compiled
        for way in WAYS.values():
            search(table_of(problem, variables, 0.1, 0), replace(way, rounds=8))
    result: dict[str, dict[str, dict[str, float]]] = {}
    for seconds in config.seconds:
        rows = result[f"{seconds:g} s, {len(problems)} formulas, {config.seeds} seeds, noise {config.noise:g}"] = {}
        for name, way in WAYS.items():
            exact, spent = np.zeros((len(problems), config.seeds), np.bool_), []
            for at, (_, problem, variables) in enumerate(problems):
                for seed in range(config.seeds):
                    table = table_of(problem, variables, config.noise, seed)
                    found = search(table, replace(way, seconds=seconds, seed=seed))
                    exact[at, seed] = found.best is not None and is_exact(found.best.formula, problem)
                    spent.append(found.seconds)
            rows[name] = {
                "exact, mean": float(exact.sum(axis=0).mean()),
                "at least once": int(exact.any(axis=1).sum()),
                "always": int(exact.all(axis=1).sum()),
                "seconds, mean": float(np.mean(spent)),
            }
            console.print(f"{seconds:g} s, {name}: {rows[name]}", highlight=False, soft_wrap=True)
            if config.folder is not None:
                atomic_write(config.folder / "result.json", json.dumps(result, indent=1))


if __name__ == "__main__":
    main(run, Config)
