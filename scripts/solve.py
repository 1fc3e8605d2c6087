"""Solve one problem with a trained network and show how it thinks. A network may fail, and says so; no solver helps it.

python scripts/solve.py sudoku 53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79
python scripts/solve.py algebra "3*x + 4 = 10"
python scripts/solve.py maze maze.txt
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.text import Text

from agents import metrics
from agents.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from agents.cli import main
from agents.rules import LEARNER
from agents.trace import Trace, trace
from trm_gym import make_task
from trm_gym.task import ProblemError, Problems, Task

_SIZES = {16: 4, 36: 6, 81: 9}
_DECORATION = "|-+"
_LARGEST_FILE = 10_000
_SMALLEST_MAZE = 5
_MAZES = "maze11x11"


@dataclass(frozen=True)
class Config:
    """Solve a problem of your own, draft by draft. Exit code 0: solved, 1: not solved, 2: it is no such problem."""

    family: Annotated[Literal["sudoku", "arithmetic", "algebra", "maze"], tyro.conf.Positional]
    """What kind of problem it is."""
    puzzle: Annotated[str, tyro.conf.Positional]
    """The problem, or a .txt file with it. A sudoku: its 16, 36 or 81 cells row by row, blanks as 0, . or _. A maze:
    rows parted by /, walls as #, open cells as dots or spaces, S and G. Arithmetic: 3*(4-1). Algebra: 3*x + 4 = 10, or
    a word (expand, factor, collect, differentiate, evaluate) and an expression."""
    checkpoint: str | None = None
    """A folder with a checkpoint, or the name of one that comes with the package: by default the task's."""
    rule: Literal["grpo", "rule-checker", "always"] = "rule-checker"
    """When to stop: when the policy learnt by GRPO says so, when the draft obeys the rules, or never."""
    max_steps: int = 16
    """The budget of steps."""
    price: float = 0.1
    """What the policy is told that the whole budget costs, as a share of what a right answer is worth."""

    def __post_init__(self) -> None:
        if self.max_steps < 1:
            raise ValueError(f"--max-steps must be at least 1, got {self.max_steps}")
        if self.price <= 0:
            raise ValueError(f"--price must be positive, got {self.price}")


def read(family: str, puzzle: str) -> tuple[Task, Problems]:
    """The task, in the size that the problem needs, and the problem. Raises ProblemError, saying what is wrong."""
    text, path = puzzle, Path(puzzle)
    if puzzle.strip().endswith(".txt") or _is_file(path):
        try:
            with path.open(encoding="utf-8") as file:
                text = file.read(_LARGEST_FILE)
        except OSError as error:
            raise ProblemError(f"cannot read {puzzle}: {error.strerror}") from None
        except ValueError:
            raise ProblemError(f"cannot read {puzzle}: not a text file") from None
    task = make_task(_NAMES[family](text))
    return task, task.encode(text)


def _sudoku(text: str) -> str:
    cells = sum(not letter.isspace() and letter not in _DECORATION for letter in text)
    if cells not in _SIZES:
        raise ProblemError(f"{cells} cells found: expected 16, 36 or 81 (4x4, 6x6 or 9x9), or the path of a text file")
    return f"sudoku{_SIZES[cells]}x{_SIZES[cells]}"


def _maze(text: str) -> str:
    rows = text.strip("\n").replace("/", "\n").split("\n")
    size = max(_SMALLEST_MAZE, len(rows), *map(len, rows))
    return f"maze{size}x{size}"


_NAMES: dict[str, Callable[[str], str]] = {
    "sudoku": _sudoku,
    "maze": _maze,
    "arithmetic": lambda _: "arithmetic",
    "algebra": lambda _: "algebra",
}
"""The name of the task that a problem of each family belongs to."""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # A puzzle may be too long for a file name.
        return False


def fitting(config: Config, task: Task) -> Checkpoint:
    """The checkpoint asked for, or the shipped one of the task; a network for mazes serves every size of them."""
    if config.family != "maze":
        return load_checkpoint(config.checkpoint or task.name, task.name)
    checkpoint = load_checkpoint(config.checkpoint or _MAZES, size=task.structure.shape[0])
    if checkpoint.task != task.name:
        raise CheckpointError(f"{config.checkpoint} was trained on {checkpoint.task}: choose a checkpoint of mazes")
    return checkpoint


def stop(found: Trace, rule: str) -> int:
    """The step after which a rule stops, counted from 1; the budget where it never does."""
    if rule == "rule-checker":
        return int(metrics.first_true(found.solved, len(found)))
    if rule == "always":
        return len(found)
    if not found.policy:
        raise ValueError(
            f"the checkpoint has no {LEARNER} head: choose --rule rule-checker, or teach it by scripts/grpo.py"
        )
    return int(metrics.first_true(found.halt >= 0.5, len(found)))


def show(console: Console, task: Task, found: Trace, steps: int) -> None:
    """Print the drafts up to ``steps``, each with what the network thinks of it."""
    console.print("the problem", style="bold")
    _draw(console, task, found, 0)
    free = found.problems.free[0]
    for step in range(1, steps + 1):
        least = found.confidence[step - 1][free].min(initial=1.0)
        wishes = "" if not found.policy else f", would stop {found.halt[step - 1]:.0%}"
        console.print(
            f"\nstep {step}: {found.changed[step - 1]} cells changed, least sure cell {least:.0%}, "
            f"right {found.right[step - 1]:.0%}{wishes}",
            style="bold",
            highlight=False,
        )
        _draw(console, task, found, step)


def _draw(console: Console, task: Task, found: Trace, step: int) -> None:
    console.print(Text.from_ansi(task.draw_ansi(found.problems, found.draft_after(step))), soft_wrap=True)


def conclude(console: Console, task: Task, found: Trace, steps: int, rule: str) -> bool:
    """Print the answer and what to think of it; whether it is right."""
    answer = found.draft_after(steps)
    console.print(f"\n{task.decode(answer)}", highlight=False, soft_wrap=True)
    plural = "step" if steps == 1 else "steps"
    if found.solved[steps - 1]:
        console.print(f"Solved in {steps} {plural}: the answer obeys the rules.", style="green", highlight=False)
        return True
    later = metrics.first_true(found.solved, 0)
    if later > steps:
        advice = f"A right draft came at step {later}, after {rule} had stopped."
    elif later:
        advice = f"Its draft at step {later} was right, and it thought on: choose --rule rule-checker."
    else:
        advice = (
            f"No draft was right in a budget of {len(found)}. A larger --max-steps may help, or another --checkpoint."
        )
    console.print(f"Not solved: the network's answer breaks the rules. {advice}", style="red", highlight=False)
    return False


def run(config: Config) -> None:
    """Read, think, show."""
    task, problems = read(config.family, config.puzzle)
    checkpoint = fitting(config, task)
    found = trace(checkpoint, problems, config.max_steps, config.price)
    steps, console = stop(found, config.rule), Console()
    show(console, task, found, steps)
    if not conclude(console, task, found, steps, config.rule):
        sys.exit(1)


if __name__ == "__main__":
    main(run, Config)
