"""Solve problems with a trained network and show how it thinks. A network may fail, and says so; no solver helps it.

python scripts/solve.py sudoku 53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79
python scripts/solve.py algebra "3*x + 4 = 10"
python scripts/solve.py maze maze.txt
python scripts/solve.py sudoku --data puzzles.txt --out answers.jsonl    many, one a line; interrupted, it goes on
python scripts/solve.py regression data.csv                              the formula of points, target last
python scripts/solve.py algebra                                          asks for one problem after another
"""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.text import Text

from agents.common.checks import above_zero, at_least_one
from agents.common.cli import main
from agents.common.places import Places, writes
from agents.common.signals import TimeLimit
from agents.halting.registry import LEARNER
from agents.halting.restart_registry import RESTARTS_LEARNER
from agents.halting.restarts import Actor, actor_of
from agents.inference.advice import advice, why_it_ended
from agents.inference.batch_file import Part, solve_file
from agents.inference.formulas.report import solve_points
from agents.inference.own_problem import OwnProblem, own_problem, problems_by_task, solver_for
from agents.inference.solver import PRICE, Solver
from agents.inference.taught import every_form
from agents.inference.trajectory import Trajectory
from agents.rollouts.unroll import BATCH
from trm_gym.errors import ProblemError
from trm_gym.files import check_regular, file_of
from trm_gym.task import Task
from trm_gym.written.answers import renamed
from trm_gym.written.decimals import beside

REFINING = ("rule", "max_steps", "restarts", "price", "slots")
"""Options of a network that refines a draft."""
SEARCHING = ("seconds",)
"""Options of the search for a formula."""
SHOWN = 200
"""Steps of which each is shown; of longer runs the last step of each start alone."""


