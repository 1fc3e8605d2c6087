"""Measure every level with solvers and with the shipped networks, check that difficulty means something, and write
docs/levels.md.

python scripts/levels.py
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sympy
from numpy.typing import NDArray

from agents.checkpoint import SHIPPED, load_checkpoint
from agents.common.checks import Checked
from agents.common.cli import main
from agents.common.places import Places, writes
from agents.halting.outcomes import oracle_steps
from agents.rollouts.unroll import unroll
from scripts.oracles import regression, sudoku
from trm_gym.atomic_io import atomic_write
from trm_gym.maze.layout import ON, WALL
from trm_gym.registration import TASKS, make_task
from trm_gym.regression.points import PRESENT, TARGET, points_of
from trm_gym.streams import mix
from trm_gym.sudoku.geometry import geometry
from trm_gym.sudoku.solver import efforts_of
from trm_gym.task import Problems, Task

GROUPS = 4
"""Problems of all levels are cut into so many groups of equal size, from the easiest to the hardest."""

Measures = dict[str, NDArray[np.float64]]
"""What was measured of B problems, float64 [B] each."""


@dataclass(frozen=True)
class Config(Checked):
    """Measure the levels of every environment."""

    count: int = 400
    """Problems of each level."""
    tasks: tuple[str, ...] = (*TASKS, "maze30x30")
    """Tasks whose levels are measured."""
    networks: bool = True
    """Also measure how many problems the shipped networks solve. It takes a few minutes."""
    out: Path = Path("docs", "levels.md")
    """File for the tables."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.count < GROUPS:
            raise ValueError(f"--count must be at least {GROUPS}, got {self.count}")


def of_sudokus(task: Task, problems: Problems) -> Measures:
    """What proving the solution unique takes: the suite's search, and MiniSat."""
    efforts = efforts_of(problems.problem, geometry(round(task.length**0.5))).astype(float)
    return {
        "sweeps of the whole search": efforts[:, 3],
        "MiniSat's conflicts": sudoku.conflicts(problems.problem, problems.solution).astype(float),
        "sweeps before it branches": efforts[:, :2].sum(axis=1),
        "hidden singles needed": (efforts[:, 1] > 0).astype(float),
        "branch nodes": efforts[:, 2],
        "givens": (problems.problem > 0).sum(axis=1).astype(float),
    }


def of_mazes(task: Task, problems: Problems) -> Measures:
    """A shortest path and what lies beside it."""
    length = 1.0 + (problems.solution == ON).sum(axis=1)
    return {
        "path length": length,
        "branches beside it": problems.difficulty - length,
        "walls": (problems.problem == WALL).mean(axis=1),
    }


def of_text(task: Task, problems: Problems) -> Measures:
    """Operations, how deep brackets, products and sums are nested in each other, and digits to be found."""
    texts = [task.decode(row) for row in problems.problem]
    answers = [task.decode(row) for row in problems.solution]
    digits = [len(re.findall("[0-9]", answer)) for answer in answers]
    operations = [len(re.findall(r"[-+*/^]", text)) for text in texts]
    return {
        "operations and digits": np.add(operations, digits).astype(float),
        "operations": np.array(operations, float),
        "expression depth": np.array([depth(text) for text in texts], float),
        "digits of the answer": np.array(digits, float),
    }


def of_points(task: Task, problems: Problems) -> Measures:
    """Operations of the formula as SymPy has it, and what a cubic in all variables leaves of the targets."""
    rows = zip(problems.solution, problems.truth, strict=True)
    exact = [regression.expression(label, regression.numbers_of(truth)) for label, truth in rows]
    points = points_of(problems.numbers)
    return {
        "operations": np.array([float(sympy.count_ops(one)) for one in exact]),
        "left by a cubic": np.array([left_by_a_cubic(row[row[:, PRESENT] > 0]) for row in points]),
        "variables": np.array([float(len(one.free_symbols)) for one in exact]),
        "points": points[..., PRESENT].sum(axis=1),
    }


def left_by_a_cubic(points: NDArray[np.float64]) -> float:
    """The standard deviations of the targets that the best polynomial of degree 3 leaves of points float64 [N, 5]."""
    used = points[:, :TARGET][:, points[:, :TARGET].any(axis=0)]
    powers = itertools.product(range(4), repeat=used.shape[1])
    terms = np.stack([(used ** np.array(power)).prod(axis=1) for power in powers if sum(power) <= 3], axis=1)
    target = points[:, TARGET]
    off = target - terms @ np.linalg.lstsq(terms, target, rcond=None)[0]
    return float(off.std() / target.std())


def depth(text: str) -> int:
    """How many sums, products and powers stand within each other: 0 for a number, 2 for ``3*x+4``, 4 for
    ``2*(3*x+4)+1``.
    """
    text = re.sub(r"(?<![0-9xy)])-", "", text)  # a sign is no operation
    parts, level = [""], 0
    for sign in text:
        level += (sign == "(") - (sign == ")")
        if not level and sign in "=,":
            parts.append("")
        else:
            parts[-1] += sign
    return max(_depth(part) for part in parts)


