"""The drafts that problems in training go on from: the network's own, or solutions spoilt to learn mending from.

A network that sees its draft and is shown its own alone may never begin to learn: while they are all wrong they tell it
nothing.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from agents.common.tensors import Tensors
from agents.pretraining.config import DraftsConfig
from agents.rollouts.step import draw_tokens
from trm_gym.streams import mix, uniform
from trm_gym.task import Problems, Task

_SPOILING, _TOKENS = 1, 2
"""Streams of what is drawn by a row's key: how its solution is spoilt, which tokens are sampled."""


def first_drafts(task: Task, problems: Problems, config: DraftsConfig, keys: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """First drafts uint8 [rows, L]: blank, or with the chance ``start_corrupted`` a spoilt solution.

    keys: uint64 [rows], well mixed; all that is drawn follows from them. Raises ValueError where the task spoils none.
    """
    drafts = problems.start
    _spoil(drafts, uniform(keys) < config.start_corrupted, task, problems, keys)
    return drafts


@torch.no_grad()
def next_drafts(
    task: Task,
    problems: Problems,
    drafts: Int[Tensor, "rows l"],
    logits: Float[Tensor, "rows l v"],
    config: DraftsConfig,
    keys: NDArray[np.uint64],
) -> Int[Tensor, "rows l"]:
    """The drafts to go on from after a step that gave ``drafts`` by their ``logits``; on the CPU.

    With the chance ``next_corrupted`` a spoilt solution, with the chance ``sampled`` tokens drawn by their probability,
    else what the step gave. keys: as in ``first_drafts``.
    """
    following, drawn = drafts.numpy(force=True).copy(), uniform(keys)
    rows = np.flatnonzero(drawn >= 1 - config.sampled)
    if rows.size:
        tokens = _draw(logits[rows].detach().cpu(), keys[rows]).numpy()
        following[rows] = np.where(problems.free[rows], tokens, problems.problem[rows])
    _spoil(following, drawn < config.next_corrupted, task, problems, keys)
    return torch.from_numpy(following)


def with_drafts(tensors: Tensors, task: Task) -> Tensors:
    """The state of a trainer with what those of before lack, when problems were tokens and no network saw its draft."""
    added = {"draft", "slots.numbers", "slots.truth"}
    if task.numbers or task.truth or added & tensors.keys():
        return tensors
    nothing = torch.zeros(len(tensors["steps"]), 0, dtype=torch.float64)
    start = tensors["slots.problem"] * ~tensors["slots.free"]
    return {**tensors, "draft": start, "slots.numbers": nothing, "slots.truth": nothing}


def _draw(logits: Float[Tensor, "rows l v"], keys: NDArray[np.uint64]) -> Int[Tensor, "rows l"]:
    """Tokens by their probability; those of a row follow from its key alone, whichever rows are beside it."""
    places = np.arange(logits.shape[1] * logits.shape[2])
    chances = uniform(mix(keys[:, None], _TOKENS, places)).astype(np.float32).reshape(logits.shape)
    return draw_tokens(logits, torch.from_numpy(chances))


def _spoil(
    drafts: NDArray[np.integer], which: NDArray[np.bool_], task: Task, problems: Problems, keys: NDArray[np.uint64]
) -> None:
    """Put spoilt solutions in the place of the drafts ``which`` says, bool [rows]."""
    rows = np.flatnonzero(which)
    if rows.size:
        drafts[rows] = task.corrupt(problems[rows], mix(keys[rows], _SPOILING))
