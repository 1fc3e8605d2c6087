"""Draw docs/refinement.png: how a network refines its draft of one puzzle. The same call gives the same picture.

python scripts/picture.py --checkpoint sudoku9x9
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents import metrics
from agents.checkpoint import Checkpoint, load_checkpoint
from agents.common.cli import main
from agents.rollout import unroll
from agents.solving.trajectory import follow
from agents.solving.trajectory_figures import chosen_steps, refinement_figure
from trm_gym import make_task
from trm_gym.task import Problems, Task


@dataclass(frozen=True)
class Config:
    """Draw the drafts of one puzzle: darker cells are surer, red ones wrong."""

    checkpoint: str = "sudoku9x9"
    """A folder with a checkpoint, or the name of one that comes with the package."""
    puzzle: str | None = None
    """The puzzle; by default, of --candidates test problems, the one whose drafts take longest to get right."""
    level: str | None = None
    """Level of the candidates; the task's default level if not given."""
    candidates: int = 64
    """How many test problems to choose from."""
    seed: int = 0
    """Decides which they are."""
    max_steps: int = 16
    """The budget of steps."""
    panels: int = 6
    """Drafts shown at most, the problem among them."""
    out: Path = Path("docs", "refinement.png")
    """Where the picture goes."""

    def __post_init__(self) -> None:
        for name, least in (("candidates", 1), ("max_steps", 1), ("panels", 2)):
            if getattr(self, name) < least:
                raise ValueError(f"--{name.replace('_', '-')} must be at least {least}, got {getattr(self, name)}")


def choose(config: Config, checkpoint: Checkpoint, task: Task) -> Problems:
    """The problem to draw, a batch of one."""
    if config.puzzle is not None:
        return task.encode(config.puzzle)
    level = task.default_level if config.level is None else task.level_index(config.level)
    problems = task.generate(config.candidates, level, "test", config.seed)
    solved = unroll(checkpoint.model, task, problems, config.max_steps).solved.numpy()
    longest = int(metrics.oracle_steps(solved, hopeless=0).argmax())
    return problems[slice(longest, longest + 1)]


def run(config: Config) -> None:
    """Choose a problem and draw its drafts up to the first right one."""
    checkpoint = load_checkpoint(config.checkpoint)
    task = make_task(checkpoint.task)
    found = follow(checkpoint, choose(config, checkpoint, task), config.max_steps, price=0.1)
    last = int(metrics.first_true(found.solved, len(found)))
    shown = chosen_steps(last, config.panels)
    refinement_figure(found, task, shown, config.out)
    print(f"{config.out}: drafts after {', '.join(map(str, shown))} steps")


if __name__ == "__main__":
    main(run, Config)
