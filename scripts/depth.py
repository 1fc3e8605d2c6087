"""Measure what ever more steps do: one branch, no halting rule. Does it rise, and does it ever fall again?

python scripts/depth.py --checkpoint hard_sudoku9x9 --level search --problems 200 --data puzzles.txt

Right answers after 1, 2, 4, ... steps of test problems of a level, and of every file. Written to --folder: table.md,
tables.json, depth.png. No rule checks a draft on the way; steps with rules are in evaluate.py, branches in scaling.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint, load_checkpoint
from agents.common.checks import Checked, at_least, at_least_one
from agents.common.cli import main
from agents.common.console import Progress
from agents.common.places import Places, writes
from agents.evaluation.metrics import wilson
from agents.evaluation.outside import read_outside, remarks
from agents.evaluation.records import write_tables
from agents.inference.trajectory_figures import depth_figure, ladder
from agents.rollouts.features import History
from agents.rollouts.step import Network, take_step
from agents.trm import Carry
from trm_gym import make_task
from trm_gym.task import Problems, Task

QUIET = 8
"""Steps in a row after which a problem that does not move has settled."""


@dataclass(frozen=True)
class Config(Checked):
    """Right answers after ever more steps."""

    checkpoint: str = "hard_sudoku9x9"
    """A folder with a checkpoint, or the name of one that comes with the package."""
    level: tuple[str, ...] = ("search",)
    """Levels of the test problems; none where only files are measured."""
    problems: int = 200
    """Test problems of each level; one with fewer gives all it has."""
    data: tuple[Path, ...] = ()
    """Files of problems, as solve.py takes them."""
    max_steps: int = 1024
    """Steps of every problem."""
    settled: float = 1e-5
    """A problem whose reasoning latent moves by less than this share of its length, eight steps in a row, with one
    draft, is taken to stay as it is: float32 rounds at a thirtieth of that. 0 runs every problem to the end."""
    seed: int = 0
    """Seed of the test problems."""
    folder: Path = Path("runs", "depth")
    """Folder for the tables and the picture."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems", "max_steps")
        at_least(0, self, "settled")
        if not self.level and not self.data:
            raise ValueError("--level and --data are empty: give a level or a file")


def sources(config: Config, checkpoint: Checkpoint) -> dict[str, Problems]:
    """The problems of every level and file, by the name of it. Raises ProblemError for a file that holds none."""
    task = make_task(checkpoint.task)
    found = {
        level: task.generate_at_most(config.problems, task.level_index(level), "test", config.seed)
        for level in config.level
    }
    for path in config.data:
        outside = read_outside(path, task)
        for remark in remarks(outside, task):
            print(remark)
        found[path.stem] = outside.problems
    return found


def row(name: str, solved: NDArray[np.bool_], steps: list[int]) -> list[str]:
    """A row of the table, of solved bool [n, s]: right after ``steps``, and whether the share falls on the way."""
    right = 100 * solved.mean(axis=0)
    last = wilson(int(solved[:, -1].sum()), len(solved))
    fall = float((np.maximum.accumulate(right) - right).max())
    lost = int((solved.any(axis=1) & ~solved[:, -1]).sum())
    shown = [f"{right[step - 1]:.1f}" for step in steps[:-1]]
    interval = f"{100 * last.value:.1f} ({100 * last.low:.1f}..{100 * last.high:.1f})"
    return [name, str(len(solved)), *shown, interval, f"{int(right.argmax()) + 1}", f"{fall:.1f}", str(lost)]


def header(steps: list[int]) -> list[str]:
    """The names of the columns of ``row``."""
    at = [str(step) for step in steps[:-1]]
    return [
        "problems of",
        "problems",
        *at,
        f"{steps[-1]} (95%)",
        "best step",
        "largest fall",
        "right once, wrong at the end",
    ]


def rising(model: Network, task: Task, problems: Problems, config: Config) -> Iterator[NDArray[np.bool_]]:
    """Which of the problems are solved, bool [n], after one step more and one more; those that settled run no more."""
    carry = model.initial_carry(len(problems))
    draft = torch.from_numpy(problems.start).to(carry.answer.device).long()
    history, quiet = History.empty(len(problems), draft.device), torch.zeros(len(problems), device=draft.device)
    moving, solved = np.arange(len(problems)), np.zeros(len(problems), np.bool_)
    for _ in range(config.max_steps):
        if len(moving):
            step = take_step(model, task, problems[moving], carry, draft, history, config.max_steps, draft)
            solved[moving] = step.solved.cpu().numpy()
            quiet = torch.where((step.velocity < config.settled) & (step.changed == 0), quiet + 1, 0)
            rows = (quiet < QUIET).nonzero().flatten()
            carry = Carry(*(part[rows] for part in step.carry))
            draft, history, quiet = step.draft[rows], step.history.keep(rows), quiet[rows]
            moving = moving[rows.cpu().numpy()]
        yield solved.copy()


def write(config: Config, solved: Mapping[str, NDArray[np.bool_]]) -> str:
    """Write table and picture of solved bool [n, s] by source; the table."""
    steps = ladder(next(iter(solved.values())).shape[1])[1:]
    rows = [row(name, part, steps) for name, part in solved.items()]
    curves = {f"{name}, {len(part)} problems": 100 * part.mean(axis=0) for name, part in solved.items()}
    depth_figure(curves, f"{config.checkpoint}, one branch", config.folder / "depth.png")
    return write_tables(config.folder, [{"title": "", "header": header(steps), "rows": rows}])


@writes(lambda config: Places([config.folder], reads=[config.checkpoint, *config.data]))
@torch.no_grad()
def run(config: Config) -> None:
    """Take step after step of all problems; what is known is written after 1, 2, 4, ... of them."""
    checkpoint = load_checkpoint(config.checkpoint)
    task, model, shown = make_task(checkpoint.task), checkpoint.model, ladder(config.max_steps)
    found = sources(config, checkpoint)
    runs = {name: rising(model, task, problems, config) for name, problems in found.items()}
    columns: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in found}
    text = ""
    with Progress(config.max_steps, "steps") as bar:
        for number, solved in enumerate(zip(*runs.values(), strict=True), start=1):
            for name, column in zip(found, solved, strict=True):
                columns[name].append(column)
            if number in shown:
                text = write(config, {name: np.stack(taken, axis=1) for name, taken in columns.items()})
            bar.update(number)
    print(text)
    print(f"table and picture: {config.folder}")


if __name__ == "__main__":
    main(run, Config)
