"""The last good states of a run: the newest in its place, those before it beside it, under their age."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from rich.console import Console
from torch import Tensor

from agents.common.checks import Checked, at_least_one
from agents.common.tensor_file import CheckpointError, load_tensors, save_tensors
from trm_gym.atomic_io import atomic_link

KEPT = 3
"""States that are kept by default."""


@dataclass(frozen=True, kw_only=True)
class KeptStates(Checked):
    """How many states a run keeps."""

    keep: int = KEPT
    """States that are kept, the newest among them: where one is damaged, the run goes on from the one before."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "keep")


def earlier(path: Path, age: int) -> Path:
    """Where the state is kept that was the newest so many saves ago."""
    return path.with_name(f"{path.stem}.{age}{path.suffix}") if age else path


def save_state(path: Path, tensors: Mapping[str, Tensor], note: Mapping[str, Any], keep: int = KEPT) -> None:
    """Write a state, and keep those before it, ``keep`` in all. Whenever the process dies, a whole one is there.

    Raises NotFiniteError, and changes nothing of the newest, as ``save_tensors`` does.
    """
    for age in range(keep - 1, 0, -1):
        if earlier(path, age - 1).exists():
            atomic_link(earlier(path, age - 1), earlier(path, age))
    save_tensors(path, tensors, note)
    for place in _old(path, keep):
        place.unlink()


def newest_state(path: Path) -> Path | None:
    """The newest state that is whole; None where there is none at all. That one is passed over is said.

    Raises CheckpointError, of the newest, where all of them are damaged.
    """
    first: CheckpointError | None = None
    for place in [*filter(Path.exists, [path]), *_old(path, 1)]:
        try:
            load_tensors(place)
        except CheckpointError as error:
            first = first or error
            continue
        if first is not None:
            told = f"{first}\ngoing on from the state before it, {place}"
            Console(stderr=True).print(told, style="yellow", highlight=False, soft_wrap=True)
        return place
    if first is not None:
        raise first
    return None


def _old(path: Path, age: int) -> Iterator[Path]:
    """The states of that age and older that are there."""
    for place in (earlier(path, older) for older in count(age)):
        if not place.exists():
            return
        yield place
