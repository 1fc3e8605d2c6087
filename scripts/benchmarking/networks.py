"""The networks whose training is measured, each in a run of pretraining as scripts/pretrain.py makes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

import torch

from agents.common.acceleration import AccelerationConfig, Choice
from agents.pretraining.config import PretrainConfig
from agents.pretraining.optim import OptimConfig
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.trainer import Pretrainer
from agents.trm import TRMConfig
from scripts.benchmarking.rivals import Shape

Name = Literal["mlp", "units", "conv", "attention"]


def compared(shape: Shape, batch: int) -> PretrainConfig:
    """9x9 with a network of ``shape``, the published loss and optimiser: what the other programs compute too."""
    model = TRMConfig(
        hidden=shape.hidden,
        cycles=shape.cycles,
        latent_updates=shape.latent_updates,
        mixer="mlp",
        mixer_norm="positions",
        width_multiple=256,
        halt_pooling="first",
        halt_outputs=2,
        prefix=shape.prefix,
    )
    published = OptimConfig(core="adam_atan2", weight_decay=1.0, decay=0.0)
    return PretrainConfig(
        "sudoku9x9", ("clues30",), model, published, batch=batch, max_steps=16, updates=10**6, loss="stablemax"
    )


def network(name: Name, shape: Shape, batch: int) -> PretrainConfig:
    """``compared`` for the mlp mixer, other mixers at their presets; attention, whose only presets are the published
    ones of days on a graphics card, as ``compared`` is.
    """
    if name in ("units", "conv"):
        return PRETRAIN["sudoku9x9" if name == "units" else "maze11x11"]
    plain = compared(shape, batch)
    if name == "mlp":
        return plain
    return replace(plain, model=replace(plain.model, mixer="attention", mixer_norm="hidden"))


@contextmanager
def training(config: PretrainConfig, compiled: Choice, bfloat16: bool) -> Iterator[Pretrainer]:
    """A run of pretraining before its first update, which compiles; its supply of problems ends with the context."""
    torch.compiler.reset()  # otherwise networks measured before count towards the limit of what is compiled
    chosen = AccelerationConfig(compiled, "on" if bfloat16 else "off", torch.get_num_threads())
    run = Pretrainer(replace(config, acceleration=chosen))
    try:
        yield run
    finally:
        run.supply.close()
