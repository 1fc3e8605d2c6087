"""Attention whose keys and values come from one narrow vector."""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from agents.trm.layers import Linear, Rotary, rms_norm
from agents.trm.mixers.attention import head_width
from agents.trm.mixers.base import Mixer, MixerContext
from agents.trm.options import at_least


@final
class LatentAttentionMixer(Mixer):
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1): keys and values of all heads are made
    from one narrow vector per position.

    That vector knows no position; channels apart do, of each query and of one key that all heads share. Queries come
    from the full width, as in the paper's smaller model.

    heads: how many attention heads. low_rank: width of the narrow vector. rope_width: channels that hold the position,
    of a query and of the key that all heads share.
    """

    def __init__(self, context: MixerContext, *, heads: int = 4, low_rank: int = 32, rope_width: int = 16) -> None:
        super().__init__(context)
        at_least(1, low_rank=low_rank, rope_width=rope_width)
        if rope_width % 2:
            raise ValueError(f"rope_width must be even, since positions turn pairs of channels; got {rope_width}")
        hidden, self.heads, self.rope_width = context.hidden, heads, rope_width
        self.query = Linear(hidden, hidden + heads * rope_width)
        self.down = Linear(hidden, low_rank)
        self.up = Linear(low_rank, 2 * hidden)
        self.place = Linear(hidden, rope_width)
        self.out = Linear(hidden, hidden)
        self.rotary = Rotary(rope_width, context.positions)
        self.width = head_width(hidden, heads)

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        query, query_place = self._heads(self.query(x)).split([self.width, self.rope_width], dim=-1)
        key, value = self._heads(self.up(rms_norm(self.down(x)))).chunk(2, dim=-1)
        place = self.rotary(self.place(x)[:, None]).expand(-1, self.heads, -1, -1)
        query = torch.cat([query, self.rotary(query_place)], dim=-1)
        mixed = F.scaled_dot_product_attention(query, torch.cat([key, place], dim=-1), value)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _heads(self, x: Float[Tensor, "batch positions all"]) -> Float[Tensor, "batch heads positions width"]:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
