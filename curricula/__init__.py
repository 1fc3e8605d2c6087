"""Which levels to learn from next."""

from __future__ import annotations

from collections.abc import Sequence

from curricula.curriculum import Curriculum
from curricula.learnability import Learnability
from curricula.threshold import Threshold
from curricula.uniform import Uniform

CURRICULA: dict[str, type[Curriculum]] = {
    "uniform": Uniform,
    "threshold": Threshold,
    "learnability": Learnability,
}
"""Every curriculum by its name."""


def make_curriculum(name: str, levels: Sequence[int]) -> Curriculum:
    """The curriculum called ``name`` over ``levels``, from easy to hard. Raises ValueError with the known names."""
    if name not in CURRICULA:
        raise ValueError(f"unknown curriculum {name!r}: use one of {', '.join(CURRICULA)}")
    return CURRICULA[name](levels)
