"""Draw how a network refines its draft of one puzzle. The same call gives the same picture.

python scripts/picture.py --checkpoint sudoku9x9 --out docs/refinement.gif    the one that moves, in the README
python scripts/picture.py --checkpoint sudoku9x9 --out docs/refinement.png    the one on the first page of the docs
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.common.cli import main
from agents.common.places import Places, writes
from agents.halting import outcomes
from agents.inference.demo_config import ShownConfig
from agents.inference.film import refining
from agents.inference.trajectory_figures import chosen_steps, refinement_figure
from trm_gym.atomic_io import atomic_write


@dataclass(frozen=True)
class Config(ShownConfig):
    """Draw the drafts of one puzzle: darker cells are surer, red ones wrong.

    It is the one given; by default, of the candidates, the one whose drafts take longest to get right.
    """

    candidates: int = 64
    """Test problems to choose from."""
    panels: int = 6
    """Drafts shown at most, the problem among them; a picture that moves shows them all."""
    out: Path = Path("runs", "refinement.png")
    """File for the picture: a PNG, or a GIF that moves."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least in (("candidates", 1), ("panels", 2)):
            if getattr(self, name) < least:
                raise ValueError(f"--{name} must be at least {least}, got {getattr(self, name)}")


@writes(lambda config: Places(files=[config.out], reads=[config.checkpoint]))
def run(config: Config) -> None:
    """Choose a problem and draw its drafts up to the first right one."""
    solver, own = config.shown()
    problem = config.longest(solver, config.drawn(solver, config.candidates)) if own is None else own.problems
    found = solver.trajectory(problem, config.max_steps, config.price)
    last = int(outcomes.first_true(found.solved, len(found)))
    if config.out.suffix == ".gif":
        atomic_write(config.out, refining(found, solver.task, last))
        print(f"{config.out}: drafts after each of {last} steps")
        return
    shown = chosen_steps(last, config.panels)
    refinement_figure(found, solver.task, shown, config.out)
    print(f"{config.out}: drafts after {', '.join(map(str, shown))} steps")


if __name__ == "__main__":
    main(run, Config)
