"""Draw how a network thinks: its drafts, what it thinks of them, and a batch's latents settling. For any task.

python scripts/trajectory.py --checkpoint sudoku9x9 --level clues26 --settling docs/settling.png
python scripts/trajectory.py --checkpoint algebra --puzzle "3*x + 4 = 25 - 4*x"
tensorboard --logdir runs/trajectory       shows the same pictures, and the numbers step by step
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agents.common.checks import at_least_one
from agents.common.cli import main
from agents.common.places import Places, writes
from agents.halting import outcomes
from agents.inference.demo_config import ShownConfig
from agents.inference.trajectory import Trajectory, settle
from agents.inference.trajectory_figures import (
    chosen_steps,
    ladder,
    refinement_figure,
    settling_figure,
    trajectory_figure,
)
from trm_gym.atomic_io import atomic_write


@dataclass(frozen=True)
class Config(ShownConfig):
    """Pictures of one problem's drafts and of many problems' latents, as files and in TensorBoard.

    The problem is the puzzle given; by default, of the test problems, the one whose drafts take longest to get right.
    """

    problems: int = 32
    """Test problems, whose latents are shown settling."""
    panels: int = 6
    """Drafts shown at most, the problem among them."""
    folder: Path | None = None
    """Folder for drafts.png, thinking.png, settling.png, trajectory.json and TensorBoard's events;
    runs/trajectory/CHECKPOINT by default."""
    settling: Path | None = None
    """File for the picture of the latents, where it is not to go to the folder."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems", "panels")
        for name, least in (("problems", 1), ("panels", 2)):
            if getattr(self, name) < least:
                raise ValueError(f"--{name} must be at least {least}, got {getattr(self, name)}")


def log(found: Trajectory, pictures: dict[str, Path], folder: Path) -> None:
    """The same for TensorBoard."""
    from PIL import Image
    from torch.utils.tensorboard import SummaryWriter  # slow to import, and needed only now

    with SummaryWriter(folder) as writer:
        for step in range(len(found)):
            for name in ("velocity", "entropy", "right", "changed"):
                writer.add_scalar(f"thinking/{name}", float(getattr(found, name)[step]), step + 1)
            writer.add_scalar("thinking/least_confidence", found.least_confidence[step], step + 1)
            if found.policy:
                writer.add_scalar("thinking/halt", found.halt[step], step + 1)
        for name, path in pictures.items():
            with Image.open(path) as picture:
                writer.add_image(name, np.asarray(picture.convert("RGB")), dataformats="HWC")


def folder_of(config: Config) -> Path:
    """Where everything goes."""
    return config.folder or Path("runs", "trajectory", Path(config.name).name)


@writes(lambda config: Places([folder_of(config)], [config.settling], [config.checkpoint]))
def run(config: Config) -> None:
    """Follow one problem, settle many, draw both."""
    solver, own = config.shown()
    out = folder_of(config)
    problems = config.drawn(solver, config.problems)
    problem = config.longest(solver, problems) if own is None else own.problems
    found = solver.trajectory(problem, config.max_steps, config.price)
    last = int(outcomes.first_true(found.solved, len(found)))
    settled = settle(solver.checkpoint, problems, ladder(config.max_steps)[1:])
    pictures = {
        "drafts": refinement_figure(found, solver.task, chosen_steps(last, config.panels), out / "drafts.png"),
        "thinking": trajectory_figure(found, out / "thinking.png"),
        "settling": settling_figure(settled, config.settling or out / "settling.png"),
    }
    atomic_write(out / "trajectory.json", json.dumps(found.as_json(solver.task), allow_nan=False) + "\n")
    log(found, pictures, out)
    print("\n".join(f"{name}: {path}" for name, path in pictures.items()))


if __name__ == "__main__":
    main(run, Config)
