"""Named tensors and a JSON note about them in one safetensors file: nothing in it can run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from trm_gym.atomic_io import atomic_write
from trm_gym.errors import ProblemError
from trm_gym.files import check_regular


class CheckpointError(ValueError):
    """A checkpoint that is missing, broken, or made for something else; the message says what to do."""


class NotFiniteError(ValueError):
    """Numbers that are none (NaN, infinity) where training or a network should have given some."""


def first_not_finite(tensors: Mapping[str, Tensor]) -> str | None:
    """Which tensor holds what is no finite number, and how many of them; None where all are finite."""
    for name, value in tensors.items():
        if value.is_floating_point() and not (finite := value.isfinite()).all():
            wrong = value[~finite]
            return f"{name} is not finite ({wrong[0].item()} in {len(wrong):,} of {value.numel():,} numbers)"
    return None


def save_tensors(path: str | os.PathLike[str], tensors: Mapping[str, Tensor], note: Mapping[str, Any]) -> None:
    """Write tensors and a JSON note about them into one safetensors file, atomically.

    Raises NotFiniteError, and leaves what stands there, where one of the tensors is not finite.
    """
    if fault := first_not_finite(tensors):
        raise NotFiniteError(f"{path} is not written: {fault}")
    write_tensors(path, tensors, note)


def write_tensors(path: str | os.PathLike[str], tensors: Mapping[str, Tensor], note: Mapping[str, Any]) -> None:
    """``save_tensors`` for whatever numbers: what went wrong, for people to look at."""
    whole = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    atomic_write(path, safetensors.torch.save(whole, {"note": json.dumps(note)}))


def load_note(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The note about the tensors alone. Raises CheckpointError where the file is no such thing."""
    return _read(path, with_tensors=False)[1]


def load_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What ``save_tensors`` wrote. Raises CheckpointError where the file is no such thing, or not all is finite."""
    tensors, note = _read(path)
    if fault := first_not_finite(tensors):
        raise CheckpointError(f"{path} is damaged: {fault}; delete it and train again")
    return tensors, note


def _read(path: str | os.PathLike[str], with_tensors: bool = True) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        check_regular(path)
        with safetensors.safe_open(str(path), framework="pt") as file:
            note = json.loads((file.metadata() or {}).get("note", "{}"))
            names = file.keys() if with_tensors else ()
            return {name: file.get_tensor(name) for name in names}, note
    except (ProblemError, safetensors.SafetensorError, OSError, json.JSONDecodeError, RecursionError) as error:
        raise CheckpointError(f"{path} is not a readable safetensors file ({error}); train it again") from error
