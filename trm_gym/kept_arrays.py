"""What takes long to make, kept on disk as arrays: read back only where it is whole, and sound."""

from __future__ import annotations

import logging
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trm_gym.atomic_io import atomic_write, sweep
from trm_gym.files import check_regular
from trm_gym.streams import mix

Arrays = Mapping[str, NDArray]

_log = logging.getLogger(__name__)
MOST_BYTES = 2**32
"""What the arrays of a file may take."""
_ENDS = (struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error, EOFError, MemoryError)
UNREADABLE = (OSError, ValueError, LookupError, RuntimeError, TypeError, AttributeError, ArithmeticError, *_ENDS)
"""What a damaged archive of arrays raises. There is no end to it, so that it is a class for each kind of fault."""


def cache_folder() -> Path:
    """Where arrays are kept: $TRM_GYM_CACHE, else trm_gym in the user's cache folder."""
    chosen = os.environ.get("TRM_GYM_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "trm_gym"


def read_arrays(path: Path, names: tuple[str, ...], sound: Callable[[Arrays], bool]) -> Arrays | None:
    """The arrays ``names`` of a file; None where there is none, or no sound one.

    sound: whether their shapes and types are as they should be.
    """
    try:
        found = open_arrays(path)
        stored, checksum = {name: found[name] for name in names}, found["checksum"]
    except FileNotFoundError:
        return None
    except UNREADABLE as error:
        _log.warning("rebuilding the unreadable %s: %s", path, error)
        return None
    if not sound(stored) or not np.array_equal(checksum, _checksum(stored)):
        _log.warning("rebuilding the damaged %s", path)
        return None
    return stored


def open_arrays(path: Path) -> dict[str, NDArray]:
    """All arrays of an npz file without objects. Raises one of ``UNREADABLE`` where it is none, or holds too much."""
    check_regular(path)
    with zipfile.ZipFile(path) as packed:  # a small file can say that it holds more than any memory
        if sum(part.file_size for part in packed.infolist()) > MOST_BYTES:
            raise ValueError(f"it holds more than {MOST_BYTES:,} bytes")
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as data:
        return {name: data[name] for name in data.files}


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Keep arrays on disk, whole or not at all; where nothing can be written, they live in memory."""
    sweep(path.parent, path.name)
    try:
        atomic_write(path, lambda file: np.savez_compressed(file, **{**arrays, "checksum": _checksum(arrays)}))
    except OSError as error:
        _log.warning("keeping %s in memory only: %s", path.stem, error)


def _checksum(arrays: Arrays) -> NDArray[np.uint64]:
    """A hash of their content, uint64 [1]."""
    content = np.concatenate([part.ravel().view(np.uint8) for part in arrays.values()]).astype(np.uint64)
    return np.bitwise_xor.reduce(mix(np.arange(len(content)), content), keepdims=True)
