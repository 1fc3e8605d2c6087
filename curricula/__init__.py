"""Which levels to learn from next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from curricula.curriculum import Curriculum
from curricula.fixed import Fixed, hardest_first
from curricula.learnability import Learnability
from curricula.learning_progress import LearningProgress
from curricula.threshold import Threshold
from curricula.uniform import Uniform
from trm_gym.checks import known_name

CurriculumName = Literal["uniform", "threshold", "learnability", "learning_progress", "fixed", "hardest_first"]
"""The names below, as settings have them."""
CURRICULA: dict[str, Callable[[Sequence[int]], Curriculum]] = {
    "uniform": Uniform,
    "threshold": Threshold,
    "learnability": Learnability,
    "learning_progress": LearningProgress,
    "fixed": Fixed,
    "hardest_first": hardest_first,
}
"""Every curriculum by its name."""


def make_curriculum(
    name: str, levels: Sequence[int], problems: int | None = None, mixture: Sequence[float] = ()
) -> Curriculum:
    """The curriculum called ``name`` over ``levels``, from easy to hard. Raises ValueError with the known names.

    problems: the length of the run, for ``fixed`` and ``hardest_first``. mixture: one for all of it, for ``fixed``.
    """
    known_name("curriculum", name, CURRICULA)
    if name == "fixed" and problems is not None:
        return Fixed(levels, [mixture] if mixture else None, problems)
    if name == "hardest_first" and problems is not None:
        return hardest_first(levels, problems)
    return CURRICULA[name](levels)
