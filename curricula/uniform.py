"""Every level as often as any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from curricula.curriculum import Curriculum


@final
class Uniform(Curriculum):
    """The mixture that does not move."""

    @property
    def mixture(self) -> NDArray[np.float64]:
        """The probability of each level."""
        return np.full(len(self.levels), 1 / len(self.levels))

    def _observe(self, place: int, solved: float, spread: float, count: int) -> None:
        pass

    def state_dict(self) -> dict[str, Any]:
        """Nothing: there is no state."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Nothing to take back."""
