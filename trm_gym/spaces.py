"""Gymnasium spaces that are made the same way in several places."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.spaces import MultiDiscrete


def token_space(length: int, vocab: int) -> MultiDiscrete:
    """Tokens uint8 [length], each below ``vocab``."""
    space: MultiDiscrete[Any] = MultiDiscrete(np.full(length, vocab), dtype=np.uint8)
    # The counts are widened because learners add them up (the size of a one-hot): as bytes they wrap round.
    space.nvec = space.nvec.astype(np.int64)
    return space
