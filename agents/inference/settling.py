"""How the latents of a batch settle, in the plane in which they differ most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint
from agents.rollouts.unroll import refine
from trm_gym import make_task
from trm_gym.regression.programs import used_slots
from trm_gym.short_repr import short_repr
from trm_gym.structure import HeapStructure
from trm_gym.task import Problems, Task


@short_repr
@dataclass(frozen=True)
class Settling:
    """Answer latents of a batch in their principal plane, after each of k steps.

    points: float [k, n, 2], one for each free cell of each problem, or for each value that it may take; of formulas for
    each slot of the last draft. labels: int [n], the right token of the cell, or 1 where the value is the right one; of
    formulas the slot's last token. share: of the variance, in the plane.
    """

    steps: tuple[int, ...]
    points: NDArray[np.float32]
    labels: NDArray[np.int64]
    share: float


@torch.inference_mode()
def settle(checkpoint: Checkpoint, problems: Problems, steps: Sequence[int]) -> Settling:
    """Where the answer latents of ``problems`` stand after each of ``steps``, 0 being the start."""
    task, encoder = make_task(checkpoint.task), checkpoint.model.encoder
    start = checkpoint.model.initial_carry(len(problems))
    taken = list(refine(checkpoint.model, task, problems, max(steps), start))
    latents = [start.answer, *(step.carry.answer for step in taken)]
    answers, free = _told_apart(task, problems, taken[-1].draft.cpu().numpy().astype(np.uint8))
    if encoder.values > 1 and task.structure.exchangeable is not None:
        free = np.repeat(free, encoder.values, axis=1)
        answers = (
            (answers[..., None] == np.arange(*task.structure.exchangeable)).reshape(len(free), -1).astype(np.int64)
        )
    # The last positions are the answer's: before them stand the terms of a text's problem.
    kept = np.stack([latents[step].float().cpu().numpy()[:, -free.shape[1] :][free] for step in steps])
    centred = kept - kept.mean((0, 1))
    variance, axes = np.linalg.eigh(np.einsum("knd,kne->de", centred, centred))
    return Settling(tuple(steps), centred @ axes[:, :-3:-1], answers[free], float(variance[-2:].sum() / variance.sum()))


def _told_apart(task: Task, problems: Problems, last: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """What latents are told apart by, int [b, cells], and which are shown: the right tokens of the free cells.

    A function has many formulas. There it is the token of each slot in the last draft, uint8 [b, L], where that counts.
    """
    if isinstance(task.structure, HeapStructure):  # all cells of a slot have one latent
        slots = task.structure.shape[1]
        return last[:, :slots].astype(np.int64), used_slots(last)
    first = task.structure.answer_start
    return problems.solution[:, first:].astype(np.int64), problems.free[:, first:]
