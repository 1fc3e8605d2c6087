"""The environment for one problem at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, final

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded

from trm_gym.episode_state import Restorable
from trm_gym.episodes import (
    DEFAULT_COST,
    DEFAULT_STEPS,
    SEED_LIMIT,
    Episodes,
    action_space,
    all_or_nothing,
    check_options,
    check_seed,
    observation_space,
    plain_info,
    read_action,
)
from trm_gym.render import RENDER_MODES, check_render_mode, check_render_scale, render_slot
from trm_gym.splits import split_index

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trm_gym.task import Task

    Observation = dict[str, Any]

RESET_OPTIONS = ("level", "split", "problem")
"""What ``reset`` takes as options."""

_SLOT = np.zeros(1, dtype=np.int64)


@final
class RefinementEnv(Restorable, gymnasium.Env["Observation", "NDArray[np.integer]"]):
    """Refine a draft answer until it is worth handing in.

    Description: a problem stays fixed. Every step replaces the whole draft of its answer by a better one and
    says whether that was the last. The return is what the answer is worth less what the thinking cost; it is
    undiscounted (gamma = 1).

    Action Space: ``MultiDiscrete([V] * L + [2])``, the next draft's tokens and the halt bit. Fixed cells
    (givens, walls) ignore what is written to them.

    Observation Space: ``Dict`` of ``problem`` and ``answer`` (the draft), tokens uint8 [L], 0 for a blank; and
    ``budget``, float32 [1], the share of steps left. The first draft is the problem with its free cells blank.

    Rewards: ``-step_cost`` each step, and at the end (``reward="exact"``) 1 if the problem is solved, or
    (``"graded"``) the verifier's partial score. ``"progress"`` pays that score's change at every step instead.
    The last two are for training only, and for tasks that offer a sound score. ``step_cost`` is kept to the
    nearest multiple of 2**-40, so that rewards add up without rounding error.

    Episode End: ``terminated`` when the agent halts and when ``max_steps`` are used up: the draft is judged as
    it stands. The budget is part of the problem and observed, so nothing is ever truncated. The last ``info``
    holds ``solved``, ``is_success`` (the same, as Stable-Baselines3 logs it), ``score``, ``steps``, ``level`` and
    ``difficulty``; that of ``reset`` holds ``level`` and ``difficulty``; in between it is empty.

    Reset options: ``level`` (index or name) and ``split`` stay in force until given anew; ``problem`` (a
    person's own: text, file, list or array; level -1) is for one episode. The problem is a function of seed,
    number of the episode since seeding, level and split alone. ``reset()`` without a seed goes on to the next.

    task: a task or its name. level: None for the task's default. size: another size of the named task than its own
    (``gym.make("TRM-Maze-v0", size=30)``). Raises ValueError for what it does not know.

    Version History: v0, the first.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": list(RENDER_MODES), "render_fps": 2}

    def __init__(
        self,
        task: Task | str,
        level: int | str | None = None,
        split: str = "train",
        max_steps: int = DEFAULT_STEPS,
        step_cost: float = DEFAULT_COST,
        reward: str = "exact",
        render_mode: str | None = None,
        size: int | None = None,
        render_scale: int = 1,
    ) -> None:
        self.episodes = Episodes(1, task, level, split, max_steps, step_cost, reward, size)
        self.observation_space = observation_space(self.task)
        self.action_space = action_space(self.task)
        self.render_mode = check_render_mode(render_mode)
        self.render_scale = check_render_scale(render_scale)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observation, dict]:
        """Start an episode. Raises ValueError for options it does not know, ProblemError for a bad problem.

        What is refused changes nothing: the episode at hand goes on, and the next is what it would have been.
        """
        options = check_options(options, RESET_OPTIONS)
        with all_or_nothing(self, self.episodes):
            seed = check_seed(seed)
            super().reset(seed=seed)
            if seed is None and not self.episodes.seeded[0]:
                seed = int(self.np_random.integers(SEED_LIMIT))
            if "level" in options:
                self.episodes.levels[:] = self.task.level_index(options["level"])
            if "split" in options:
                self.episodes.splits[:] = split_index(options["split"])
            own = self.task.encode(options["problem"]) if "problem" in options else None
            if seed is not None:
                self.episodes.seed(_SLOT, np.array([seed], dtype=np.uint64))
            self.episodes.begin(_SLOT, own)
        return self._observation(), plain_info(self.episodes.start_info(_SLOT))

    def step(self, action: NDArray[np.integer]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Write the next draft; see the class. Raises ValueError for an action outside the action space."""
        if not self.episodes.playing[0]:
            raise ResetNeeded("there is no episode to step: it has ended, or none has begun; call reset() first")
        tokens, halts = read_action(action, self.task)
        reward = float(self.episodes.advance(tokens, halts)[0])
        terminated = not self.episodes.playing[0]
        info = plain_info(self.episodes.end_info(_SLOT)) if terminated else {}
        return self._observation(), reward, terminated, False, info

    def render(self) -> str | NDArray[np.uint8] | None:
        """The draft as text or as a picture uint8 [H, W, 3], as ``render_mode`` says."""
        return render_slot(self.episodes, 0, self.render_mode, self.render_scale)

    def _observation(self) -> Observation:
        return {name: values[0] for name, values in self.episodes.observe().items()}
