"""Base formulas, made once from the suite's own seed and kept on disk: problems show them at points of their own.

They come with the package, the same as they would be made: so nobody waits, and a seed means the same problems wherever
the functions of mathematics differ in their last digits.
"""

from __future__ import annotations

import functools
import logging
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.kept_arrays import Arrays, cache_folder, read_arrays, write_arrays
from trm_gym.regression.layout import FIRST_UNARY, SLOTS, UNARY
from trm_gym.regression.levels import FAMILIES, PARTS, RegressionLevel
from trm_gym.regression.operations import IDENTITY
from trm_gym.short_repr import short_repr
from trm_gym.splits import split_index, split_of

_VERSION = 1  # To be raised with any change to what the search makes of the seed.
SHIPPED_FORMULAS = Path(__file__).parent / "shipped"
"""Where the base formulas lie that come with the package."""

_log = logging.getLogger(__name__)


@short_repr
class BaseFormulas(NamedTuple):
    """N base formulas of a part. drafts: uint8 [N, L]. shown: int64 [N], bit r is set where range r shows it. split:
    int8 [N], by its index.
    """

    drafts: NDArray[np.uint8]
    shown: NDArray[np.int64]
    split: NDArray[np.int8]

    @property
    def nodes(self) -> NDArray[np.int64]:
        """How many operators, functions and leaves each has, int64 [N]."""
        return nodes_of(self.drafts)


def nodes_of(drafts: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How many operators, functions and leaves drafts uint8 [B, L] have whose other cells are BLANK, int64 [B]."""
    return (drafts[:, :SLOTS] > 0).sum(axis=1) + (drafts[:, SLOTS:] > IDENTITY).sum(axis=1)


@functools.cache
def base_formulas(part: str) -> BaseFormulas:
    """The base formulas of a part: from memory, else from disk, else made, with its family, and written to disk."""
    for folder in (SHIPPED_FORMULAS, cache_folder()):
        stored = read_arrays(folder / _file(part), ("packed", "shown", "split"), _sound)
        if stored is not None:
            shown, split = stored["shown"].astype(np.int64), stored["split"]
            return BaseFormulas(_unpacked(stored["packed"]), shown, split)
    began = time.perf_counter()
    made = build_base_formulas(part)
    _log.info("made %d formulas in %.1f s", sum(len(one.shown) for one in made.values()), time.perf_counter() - began)
    for name, formulas in made.items():
        _write(cache_folder() / _file(name), formulas)
    return made[part]


def build_base_formulas(part: str) -> dict[str, BaseFormulas]:
    """The base formulas of all parts of a part's family, by the parts' names, made afresh."""
    from trm_gym.regression._search.growth import grow

    family = PARTS[part]
    grown = grow(family)
    made = {}
    for name, (fewest, most) in family.parts.items():
        mine = (grown.nodes >= fewest) & (grown.nodes <= most)
        made[name] = BaseFormulas(grown.drafts[mine], grown.shown[mine], split_of(grown.hashes[mine]))
    return made


def ship() -> None:
    """Write anew the base formulas that come with the package; to be called whenever ``_VERSION`` is raised."""
    for family in FAMILIES:
        for part, formulas in build_base_formulas(next(iter(family.parts))).items():
            _write(SHIPPED_FORMULAS / _file(part), formulas)


@functools.cache
def level_formulas(level: RegressionLevel, split: str) -> BaseFormulas:
    """The base formulas of a level and split, those that one of its ranges shows."""
    bits, index = sum(1 << which for which in level.ranges), split_index(split)
    parts = [base_formulas(part) for part in level.parts]
    drafts, shown, splits = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    mine = (shown & bits > 0) & (splits == index)
    return BaseFormulas(drafts[mine], shown[mine] & bits, splits[mine])


def _file(part: str) -> str:
    return f"regression-{part}-{_VERSION}.npz"


def _packed(drafts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Both tokens of each slot as one byte, uint8 [N, SLOTS]; 0 for a slot that is not used."""
    base, function = drafts[:, :SLOTS], drafts[:, SLOTS:]
    return np.where(base > 0, 1 + (base - 1) * len(UNARY) + function - FIRST_UNARY, 0).astype(np.uint8)


def _unpacked(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Drafts uint8 [N, L] again."""
    base, function = np.divmod(packed - 1, len(UNARY))
    cells = np.concatenate([1 + base, function + FIRST_UNARY], axis=1)
    return np.where(np.tile(packed, 2) > 0, cells, 0).astype(np.uint8)


def _write(path: Path, formulas: BaseFormulas) -> None:
    shown = formulas.shown.astype(np.uint8)
    write_arrays(path, {"packed": _packed(formulas.drafts), "shown": shown, "split": formulas.split})


def _sound(stored: Arrays) -> bool:
    packed, shown, split = stored["packed"], stored["shown"], stored["split"]
    types = (packed.dtype, shown.dtype, split.dtype)
    return types == (np.uint8, np.uint8, np.int8) and packed.shape == (len(shown), SLOTS) and split.shape == shown.shape
