"""Checkpoints for tests of the scripts: untrained, tiny, written to a folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch

from agents.checkpoint import Checkpoint, save_checkpoint
from agents.halting.heads import HaltHead, HaltPolicy
from agents.halting.restart_head import RestartPolicy
from agents.rollouts.unroll import unroll
from agents.trm import TRM, TRMConfig
from trm_gym import make_task

TINY = TRMConfig(hidden=8, layers=1, cycles=1, latent_updates=1, width_multiple=8)
SHAPES = {
    "maze11x11": dataclasses.replace(TINY, mixer="conv"),
    "arithmetic": dataclasses.replace(TINY, mixer="mlp", positions="terms"),
    "algebra": dataclasses.replace(TINY, mixer="mlp", positions="terms"),
}


def untrained(folder: Path, task_name: str = "sudoku4x4", heads: tuple[str, ...] = ("grpo",)) -> Path:
    """A network that solves nothing, with heads as they are before they learn."""
    task = make_task(task_name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = TRM(SHAPES.get(task_name, TINY), task.vocab, task.structure).eval()
    features = unroll(model, task, task.generate(1, 0, "train", 0), 1).features.shape[-1]
    sizes = {"bce": 1, "two_heads": 2}
    policies = {"grpo_restarts": RestartPolicy}
    made = {
        name: HaltHead(features, 4, sizes[name]) if name in sizes else policies.get(name, HaltPolicy)(features, 4)
        for name in heads
    }
    return save_checkpoint(folder / task_name, Checkpoint(model, task_name, made))
