"""Where a script writes: looked at before the work, locked while it lasts, never what it reads.

A script's ``run`` says so by ``@writes(lambda config: Places(files=[config.json], reads=[config.data]))``.
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar, final

from trm_gym.atomic_io import check_place, sweep

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there
    fcntl = None

LOCK = ".lock"
"""What the name of a lock's file ends with; in a folder it is all of it."""
Config = TypeVar("Config")


@final
@dataclass(frozen=True)
class Places:
    """Where a run writes and what it reads; None stands for no place."""

    folders: Sequence[Path | None] = ()
    """Of runs; made if they are not there."""
    files: Sequence[Path | None] = ()
    """Of results."""
    reads: Sequence[Path | str | None] = ()
    """What must stay as it is: files, and folders with files in them."""


@final
class PlaceError(ValueError):
    """A place that cannot be written to, or must not be; the message names it and says what to do."""


@contextlib.contextmanager
def writing(places: Places) -> Iterator[None]:
    """Hold the places of a run against other processes until it is over.

    Temporary files that killed processes left in them are removed. Raises PlaceError, and nothing has been written,
    where a place is of the wrong kind, cannot be written to, is read too, or is in use.
    """
    results = [one for one in places.files if one is not None]
    _keep_inputs(results, [Path(one) for one in places.reads if one is not None])
    with contextlib.ExitStack() as held:
        for folder in [one for one in places.folders if one is not None]:
            held.enter_context(_made(folder))
            held.enter_context(_locked(folder / LOCK, folder))
            sweep(folder, deep=True)
        for file in dict.fromkeys(results):
            _check_file(file)
            held.enter_context(_locked(file.with_name(f".{file.name}{LOCK}"), file))
            sweep(file.parent, file.name)
        yield


def writes(places: Callable[[Any], Places]) -> Callable[[Callable[[Config], None]], Callable[[Config], None]]:
    """Let a script's ``run`` hold the ``places`` of its config, from its first line to its last."""

    def holding(run: Callable[[Config], None]) -> Callable[[Config], None]:
        @functools.wraps(run)
        def held(config: Config) -> None:
            with writing(places(config)):
                run(config)

        return held

    return holding


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """A folder, made unless it is there; what was made and stays empty is gone again at the end."""
    if folder.exists() and not folder.is_dir():
        raise PlaceError(f"{folder} is a file: name a folder for the results")
    new = not folder.exists()
    with _explained(folder):
        check_place(folder / "place")
    try:
        yield
    finally:
        if new:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _check_file(file: Path) -> None:
    if file.is_dir():
        raise PlaceError(f"{file} is a folder: name a file for the results")
    if file.exists() and not file.is_file():
        raise PlaceError(f"{file} is no file that could be replaced: name another for the results")
    with _explained(file):
        check_place(file)


@contextlib.contextmanager
def _explained(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PlaceError(
            f"cannot write to {place} ({error.strerror or error}): name another place for the results"
        ) from error


def _keep_inputs(files: Iterable[Path], reads: Iterable[Path]) -> None:
    """Raise PlaceError where one of ``files`` is read, whatever its path is, or stands in a folder that is."""
    reads = list(reads)
    for file in files:
        for read in reads:
            if _same(file, read) or _same(file.resolve().parent, read):
                raise PlaceError(
                    f"{file} is read by this run ({read}) and would be overwritten: name another file for the results"
                )


def _same(file: Path, read: Path) -> bool:
    """Whether both are there, and are one, through links too."""
    try:
        return file.samefile(read)
    except (OSError, ValueError):  # what is not there is not overwritten
        return False


@contextlib.contextmanager
def _locked(lock: Path, place: Path) -> Iterator[None]:
    """Hold a file's lock, which names its owner. The system frees it when the owner dies, whatever is left of it."""
    if fcntl is None:
        yield
        return
    with _opened(lock, place) as file:
        with contextlib.suppress(OSError):  # of a full disk; the lock holds all the same
            os.ftruncate(file.fileno(), 0)
            os.pwrite(file.fileno(), f"{os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                lock.unlink()


def _opened(lock: Path, place: Path) -> IO[str]:
    """The lock's file, open and locked. Raises PlaceError where another process has it."""
    assert fcntl is not None
    while True:
        with _explained(place):
            file = lock.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read(200).strip() or "unknown"
            file.close()
            raise PlaceError(
                f"{place} is in use by another process ({owner}): wait for its end, or name another place"
            ) from None
        except OSError:  # a file system without locks
            return file
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                return file
        file.close()  # its owner has just removed it: the lock of a file that nobody else will find
