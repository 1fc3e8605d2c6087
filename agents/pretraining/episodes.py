"""An episode as a picture, for TensorBoard: how the network that is being trained refines one problem."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import UInt8

from agents.rollouts.step import Network
from agents.rollouts.unroll import refine
from trm_gym.task import Problems, Task


@torch.no_grad()
def episode_picture(network: Network, task: Task, problem: Problems, max_steps: int) -> UInt8[np.ndarray, "h w 3"]:
    """One problem's drafts after 1, 2, 4, ... steps, side by side, with the cells marked that have changed."""
    shown = {*(1 << place for place in range(max_steps.bit_length())), max_steps}
    before, pictures = problem.start[0], []
    for number, step in enumerate(refine(network, task, problem, max_steps), 1):
        if number in shown:
            draft = step.draft[0].cpu().numpy().astype(np.uint8)
            told = f"step {number}: {'right' if step.solved.any() else 'not right'}"
            pictures.append(task.draw_rgb(problem, np.stack([before, draft]), told))
            before = draft
    return np.concatenate(pictures, axis=1)
