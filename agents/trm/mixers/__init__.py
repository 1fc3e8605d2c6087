"""Mixers: how the positions of a problem hear of each other inside a block. One file each.

A new mixer is a final subclass of ``Mixer`` and a line in ``MIXERS``; then ``pretrain.py --model.mixer NAME`` takes it.
"""

from agents.trm.mixers.attention import AttentionMixer
from agents.trm.mixers.base import Mixer, MixerContext
from agents.trm.mixers.conv import ConvMixer
from agents.trm.mixers.grid import GridMixer
from agents.trm.mixers.latent_attention import LatentAttentionMixer
from agents.trm.mixers.mlp import MlpMixer
from agents.trm.mixers.tree import TreeMixer
from agents.trm.mixers.units import UnitsMixer

MIXERS: dict[str, type[Mixer]] = {
    "units": UnitsMixer,
    "mlp": MlpMixer,
    "attention": AttentionMixer,
    "mla": LatentAttentionMixer,
    "conv": ConvMixer,
    "grid": GridMixer,
    "tree": TreeMixer,
}
"""By the name that ``TRMConfig.mixer`` says."""

__all__ = ["MIXERS", "Mixer", "MixerContext"]