def _depth(text: str) -> int:
    """The depth of one side."""
    for signs in ("+-", "*/", "^"):
        cuts, level = [-1], 0
        for place, sign in enumerate(text):
            level += (sign == "(") - (sign == ")")
            if not level and sign in signs:
                cuts.append(place)
        if len(cuts) > 1:
            ends = [*cuts[1:], len(text)]
            return 1 + max(_depth(text[start + 1 : end]) for start, end in zip(cuts, ends, strict=True))
    inside = re.search(r"\((.*)\)", text)
    return _depth(inside[1]) if inside else 0


MEASURES: dict[str, tuple[Callable[[Task, Problems], Measures], int]] = {
    "sudoku": (of_sudokus, 2),
    "maze": (of_mazes, 1),
    "arithmetic": (of_text, 1),
    "algebra": (of_text, 1),
    "regression": (of_points, 1),
}
"""What is measured, by the first word of a task's name, and how many of the measures must rise with the difficulty."""


def first_steps(name: str, task: Task, problems: Problems) -> Measures:
    """The first step at which the shipped network is right, of those that it solves, and the share of those."""
    if not (SHIPPED / name).is_dir():
        return {}
    solved = unroll(load_checkpoint(name).model, task, problems, 16).solved.numpy()
    steps = oracle_steps(solved, hopeless=0).astype(float)
    return {"network's first right step": np.where(steps > 0, steps, np.nan), "solved by it": (steps > 0).astype(float)}


def rising(difficulty: NDArray[np.float64], measure: NDArray[np.float64]) -> list[float]:
    """The mean of a measure in each group of problems of like difficulty, from easy to hard."""
    order = np.argsort(difficulty, kind="stable")
    return [float(measure[part].mean()) for part in np.array_split(order, GROUPS)]


def section(name: str, config: Config) -> str:
    """The tables of one task."""
    task, rows, all_difficulties, all_measures = make_task(name), [], [], []
    measure, checked = next(of for start, of in MEASURES.items() if name.startswith(start))
    for index, level in enumerate(task.levels):
        keys = mix(0x1E7E1, index, np.arange(config.count))
        problems = task.sample(keys, np.full(config.count, index), "test")
        measures = measure(task, problems)
        all_difficulties.append(problems.difficulty.astype(float))
        all_measures.append(measures)
        shown = {**measures, **(first_steps(name, task, problems) if config.networks else {})}
        rows.append((level.name, problems.difficulty, shown))
        print(f"{name} {level.name}", file=sys.stderr)
    titles = list(rows[0][2])
    lines = [f"| level | difficulty | {' | '.join(titles)} |", f"|{'---|' * (2 + len(titles))}"]
    for title, difficulty, measures in rows:
        cells = [_mean(values) for values in measures.values()]
        lines.append(f"| {title} | {difficulty.mean():.1f} ± {difficulty.std():.1f} | {' | '.join(cells)} |")
    heading = TASKS[name].env_id if name in TASKS else f"{name}"
    told = [f"## {heading}\n", *lines, "\nOn average, from the easiest quarter of all these problems to the hardest:\n"]
    for title in titles[:checked]:
        means = rising(np.concatenate(all_difficulties), np.concatenate([measures[title] for measures in all_measures]))
        told.append(f"- {title}: {', '.join(f'{mean:.1f}' for mean in means)}: {course(means)}")
    return "\n".join(told) + "\n"


def course(means: list[float]) -> str:
    """Whether a measure rises from group to group: it never falls, and the last is above the first."""
    if min(means) == max(means):
        return "the same throughout, which says nothing"
    return "rising" if all(one <= other for one, other in itertools.pairwise(means)) else "**not rising**"


def _mean(values: NDArray[np.float64]) -> str:
    known = values[~np.isnan(values)]
    return f"{known.mean():.2f}" if len(known) else ""


HEAD = """# Levels

What the levels hold, measured on {count} problems each of the test split; means, and of the difficulty the spread too.
Made by `python scripts/levels.py --count {count}`; it fails where difficulty does not rise with what solvers measure.

- sudoku: sweeps of naked and of hidden singles in all branches of a search that proves the solution unique, each
  counted once, where the difficulty counts those before the first branch and ten for a branch node; the conflicts of
  MiniSat, which knows nothing of the difficulty, until it has proved the same from the rules and the givens;
  "hidden singles needed" is the share of such problems
- mazes: steps of a shortest path, open cells beside it at which a walker could leave it, the share of walls
- arithmetic and algebra: operations, how deep sums, products and powers are nested, digits of the answer
- formulas: operations of the formula once SymPy has it; the standard deviations of the targets that the best
  polynomial of degree 3 in all variables leaves; variables and points shown

The last columns are those of the shipped network that is named like the task: the first step at which its draft is
right, and the share that it solves. What the others solve (`everyday_arithmetic`, `everyday_algebra`, `hard_sudoku9x9`,
`maze15x15`) is on [their cards](networks/index.md).

"""


@writes(lambda config: Places(files=[config.out]))
def run(config: Config) -> None:
    """Write the page. Exit code 1 where a measure falls as the difficulty rises, or none rises with it."""
    sections = [section(name, config) for name in config.tasks]
    print(atomic_write(config.out, HEAD.format(count=config.count) + "\n".join(sections)))
    if any("**not rising**" in part or ": rising" not in part for part in sections):
        raise SystemExit(1)


if __name__ == "__main__":
    main(run, Config)
