"""Self-attention with rotary position embeddings."""

from __future__ import annotations

from typing import final

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from agents.trm.layers import Linear, Rotary
from agents.trm.mixers.base import Mixer, MixerContext
from agents.trm.options import at_least


@final
class AttentionMixer(Mixer):
    """Full self-attention with rotary position embeddings. heads: how many attention heads."""

    def __init__(self, context: MixerContext, *, heads: int = 4) -> None:
        super().__init__(context)
        hidden, self.heads = context.hidden, heads
        self.qkv = Linear(hidden, 3 * hidden)
        self.out = Linear(hidden, hidden)
        self.rotary = Rotary(head_width(hidden, heads), context.positions)

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        parts = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        mixed = F.scaled_dot_product_attention(self.rotary(query), self.rotary(key), value)
        return self.out(mixed.transpose(1, 2).flatten(2))


def head_width(hidden: int, heads: int) -> int:
    """Channels of a head. Raises ValueError where ``hidden`` does not split into heads of an even width."""
    at_least(1, heads=heads)
    if hidden % heads or (hidden // heads) % 2:
        raise ValueError(f"hidden {hidden} must split into {heads} heads of even width; choose heads to fit")
    return hidden // heads
