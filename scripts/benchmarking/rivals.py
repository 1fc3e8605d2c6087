"""Updates of the published network by other programs than ours, to be timed beside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Work = Callable[[], object]
"""One update, over and over."""


@dataclass(frozen=True)
class Shape:
    """The sizes of a network whose mixer is a SwiGLU over the positions."""

    length: int = 81
    """Cells of a problem."""
    vocab: int = 10
    """Number of tokens."""
    prefix: int = 16
    """Positions before the cells, of which the first is the puzzle's embedding."""
    hidden: int = 128
    """Width of a latent at one position."""
    cycles: int = 3
    """T, the cycles in a step."""
    latent_updates: int = 6
    """n, the updates of the reasoning latent in a cycle."""

    @property
    def positions(self) -> int:
        """Positions of the prefix and of the cells."""
        return self.prefix + self.length


@final
class CastLinear(nn.Linear):
    """A linear map whose float32 weights are cast to the type of what they meet, at every call."""

    def __init__(self, inputs: int, outputs: int, bias: bool = False) -> None:
        super().__init__(inputs, outputs, bias)
        nn.init.trunc_normal_(self.weight, std=1 / math.sqrt(inputs))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.to(x.dtype), None if self.bias is None else self.bias.to(x.dtype))


@final
class Gated(nn.Module):
    """SwiGLU, 8/3 times as wide inside, rounded up to a multiple of 256."""

    def __init__(self, size: int) -> None:
        super().__init__()
        width = 256 * math.ceil(round(size * 8 / 3) / 256)
        self.up, self.down = CastLinear(size, 2 * width), CastLinear(width, size)

    def forward(self, x: Tensor) -> Tensor:
        gate, value = self.up(x).chunk(2, -1)
        return self.down(F.silu(gate) * value)


@final
class Block(nn.Module):
    """SwiGLU over the positions, then over the channels, each followed by a norm over what it has mixed."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.over_positions, self.over_channels = Gated(shape.positions), Gated(shape.hidden)

    def forward(self, x: Tensor) -> Tensor:
        turned = x.transpose(1, 2)
        x = norm(turned + self.over_positions(turned)).transpose(1, 2)
        return norm(x + self.over_channels(x))


def norm(x: Tensor) -> Tensor:
    """RMSNorm in float32 (or in float64, for tests), given back in the type of ``x``."""
    wide = x if x.dtype == torch.float64 else x.float()
    return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-5)).to(x.dtype)


@final
class Published(nn.Module):
    """The published network and its loss as arXiv 2510.04871, figure 3, and its code have them: eager, no part merged
    with another or left out. tests/scripts/test_benchmark.py holds it to numbers that the code made.

    dtype: what it computes in; weights stay in float32.
    """

    def __init__(self, shape: Shape, dtype: torch.dtype, puzzles: int = 1) -> None:
        super().__init__()
        self.shape, self.dtype = shape, dtype
        self.tokens = nn.Parameter(torch.randn(shape.vocab, shape.hidden) / math.sqrt(shape.hidden))
        self.puzzles = nn.Parameter(torch.zeros(puzzles, shape.hidden))
        self.blocks = nn.ModuleList(Block(shape) for _ in range(2))
        self.head, self.halt = CastLinear(shape.hidden, shape.vocab), CastLinear(shape.hidden, 2, bias=True)
        self.starts = nn.Parameter(torch.randn(2, shape.hidden), requires_grad=False)

    def initial_carry(self, batch: int) -> tuple[Tensor, Tensor]:
        """Answer and reasoning latent of ``batch`` problems before their first step."""
        y, z = self.starts.to(self.dtype).expand(batch, self.shape.positions, -1, -1).unbind(2)
        return y, z

    def net(self, x: Tensor, injected: Tensor) -> Tensor:
        """The two blocks, on a latent and what is added to it."""
        x = x + injected
        for block in self.blocks:
            x = block(x)
        return x

    def step(self, y: Tensor, z: Tensor, problem: Tensor, puzzle: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """One supervision step: both latents, token logits and halt logits."""
        shape = self.shape
        blank = F.pad(F.embedding(puzzle, self.puzzles)[:, None], (0, 0, 0, shape.prefix - 1))
        x = math.sqrt(shape.hidden) * torch.cat([blank, F.embedding(problem, self.tokens)], 1).to(self.dtype)
        for cycle in range(shape.cycles):
            with torch.set_grad_enabled(cycle == shape.cycles - 1):
                for _ in range(shape.latent_updates):
                    z = self.net(z, y + x)
                y = self.net(y, z)
        return y, z, self.head(y)[:, shape.prefix :], self.halt(y[:, 0])[:, 0]


def published_loss(logits: Tensor, halt: Tensor, solution: Tensor) -> Tensor:
    """Stablemax cross-entropy in float64, mean over a problem's cells, and half the halt loss; sums over problems."""
    scores = logits.double()
    scores = torch.where(scores < 0, 1 / (1 - scores + 1e-30), scores + 1)
    likely = torch.log(scores / scores.sum(-1, keepdim=True))
    tokens = -likely.gather(-1, solution[..., None]).squeeze(-1).mean(-1).sum()
    right = (logits.argmax(-1) == solution).all(-1)
    return tokens + 0.5 * F.binary_cross_entropy_with_logits(halt.float(), right.float(), reduction="sum")


