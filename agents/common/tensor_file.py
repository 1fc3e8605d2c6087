"""Named tensors and a JSON note about them in one safetensors file: nothing in it can run."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from trm_gym.atomic_io import atomic_write
from trm_gym.errors import ProblemError
from trm_gym.files import check_regular

HASH = "blake2b"
"""What a note begins with that has a hash of the tensors and of the rest of the note: this, a colon, and the hash."""
FOREIGN = {"format"}
"""What files of other programs say of themselves in place of a note."""


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
    told = json.dumps(note)
    atomic_write(path, safetensors.torch.save(whole, {"note": f"{HASH}:{_digest(whole, told)}\n{told}"}))


def _digest(tensors: Mapping[str, Tensor], note: str) -> str:
    """A hash by which damage is told: of names, types, shapes and bytes of the tensors, and of the note."""
    found = hashlib.blake2b(note.encode(), digest_size=16)
    for name, value in sorted(tensors.items()):
        found.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        found.update(value.contiguous().flatten().view(torch.uint8).numpy().data)
    return found.hexdigest()


def load_note(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The note about the tensors alone. Raises CheckpointError where the file is no such thing."""
    return _read(path, with_tensors=False)[1]


def load_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What ``save_tensors`` wrote. Raises CheckpointError where the file is no such thing, or not all is finite.

    Files of other programs, and of versions before, have no hash of their content; the others must be as they were.
    """
    tensors, note = _read(path)
    for name, value in tensors.items():
        if value.is_floating_point() and value.element_size() < 2:  # PyTorch cannot tell whether these are finite
            raise CheckpointError(f"{path} is not read: {name} is {value.dtype}, not a float of 16 bits or more")
    if fault := first_not_finite(tensors):
        raise CheckpointError(f"{path} is damaged: {fault}; delete it and train again")
    return tensors, note


def _read(path: str | os.PathLike[str], with_tensors: bool = True) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors, if they are asked for and then held to their hash, and the note."""
    try:
        check_regular(path)
        with safetensors.safe_open(str(path), framework="pt") as file:
            said = file.metadata() or {}
        # Not by the file's get_tensor, which leaves two small blocks of memory behind for every tensor (version 0.8).
        tensors = safetensors.torch.load(Path(path).read_bytes()) if with_tensors else {}
        if "note" not in said and said.keys() - FOREIGN:
            raise ProblemError(f"it has no note, but {', '.join(said)}")
        text = said.get("note", "{}")
        digest, text = ("", text) if text.startswith("{") else text.partition("\n")[::2]
        note = json.loads(text)
        if not isinstance(note, dict):
            raise ProblemError("its note is no JSON object")
        if digest and with_tensors and digest != f"{HASH}:{_digest(tensors, text)}":
            raise ProblemError("it is no longer what was written, by its checksum")
        return tensors, note
    except (safetensors.SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"{path} is not a readable safetensors file ({error}); train it again") from error
