"""What a process and those that it began hold: memory, handles, threads, shared memory. Linux alone tells (/proc)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PROC, SHARED = Path("/proc"), Path("/dev/shm")
_SUBREAPER = 36
"""The number of PR_SET_CHILD_SUBREAPER for prctl(2)."""


@dataclass(frozen=True)
class Held:
    """What processes hold together. memory, shared: megabytes; shared is the part of memory that others may map too."""

    memory: float = 0.0
    shared: float = 0.0
    handles: int = 0
    threads: int = 0


def told() -> bool:
    """Whether this system tells what processes hold."""
    return (PROC / "self" / "status").exists()


def memory() -> float | None:
    """Megabytes of memory that this process holds now; None where the system does not tell."""
    return held([os.getpid()]).memory if told() else None


def held(processes: Iterable[int]) -> Held:
    """What these processes hold now; one that has ended holds nothing."""
    total = Held()
    for process in processes:
        try:
            lines = (PROC / str(process) / "status").read_text(encoding="utf-8").splitlines()
            handles = len(os.listdir(PROC / str(process) / "fd"))
        except OSError:
            continue
        status = dict(line.split(":", 1) for line in lines)
        kilobytes = {name: float(status.get(name, "0 kB").split()[0]) for name in ("VmRSS", "RssShmem")}
        total = Held(
            total.memory + kilobytes["VmRSS"] / 1024,
            total.shared + kilobytes["RssShmem"] / 1024,
            total.handles + handles,
            total.threads + int(status["Threads"]),
        )
    return total


def adopt() -> None:
    """From now on what is begun by processes of this one, and outlives them, counts as begun by this one."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def begun(by: int) -> list[int]:
    """The processes that ``by`` began and that have not ended, with those that they began, in order of their ids."""
    parents: dict[int, int] = {}
    for place in PROC.iterdir():
        if place.name.isdecimal():
            try:
                # The name of a program stands in brackets and may hold anything, brackets too.
                after = (place / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(place.name)] = int(after[1])
    found = {by}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {by})


def abandoned() -> set[str]:
    """Blocks of shared memory of this user that no process holds: nobody will free them."""
    kept = set[str]()
    for place in PROC.iterdir():
        if place.name.isdecimal():
            try:
                maps = (place / "maps").read_text(encoding="utf-8", errors="replace")
                kept |= {line.rpartition(f"{SHARED}/")[2] for line in maps.splitlines() if f"{SHARED}/" in line}
                kept |= {Path(os.readlink(one)).name for one in (place / "fd").iterdir() if one.is_symlink()}
            except OSError:
                continue
    mine = {path.name for path in SHARED.iterdir() if path.stat().st_uid == os.getuid() and path.is_file()}
    return mine - kept


def slope(hours: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """By how much ``values`` grow in an hour, by least squares, and its standard error; NaN for fewer than three."""
    if len(hours) < 3:
        return float("nan"), float("nan")
    x, y = np.asarray(hours) - np.mean(hours), np.asarray(values) - np.mean(values)
    spread = float(x @ x)
    found = float(x @ y) / spread
    rest = y - found * x
    return found, float(np.sqrt(rest @ rest / (len(x) - 2) / spread))
