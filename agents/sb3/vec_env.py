"""Stable-Baselines3 on the native vector environments: their batches as SB3's ``VecEnv``, without a loop over slots.

``PPO("MlpPolicy", TRMVecEnv(envs), gamma=1.0)``; gamma below 1 would be a second price of time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, final

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

from trm_gym.short_repr import short


@final
class TRMVecEnv(VecEnv):
    """A native vector environment of the suite, in SAME_STEP mode, as SB3 knows them.

    A slot of ``envs`` is what SB3 calls an environment. Seeds and options set for single slots reach them at the next
    ``reset``, and persist there as the environment's own do. Attributes and methods are the vector environment's: each
    slot gets its own entry of a list, tuple or array with one entry per slot, and the whole value otherwise; an
    attribute is set for all slots at once. Raises ValueError for another autoreset mode.
    """

    def __init__(self, envs: VectorEnv) -> None:
        if envs.metadata.get("autoreset_mode") is not AutoresetMode.SAME_STEP:
            raise ValueError(
                "SB3 wants a finished episode restarted in the same step: make the vector environment with "
                f"autoreset_mode='SameStep', not {envs.metadata.get('autoreset_mode')!r}"
            )
        self.envs = envs
        self._actions: np.ndarray | None = None
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)

    def reset(self) -> VecEnvObs:
        """Start an episode at every slot, with the seeds and options set since the last reset."""
        seen: Any = None
        seeds: Any = self._seeds  # Gymnasium's type leaves out the lists that its vector environments take
        for options, mask in self._alike():
            seen, infos = self.envs.reset(seed=seeds, options={**options, "reset_mask": mask})
            self._keep_reset_infos(infos, np.flatnonzero(mask).tolist())
        self._reset_seeds()
        self._reset_options()
        return seen

    def step_async(self, actions: np.ndarray) -> None:
        """Keep the actions for ``step_wait``."""
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Step all slots; rewards float32, as SB3 keeps them."""
        seen, rewards, terminated, truncated, told = self.envs.step(self._actions)
        ended = terminated | truncated
        cut = (truncated & ~terminated).tolist()
        infos: list[dict[str, Any]] = [{"TimeLimit.truncated": value} for value in cut]
        slots = np.flatnonzero(ended).tolist()
        if slots:
            last, final = told["final_obs"], told["final_info"]
            columns = {name: values.tolist() for name, values in final.items() if not name.startswith("_")}
            for slot in slots:
                infos[slot] |= {name: values[slot] for name, values in columns.items()}
                infos[slot]["terminal_observation"] = last[slot]
            self._keep_reset_infos(told, slots)
        return seen, rewards.astype(np.float32), ended, infos

    def close(self) -> None:
        """Close the environment."""
        self.envs.close()

    def get_images(self) -> Sequence[np.ndarray | None]:
        """Every slot's picture."""
        return [np.asarray(picture) for picture in self.envs.render() or ()]

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """An attribute of the environment, for each slot asked for."""
        return self._per_slot(getattr(self.envs, attr_name), indices)

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set an attribute of the environment, for all slots. Raises ValueError for some of them."""
        if set(self._get_indices(indices)) != set(range(self.num_envs)):
            raise ValueError(f"{short(attr_name)} is one for all slots of a native environment: set it without indices")
        setattr(self.envs, attr_name, value)

    def env_method(self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **kwargs: Any) -> list:
        """Call a method of the environment, once; what it gives, for each slot asked for."""
        return self._per_slot(getattr(self.envs, method_name)(*method_args, **kwargs), indices)

    def env_is_wrapped(self, wrapper_class: type[gymnasium.Wrapper], indices: VecEnvIndices = None) -> list[bool]:
        """Never: no slot is an environment of its own that could be wrapped."""
        return [False for _ in self._get_indices(indices)]

    def _keep_reset_infos(self, infos: dict[str, Any], slots: list[int]) -> None:
        """Keep the infos of the resets at ``slots``, as SB3 does: one dictionary per slot."""
        names = [name for name in infos if not name.startswith(("_", "final_"))]
        for slot in slots:
            self.reset_infos[slot] = {name: infos[name][slot].item() for name in names}

    def _per_slot(self, value: Any, indices: VecEnvIndices) -> list[Any]:
        own = isinstance(value, (list, tuple, np.ndarray)) and len(value) == self.num_envs
        return [value[slot] if own else value for slot in self._get_indices(indices)]

    def _alike(self) -> Iterable[tuple[dict[str, Any], np.ndarray]]:
        """Options, and the slots that they are for, bool [num_envs]: the native reset takes one set of them a call."""
        if len(self._options) != self.num_envs:
            raise ValueError(f"options must be one dictionary per slot, {self.num_envs}; got {len(self._options)}")
        groups: dict[str, tuple[dict[str, Any], list[int]]] = {}
        for slot, options in enumerate(self._options):
            # Arrays are written out: they are not hashable, and their short form leaves out the middle.
            plain = [(name, v.tolist() if isinstance(v, np.ndarray) else v) for name, v in sorted(options.items())]
            groups.setdefault(repr(plain), (options, []))[1].append(slot)
        for options, slots in groups.values():
            mask = np.zeros(self.num_envs, dtype=np.bool_)
            mask[slots] = True
            yield options, mask
