"""The cells of a grid of runs: each is a folder, finished once its cell.json is written, and never done twice."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from agents.checkpoint import describe_head, make_head
from agents.common.tensor_file import CheckpointError, load_tensors, save_tensors
from agents.evaluation.comparison import Ground, Play
from agents.halting.heads import Halter
from trm_gym.atomic_io import atomic_write

PARTS = ("point", "prices", "curve")


@final
class Cell:
    """A folder and the settings that decide what comes to stand in it.

    Raises CheckpointError where it was finished with other settings.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder, self._settings = folder, json.loads(json.dumps(settings, default=str))
        self._started = time.perf_counter()
        if self.done and self.read()["settings"] != self._settings:
            raise CheckpointError(
                f"{folder} was finished with other settings: choose another folder, or delete it to do it again"
            )

    @property
    def done(self) -> bool:
        """Whether it is finished."""
        return (self.folder / "cell.json").exists()

    def read(self) -> dict[str, Any]:
        """What was found, and the settings. Raises CheckpointError where it cannot be read."""
        try:
            return json.loads((self.folder / "cell.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{self.folder / 'cell.json'} cannot be read ({error}): delete it") from error

    def finish(self, **found: Any) -> None:
        """Say that all files are written, what was found, and how many seconds it took since the cell was made."""
        seconds = round(time.perf_counter() - self._started, 2)
        text = json.dumps({"settings": self._settings, "seconds": seconds, **found}, indent=2)
        atomic_write(self.folder / "cell.json", text + "\n")


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays of numbers into one compressed npz file, atomically.

    Raises ValueError for arrays of objects, which NumPy would pickle. Not by ``allow_pickle=False``: that is younger
    than the oldest NumPy in range, which would take it for one more array.
    """
    if objects := [name for name, values in arrays.items() if np.asarray(values).dtype.hasobject]:
        raise ValueError(f"{path} is to hold numbers alone: {', '.join(objects)} holds Python objects")
    named: dict[str, Any] = dict(arrays)
    atomic_write(path, lambda file: np.savez_compressed(file, **named))


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """What ``save_arrays`` wrote. Raises CheckpointError where it cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}): delete its folder to do it again") from error


def save_plays(path: Path, plays: Mapping[str, Play]) -> None:
    """Write what rules did, problem by problem: RULE/point [n], RULE/prices [p, n], RULE/curve [k, n]."""
    arrays = {f"{name}/{part}": getattr(play, part).astype(np.int16) for name, play in plays.items() for part in PARTS}
    save_arrays(path, arrays | {f"{name}/swept": np.array(play.swept) for name, play in plays.items()})


def load_plays(path: Path) -> dict[str, Play]:
    """What ``save_plays`` wrote."""
    arrays = load_arrays(path)
    names = [name.removesuffix("/point") for name in arrays if name.endswith("/point")]
    return {
        name: Play(*(arrays[f"{name}/{part}"] for part in PARTS), swept=bool(arrays[f"{name}/swept"])) for name in names
    }


def save_ground(path: Path, ground: Ground) -> None:
    """Write a network's verdicts on every test problem."""
    save_arrays(path, {name: np.asarray(value) for name, value in vars(ground).items()})


def load_ground(path: Path) -> Ground:
    """What ``save_ground`` wrote."""
    arrays = load_arrays(path)
    best_fixed, target = int(arrays.pop("best_fixed")), float(arrays.pop("target"))
    return Ground(**arrays, best_fixed=best_fixed, target=target)


def save_head(path: Path, head: Halter) -> None:
    """Write a halting head."""
    save_tensors(path, head.state_dict(), describe_head(head))


def load_head(path: Path) -> Halter:
    """What ``save_head`` wrote, in evaluation mode."""
    tensors, note = load_tensors(path)
    head = make_head(**note)
    head.load_state_dict(tensors)
    return head.eval().requires_grad_(False)