@dataclass(frozen=True)
class Config(TimeLimit):
    """Solve problems of your own, draft by draft.

    Exit code of one problem: 0 solved, 1 not solved, 2 it is no such problem; of a file or of what is typed: 0 at the
    end, whatever was solved.
    """

    family: Annotated[Literal["sudoku", "arithmetic", "algebra", "maze", "regression"], tyro.conf.Positional]
    """What kind of problem it is."""
    puzzle: Annotated[str | None, tyro.conf.Positional] = None
    """The problem, or a file with it; without one, and without --data, you are asked for them. A sudoku: its 16, 36 or
    81 cells row by row, blanks as 0, . _ * x or -. A maze: rows parted by /, walls as #, open cells as dots or spaces,
    S and G. Arithmetic: 731-58+94, or 1.5+2.25. Algebra: 3*x + 4 = 10, or a word (expand, factor, collect,
    differentiate, evaluate) and an expression, such as expand (x+2)*(3*x-1). Regression: a CSV or .npy file, or rows of
    numbers, the target in the last column; the formula of it is looked for. The shipped networks know sums to fractions
    and mixed expressions, and equations, systems, quadratics, expanding, collecting, evaluating, differentiating, and
    factoring into two; what they were never taught, they do not solve."""
    checkpoint: str | None = None
    """A folder with a checkpoint, the name of one that comes with the package, or hf://owner/name; by default the
    task's that comes with the package."""
    rule: str | None = None
    """When to stop. grpo, or another head of the checkpoint: when it says so. The default is grpo_restarts, the head
    that learnt to start afresh too, where the checkpoint has it; else grpo, and verifier for a network without it. Of a
    maze as large as those the network was taught, or larger, each of its eight forms (turned, mirrored) is run, and the
    shortest path handed in.
    verifier: at the first draft that obeys the rules. always: at the end of the budget. Other rules take a threshold or
    a number of steps after a colon: confidence:0.9, unchanged:2, best-fixed-k:5, q:0. Rules joined by + stop with the
    first of them: grpo+best-fixed-k:12. One of them may say when to start afresh: restart-every:16,
    restart-geometric:8,2, restart-luby:8, restart-stuck:0.1,16 (where a head gives the run less than that chance, or
    after so many steps). With forms among them each start is another form of the problem, such as a maze turned; with
    fits what is handed in agrees best with what is shown, such as the shortest path of a maze:
    restart-every:40+fits+forms."""
    max_steps: int | None = None
    """The budget of steps. By default 16, or as many as the network was taught with (maze15x15: 40), more for larger
    mazes than it was taught, eight times as many with forms, and at least 64 where the rule may start afresh."""
    restarts: bool = True
    """Whether a problem may be begun anew where no --rule is given: by a checkpoint's policy that learnt to, and in all
    forms of a maze as large as those the network was taught, or larger."""
    price: float = PRICE
    """The price of using the whole budget, as a share of what a right answer is worth; policies stop the sooner the
    higher it is."""
    data: Path | None = None
    """A file of many problems: one a line, as on the command line, or as rows on lines; a table of columns (CSV, tabs,
    spaces) or JSON, with a name such as puzzle, question, quizzes, q; packed by gzip or not. docs/file-formats.md has
    an example of every form. What is no problem gets a result that says so."""
    out: Path | None = None
    """File for the answers to --data, as JSON lines; beside it, with .answers.jsonl added to its name, by default."""
    slots: int = BATCH
    """Problems of --data side by side."""
    by: str = ""
    """A column of --data, such as family or module: how many are solved is then told for each of its values too."""
    seconds: float = 15.0
    """Processor seconds that a formula of points is looked for at most."""
    picture: Path | None = None
    """File for a picture of points, the formula found and residuals (PNG)."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "slots", *([] if self.max_steps is None else ["max_steps"]))
        above_zero(self, "price", "seconds")
        if self.family == "regression" and self.puzzle is None:
            raise ValueError("regression needs points: give a CSV or .npy file, or rows of numbers")
        if self.family != "regression" and self.picture is not None:
            raise ValueError("--picture is for regression; scripts/picture.py draws the others")
        self._check_that_all_counts()
        if self.rule is not None and not self.restarts:
            raise ValueError("--no-restarts is for where no --rule is given: leave out one of the two")
        if self.puzzle is not None and self.data is not None:
            raise ValueError("give one problem, or --data with a file of many, not both")
        if self.data is None and (self.out is not None or self.by):
            raise ValueError("--out is where the answers to --data go, --by a column of it: give --data too")

    def _check_that_all_counts(self) -> None:
        """Raises ValueError for an option that this family would not look at."""
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        names = REFINING if self.family == "regression" else SEARCHING
        if ignored := [f"--{name.replace('_', '-')}" for name in names if getattr(self, name) != defaults[name]]:
            reason = (
                "a formula of points is searched for as long as --seconds says; a network's own refinement of it is "
                "Solver.solve in Python"
                if self.family == "regression"
                else "a network's steps end by --rule and --max-steps"
            )
            raise ValueError(f"{self.family} does not go by {', '.join(ignored)}: {reason}")


def show(console: Console, task: Task, found: Trajectory, forms: bool) -> None:
    """Print the drafts up to the one on which the rule stops, each with what the network thinks of it.

    Of a run of more than ``SHOWN`` steps only the last draft of each start. forms: whether each start is another form
    of the problem.
    """
    console.print("the problem", style="bold")
    _draw(console, task, found, 0)
    seen = 1
    if found.stop > SHOWN:
        console.print(f"\n{found.stop} steps: the last of each start is shown", style="bold", highlight=False)
    for step in range(1, found.stop + 1):
        if found.stop > SHOWN and step < found.stop and found.start[step] == found.start[step - 1]:
            continue
        changed, least = int(found.changed[step - 1]), found.least_confidence[step - 1]
        wishes = "" if not found.policy else f", would stop {found.halt[step - 1]:.0%}"
        if found.start[step - 1] > seen:
            seen = found.start[step - 1]
            how = "in another form (shown as it was given)" if forms else "from another noisy start"
            console.print(f"\nstart {found.start[step - 1]}: afresh, {how}", style="bold magenta")
        console.print(
            f"\nstep {step}: {changed} cell{'s' * (changed != 1)} changed, least sure cell {least:.0%}, "
            f"seems right {found.right[step - 1]:.0%}{wishes}",
            style="bold",
            highlight=False,
        )
        _draw(console, task, found, step)


def _draw(console: Console, task: Task, found: Trajectory, step: int) -> None:
    console.print(Text.from_ansi(task.draw_ansi(found.problems, found.draft_after(step))), soft_wrap=True)


def conclude(console: Console, solver: Solver, found: Trajectory, rule: str, own: OwnProblem) -> bool:
    """Print the answer and what to think of it; whether it is right."""
    steps, handed = found.stop, found.handed
    answer = found.draft_after(handed)
    text = renamed(solver.task.answer_text(answer), own.names)
    told = beside(text) if own.readings else text or "(no answer)"
    console.print(f"\n{told}", highlight=False, soft_wrap=True)
    plural = "step" if steps == 1 else "steps"
    if handed != steps:
        console.print(f"The draft of step {handed} seemed best and is handed in.", highlight=False)
    if found.solved[handed - 1]:
        console.print(f"Solved in {steps} {plural}: the answer obeys the rules.", style="green", highlight=False)
        console.print(why_it_ended(rule, found), highlight=False, soft_wrap=True)
        return True
    console.print(
        f"Not solved: the network's answer breaks the rules. {advice(solver.checkpoint, found, rule)}",
        style="red",
        highlight=False,
        soft_wrap=True,
    )
    return False


def solve_one(config: Config, console: Console, puzzle: str) -> bool:
    """Read, think, show; whether it is solved."""
    own = own_problem(config.family, puzzle)
    if own.remark:
        console.print(f"Note: {own.remark}.", highlight=False, soft_wrap=True)
    solver = solver_for(own.task, config.checkpoint)
    rule, acting, max_steps = stopped_by(config, solver, console)
    found = solver.trajectory(own.problems, max_steps, config.price, acting)
    show(console, own.task, found, acting.forms)
    return conclude(console, solver, found, rule, own)


def stopped_by(config: Config, solver: Solver, console: Console) -> tuple[str, Actor, int]:
    """The rule, by name and as it acts, and the budget asked for, or the default ones.

    Whoever gets another than the usual rule is told.
    """
    afresh = config.restarts and config.rule is None
    forms = every_form(solver.checkpoint) if afresh and not solver.restarts else None
    if forms is not None and (config.max_steps or forms[1]) >= forms[1]:  # fewer would not do for all of them
        rule, steps = forms
        told = f"Large for this network, so each form of it is run: {rule}, {config.max_steps or steps} steps."
        console.print(f"{told} --no-restarts runs it once.", highlight=False, soft_wrap=True)
    else:
        rule = RESTARTS_LEARNER if afresh and solver.restarts else config.rule or solver.default_rule
        if config.rule is None and rule not in (LEARNER, RESTARTS_LEARNER):
            told = f"This network was not taught when to stop: {rule} stops it."
            console.print(told, highlight=False, soft_wrap=True)
    acting = actor_of(solver.rule(rule, config.price))
    return rule, acting, config.max_steps or solver.budget(acting)


def ask(config: Config, console: Console) -> None:
    """Solve what is typed, line by line, until there is nothing more. Raises ValueError where nothing can be typed."""
    if sys.stdin is None:
        raise ValueError("standard input is closed: give a problem, or --data with a file of many")
    console.print(f"One {config.family} problem a line; an empty line ends it.", highlight=False)
    while True:
        try:
            puzzle = console.input("> ")
        except EOFError:
            return
        if not puzzle.strip():
            return
        try:
            solve_one(config, console, puzzle)
        except ProblemError as error:
            console.print(f"{error}", style="red", highlight=False, markup=False)


def answers_of(config: Config, data: Path) -> Path:
    """Where the answers to a file go."""
    return config.out or data.with_name(f"{data.name}.answers.jsonl")


def places(config: Config) -> Places:
    """The file of answers, if there are many, which must not be that of the problems."""
    if config.data is None:
        file = None if config.puzzle is None else file_of(config.puzzle)
        return Places((), [config.picture], [None if file is None else Path(file)])
    if config.data.exists():
        check_regular(config.data)  # before the place of the answers, which would stand beside it
    return Places((), [answers_of(config, config.data)], [config.data])


def solve_many(config: Config, console: Console, data: Path) -> None:
    """Answers to a file, as a file."""
    out, parts = answers_of(config, data), list[Part]()
    for task, numbers in problems_by_task(config.family, data).items():
        solver = solver_for(task, config.checkpoint)
        rule, _, max_steps = stopped_by(config, solver, console)
        parts.append(Part(solver, rule, max_steps, numbers))
    found = solve_file(parts, data, out, config.price, config.slots, config.by)
    stopped = "; ".join(dict.fromkeys(f"{part.rule} or after {part.max_steps} steps" for part in parts))
    for group, (solved, problems) in found.groups.items():
        console.print(f"{group or '(none)'}: {solved} of {problems}", highlight=False, markup=False)
    bad = f", {found.bad} could not be read" if found.bad else ""
    several = f", {found.several} have more than one solution, any of which counts" if found.several else ""
    console.print(
        f"{out}: {found.solved} of {found.problems} solved, {found.steps:.2f} steps on average, stopped by {stopped}"
        f"{bad}{several}",
        highlight=False,
        soft_wrap=True,
    )


@writes(places)
def run(config: Config) -> None:
    """Solve one, a file of many, or what is typed."""
    console = Console()
    if config.family == "regression":
        if not solve_points(console, config.puzzle or "", config.seconds, config.checkpoint, config.picture):
            sys.exit(1)
    elif config.data is not None:
        solve_many(config, console, config.data)
    elif config.puzzle is None:
        ask(config, console)
    elif not solve_one(config, console, config.puzzle):
        sys.exit(1)


if __name__ == "__main__":
    main(run, Config, first="family puzzle checkpoint rule max_steps restarts price data out by seconds picture")
