"""How a network thinks, as files and in TensorBoard: one problem's drafts, what it thinks of them, latents settling."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from agents.checkpoint import Checkpoint, load_checkpoint
from agents.common.curves import curve_writer
from agents.halting import outcomes
from agents.inference.settling import settle
from agents.inference.trajectory import Trajectory, follow
from agents.inference.trajectory_figures import (
    chosen_steps,
    ladder,
    refinement_figure,
    settling_figure,
    trajectory_figure,
)
from agents.rollouts.unroll import unroll
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write
from trm_gym.task import Problems

SHOWN = 64
"""Test problems of a level whose latents are shown settling."""
PANELS = 6
"""Drafts that are shown at most, the problem among them."""


def longest(checkpoint: Checkpoint, problems: Problems, max_steps: int) -> Problems:
    """That of ``problems`` whose drafts take longest to get right; one."""
    solved = unroll(checkpoint.model, make_task(checkpoint.task), problems, max_steps).solved.numpy()
    place = int(outcomes.oracle_steps(solved, hopeless=0).argmax())
    return problems[slice(place, place + 1)]


def draw_thinking(
    checkpoint: Checkpoint,
    problems: Problems,
    folder: Path,
    max_steps: int,
    price: float,
    one: Problems | None = None,
    panels: int = PANELS,
    settling: Path | None = None,
) -> dict[str, Path]:
    """Write drafts.png, thinking.png, settling.png, trajectory.json and TensorBoard's events into ``folder``.

    one: the problem whose drafts are shown, a batch of one; by default the ``longest`` of ``problems``. price: of the
    whole budget, at which the policy is asked. settling: a file for that picture, where it is not to go to the folder.
    Returns the pictures by name.
    """
    task = make_task(checkpoint.task)
    one = longest(checkpoint, problems, max_steps) if one is None else one
    found = follow(checkpoint, one, max_steps, price)
    last = int(outcomes.first_true(found.solved, len(found)))
    settled = settle(checkpoint, problems, ladder(max_steps)[1:])
    pictures = {
        "drafts": refinement_figure(found, task, chosen_steps(last, panels), folder / "drafts.png"),
        "thinking": trajectory_figure(found, folder / "thinking.png"),
        "settling": settling_figure(settled, settling or folder / "settling.png"),
    }
    atomic_write(folder / "trajectory.json", json.dumps(found.as_json(task), allow_nan=False) + "\n")
    _log(found, pictures, folder)
    return pictures


def draw_level(place: Path, level: str, folder: Path, max_steps: int, price: float) -> dict[str, Path]:
    """``draw_thinking`` of SHOWN test problems of a level, with the checkpoint at ``place``, which is not compiled."""
    checkpoint = load_checkpoint(place)
    task = make_task(checkpoint.task)
    problems = task.generate_at_most(SHOWN, task.level_index(level), "test", 0)
    return draw_thinking(checkpoint, problems, folder, max_steps, price)


def _log(found: Trajectory, pictures: dict[str, Path], folder: Path) -> None:
    """The same for TensorBoard."""
    from PIL import Image

    with curve_writer(folder) as writer:
        for step in range(len(found)):
            for name in ("velocity", "entropy", "right", "changed"):
                writer.add_scalar(f"thinking/{name}", float(getattr(found, name)[step]), step + 1)
            writer.add_scalar("thinking/least_confidence", found.least_confidence[step], step + 1)
            if found.policy:
                writer.add_scalar("thinking/halt", found.halt[step], step + 1)
        for name, path in pictures.items():
            with Image.open(path) as picture:
                writer.add_image(name, np.asarray(picture.convert("RGB")), dataformats="HWC")