def published(shape: Shape, dtype: torch.dtype, batch: int) -> Work:
    """An update of the published network: AdamW stands for its optimiser, then the average of the weights."""
    model = Published(shape, dtype)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=1.0, betas=(0.9, 0.95))
    average = [parameter.detach().clone() for parameter in trained]
    problem, solution = noise(shape, batch)
    puzzle = torch.zeros(batch, dtype=torch.long)
    carry = list(model.initial_carry(batch))

    def update() -> None:
        y, z, logits, halt = model.step(carry[0], carry[1], problem, puzzle)
        carry[:] = y.detach(), z.detach()
        (published_loss(logits, halt, solution) / batch).backward()
        optimizer.step()
        optimizer.zero_grad()
        for kept, parameter in zip(average, trained, strict=True):
            kept.mul_(0.999).add_(parameter.detach(), alpha=0.001)

    return update


def has_recursive_model() -> bool:
    """Whether the package tiny-recursive-model is installed, with all that it imports."""
    needed = ("tiny_recursive_model", "einops", "accelerate", "ema_pytorch", "adam_atan2_pytorch", "x_transformers")
    return all(find_spec(name) for name in needed)


def new_recursive_model(shape: Shape) -> Any:
    """A network of the package tiny-recursive-model, its mixer given as many weights as the published one has."""
    package = import_module("tiny_recursive_model")
    gated = (Gated(shape.positions).down.in_features, Gated(shape.hidden).down.in_features)
    # Two matrices where a SwiGLU has three, so half as wide again; widths are given as multiples of dim.
    over_positions, over_channels = (1.5 * width / shape.hidden for width in gated)
    mixer = package.MLPMixer1D(
        dim=shape.hidden,
        depth=2,
        seq_len=shape.positions,
        expansion_factor=over_positions,
        expansion_factor_token=over_channels,
    )
    return package.TinyRecursiveModel(
        dim=shape.hidden,
        num_tokens=shape.vocab,
        network=mixer,
        num_refinement_blocks=shape.cycles,
        num_latent_refinements=shape.latent_updates,
        num_register_tokens=shape.prefix,
    )


def recursive_model(shape: Shape, batch: int) -> Work:
    """An update by the package tiny-recursive-model."""
    model = new_recursive_model(shape)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1.0)
    problem, solution = noise(shape, batch)
    carry = list(model.get_initial())

    def update() -> None:
        loss, _, carry[0], carry[1], *_ = model(problem, carry[0], carry[1], labels=solution)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return update


def noise(shape: Shape, batch: int) -> tuple[Tensor, Tensor]:
    """Problems and solutions at random: speed does not depend on what is in them."""
    drawn = torch.randint(0, shape.vocab, (2, batch, shape.length), generator=torch.Generator().manual_seed(0))
    return drawn[0], drawn[1]
