"""Files that are either whole or absent: written beside their place first, then renamed into it."""

from __future__ import annotations

import os
from collections.abc import Callable
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
