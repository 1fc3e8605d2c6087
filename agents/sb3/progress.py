"""What is shown while an algorithm of Stable-Baselines3 learns, and how a signal ends it."""

from __future__ import annotations

from typing import final

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from agents.common.console import Progress
from agents.common.signals import Request

EPISODE_KEYS = {"return": "r", "steps": "l"}
"""What is shown, by Stable-Baselines3's names in the info of an episode."""


@final
class ShowProgress(BaseCallback):
    """Shows return and steps of the episodes that ended last; ends the learning where a signal asks for it."""

    def __init__(self, bar: Progress, asked: Request) -> None:
        super().__init__()
        self._bar, self._asked = bar, asked

    def _on_step(self) -> bool:
        ended = self.model.ep_info_buffer or ()
        means = {name: float(np.mean([one[key] for one in ended])) for name, key in EPISODE_KEYS.items() if ended}
        self._bar.update(self.num_timesteps, **means)
        return not self._asked
