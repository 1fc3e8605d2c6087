"""Whether the shape of a network fits the weights that lie beside it, told by their sizes before anything is built."""

from __future__ import annotations

from collections.abc import Mapping

from agents.trm.config import LEAST_ONE, TRMConfig

MOST_UPDATES = 1_000
"""Cycles, and updates in a cycle, of a network that is read; no published one has more than a dozen."""
MOST_POSITIONS = 10_000
"""What an option of the positions may be."""
Sizes = Mapping[str, tuple[int, ...]]


def check_sizes(config: TRMConfig, sizes: Sizes) -> None:
    """Raise ValueError where a network of that shape cannot have tensors of these ``sizes``.

    It is a bound and no proof: what passes is built in the memory that the tensors take, a few times over, and then
    compared tensor by tensor.
    """
    for name in (*LEAST_ONE, "prefix"):
        if type(value := getattr(config, name)) is not int:
            raise ValueError(f"{name} must be a whole number, got {str(value)[:40]}")
    largest = max((size for shape in sizes.values() for size in shape), default=0)
    layers = {name.split(".")[1] for name in sizes if name.startswith("core.")}
    if config.layers != len(layers):
        raise ValueError(f"layers={config.layers}, and there are weights of {len(layers)}")
    _same("hidden", config.hidden, sizes, "answer_start", 0)
    _same("halt_outputs", config.halt_outputs, sizes, "halt.weight", 0)
    if config.prefix:
        _same("puzzles", config.puzzles, sizes, "prefix.puzzles", 0)
    bounds = {
        "cycles": (config.cycles, MOST_UPDATES),
        "latent_updates": (config.latent_updates, MOST_UPDATES),
        "prefix": (config.prefix, MOST_POSITIONS),
        "puzzle_tokens": (config.puzzle_tokens, MOST_POSITIONS),
        "expansion": (config.hidden * config.expansion, 4 * largest + config.width_multiple),
        "width_multiple": (config.width_multiple, 2 * largest),
    }
    options = {**config.mixer_settings, **config.position_settings}
    bounds |= {f"option {name}": (value, MOST_POSITIONS) for name, value in options.items() if type(value) is not str}
    for name, (value, most) in bounds.items():
        if not 0 <= value <= most:
            raise ValueError(f"{name}={value:g} does not go with the weights: at most {most:g} is possible")


def _same(name: str, value: int, sizes: Sizes, tensor: str, axis: int) -> None:
    shape = sizes.get(tensor)
    if shape is None or len(shape) <= axis:
        raise ValueError(f"the weights have no {tensor} from which {name} could be told")
    if shape[axis] != value:
        raise ValueError(f"{name}={value}, and {tensor} has {shape[axis]}")
