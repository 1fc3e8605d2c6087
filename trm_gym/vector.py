"""The environment for many problems at once: whole batches as arrays, no loop over slots."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, final

import numpy as np
from gymnasium.vector import AutoresetMode

from trm_gym.env import RefinementEnv
from trm_gym.episode_state import Restorable
from trm_gym.episodes import (
    DEFAULT_COST,
    DEFAULT_STEPS,
    Episodes,
    action_space,
    all_or_nothing,
    check_options,
    observation_space,
    read_actions,
)
from trm_gym.render import check_render_mode, check_render_scale, render_slot
from trm_gym.short_repr import short
from trm_gym.slots import SlotVectorEnv, read_mask
from trm_gym.splits import split_index
from trm_gym.task import Problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from trm_gym.task import Task

    Observation = dict[str, Any]

VECTOR_RESET_OPTIONS = ("level", "levels", "split", "problem", "problems", "reset_mask")
"""What ``reset`` takes as options."""


@final
class RefinementVectorEnv(Restorable, SlotVectorEnv["Observation"]):
    """``num_envs`` problems refined side by side; slot i under seed s is a ``RefinementEnv`` under seed s + i.

    Spaces, rewards, ends and options are those of ``RefinementEnv``, batched. More options: ``levels`` and
    ``problems`` hold one entry per slot (a problem may be None: that slot draws its own), ``reset_mask``
    (bool [num_envs]) restarts those slots alone. ``seed`` may be a list, with None for slots that go on.

    autoreset_mode, max_episode_steps: see ``SlotVectorEnv``.
    """

    def __init__(
        self,
        num_envs: int,
        task: Task | str,
        level: int | str | None = None,
        split: str = "train",
        max_steps: int = DEFAULT_STEPS,
        step_cost: float = DEFAULT_COST,
        reward: str = "exact",
        render_mode: str | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: None = None,
        size: int | None = None,
        render_scale: int = 1,
    ) -> None:
        self.episodes = Episodes(num_envs, task, level, split, max_steps, step_cost, reward, size)
        spaces = observation_space(self.task), action_space(self.task)
        super().__init__(num_envs, *spaces, RefinementEnv.metadata, autoreset_mode, max_episode_steps)
        self.render_mode = check_render_mode(render_mode)
        self.render_scale = check_render_scale(render_scale)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode at all slots or at those of ``reset_mask``.

        Raises ValueError and ProblemError; what is refused changes nothing.
        """
        options = check_options(options, VECTOR_RESET_OPTIONS)
        slots = np.flatnonzero(read_mask(options, self.num_envs))
        levels = read_levels(options, self.num_envs, self.task)
        split = split_index(options["split"]) if "split" in options else None
        own, has_own = read_problems(options, slots, self.num_envs, self.task)
        with all_or_nothing(self, self.episodes):
            self._seed(slots, seed)
            if levels is not None:
                self.episodes.levels[slots] = levels[slots]
            if split is not None:
                self.episodes.splits[slots] = split
            if not has_own.all():  # first, since it alone can fail
                self.episodes.begin(slots[~has_own])
            if own is not None:
                self.episodes.begin(slots[has_own], own)
        return self.episodes.observe(), self._add_info({}, self.episodes.start_info, slots)

    def _advance(self, actions: np.ndarray) -> NDArray[np.float64]:
        """Write the next drafts, integers [num_envs, L + 1]; rewards float64 [num_envs]."""
        return self.episodes.advance(*read_actions(actions, self.num_envs, self.task))

    def _each(self, seen: Observation) -> Iterator[Observation]:
        # As fast as a dictionary written out; to pair names and parts row by row takes three times as long.
        return map(dict, zip(*(zip(itertools.repeat(name), part) for name, part in seen.items()), strict=True))

    def render(self) -> tuple[Any, ...]:
        """Every slot's draft as text or as a picture, as ``render_mode`` says."""
        slots = range(self.num_envs)
        return tuple(render_slot(self.episodes, slot, self.render_mode, self.render_scale) for slot in slots)


def read_levels(options: dict[str, Any], count: int, task: Task) -> NDArray[np.int64] | None:
    """The level of every slot, int64 [count]; None where none is given. Raises ValueError."""
    if "level" in options and "levels" in options:
        raise ValueError("options 'level' (one for all slots) and 'levels' (one per slot) exclude each other")
    if "level" in options:
        return np.full(count, task.level_index(options["level"]))
    if "levels" not in options:
        return None
    levels = np.asarray(options["levels"])
    if levels.shape != (count,):
        raise ValueError(f"options['levels'] needs one level per slot, {count} of them; got shape {levels.shape}")
    try:
        distinct, inverse = np.unique(levels, return_inverse=True)
    except TypeError:
        shown = short(levels.tolist())
        raise ValueError(f"options['levels'] are all indices or all names, not {shown}") from None
    return np.array([task.level_index(level) for level in distinct.tolist()], dtype=np.int64)[inverse]


def read_problems(
    options: dict[str, Any], slots: NDArray[np.int64], count: int, task: Task
) -> tuple[Problems | None, NDArray[np.bool_]]:
    """A person's own problems for ``slots`` [S], or one for all, and which slots they are for, bool [S]."""
    if "problem" in options and "problems" in options:
        raise ValueError("options 'problem' (one for all slots) and 'problems' (one per slot) exclude each other")
    if "problem" in options:
        return task.encode(options["problem"]), np.ones(len(slots), dtype=np.bool_)
    if "problems" not in options:
        return None, np.zeros(len(slots), dtype=np.bool_)
    problems = options["problems"]
    problems = list(problems) if isinstance(problems, np.ndarray) and problems.ndim else problems
    if not isinstance(problems, (list, tuple)) or len(problems) != count:
        raise ValueError(f"options['problems'] needs one problem (or None) per slot: a list of {count}")
    chosen = [problems[slot] for slot in slots.tolist()]
    encoded = [task.encode(problem) for problem in chosen if problem is not None]
    return (Problems.concatenate(encoded) if encoded else None), np.array([p is not None for p in chosen])
