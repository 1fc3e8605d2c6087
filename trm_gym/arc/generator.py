"""Problems drawn from the published tasks: some pairs as the context, one grid more to apply the rule to, augmented."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.arc.base_puzzles import BasePuzzles
from trm_gym.arc.levels import LEVELS
from trm_gym.splits import check_held, split_index
from trm_gym.streams import mix
from trm_gym.task import Problems

_CHOICE = 3  # a stream


def generate(base: BasePuzzles, count: int, level: int, split: str, seed: int) -> Problems:
    """``count`` problems of different pairs, augmented. Raises ValueError where the split holds fewer."""
    bases = base.some_bases(level, split)
    check_held(count, len(bases), split, f"arc{base.size}x{base.size}", LEVELS[level].name)
    order = mix(seed, level, split_index(split), np.arange(len(bases))).argsort(kind="stable")[:count]
    return base.augmented(bases[order], mix(seed, level, split_index(split), np.arange(count), 1), level, split)


def sample(base: BasePuzzles, keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
    """One augmented problem for each key, uint64 [B], and level, int64 [B]; each a function of its key and level."""
    parts, places = [], []
    for level in np.unique(levels).tolist():
        here = np.flatnonzero(levels == level)
        bases = base.some_bases(level, split)
        chosen = (mix(keys[here], _CHOICE) % np.uint64(len(bases))).astype(np.int64)
        parts.append(base.augmented(bases[chosen], keys[here], level, split))
        places.append(here)
    return Problems.concatenate(parts)[np.concatenate(places).argsort()]
