"""What tests ask of observations whatever the task shows."""

from __future__ import annotations

from typing import Any

import numpy as np


def problem_seen(observation: dict[str, Any]) -> np.ndarray:
    """All that an observation shows of its problem (of each, in a batch), as one row of numbers for each draft."""
    rows = observation["answer"].shape[:-1]
    parts = [np.asarray(part) for name, part in sorted(observation.items()) if name not in ("answer", "budget")]
    return np.concatenate([part.reshape(*rows, -1) for part in parts], axis=-1)
