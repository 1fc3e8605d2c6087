"""What the scripts that show a network at work ask alike: which network, which problems, how long it may think."""

from __future__ import annotations

from dataclasses import dataclass

from agents.common.checks import Checked, above_zero, at_least_one
from agents.inference.own_problem import OwnProblem, family_of, own_problem, solver_for
from agents.inference.showing import longest
from agents.inference.solver import PRICE, Solver
from trm_gym.errors import ProblemError
from trm_gym.task import Problems

USUAL = "sudoku9x9"
"""The network that is shown where none is named."""


@dataclass(frozen=True)
class ShownConfig(Checked):
    """A network, and problems for it."""

    checkpoint: str | None = None
    """A folder with a checkpoint, the name of one that comes with the package, or hf://owner/name on the Hub; sudoku9x9
    by default, and for a smaller sudoku the network of its size."""
    size: int | None = None
    """Another size of the checkpoint's task to run it at, if no puzzle decides it; for networks that tie no weight to a
    size."""
    puzzle: str | None = None
    """The problem, or a file with it, as solve.py reads them (see its help); test problems if not given."""
    level: str | None = None
    """Level of the test problems; the task's default level if not given."""
    seed: int = 0
    """Seed of the test problems."""
    max_steps: int = 16
    """The budget of steps."""
    price: float = PRICE
    """The price of the whole budget, at which the policy is asked."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "max_steps")
        above_zero(self, "price")

    @property
    def name(self) -> str:
        """The checkpoint's, where it is not the puzzle that chooses it."""
        return self.checkpoint or USUAL

    def shown(self) -> tuple[Solver, OwnProblem | None]:
        """The network, at the size that the puzzle needs, and the puzzle, if one is given.

        Raises ProblemError, and CheckpointError for a network that does not fit it.
        """
        if self.puzzle is None:
            return Solver.from_pretrained(self.name, self.size), None
        found = Solver.from_pretrained(self.name, self.size)
        own = own_problem(family_of(found.task.name), self.puzzle)
        if own.remark:
            print(f"Note: {own.remark}.")
        if own.task is found.task:
            return found, own
        if self.size is not None:
            raise ProblemError(f"the puzzle is one of {own.task.name}, not of {found.task.name}: leave out --size")
        return solver_for(own.task, self.checkpoint), own

    def drawn(self, solver: Solver, count: int) -> Problems:
        """``count`` test problems of the level, or all that it has. Raises ValueError for an unknown level."""
        task = solver.task
        level = task.default_level if self.level is None else task.level_index(self.level)
        return task.generate_at_most(count, level, "test", self.seed)

    def longest(self, solver: Solver, problems: Problems) -> Problems:
        """That of ``problems`` whose drafts take longest to get right, within the budget; one."""
        return longest(solver.checkpoint, problems, self.max_steps)
