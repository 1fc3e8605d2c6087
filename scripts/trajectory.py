"""Draw how a network thinks: its drafts, what it thinks of them, and a batch's latents settling. For any task.

python scripts/trajectory.py --checkpoint sudoku9x9 --level clues26 --settling docs/settling.png
python scripts/trajectory.py --checkpoint algebra --puzzle "3*x + 4 = 25 - 4*x"
python scripts/trajectory.py --checkpoint regression --level nodes9      formulas beside their curves
tensorboard --logdir runs/trajectory       shows the same pictures, and the numbers step by step
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.common.checks import at_least
from agents.common.cli import main
from agents.common.places import Places, writes
from agents.inference.demo_config import ShownConfig
from agents.inference.showing import PANELS, draw_thinking


@dataclass(frozen=True)
class Config(ShownConfig):
    """Pictures of one problem's drafts and of many problems' latents, as files and in TensorBoard.

    The problem is the puzzle given; by default, of the test problems, the one whose drafts take longest to get right.
    """

    problems: int = 32
    """Test problems, whose latents are shown settling."""
    panels: int = PANELS
    """Drafts shown at most, the problem among them."""
    folder: Path | None = None
    """Folder for drafts.png, thinking.png, settling.png, trajectory.json and TensorBoard's events;
    runs/trajectory/CHECKPOINT by default."""
    settling: Path | None = None
    """File for the picture of the latents, where it is not to go to the folder."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(1, self, "problems")
        at_least(2, self, "panels")
        if self.folder is not None and Path(self.folder).suffix.lower() in (".png", ".jpg", ".svg", ".pdf", ".json"):
            raise ValueError(f"--folder is for several pictures: name a folder, not the file {self.folder}")


def folder_of(config: Config) -> Path:
    """Where everything goes."""
    return config.folder or Path("runs", "trajectory", Path(config.name).name)


@writes(lambda config: Places([folder_of(config)], [config.settling], [config.checkpoint]))
def run(config: Config) -> None:
    """Follow one problem, settle many, draw both."""
    solver, own = config.shown()
    out = folder_of(config)
    problems = config.drawn(solver, config.problems)
    one = None if own is None else own.problems
    pictures = draw_thinking(
        solver.checkpoint, problems, out, config.max_steps, config.price, one, config.panels, config.settling
    )
    print("\n".join(f"{name}: {path}" for name, path in pictures.items()))


if __name__ == "__main__":
    main(run, Config)
