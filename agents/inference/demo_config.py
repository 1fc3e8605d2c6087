"""What the scripts that show a network at work ask alike: which network, which problems, how long it may think."""

from __future__ import annotations

from dataclasses import dataclass

from agents.common.checks import Checked, above_zero, at_least_one
from agents.halting import outcomes
from agents.inference.solver import PRICE, Solver
from agents.rollouts.unroll import unroll
from trm_gym.task import Problems


@dataclass(frozen=True)
class ShownConfig(Checked):
    """A network, and problems for it."""

    checkpoint: str = "sudoku9x9"
    """A folder with a checkpoint, or the name of one that comes with the package."""
    size: int | None = None
    """Another size of the checkpoint's task to run it at; for networks that tie no weight to a size."""
    puzzle: str | None = None
    """The problem; test problems if not given."""
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

    def drawn(self, solver: Solver, count: int) -> Problems:
        """``count`` test problems of the level, or all that it has. Raises ValueError for an unknown level."""
        task = solver.task
        level = task.default_level if self.level is None else task.level_index(self.level)
        return task.generate_at_most(count, level, "test", self.seed)

    def longest(self, solver: Solver, problems: Problems) -> Problems:
        """The puzzle, if one is given, or else that of ``problems`` whose drafts take longest to get right; one."""
        if self.puzzle is not None:
            return solver.problems(self.puzzle)
        solved = unroll(solver.checkpoint.model, solver.task, problems, self.max_steps).solved.numpy()
        place = int(outcomes.oracle_steps(solved, hopeless=0).argmax())
        return problems[slice(place, place + 1)]
