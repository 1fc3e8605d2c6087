"""What is shown of an episode: the task's own drawing of problem and draft, the step, and the budget as a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded

from trm_gym.checks import known_name, whole_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trm_gym.episodes import Episodes

RENDER_MODES = ("ansi", "rgb_array")
"""A draft as text for a terminal, and as a picture."""

LARGEST_SCALE = 16

_BAR, _LEFT, _SPENT, _WHITE = 8, (30, 90, 200), (215, 215, 215), 255


def check_render_mode(mode: str | None) -> str | None:
    """``mode`` itself. Raises ValueError with the known modes."""
    return None if mode is None else known_name("render_mode", mode, RENDER_MODES)


def check_render_scale(scale: int) -> int:
    """``scale`` itself. Raises ValueError where it is no whole number from 1 to 16."""
    return whole_number("render_scale", scale, 1, LARGEST_SCALE)


def changes(draft: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """What a task is given to draw, a draft uint8 [L] or the one before it and the draft, uint8 [2, L], as the draft
    and the cells that differ, bool [L]; none where there is no draft before.
    """
    drafts = np.atleast_2d(draft)
    return drafts[-1], drafts[0] != drafts[-1]


def render_slot(episodes: Episodes, slot: int, mode: str | None, scale: int) -> str | NDArray[np.uint8] | None:
    """What is seen at ``slot`` after its last step, whose changes are marked; see ``frame``."""
    step, budget = int(episodes.steps[slot]), episodes.max_steps
    return frame(episodes, slot, mode, scale, f"step {step}/{budget}", 1 - step / budget, marked=step > 0)


def frame(
    episodes: Episodes, slot: int, mode: str | None, scale: int, caption: str, left: float, marked: bool
) -> str | NDArray[np.uint8] | None:
    """The draft at ``slot`` as text, or as a picture uint8 [H, W, 3]; None where ``mode`` is None.

    scale: how many pixels wide and high each of the picture's is, so that its edges are as crisp at every size.
    left: the share of the budget that is left, for the bar below the picture. marked: whether the cells that differ
    from the draft before are marked. Raises ResetNeeded before the first reset.
    """
    if mode is None:
        gymnasium.logger.warn("render() shows nothing: make the environment with render_mode='ansi' or 'rgb_array'")
        return None
    if not episodes.begun:
        raise ResetNeeded("there is no problem to render yet: call reset() first")
    problems, draft = episodes.problems[slot : slot + 1], episodes.drafts[slot]
    if marked:
        draft = np.stack([episodes.before[slot], draft])
    if mode == "ansi":
        return f"{episodes.task.draw_ansi(problems, draft)}\n{caption}"
    picture = with_bar(episodes.task.draw_rgb(problems, draft, caption), left)
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


def with_bar(picture: NDArray[np.uint8], left: float) -> NDArray[np.uint8]:
    """A picture uint8 [H, W, 3] with a bar of the share ``left`` of the budget below, both sides made even."""
    height, width, _ = picture.shape
    # Video codecs refuse odd sides.
    canvas = np.full((height + height % 2 + _BAR, width + width % 2, 3), _WHITE, dtype=np.uint8)
    canvas[:height, :width] = picture
    filled = round(left * canvas.shape[1])
    canvas[-_BAR:, :filled], canvas[-_BAR:, filled:] = _LEFT, _SPENT
    return canvas
