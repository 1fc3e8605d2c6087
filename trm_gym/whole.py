"""Files and folders that are whole or absent: made beside their place first, then renamed into it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO


def atomic_write(path: str | os.PathLike[str], content: bytes | str | Callable[[IO[bytes]], object]) -> Path:
    """Write ``content`` (bytes, text as UTF-8, or a function that writes to an open binary file) to ``path``.

    A process killed half-way leaves the old file, or none, but never part of one. Missing folders are created.
    Returns the path written. Raises OSError where the folder cannot be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Renaming is atomic within one file system only, so the temporary file lives in the same folder. It is opened by
    # hand because tempfile would make it, and so the result, readable by its owner alone.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


@contextlib.contextmanager
def new_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """An empty folder to fill, which takes the place ``path`` when it is left without an error, and vanishes otherwise.

    Raises ValueError where something lies at ``path`` already, but for an empty folder.
    """
    path = Path(path)
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise ValueError(f"{path} exists already: name a new folder, or move the old one away")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Renaming is atomic within one file system only, so the folder is filled beside its place.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            path.rmdir()  # Empty, as was seen above; some systems rename onto no folder at all.
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
