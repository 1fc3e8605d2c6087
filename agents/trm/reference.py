"""One step of the recursion in plain NumPy: for reading, and to hold the network against.

``weights`` are a TRM's state_dict as arrays. Covered: positions=cells, every mixer, prefix; not covered: the other
encoders, and orthogonal latents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.trm.config import TRMConfig
from trm_gym.structure import Structure

Array = NDArray[np.floating[Any]]
Weights = Mapping[str, Array]


def step(
    weights: Weights, config: TRMConfig, structure: Structure, problem: NDArray[np.integer], y: Array, z: Array
) -> tuple[Array, Array, Array, Array]:
    """T cycles of n latent updates and one answer update.

    problem: tokens [batch, length]. y, z: answer and reasoning latent, [batch, positions, hidden]. Returns both after
    the step, the draft's logits [batch, length, vocab] and the logit of its being right, [batch].
    """
    x = embed(weights, config, problem)
    for _ in range(config.cycles):
        for _ in range(config.latent_updates):
            z = net(weights, config, structure, z + y + x)
        y = net(weights, config, structure, y + z)
    logits = y[:, config.prefix :] @ weights["encoder.head.weight"].T
    pooled = y.mean(1) if config.halt_pooling == "mean" else y[:, 0]
    halt = pooled @ weights["halt.weight"].T + weights["halt.bias"]
    return y, z, logits[..., config.position_settings["reserved"] :], halt[:, 0]


def embed(weights: Weights, config: TRMConfig, problem: NDArray[np.integer]) -> Array:
    """x: the embeddings of the tokens, after those of the first puzzle and blanks where there is a prefix."""
    symbols = weights["encoder.symbols"]
    x = symbols[problem + config.position_settings["reserved"]]
    if config.prefix:
        before = np.zeros((len(x), config.prefix, config.hidden), x.dtype)
        before[:, : config.puzzle_tokens] = weights["prefix.puzzles"][0].reshape(config.puzzle_tokens, -1)
        x = np.concatenate([before, x], axis=1)
    return x * np.sqrt(config.hidden).astype(x.dtype)


def net(weights: Weights, config: TRMConfig, structure: Structure, x: Array) -> Array:
    """f: the blocks one after another."""
    for layer in range(config.layers):
        block = weights_below(weights, f"core.{layer}")
        axis = -1 if config.mixer_norm == "hidden" else -2
        x = norm(x + NUMPY_MIXERS[config.mixer](weights_below(block, "mixer"), config, structure, x), axis)
        x = norm(x + swiglu(weights_below(block, "mlp"), x))
    return x


def weights_below(weights: Weights, name: str) -> dict[str, Array]:
    """The weights of one part, by their names within it."""
    return {key[len(name) + 1 :]: value for key, value in weights.items() if key.startswith(f"{name}.")}


def norm(x: Array, axis: int = -1) -> Array:
    """x over the root of its mean square."""
    return x / np.sqrt((x * x).mean(axis, keepdims=True) + np.asarray(1e-5, x.dtype))


def swiglu(weights: Weights, x: Array) -> Array:
    """down(silu(gate x) * up x)."""
    gate, up = np.split(x @ weights["gate_up.weight"].T, 2, axis=-1)
    return (gate / (1 + np.exp(-gate)) * up) @ weights["down.weight"].T


def units(weights: Weights, config: TRMConfig, structure: Structure, x: Array) -> Array:
    """Every cell hears the sum of each of its units, over the root of the unit's size."""
    mixed = x @ weights["own.weight"].T
    for kind, unit in enumerate(structure.units):
        same = unit[:, None] == unit[None]
        pooled = (same / np.sqrt(same.sum(1, keepdims=True))).astype(x.dtype) @ x
        mixed = mixed + pooled @ weights[f"pools.{kind}.weight"].T
    return mixed / np.sqrt(1 + len(structure.units)).astype(x.dtype)


def mlp(weights: Weights, config: TRMConfig, structure: Structure, x: Array) -> Array:
    """A SwiGLU over the positions."""
    return swiglu(weights_below(weights, "mlp"), x.swapaxes(1, 2)).swapaxes(1, 2)


def attention(weights: Weights, config: TRMConfig, structure: Structure, x: Array) -> Array:
    """Softmax attention; queries and keys are turned by their positions."""
    query, key, value = (heads(part, config) for part in np.split(x @ weights["qkv.weight"].T, 3, axis=-1))
    return attend(rotate(query), rotate(key), value) @ weights["out.weight"].T


def mla(weights: Weights, config: TRMConfig, structure: Structure, x: Array) -> Array:
    """Keys and values out of one narrow vector; the position in channels apart."""
    width = config.hidden // config.mixer_settings["heads"]
    query = heads(x @ weights["query.weight"].T, config)
    both = heads(norm(x @ weights["down.weight"].T) @ weights["up.weight"].T, config)
    place = rotate((x @ weights["place.weight"].T)[:, None])
    query = np.concatenate([query[..., :width], rotate(query[..., width:])], axis=-1)
    key = np.concatenate([both[..., :width], np.repeat(place, config.mixer_settings["heads"], axis=1)], axis=-1)
    return attend(query, key, both[..., width:]) @ weights["out.weight"].T


def conv(weights: Weights, config: TRMConfig, structure: Structure, x: Array) -> Array:
    """Each channel of each cell hears of the eight cells around it, then the channels mix."""
    height, width = structure.shape
    grid = np.pad(x.reshape(len(x), height, width, -1), ((0, 0), (1, 1), (1, 1), (0, 0)))
    heard = sum(
        grid[:, down : down + height, right : right + width] * weights["near"][:, 0, down, right]
        for down in range(3)
        for right in range(3)
    )
    return np.reshape(heard, x.shape) @ weights["point.weight"].T


def grid(weights: Weights, config: TRMConfig, structure: Structure, x: Array) -> Array:
    """What is near and what is far."""
    both = conv(weights_below(weights, "near"), config, structure, x) + units(
        weights_below(weights, "far"), config, structure, x
    )
    return both / np.sqrt(2).astype(x.dtype)


def heads(x: Array, config: TRMConfig) -> Array:
    """[batch, positions, all] as [batch, heads, positions, width]."""
    return x.reshape(*x.shape[:2], config.mixer_settings["heads"], -1).swapaxes(1, 2)


def rotate(x: Array) -> Array:
    """Channels i and i + width/2 of position p turned by the angle p / 10000^(2i / width)."""
    positions, width = x.shape[-2:]
    angle = np.outer(np.arange(positions), 1e4 ** (-np.arange(0, width, 2) / width)).astype(x.dtype)
    first, second = np.split(x, 2, axis=-1)
    turned = first * np.cos(angle) - second * np.sin(angle), second * np.cos(angle) + first * np.sin(angle)
    return np.concatenate(turned, axis=-1)


def attend(query: Array, key: Array, value: Array) -> Array:
    """softmax(q k / sqrt(width)) v, heads side by side."""
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1]).astype(query.dtype)
    chances = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = chances / chances.sum(-1, keepdims=True) @ value
    return mixed.swapaxes(1, 2).reshape(len(mixed), mixed.shape[2], -1)


NUMPY_MIXERS: dict[str, Callable[[Weights, TRMConfig, Structure, Array], Array]] = {
    "units": units,
    "mlp": mlp,
    "attention": attention,
    "mla": mla,
    "conv": conv,
    "grid": grid,
}
