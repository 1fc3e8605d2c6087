"""The three parts that every task's problems fall into, decided by a hash of the problem itself.

A task hashes what is the same for all equivalent problems (rotated, relabelled), so that no equivalent of a
training problem is ever met in a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trm_gym.checks import known_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPLITS = ("train", "validation", "test")
"""The names of the splits; a split's index is its place here."""

_TENTH = np.uint64(2**64 // 10)
_EDGES = np.array([8 * _TENTH, 9 * _TENTH], dtype=np.uint64)


def split_of(hashes: NDArray[np.uint64]) -> NDArray[np.int8]:
    """The split index, int8 [B], of problems by their well-mixed hashes, uint64 [B]: 80%, 10% and 10%."""
    return np.searchsorted(_EDGES, hashes, side="right").astype(np.int8)


def split_index(name: str) -> int:
    """The index of the split ``name``. Raises ValueError with the known names."""
    return SPLITS.index(known_name("split", name, SPLITS))


def check_held(count: int, held: int, split: str, task: str, level: str) -> None:
    """Raises ValueError where more problems of a level are asked for than its split holds."""
    if count > held:
        raise ValueError(
            f"the {split} split of {task} has {held} different problems of level {level}, fewer than the {count} "
            f"asked for: ask for at most {held}"
        )
