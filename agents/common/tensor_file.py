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


def save_tensors(path: str | os.PathLike[str], tensors: Mapping[str, Tensor], note: Mapping[str, Any]) -> None:
    """Write tensors and a JSON note about them into one safetensors file, atomically."""
    whole = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    atomic_write(path, safetensors.torch.save(whole, {"note": json.dumps(note)}))


def load_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What ``save_tensors`` wrote. Raises CheckpointError where the file is no such thing."""
    try:
        check_regular(path)
        with safetensors.safe_open(str(path), framework="pt") as file:
            note = json.loads((file.metadata() or {}).get("note", "{}"))
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, note
    except (ProblemError, safetensors.SafetensorError, OSError, json.JSONDecodeError, RecursionError) as error:
        raise CheckpointError(f"{path} is not a readable safetensors file ({error}); train it again") from error
