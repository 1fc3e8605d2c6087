"""Which levels to learn from next."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from curricula.curriculum import Curriculum
from curricula.fixed import Fixed
from curricula.learnability import Learnability
from curricula.learning_progress import LearningProgress
from curricula.threshold import Threshold
from curricula.uniform import Uniform
from trm_gym.checks import known_name

CURRICULA: dict[str, Callable[[Sequence[int]], Curriculum]] = {
    "uniform": Uniform,
    "threshold": Threshold,
    "learnability": Learnability,
    "learning_progress": LearningProgress,
    "fixed": Fixed,
}
"""Every curriculum by its name."""


def make_curriculum(
    name: str, levels: Sequence[int], problems: int | None = None, mixture: Sequence[float] = ()
) -> Curriculum:
    """The curriculum called ``name`` over ``levels``, from easy to hard. Raises ValueError with the known names.

    problems: the length of the run, and mixture: one for all of it, are for ``fixed``.
    """
    known_name("curriculum", name, CURRICULA)
    if name == "fixed" and problems is not None:
        return Fixed(levels, [mixture] if mixture else None, problems)
    return CURRICULA[name](levels)
