"""The Tiny Recursive Model: one small network, applied again and again to an answer and a reasoning latent.

Source: Jolicoeur-Martineau 2025, "Less is More: Recursive Reasoning with Tiny Networks", arXiv 2510.04871, figure 3.
This file is the network and nothing else: how it is trained stands in pretrain.py, when it stops in halting.py.
"""

from __future__ import annotations

import math
from typing import NamedTuple, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from agents.trm.config import TRMConfig
from agents.trm.encoders import CandidateEncoder, CellEncoder, Encoder, PanelEncoder, Prefix
from agents.trm.layers import SwiGLU, rms_norm, swiglu_width, truncated_normal_
from agents.trm.mixers import make_mixer
from agents.trm.orthogonal import towards_orthogonal
from agents.trm.recognition import TermEncoder
from trm_gym.structure import Structure

HALT_BIAS = -5.0


class Carry(NamedTuple):
    """What a step hands to the next one; positions are the prefix, then cells, or cells times values, or terms.

    With a single latent both are that one.
    """

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
        return CellEncoder(length, vocab, config.hidden, structure, config.reserved)
    if config.positions == "candidates":
        return CandidateEncoder(length, vocab, config.hidden, structure)
    if config.positions == "terms":
        return TermEncoder(length, config.hidden, structure, config.terms)
    if config.positions == "panels":
        return PanelEncoder(length, vocab, config.hidden, structure)
    raise ValueError(f"unknown positions {config.positions!r}: use cells, candidates, terms or panels")


@final
class Block(nn.Module):
    """Post-norm: x <- norm(x + mixer(x)), x <- norm(x + SwiGLU(x))."""

    def __init__(self, config: TRMConfig, structure: Structure, positions: int, values: int) -> None:
        super().__init__()
        self.mixer = make_mixer(config, structure, positions, values)
        self.mlp = SwiGLU(config.hidden, swiglu_width(config.hidden, config.expansion, config.width_multiple))
        self.mixer_norm = config.mixer_norm

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        x = x + self.mixer(x)
        x = rms_norm(x) if self.mixer_norm == "hidden" else rms_norm(x.mT).mT
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
        self.positions = config.prefix + self.encoder.positions
        self.core = self._new_core()
        self.halt = nn.Linear(config.hidden, config.halt_outputs)
        nn.init.zeros_(self.halt.weight)
        nn.init.constant_(self.halt.bias, HALT_BIAS)
        self.register_buffer("answer_start", truncated_normal_(torch.empty(config.hidden), 1.0))
        self.register_buffer("reasoning_start", truncated_normal_(torch.empty(config.hidden), 1.0))
        self.answer_core = self._new_core() if config.networks == "separate" else None
        self.prefix = None
        if config.prefix:
            self.prefix = Prefix(config.prefix, config.puzzles, config.puzzle_tokens, config.hidden)
        self.set_depth(config.cycles, config.latent_updates)
        self._scale(config.initial_scale)

    @property
    def cores(self) -> list[Core]:
        """The network that updates latents, or the two of them."""
        return [self.core] if self.answer_core is None else [self.core, self.answer_core]

    def num_parameters(self) -> int:
        """Trained numbers, without the embeddings of single puzzles, which are left out of published sizes too."""
        apart = 0 if self.prefix is None else self.prefix.puzzles.numel()
        return sum(parameter.numel() for parameter in self.parameters()) - apart

    def set_depth(self, cycles: int, latent_updates: int) -> None:
        """Run T ``cycles`` of n ``latent_updates`` from now on, whatever the config says: no weight depends on them."""
        self.cycles, self.latent_updates = cycles, latent_updates

    def initial_carry(self, batch: int) -> Carry:
        """The carry of ``batch`` problems before their first step."""
        starts = (self.answer_start, self.reasoning_start)
        return Carry(*(start.expand(batch, self.positions, -1).clone() for start in starts))

    def cycle(self, carry: Carry, x: Float[Tensor, "batch positions hidden"]) -> Carry:
        """n updates of the reasoning latent and one of the answer latent."""
        answer, reasoning = carry
        last = self.core if self.answer_core is None else self.answer_core
        if self.config.latents == "one":
            for _ in range(self.latent_updates):
                answer = self.core(answer + x)
            answer = last(self._checked(answer))
            return Carry(answer, answer)
        for _ in range(self.latent_updates):
            reasoning = self.core(reasoning + answer + x)
        reasoning = self._checked(reasoning)
        return Carry(last(answer + reasoning), reasoning)

    def forward(
        self, carry: Carry, problem: Int[Tensor, "batch length"], puzzle: Int[Tensor, " batch"] | None = None
    ) -> tuple[Carry, Output]:
        """One step: the next carry (detached) and what it shows.

        puzzle: which puzzle's embedding goes before each problem, where there is a prefix; the first by default.
        """
        x = self.encoder.embed(problem)
        if self.prefix is not None:
            x = self.prefix(torch.zeros_like(problem[:, 0]) if puzzle is None else puzzle, x)
        with torch.no_grad():
            for _ in range(self.cycles - 1):
                carry = self.cycle(carry, x)
        carry = self.cycle(carry, x)
        pooled = carry.answer.mean(1) if self.config.halt_pooling == "mean" else carry.answer[:, 0]
        output = Output(self.encoder.read(carry.answer[:, self.config.prefix :]), self.halt(pooled)[..., 0])
        return Carry(carry.answer.detach(), carry.reasoning.detach()), output

    def _new_core(self) -> Core:
        blocks = (
            Block(self.config, self.encoder.structure, self.positions, self.encoder.values)
            for _ in range(self.config.layers)
        )
        return Core(*blocks)

    @torch.no_grad()
    def _scale(self, factor: float) -> None:
        """Multiply all that was drawn at random."""
        for drawn in (self.encoder, *self.cores):
            for weight in drawn.parameters():
                weight.mul_(factor)
        for start in (self.answer_start, self.reasoning_start):
            start.mul_(factor)

    def _checked(self, latent: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        """The latent as the option ``orthogonal`` leaves it."""
        config = self.config
        wanted = config.orthogonal_in == "both" or (config.orthogonal_in == "training") == self.training
        return towards_orthogonal(latent, config.orthogonal) if config.orthogonal and wanted else latent
