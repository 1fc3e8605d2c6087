"""States that are read back: compared with what this version would write, before anything of them is used."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping
from typing import final

import torch
from torch import Tensor

from agents.common.tensor_file import CheckpointError
from trm_gym.short_repr import short

_ADAM = frozenset({"step", "exp_avg", "exp_avg_sq"})
MOMENTS: Mapping[str, Collection[str]] = {
    **dict.fromkeys(("Adam", "AdamW", "AdamATan2"), _ADAM),
    "Muon": frozenset({"momentum_buffer"}),
}
"""What an optimiser remembers of every weight that it has moved, by the name of its class."""
_SHOWN = 3
"""Settings that a message names."""


@final
class _Nothing:
    """Stands for a setting that is not there."""

    def __str__(self) -> str:
        return "not there"


_NONE = _Nothing()


@contextlib.contextmanager
def restoring(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever does not fit while a file is taken over becomes a CheckpointError that names it."""
    try:
        yield
    except CheckpointError:
        raise
    except (LookupError, ValueError, TypeError, AttributeError, RuntimeError, ArithmeticError, MemoryError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__
        raise CheckpointError(
            f"{path} is damaged, or of another version ({' '.join(what.split())[:300]}): choose another folder, or "
            "delete it to begin anew"
        ) from error


def check_settings(said: str, given: object, wanted: object) -> None:
    """Raise CheckpointError where what was written by a run is of other settings, with the first that differ.

    said: what was written, and how: ``runs/a.safetensors was written``. given: its settings, as JSON gives them back.
    """
    if given == wanted:
        return
    found = list(_differing("", given, wanted))
    which = ", ".join(found[:_SHOWN]) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
    raise CheckpointError(
        f"{said} with other settings ({which}): give those, choose another --folder, or delete it to begin anew"
    )


def _differing(name: str, given: object, wanted: object) -> Iterator[str]:
    if isinstance(given, Mapping) and isinstance(wanted, Mapping):
        for key in dict.fromkeys((*wanted, *given)):
            yield from _differing(f"{name}.{key}" if name else str(key), given.get(key, _NONE), wanted.get(key, _NONE))
    elif given != wanted:
        yield f"{name or 'all'} was {_short(given)}, now {_short(wanted)}"


def _short(value: object) -> str:
    return str(value) if value is _NONE else short(value)


def check_form(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], free: Collection[str] = ()) -> None:
    """Raise ValueError where tensors are not named, shaped and typed as those ``wanted``.

    free: names that may be there or not. So may what optimisers remember, which is nothing at first: see
    ``check_moments``.
    """
    for name in wanted.keys() | given.keys():
        if name in free or "optimizer" in name:
            continue
        if name not in given or name not in wanted:
            raise ValueError(f"tensor {name} is {'absent' if name in wanted else 'unknown'}")
        ours, theirs = wanted[name], given[name]
        if ours.shape != theirs.shape or ours.dtype is not theirs.dtype:
            raise ValueError(
                f"tensor {name} is {theirs.dtype} {tuple(theirs.shape)}, not {ours.dtype} {tuple(ours.shape)}"
            )


def check_within(name: str, values: Tensor, least: int, most: int) -> None:
    """Raise ValueError where a number of a tensor is below ``least`` or above ``most``."""
    if values.numel() and not bool(((values >= least) & (values <= most)).all()):
        raise ValueError(f"{name} holds numbers outside {least} to {most}")


def check_count(name: str, value: object, most: int) -> int:
    """A whole number from 0 to ``most``. Raises ValueError."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{name} must be a whole number from 0 to {most}, not {str(value)[:40]}")
    return value


def check_moments(optimizer: torch.optim.Optimizer, state: Mapping[int, Mapping[str, Tensor]]) -> None:
    """Raise ValueError where an optimiser's state is not of its own weights: of one's shape, or a single number.

    What it remembers of one weight it remembers of all that it has moved, by the names of ``MOMENTS``.
    """
    names = MOMENTS[type(optimizer).__name__]
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    for index, entry in state.items():
        if index not in range(len(weights)):
            raise ValueError(f"an optimiser has no weight {index}")
        if entry.keys() != names:
            raise ValueError(
                f"an optimiser's weight {index} has {', '.join(sorted(entry))}, not {', '.join(sorted(names))}"
            )
        for name, value in entry.items():
            if value.shape not in (weights[index].shape, torch.Size()) or not value.is_floating_point():
                raise ValueError(f"{name} of an optimiser's weight {index} is {value.dtype} {tuple(value.shape)}")
