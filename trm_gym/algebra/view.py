"""What a person sees of an algebra problem and a draft: text for ``typeset``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra.parser import WRITTEN
from trm_gym.task import Problems
from trm_gym.text import answer_text, as_text
from trm_gym.typeset import draw_ansi as ansi
from trm_gym.typeset import draw_rgb as rgb


def draw_ansi(problems: Problems, draft: NDArray[np.uint8]) -> str:
    """A batch of one and a draft uint8 [L] for a terminal."""
    return ansi(as_text(problems.problem[0, :WRITTEN]), answer_text(draft[WRITTEN:]))


def draw_rgb(problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
    """A batch of one and a draft uint8 [L] as a picture uint8 [H, W, 3] with ``caption`` below."""
    return rgb(as_text(problems.problem[0, :WRITTEN]), answer_text(draft[WRITTEN:]), caption)
