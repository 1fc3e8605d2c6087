"""Files and folders that are whole or absent: made beside their place first, then renamed into it."""

from __future__ import annotations

import contextlib
import errno
import os
import re
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
    with _beside(path) as temporary:
        # Opened by hand because tempfile would make it, and so the result, readable by its owner alone.
        with temporary.open("wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    sync_folder(path.parent)
    return path


def atomic_link(source: str | os.PathLike[str], path: str | os.PathLike[str]) -> Path:
    """Let ``path`` be what ``source`` is, and stay so when that is replaced: a hard link, else a copy.

    Returns the path written. Raises OSError where the source cannot be read, or the folder not be written to.
    """
    path = Path(path)
    with _beside(path) as temporary:
        try:
            os.link(source, temporary)
            os.replace(temporary, path)
            return path
        except OSError:  # a file system without hard links, or no source
            temporary.unlink(missing_ok=True)
    with Path(source).open("rb") as file:
        return atomic_write(path, lambda copy: shutil.copyfileobj(file, copy))


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Put what a folder lists on the disk: a new name is lost with the power otherwise, its content or not.

    Not every system or file system can; where it cannot, nothing happens. Raises OSError where it could not be done.
    """
    try:
        with naming(folder):
            opened = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


_NO_SYNC = {errno.EACCES, errno.EPERM, errno.EINVAL, errno.EISDIR, errno.EBADF, errno.ENOSYS, errno.ENOTSUP}
"""What systems say that put no folder on the disk, or no folder of that kind."""


def check_place(path: str | os.PathLike[str]) -> None:
    """Raises now the OSError that ``atomic_write`` to ``path`` would raise after hours of work; writes nothing."""
    path = Path(path)
    with _beside(path) as temporary:
        temporary.touch()
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))


def _temporary(name: str) -> str:
    """What a file or folder of that name is called until it is whole."""
    return f".{name}.{os.getpid()}.tmp"


_TEMPORARY = re.compile(r"\.(.+)\.([1-9]\d{0,9})\.tmp")


def sweep(folder: str | os.PathLike[str], name: str | None = None, deep: bool = False) -> list[Path]:
    """Remove what processes of this machine that are no more have left half-written in a folder; returns what it was.

    name: of the file or folder that it was to become; any, if None. deep: look into all folders below, too.
    """
    found = []
    for path in Path(folder).rglob(".*.tmp") if deep else Path(folder).glob(".*.tmp"):
        made = _TEMPORARY.fullmatch(path.name)
        if made is None or (name is not None and made[1] != name) or _lives(int(made[2])):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()
        found.append(path)
    return found


def _lives(process: int) -> bool:
    """Whether there is a process of that number, of whoever's; where that cannot be told there is."""
    if os.name != "posix":  # elsewhere to ask by a signal would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


@contextlib.contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """An OSError in here that names no file, as that of a full disk, becomes one about ``path``."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A place for a file beside ``path``, where nothing is left; an OSError about it is one about ``path``.

    Renaming is atomic within one file system only, so it is in the same folder, which is created.
    """
    temporary = path.with_name(_temporary(path.name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
    except OSError as error:
        if error.filename == str(temporary):
            raise OSError(error.errno, error.strerror, str(path)) from error
        with naming(path):
            raise
    finally:
        with contextlib.suppress(OSError):  # Where the folder is none, there is nothing to remove.
            temporary.unlink(missing_ok=True)


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
    sweep(path.parent, path.name)
    temporary = path.with_name(_temporary(path.name))
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            path.rmdir()  # Empty, as was seen above; some systems rename onto no folder at all.
        os.replace(temporary, path)
        sync_folder(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
