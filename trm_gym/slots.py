"""What native vector environments share: seeds, resets by mask, the three autoreset modes, infos with their masks."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from trm_gym.checks import SEED_LIMIT
from trm_gym.episodes import check_seed, check_seeds
from trm_gym.short_repr import short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import gymnasium
    from numpy.typing import NDArray

ObsT = TypeVar("ObsT")
ObsT_co = TypeVar("ObsT_co", covariant=True)
"""A batch of observations."""


class SlotEpisodes(Protocol[ObsT_co]):
    """Episodes of a batch of slots as arrays: ``trm_gym.episodes.Episodes``, for instance."""

    seeded: NDArray[np.bool_]
    playing: NDArray[np.bool_]

    @property
    def begun(self) -> bool: ...

    def seed(self, slots: NDArray[np.int64], seeds: NDArray[np.uint64]) -> None: ...

    def begin(self, slots: NDArray[np.int64]) -> None: ...

    def observe(self, slots: NDArray[np.int64] | slice = ...) -> ObsT_co: ...

    def start_info(self, slots: NDArray[np.int64]) -> dict[str, NDArray]: ...

    def end_info(self, slots: NDArray[np.int64]) -> dict[str, NDArray]: ...


class SlotVectorEnv(VectorEnv[ObsT, np.ndarray, "NDArray"], abc.ABC, Generic[ObsT]):
    """A vector environment over episodes that are arrays: no loop over slots.

    autoreset_mode: Gymnasium's ``AutoresetMode`` or its value. NEXT_STEP restarts a finished slot at the next step,
    whose action there is read but has no effect; SAME_STEP at once, with the last observation in
    ``infos["final_obs"]`` and the last info in ``infos["final_info"]``; DISABLED leaves it to ``reset_mask``.
    max_episode_steps: always None; the budget is ``max_steps``.
    """

    episodes: SlotEpisodes[ObsT]

    def __init__(
        self,
        num_envs: int,
        observation_space: gymnasium.Space,
        action_space: gymnasium.Space,
        metadata: dict[str, Any],
        autoreset_mode: AutoresetMode | str,
        max_episode_steps: int | None,
    ) -> None:
        if max_episode_steps is not None:
            raise ValueError(
                f"max_episode_steps={short(max_episode_steps)} would truncate: set the budget by max_steps"
            )
        self.num_envs = int(num_envs)
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {**metadata, "autoreset_mode": self.autoreset_mode}
        self.single_observation_space, self.single_action_space = observation_space, action_space
        self.observation_space = batch_space(observation_space, self.num_envs)
        self.action_space = batch_space(action_space, self.num_envs)

    @abc.abstractmethod
    def _advance(self, actions: np.ndarray) -> NDArray[np.float64]:
        """Take the step of every slot that is playing; rewards, float64 [num_envs]."""

    @abc.abstractmethod
    def _each(self, seen: ObsT) -> Iterable[Any]:
        """The observations of a batch, one by one."""

    def step(
        self, actions: np.ndarray
    ) -> tuple[ObsT, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """One step of every slot: rewards float64, ends bool, all [num_envs]. Raises ResetNeeded, ValueError."""
        idle = np.flatnonzero(~self.episodes.playing)
        if idle.size and (self.autoreset_mode is not AutoresetMode.NEXT_STEP or not self.episodes.begun):
            raise ResetNeeded(
                f"slots {short(idle.tolist())} have no episode to step: call reset(), or reset them alone with "
                "options={'reset_mask': ...}"
            )
        rewards = self._advance(actions)
        ended = ~self.episodes.playing
        if idle.size:
            ended[idle] = False
            self.episodes.begin(idle)
        infos: dict[str, Any] = {}
        if ended.any():
            self._add_info(infos, self.episodes.end_info, np.flatnonzero(ended))
            if self.autoreset_mode is AutoresetMode.SAME_STEP:
                infos, idle = self._final(ended, infos), np.flatnonzero(ended)
                self.episodes.begin(idle)
        if idle.size:
            self._add_info(infos, self.episodes.start_info, idle)
        return self.episodes.observe(), rewards, ended, np.zeros_like(ended), infos

    def _seed(self, slots: NDArray[np.int64], seed: int | Sequence[int | None] | None) -> None:
        """Seed those of ``slots`` that are given a seed, and those that never had one."""
        if seed is None or isinstance(seed, (int, np.integer)):
            check_seed(seed)
            super().reset(seed=seed if seed is None else int(seed))
            seeds = np.full(self.num_envs, seed, dtype=object)
            seeds = seeds if seed is None else seeds + np.arange(self.num_envs)
        else:
            seeds = np.asarray(seed, dtype=object)
        if seeds.shape != (self.num_envs,):
            raise ValueError(f"seed must be one number, or {self.num_envs} in a list; got shape {seeds.shape}")
        given = np.array(seeds != np.array(None))[slots]
        self.episodes.seed(slots[given], check_seeds(seeds[slots[given]]))
        unseeded = slots[~self.episodes.seeded[slots]]
        if unseeded.size:
            self.episodes.seed(unseeded, self.np_random.integers(SEED_LIMIT, size=unseeded.size, dtype=np.uint64))

    def _add_info(
        self,
        infos: dict[str, Any],
        found: Callable[[NDArray[np.int64]], dict[str, NDArray]],
        slots: NDArray[np.int64],
    ) -> dict[str, Any]:
        """``infos`` with what is ``found`` of ``slots`` [S]: for every name an array [num_envs] and its mask."""
        for name, values in found(slots).items():
            whole = infos.setdefault(name, np.zeros(self.num_envs, dtype=values.dtype))
            mask = infos.setdefault(f"_{name}", np.zeros(self.num_envs, dtype=np.bool_))
            whole[slots], mask[slots] = values, True
        return infos

    def _final(self, ended: NDArray[np.bool_], info: dict[str, Any]) -> dict[str, Any]:
        """The info of SAME_STEP: what was seen at the end, one observation per finished slot, and its info."""
        slots = np.flatnonzero(ended)
        last = np.full(self.num_envs, None, dtype=object)
        # Not from a list: NumPy would take one of equal rows for a matrix.
        last[slots] = np.fromiter(self._each(self.episodes.observe(slots)), dtype=object, count=len(slots))
        return {"final_obs": last, "_final_obs": ended.copy(), "final_info": info, "_final_info": ended.copy()}


def read_mask(options: dict[str, Any], count: int) -> NDArray[np.bool_]:
    """Which slots to restart, bool [count]; all without a ``reset_mask``. Raises ValueError."""
    mask = options.get("reset_mask", np.ones(count, dtype=np.bool_))
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (count,) or not mask.any():
        raise ValueError(f"options['reset_mask'] must be a bool array [{count}] with a True in it, got {short(mask)}")
    return mask
