"""Shows a problem and the draft of its answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym import typeset
from trm_gym.arithmetic.layout import WRITTEN
from trm_gym.task import Problems
from trm_gym.text import answer_text, as_text


def draw_ansi(problems: Problems, draft: NDArray[np.uint8]) -> str:
    """A batch of one and a draft uint8 [L] as two lines of text."""
    return typeset.draw_ansi(as_text(problems.problem[0, :WRITTEN]), answer_text(draft[WRITTEN:]))


def draw_rgb(problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
    """A batch of one and a draft uint8 [L] as a picture uint8 [H, W, 3], ``caption`` below."""
    return typeset.draw_rgb(as_text(problems.problem[0, :WRITTEN]), answer_text(draft[WRITTEN:]), caption)
