"""Pictures of a task one after another, as a GIF that moves."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agents.inference.trajectory import Trajectory
from trm_gym.task import Problems, Task

PALETTE = 32
"""Colours: pictures of tasks are flat."""
STEP_SECONDS, LAST_SECONDS = 0.7, 3.0


def refining(run: Trajectory, task: Task, last: int) -> bytes:
    """A film of the problem and its drafts up to step ``last``, after which the caption says whether it is right."""
    told = "right" if run.solved[last - 1] else "not right"
    captions = ["the problem", *(f"step {step}" for step in range(1, last)), f"step {last}: {told}"]
    return film(task, run.problems, [run.draft_after(step) for step in range(last + 1)], captions)


def film(task: Task, problems: Problems, drafts: Sequence[NDArray[np.uint8]], captions: Sequence[str]) -> bytes:
    """Drafts one after another as a GIF, the cells that change marked."""
    before = [drafts[0], *drafts]
    pairs = zip(before, drafts, captions, strict=False)
    return gif([task.draw_rgb(problems, np.stack([old, new]), caption) for old, new, caption in pairs])


def gif(frames: Sequence[NDArray[np.uint8]]) -> bytes:
    """Pictures uint8 [H, W, 3] as a GIF that begins again and again; the last one stands longer."""
    pictures = [Image.fromarray(frame).quantize(PALETTE) for frame in frames]
    durations = [STEP_SECONDS * 1000] * (len(frames) - 1) + [LAST_SECONDS * 1000]
    file = io.BytesIO()
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0, optimize=True)
    return file.getvalue()
