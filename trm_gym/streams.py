"""Counter-based random streams: what comes next is a hash of where one stands, so no generator holds state.

A batch of problems is drawn without a loop over generators, and slot i of a vector environment draws what a
single environment would. The mixing is the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014, with Stafford's constants "Mix13"), chained over the parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trm_gym.short_repr import short

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Arrays without an axis: NumPy turns a scalar into one at every operation, which costs as much as hundreds of elements.
_GOLDEN = np.array(0x9E3779B97F4A7C15, dtype=np.uint64)
_MULTIPLY_1 = np.array(0xBF58476D1CE4E5B9, dtype=np.uint64)
_MULTIPLY_2 = np.array(0x94D049BB133111EB, dtype=np.uint64)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = (np.array(bits, dtype=np.uint64) for bits in (30, 27, 31))


def mix(*parts: int | np.integer | NDArray[np.integer]) -> NDArray[np.uint64]:
    """A well-mixed hash of ``parts``, which broadcast; uint64, at least one-dimensional.

    parts: integers in [-2**63, 2**64) or integer arrays; their order matters. Neighbouring parts (seeds,
    episodes) give unrelated hashes. Raises ValueError without parts, OverflowError for wider integers.
    """
    if not parts:
        raise ValueError("mix needs at least one part: an integer or an array of integers")
    state = np.zeros(1, dtype=np.uint64)
    for part in parts:
        state = _finalise((state + _GOLDEN) ^ _finalise(_as_words(part) + _GOLDEN))
    return state


def seeds(words: NDArray[np.uint64]) -> list[int]:
    """Words uint64 [B] as seeds that every library's generators take: whole numbers of 63 bits."""
    return (words >> np.uint64(1)).tolist()


def uniform(words: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Well-mixed words as numbers from 0 to below 1, all alike; float64, of the same shape."""
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _as_words(part: int | np.integer | NDArray[np.integer]) -> NDArray[np.uint64]:
    """``part`` as uint64, at least one-dimensional; negative numbers in two's complement."""
    words = np.atleast_1d(part)
    if words.dtype.kind not in "iu":
        raise ValueError(f"mix hashes integers in [-2**63, 2**64), not {short(part)}")
    return words.astype(np.uint64)


def _finalise(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> _SHIFT_1)) * _MULTIPLY_1
    state = (state ^ (state >> _SHIFT_2)) * _MULTIPLY_2
    return state ^ (state >> _SHIFT_3)
