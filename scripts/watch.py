"""Watch a network think, in the terminal: its drafts step by step, surer cells on deeper ground, until it stops.

python scripts/watch.py                                    test problems of 9x9 sudoku
python scripts/watch.py --checkpoint maze11x11 --level long --rate 4
python scripts/watch.py --checkpoint algebra --puzzle "3*x + 4 = 25 - 4*x"
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from agents.common.checks import above_zero, at_least_one
from agents.common.cli import main
from agents.inference.demo_config import ShownConfig
from agents.inference.solver import Solver
from agents.inference.taught import untaught
from agents.inference.trajectory import Trajectory
from trm_gym.structure import HeapStructure
from trm_gym.task import Problems, Task

_BAR = 30
_GROUND = np.array([18, 18, 24])
_SURE = np.array([0, 114, 178])


@dataclass(frozen=True)
class Config(ShownConfig):
    """Play drafts in the terminal; Ctrl-C ends it."""

    problems: int = 3
    """Test problems that are played one after another where no puzzle is given."""
    rule: str | None = None
    """When to stop: grpo or another head of the checkpoint, verifier, always, or a rule with its setting, such as
    confidence:0.9 (see solve.py); grpo by default, and verifier for a network without it. grpo_restarts, and rules with
    restart-every:16 among them, start afresh too: give them a larger budget (--max-steps 64)."""
    rate: float = 2.0
    """Steps shown a second."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems")
        above_zero(self, "rate")


def board(found: Trajectory, task: Task, step: int) -> Text:
    """The draft after a step: givens bold, each cell's ground as deep as it is sure; of a formula it and its points."""
    if isinstance(task.structure, HeapStructure):
        return Text.from_ansi(f"{task.draw_ansi(found.problems, found.draft_after(step))}\n")
    shape, first, signs = task.structure.shape, task.structure.answer_start, task.signs
    draft, free = found.draft_after(step), found.problems.free[0]
    width = shape[1] if len(shape) == 2 else task.length
    text = Text(task.decode(found.problems.problem[0]) + "\n" if first else "")
    for cell in range(first, task.length):
        sure = found.confidence[step - 1, cell] if step and free[cell] else 0.0
        red, green, blue = (_GROUND + sure**2 * (_SURE - _GROUND)).astype(int)
        style = f"on rgb({red},{green},{blue})" if free[cell] else "bold"
        text.append((signs[draft[cell]].strip() or " ")[:2].ljust(2), style)
        if (cell + 1) % width == 0:
            text.append("\n")
    return text


def frame(found: Trajectory, task: Task, step: int, budget: int) -> Group:
    """The draft after a step, with what the network thinks of it."""
    start = int(found.start[step - 1]) if step else 1
    begun = f", start {start}" if found.start[-1] > 1 else ""
    lines = [Text(f"{task.name}, step {step} of at most {budget}{begun}", "bold"), board(found, task, step)]
    if step:
        bars = [("least sure cell", found.least_confidence[step - 1]), ("right, it thinks", found.right[step - 1])]
        if found.policy:
            bars.append(("would stop", found.halt[step - 1]))
        if not np.isnan(found.again[step - 1]):
            bars.append(("would start afresh", found.again[step - 1]))
        lines += [Text(f"{name:>18} {'█' * round(_BAR * share):<{_BAR}} {share:4.0%}") for name, share in bars]
        lines.append(Text(f"{'velocity':>18} {found.velocity[step - 1]:.4f}   entropy {found.entropy[step - 1]:.4f}"))
    if step == len(found):
        right = found.solved[found.handed - 1]
        which = "" if found.handed == step else f": the draft of step {found.handed} seemed best, and is handed in"
        said = f"{'solved' if right else 'not solved' if which else 'stopped at a wrong draft'}{which}"
        lines.append(Text(said, "bold green" if right else "bold red"))
    return Group(*lines)


def say_why(console: Console, solver: Solver, found: Trajectory) -> None:
    """Say of a problem that was not solved that the network was never taught such ones, if so."""
    if not found.solved[found.handed - 1] and (why := untaught(solver.checkpoint, found.problems)):
        console.print(f"That is no wonder: {why}.", highlight=False, soft_wrap=True)


def play(console: Console, solver: Solver, problems: Problems, config: Config) -> None:
    """One problem from its first draft to the one on which the rule stops."""
    found = solver.solve(problems, config.max_steps, config.rule, True, config.price).trajectory
    assert found is not None
    if not console.is_terminal:
        for step in range(len(found) + 1):
            console.print(frame(found, solver.task, step, config.max_steps))
        say_why(console, solver, found)
        return
    with Live(console=console, auto_refresh=False) as live:
        for step in range(len(found) + 1):
            live.update(frame(found, solver.task, step, config.max_steps), refresh=True)
            time.sleep(1 / config.rate)
    say_why(console, solver, found)


def run(config: Config) -> None:
    """Play one problem after another."""
    solver, own = config.shown()
    console = Console()
    problems = config.drawn(solver, config.problems) if own is None else own.problems
    for place in range(len(problems)):
        play(console, solver, problems[slice(place, place + 1)], config)


if __name__ == "__main__":
    main(run, Config)
