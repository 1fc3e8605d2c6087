"""What a person sees of an algebra problem and a draft: text for ``typesetting``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra.layout import WRITTEN
from trm_gym.render import changes
from trm_gym.task import Problems
from trm_gym.written import cellstrip, typesetting
from trm_gym.written.signs import answer_text, as_text


def draw_ansi(problems: Problems, draft: NDArray[np.uint8]) -> str:
    """A batch of one and a draft uint8 [L] for a terminal; of two, [2, L], the answer's cells too, changes marked."""
    draft, changed = changes(draft)
    shown = typesetting.draw_ansi(as_text(problems.problem[0, :WRITTEN]), answer_text(draft[WRITTEN:]))
    return cellstrip.add_ansi(shown, draft[WRITTEN:], changed[WRITTEN:])


def draw_rgb(problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
    """A batch of one and a draft uint8 [L] or [2, L] as a picture uint8 [H, W, 3] with ``caption`` below.

    The answer's cells stand in a row; those that the draft changed in the one before have a yellow ground.
    """
    draft, changed = changes(draft)
    picture = typesetting.draw_rgb(as_text(problems.problem[0, :WRITTEN]), answer_text(draft[WRITTEN:]), caption)
    return cellstrip.add_rgb(picture, draft[WRITTEN:], changed[WRITTEN:])
