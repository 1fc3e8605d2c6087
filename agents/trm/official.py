"""Weights and settings of the published TRM, by its own names, as ours.

Names and settings: github.com/SamsungSAILMontreal/TinyRecursiveModels at e7b6871. Where the two differ otherwise:
docs/fidelity.md. Checkpoints there are pickles, which this package does not open; as safetensors they are read with
``safetensors.torch.load_file``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from agents.trm.config import TRMConfig
from agents.trm.layers import FULL_SPREAD
from agents.trm.model import TRM

WRAPPERS = re.compile(r"^(_orig_mod\.)?(model\.)?(inner\.)?")
"""What compiling, the loss head and the halting wrapper put before a name."""
OFFICIAL_NAMES = {
    r"embed_tokens\.embedding_weight": "encoder.symbols",
    r"lm_head\.weight": "encoder.head.weight",
    r"q_head\.(weight|bias)": r"halt.\1",
    r"H_init": "answer_start",
    r"L_init": "reasoning_start",
    r"puzzle_emb\.weights": "prefix.puzzles",
    r"L_level\.layers\.(\d+)\.(mlp|mlp_t)\.(gate_up|down)_proj\.weight": r"core.\1.\2.\3.weight",
    r"L_level\.layers\.(\d+)\.self_attn\.(qkv|o)_proj\.weight": r"core.\1.mixer.\2.weight",
}
"""Official names as patterns, and ours."""
OFFICIAL_PARTS = {".mlp_t.": ".mixer.mlp.", ".mixer.o.": ".mixer.out."}


def our_name(official: str) -> str | None:
    """Our name of a weight, or None where there is none for it."""
    bare = WRAPPERS.sub("", official)
    for pattern, ours in OFFICIAL_NAMES.items():
        if found := re.fullmatch(pattern, bare):
            name = found.expand(ours)
            for part, here in OFFICIAL_PARTS.items():
                name = name.replace(part, here)
            return name
    return None


def load_official(model: TRM, weights: Mapping[str, Tensor]) -> None:
    """Give ``model`` the weights of a published checkpoint, named as there.

    Raises ValueError, naming them, for weights that are unknown, missing or of another shape, and changes nothing then.
    """
    named = {name: our_name(name) for name in weights}
    if unknown := sorted(name for name, ours in named.items() if ours is None):
        raise ValueError(f"unknown weights {', '.join(unknown)}: expected names of the published TRM, {_known()}")
    state = model.state_dict()
    given = {ours: weights[name] for name, ours in named.items() if ours is not None}
    if surplus := sorted(set(given) - set(state)):
        raise ValueError(
            f"the checkpoint has weights that this network has not ({', '.join(surplus)}): build the network from the "
            f"checkpoint's own settings, see official_config"
        )
    if missing := sorted(set(state) - set(given)):
        raise ValueError(f"the checkpoint lacks weights of this network ({', '.join(missing)}): see official_config")
    if misfits := [name for name in state if state[name].shape != given[name].shape]:
        shapes = (f"{name} {tuple(given[name].shape)} instead of {tuple(state[name].shape)}" for name in misfits)
        raise ValueError(f"weights of another shape: {', '.join(shapes)}; see official_config")
    model.load_state_dict(given)


def official_config(settings: Mapping[str, Any], reserved: int = 0) -> TRMConfig:
    """Our config for the published settings (``arch`` in its YAML files, with num_puzzle_identifiers).

    reserved: the option of that name of CellEncoder; the network's task then has so many tokens less than the published
    vocabulary.
    Raises ValueError for settings that are missing, or that this network cannot follow.
    """
    try:
        attention = not settings["mlp_t"]
        wanted = {"no_ACT_continue": True, "pos_encodings": "rope" if attention else "none"}
        hidden, puzzle = settings["hidden_size"], settings["puzzle_emb_ndim"]
        wanted |= {"puzzle_emb_ndim": max(puzzle - puzzle % hidden, hidden), "rms_norm_eps": 1e-5, "rope_theta": 1e4}
        for name, value in wanted.items():
            if settings.get(name, value) != value:
                raise ValueError(f"the published setting {name}={settings[name]!r} is not offered here, only {value!r}")
        return TRMConfig(
            hidden=hidden,
            layers=settings["L_layers"],
            cycles=settings["H_cycles"],
            latent_updates=settings["L_cycles"],
            mixer="attention" if attention else "mlp",
            mixer_options=(f"heads={settings['num_heads']}",) if attention else (),
            expansion=float(settings["expansion"]),
            width_multiple=256,
            mixer_norm="hidden" if attention else "positions",
            halt_pooling="first",
            halt_outputs=2,
            prefix=settings["puzzle_emb_len"] or puzzle // hidden,
            puzzles=settings["num_puzzle_identifiers"],
            puzzle_tokens=puzzle // hidden,
            position_options=(f"reserved={reserved}",) if reserved else (),
            initial_scale=FULL_SPREAD,
        )
    except KeyError as error:
        raise ValueError(
            f"the published settings lack {error}: give the arch section with puzzle identifiers"
        ) from error


def _known() -> str:
    return "such as embed_tokens.embedding_weight, L_level.layers.0.mlp.down_proj.weight, H_init"
