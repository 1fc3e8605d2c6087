"""The Tiny Recursive Model: one small network, applied again and again to an answer and a reasoning latent.

Source: Jolicoeur-Martineau 2025, "Less is More: Recursive Reasoning with Tiny Networks", arXiv 2510.04871, figure 3.
This file is the network and nothing else: agents/pretraining trains it, agents/halting says when it stops.
"""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from agents.trm.config import TRMConfig
from agents.trm.encoders import ENCODERS, Encoder, EncoderContext
from agents.trm.inputs import Inputs
from agents.trm.layers import SwiGLU, rms_norm, swiglu_width, truncated_normal_
from agents.trm.mixers import MIXERS, Mixer, MixerContext
from agents.trm.orthogonal import towards_orthogonal
from agents.trm.prefix import Prefix
from trm_gym.short_repr import short_repr
from trm_gym.structure import Structure
from trm_gym.task import Task

HALT_BIAS = -5.0
"""Bias of a fresh halt head, as published: it says that no draft is right."""


@short_repr
class Carry(NamedTuple):
    """What a step hands to the next one; positions are the prefix, then cells, or cells times values, or terms."""

    answer: Float[Tensor, "batch positions hidden"]
    reasoning: Float[Tensor, "batch positions hidden"]


@short_repr
class Output(NamedTuple):
    """What a step shows: token logits of the draft, the logit of the draft being right, and the answer latent that the
    first are read from, with its gradients.
    """

    logits: Float[Tensor, "batch length vocab"]
    halt: Float[Tensor, " batch"]
    latent: Float[Tensor, "batch positions hidden"]


def make_encoder(config: TRMConfig, vocab: int, structure: Structure) -> Encoder:
    """The encoder that ``config.positions`` names. Raises ValueError where the task does not fit it."""
    context = EncoderContext(vocab, config.hidden, structure)
    return ENCODERS[config.positions](context, **config.position_settings)


def make_mixer(config: TRMConfig, positions: int, encoder: Encoder) -> Mixer:
    """The mixer that ``config.mixer`` names, over the positions of an encoder and of the prefix before them."""
    context = MixerContext(
        config.hidden, positions, encoder.values, encoder.structure, config.expansion, config.width_multiple
    )
    return MIXERS[config.mixer](context, **config.mixer_settings)


@final
class Block(nn.Module):
    """Post-norm: x <- norm(x + mixer(x)), x <- norm(x + SwiGLU(x))."""

    def __init__(self, config: TRMConfig, positions: int, encoder: Encoder) -> None:
        super().__init__()
        self.mixer = make_mixer(config, positions, encoder)
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
        self.core = Core(*(Block(config, self.positions, self.encoder) for _ in range(config.layers)))
        self.halt = nn.Linear(config.hidden, config.halt_outputs, dtype=torch.float32)
        nn.init.zeros_(self.halt.weight)
        nn.init.constant_(self.halt.bias, HALT_BIAS)
        self.register_buffer("answer_start", truncated_normal_(torch.empty(config.hidden, dtype=torch.float32), 1.0))
        self.register_buffer("reasoning_start", truncated_normal_(torch.empty(config.hidden, dtype=torch.float32), 1.0))
        self.prefix = None
        if config.prefix:
            self.prefix = Prefix(config.prefix, config.puzzles, config.puzzle_tokens, config.hidden)
        self.set_depth(config.cycles, config.latent_updates)
        self._scale(config.initial_scale)

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
        for _ in range(self.latent_updates):
            reasoning = self.core(reasoning + answer + x)
        if self.config.extras.orthogonal and not self.training:
            reasoning = towards_orthogonal(reasoning, self.config.extras.orthogonal)
        return Carry(self.core(answer + reasoning), reasoning)

    def forward(
        self, carry: Carry, inputs: Inputs, puzzle: Int[Tensor, " batch"] | None = None
    ) -> tuple[Carry, Output]:
        """One step: the next carry (detached) and what it shows.

        puzzle: which puzzle's embedding goes before each problem, where there is a prefix; the first by default.
        """
        x = self.encoder.embed(inputs)
        if self.prefix is not None:
            x = self.prefix(torch.zeros_like(inputs.problem[:, 0]) if puzzle is None else puzzle, x)
        with torch.no_grad():
            for _ in range(self.cycles - 1):
                carry = self.cycle(carry, x)
        carry = self.cycle(carry, x)
        pooled = carry.answer.mean(1) if self.config.halt_pooling == "mean" else carry.answer[:, 0]
        latent = carry.answer[:, self.config.prefix :]
        output = Output(self.encoder.read(latent), self.halt(pooled)[..., 0], latent)
        return Carry(carry.answer.detach(), carry.reasoning.detach()), output

    @torch.no_grad()
    def _scale(self, factor: float) -> None:
        """Multiply all that was drawn at random."""
        for drawn in (self.encoder, self.core):
            for weight in drawn.parameters():
                weight.mul_(factor)
        for start in (self.answer_start, self.reasoning_start):
            start.mul_(factor)


def new_model(config: TRMConfig, task: Task, seed: int) -> TRM:
    """A network with weights drawn from ``seed``, whatever was drawn before; global random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TRM(config, task.vocab, task.structure)
