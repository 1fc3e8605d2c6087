"""Checkpoints for tests of the scripts: untrained, tiny, written to a folder."""

from __future__ import annotations

from pathlib import Path

import torch

from agents.checkpoint import Checkpoint, save_checkpoint
from agents.halting import HaltHead
from agents.rollout import unroll
from agents.trm import TRM, TRMConfig
from trm_gym import make_task

TINY = TRMConfig(hidden=8, layers=1, cycles=1, latent_updates=1, width_multiple=8)


def untrained(folder: Path, task_name: str = "sudoku4x4", heads: tuple[str, ...] = ("grpo",)) -> Path:
    """A network that solves nothing, with heads as they are before they learn."""
    task = make_task(task_name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = TRM(TINY, task.vocab, task.structure).eval()
    features = unroll(model, task, task.generate(1, 0, "train", 0), 1).features.shape[-1]
    made = {name: HaltHead(features, hidden=4, outputs=2 if name == "two_heads" else 1) for name in heads}
    return save_checkpoint(folder / task_name, Checkpoint(model, task_name, made))
