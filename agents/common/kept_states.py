"""The last good states of a run: the newest in its place, those before it beside it, under their age.

A run that diverges may go back to them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, final, runtime_checkable

from rich.console import Console
from torch import Tensor

from agents.common.checks import Checked, at_least_one
from agents.common.tensor_file import CheckpointError, NotFiniteError, load_tensors, save_tensors
from trm_gym.atomic_io import atomic_link
from trm_gym.checks import real_number

KEPT = 3
"""States that are kept by default."""
RESTORES = 5
"""How often a run that diverges goes back, with half the learning rates each time."""
_SCALE = "rate_scale"
"""What learning rates are multiplied by, in a state's note; it is not there while that is 1."""


@dataclass(frozen=True, kw_only=True)
class KeptStates(Checked):
    """How many states a run keeps, and what it does with them."""

    keep: int = KEPT
    """States that are kept, the newest among them: where one is damaged, the run goes on from the one before."""
    on_divergence: Literal["stop", "restore"] = "stop"
    """When training comes to what is no number: stop, or go back to the last good state and on with half the learning
    rates, at most five times (restore)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "keep")

    @property
    def restores(self) -> bool:
        """Whether a run that diverges goes back."""
        return self.on_divergence == "restore"


@runtime_checkable
class Paced(Protocol):
    """What learns at rates that can be scaled. scale: a factor of all of them, below 1 after training diverged."""

    @property
    def scale(self) -> float: ...

    @scale.setter
    def scale(self, scale: float) -> None: ...


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


def scale_note(paced: Paced, prefix: str = "") -> dict[str, float]:
    """What a state's note says of the learning rates' scale. prefix: of its name."""
    return {f"{prefix}{_SCALE}": paced.scale} if paced.scale < 1 else {}


def noted_scale(note: Mapping[str, Any]) -> float:
    """The scale that ``scale_note`` wrote. Raises ValueError where it is none."""
    return real_number(_SCALE, note.get(_SCALE, 1.0), most=1.0, above=0.0)


@final
class GoingBack:
    """``with back: work``: where the work comes to no number, the run goes back to its newest whole state.

    place: where states are saved. load: takes one over. paced: what learns, from then on with half the learning rates
    of before. asked: whether it goes back at all. The error goes on where it does not, where there is no state, and
    where the rates have been halved RESTORES times. went: whether the last piece of work was taken back so.
    """

    def __init__(self, place: Path, load: Callable[[Path], None], paced: Paced, asked: bool) -> None:
        self._place, self._load, self._paced, self._asked = place, load, paced, asked
        self.went = False

    def __enter__(self) -> None:
        self.went = False

    def __exit__(self, kind: object, error: BaseException | None, traceback: TracebackType | None) -> bool:
        if not self._asked or not isinstance(error, NotFiniteError):
            return False
        state, scale = newest_state(self._place), self._paced.scale / 2
        if state is None or scale < 0.5**RESTORES:
            return False
        self._load(state)
        self._paced.scale, self.went = scale, True
        times = f"restored {round(-math.log2(scale))} of at most {RESTORES} times"
        print(f"{error}\ngoing on from {state} with {scale:g} times the learning rates ({times})", flush=True)
        return True


def _old(path: Path, age: int) -> Iterator[Path]:
    """The states of that age and older that are there."""
    for place in (earlier(path, older) for older in count(age)):
        if not place.exists():
            return
        yield place
