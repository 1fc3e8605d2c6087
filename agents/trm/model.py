"""The Tiny Recursive Model: one small network, applied again and again to an answer and a reasoning latent.

Source: Jolicoeur-Martineau 2025, "Less is More: Recursive Reasoning with Tiny Networks", arXiv 2510.04871, figure 3.
This file is the network and nothing else: how it is trained stands in pretrain.py, when it stops in halting.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from agents.trm.encoder import CandidateEncoder, CellEncoder, Encoder
from agents.trm.layers import SwiGLU, rms_norm, swiglu_width, truncated_normal_
from agents.trm.mixers import make_mixer
from agents.trm.recognition import TermEncoder
from trm_gym.task import Structure

HALT_BIAS = -5.0


@dataclass(frozen=True)
class TRMConfig:
    """The shape of a network. A task gives its vocabulary and its structure; all else is chosen here."""

    hidden: int = 128
    """Width of a latent at one position."""
    layers: int = 2
    """Blocks in the shared network."""
    cycles: int = 2
    """T: cycles per step; only the last one keeps gradients."""
    latent_updates: int = 3
    """n: updates of the reasoning latent per cycle, followed by one update of the answer latent."""
    mixer: Literal["units", "mlp", "attention", "conv"] = "units"
    """How positions hear of each other."""
    positions: Literal["cells", "candidates", "terms"] = "cells"
    """What a position is: a cell; one value of a cell (for tasks whose values may be renamed); or a term of the problem
    and then a cell of the answer (for tasks of text)."""
    terms: int = 8
    """Terms of a problem that are read (positions=terms only)."""
    heads: int = 4
    """Attention heads (mixer=attention only)."""
    expansion: float = 4.0
    """SwiGLU width is two thirds of hidden times this, rounded up to width_multiple."""
    width_multiple: int = 32
    """The published code rounds to 256; small networks would be mostly rounding."""
    halt_pooling: Literal["mean", "first"] = "mean"
    """What the halt head reads: the mean answer latent, or that of the first position (as published)."""

    def __post_init__(self) -> None:
        for name in ("hidden", "layers", "cycles", "latent_updates", "terms", "heads", "width_multiple"):
            if getattr(self, name) < 1:
                raise ValueError(f"model.{name} must be at least 1, got {getattr(self, name)}")


class Carry(NamedTuple):
    """What a step hands to the next one; P positions are cells, or cells times values."""

    answer: Float[Tensor, "batch positions hidden"]
    reasoning: Float[Tensor, "batch positions hidden"]


class Output(NamedTuple):
    """What a step shows: token logits of the draft, and the logit of the draft being right."""

    logits: Float[Tensor, "batch length vocab"]
    halt: Float[Tensor, " batch"]


def make_encoder(config: TRMConfig, vocab: int, structure: Structure) -> Encoder:
    """The encoder for ``config.positions``. Raises ValueError for another word, and where the task does not fit it."""
    length = math.prod(structure.shape)
    if config.positions == "cells":
        return CellEncoder(length, vocab, config.hidden)
    if config.positions == "candidates":
        return CandidateEncoder(length, vocab, config.hidden, structure)
    if config.positions == "terms":
        return TermEncoder(length, config.hidden, structure, config.terms)
    raise ValueError(f"unknown positions {config.positions!r}: use cells, candidates or terms")


@final
class Block(nn.Module):
    """Post-norm: x <- norm(x + mixer(x)), x <- norm(x + SwiGLU(x))."""

    def __init__(self, config: TRMConfig, structure: Structure, encoder: Encoder) -> None:
        super().__init__()
        self.mixer = make_mixer(
            config.mixer, config.hidden, config.heads, config.expansion, config.width_multiple, structure, encoder
        )
        self.mlp = SwiGLU(config.hidden, swiglu_width(config.hidden, config.expansion, config.width_multiple))

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        x = rms_norm(x + self.mixer(x))
        return rms_norm(x + self.mlp(x))


@final
class Core(nn.Sequential):
    """The shared network f: the blocks one after another, and the unit that is compiled."""


@final
class TRM(nn.Module):
    """z <- f(z + y + x), n times; y <- f(y + z); all that T times is one step."""

    answer_start: Tensor
    reasoning_start: Tensor

    def __init__(self, config: TRMConfig, vocab: int, structure: Structure) -> None:
        super().__init__()
        self.config = config
        self.encoder = make_encoder(config, vocab, structure)
        self.core = Core(*(Block(config, structure, self.encoder) for _ in range(config.layers)))
        self.halt = nn.Linear(config.hidden, 1)
        nn.init.zeros_(self.halt.weight)
        nn.init.constant_(self.halt.bias, HALT_BIAS)
        self.register_buffer("answer_start", truncated_normal_(torch.empty(config.hidden), 1.0))
        self.register_buffer("reasoning_start", truncated_normal_(torch.empty(config.hidden), 1.0))

    @property
    def num_parameters(self) -> int:
        """Trained numbers."""
        return sum(parameter.numel() for parameter in self.parameters())

    def initial_carry(self, batch: int) -> Carry:
        """The carry of ``batch`` problems before their first step."""
        starts = (self.answer_start, self.reasoning_start)
        return Carry(*(start.expand(batch, self.encoder.positions, -1).clone() for start in starts))

    def cycle(self, carry: Carry, x: Float[Tensor, "batch positions hidden"]) -> Carry:
        """n updates of the reasoning latent and one of the answer latent."""
        answer, reasoning = carry
        for _ in range(self.config.latent_updates):
            reasoning = self.core(reasoning + answer + x)
        return Carry(self.core(answer + reasoning), reasoning)

    def forward(self, carry: Carry, problem: Int[Tensor, "batch length"]) -> tuple[Carry, Output]:
        """One step: the next carry (detached) and what it shows."""
        x = self.encoder.embed(problem)
        with torch.no_grad():
            for _ in range(self.config.cycles - 1):
                carry = self.cycle(carry, x)
        carry = self.cycle(carry, x)
        pooled = carry.answer.mean(1) if self.config.halt_pooling == "mean" else carry.answer[:, 0]
        output = Output(self.encoder.read(carry.answer), self.halt(pooled).squeeze(-1))
        return Carry(carry.answer.detach(), carry.reasoning.detach()), output
