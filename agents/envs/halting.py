"""Halting as an environment: a network that stays as it is refines a draft, and the agent says when to stop.

Its problems come from a dataset, in which every draft has been made and graded, so a step is a look at the next row:
any algorithm of reinforcement learning learns here from the very drafts that GRPO and the supervised heads learn from.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, final

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from agents.envs.acts import action_space, observation_names, observation_space, read_action, read_actions
from agents.envs.dataset import PROBLEMS, load_dataset
from agents.envs.episodes import HaltingEpisodes
from agents.halting.restarts import STARTS
from agents.rollouts.dataset import RolloutDataset
from trm_gym.checks import SEED_LIMIT
from trm_gym.episodes import DEFAULT_COST, DEFAULT_STEPS, all_or_nothing, check_options, check_seed, plain_info
from trm_gym.short_repr import short
from trm_gym.slots import SlotVectorEnv, read_mask

Observation = NDArray[np.float32]

_SLOT = np.zeros(1, dtype=np.int64)


def check_render_mode(mode: str | None) -> None:
    """None. Raises ValueError for any ``mode``: what is seen are numbers, and nobody draws them."""
    if mode is not None:
        raise ValueError(f"unknown render_mode {short(mode)}: this environment draws nothing, leave it out")


@final
class HaltingEnv(gymnasium.Env[np.ndarray, np.int64]):
    """Stop a network that refines a draft, as soon as going on is not worth its price.

    Description: a network that stays as it is refines the draft of an answer. After each of its steps the agent
    decides whether the draft is handed in. The return is undiscounted (gamma = 1) and the same as in the other
    environments: solved - lambda * steps / max_steps. The problems are those of a dataset of graded runs. Made by its
    id, the environment runs the network on so many ``problems`` first, and says on the standard error about how long
    that takes; ``problems=200`` are enough to look at it, and with ``cache`` they are run only once.

    Action Space: ``Discrete(2)``: 0 goes on, 1 stops. With restarts ``Discrete(3)``: 2 starts afresh from another noisy
    start, or with ``forms`` from another form of the problem, with the steps counted on; the last start of the dataset
    goes on instead.

    Observation Space: ``Box`` float32 [f + 1]: what a halting head sees after the step (the first observation is of
    the first step), then the logarithm of lambda, -1 and 1 at the ends of the prices that heads are taught at.
    ``observation_names`` says what each entry is (``get_wrapper_attr("observation_names")`` of a wrapped one). Features
    are as they come, not standardised. With restarts they are those of the present run, and before the price stand the
    shares of the budget and of the starts that are used, and the halt logit of the draft that would be handed in.

    Rewards: ``-step_cost`` each step; at the end 1 more if the draft is right. With restarts it is that of the highest
    halt logit (of the head trained with the network) among all drafts of all starts; of equal ones the latest.

    Episode End: ``terminated`` when the agent stops, and after ``max_steps`` steps, whatever it does. Nothing is ever
    truncated. The last ``info`` holds ``solved``, ``is_success`` (the same, as Stable-Baselines3 logs it), ``score``
    (1 or 0), ``steps``, ``level``, ``difficulty`` and ``problem``, its place in the dataset; that of ``reset`` holds
    ``level`` and ``difficulty``. With restarts also ``starts``, how many there were.

    Difficulty: that of the problem, as its own task measures it.

    Reset options: ``problem``, the place in the dataset of the next problem. Otherwise it is a function of seed and
    number of the episode since seeding.

    dataset: graded runs and the ``step_cost``, lambda / max_steps. prices: the lowest and the highest lambda, from
    which each episode draws its own (log-uniformly) in place of ``step_cost``, as GRPO's groups do. render_mode:
    None, since nothing is drawn. restarts: whether there is a third act; the dataset's branches are then the
    starts. Raises ValueError for bad settings.

    Made by its id: checkpoint is a folder, or the name of a network that comes with the package; starts, how many runs
    there are of each problem, and forms, whether each is of another form of it (mazes have eight), count only with
    ``restarts``.

    Version History: v0, the first.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def __init__(
        self,
        dataset: RolloutDataset,
        prices: tuple[float, float] | None = None,
        render_mode: str | None = None,
        restarts: bool = False,
    ) -> None:
        self._episodes = HaltingEpisodes(1, dataset, prices, restarts)
        self.max_steps = dataset.unroll.max_steps
        self.observation_space = observation_space(dataset.unroll, restarts)
        self.action_space = action_space(restarts)
        self.render_mode = check_render_mode(render_mode)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observation, dict]:
        """Start an episode. Raises ValueError for options and problems that there are not."""
        options = check_options(options, ("problem",))
        with all_or_nothing(self, self._episodes):
            seed = check_seed(seed)
            super().reset(seed=seed)
            if seed is None and not self._episodes.seeded[0]:
                seed = int(self.np_random.integers(SEED_LIMIT))
            own = self._episodes.check_problems([options["problem"]]) if "problem" in options else None
            if seed is not None:
                self._episodes.seed(_SLOT, np.array([seed], dtype=np.uint64))
            self._episodes.begin(_SLOT, own)
        return self._episodes.observe()[0], plain_info(self._episodes.start_info(_SLOT))

    def step(self, action: int | np.integer | np.ndarray) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Go on (0), stop (1) or, with restarts, start afresh (2). Raises ValueError for anything else."""
        if not self._episodes.playing[0]:
            raise ResetNeeded("there is no episode to step: it has ended, or none has begun; call reset() first")
        reward = float(self._episodes.advance(read_action(action, self._episodes.restarts))[0])
        terminated = not self._episodes.playing[0]
        info = plain_info(self._episodes.end_info(_SLOT)) if terminated else {}
        return self._episodes.observe()[0], reward, terminated, False, info

    @property
    def observation_names(self) -> tuple[str, ...]:
        """A name for each entry of an observation, see ``feature_names``."""
        return observation_names(self.observation_space, self._episodes.restarts)

    def get_state(self) -> dict[str, Any]:
        """All that the episode, and those after it, depend on beside the dataset; see ``HaltingEpisodes``."""
        return self._episodes.get_state()

    def set_state(self, state: dict[str, Any]) -> None:
        """Go back to what ``get_state`` gave, here or on an equal dataset. Raises ValueError for anything else."""
        self._episodes.set_state(state)


@final
class HaltingVectorEnv(SlotVectorEnv[Observation]):
    """``num_envs`` episodes side by side; slot i under seed s is a ``HaltingEnv`` under seed s + i.

    Spaces, rewards, ends and options are those of ``HaltingEnv``, batched: ``problem`` is one for all slots,
    ``problems`` (int [num_envs]) one per slot, ``reset_mask`` (bool [num_envs]) restarts those slots alone. ``seed``
    may be a list, with None for slots that go on. autoreset_mode, max_episode_steps: see ``SlotVectorEnv``.
    """

    episodes: HaltingEpisodes

    def __init__(
        self,
        num_envs: int,
        dataset: RolloutDataset,
        prices: tuple[float, float] | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        restarts: bool = False,
    ) -> None:
        self.episodes = HaltingEpisodes(num_envs, dataset, prices, restarts)
        self.max_steps = dataset.unroll.max_steps
        spaces = observation_space(dataset.unroll, restarts), action_space(restarts)
        super().__init__(num_envs, *spaces, HaltingEnv.metadata, autoreset_mode, max_episode_steps)
        self.render_mode = check_render_mode(render_mode)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode at all slots or at those of ``reset_mask``. Raises ValueError."""
        options = check_options(options, ("problem", "problems", "reset_mask"))
        slots = np.flatnonzero(read_mask(options, self.num_envs))
        own = self._read_problems(options)
        with all_or_nothing(self, self.episodes):
            self._seed(slots, seed)
            self.episodes.begin(slots, None if own is None else own[slots])
        return self.episodes.observe(), self._add_info({}, self.episodes.start_info, slots)

    @property
    def observation_names(self) -> tuple[str, ...]:
        """A name for each entry of a slot's observation, see ``feature_names``."""
        return observation_names(self.single_observation_space, self.episodes.restarts)

    def get_state(self) -> dict[str, Any]:
        """As that of ``HaltingEnv``, for all slots."""
        return self.episodes.get_state()

    def set_state(self, state: dict[str, Any]) -> None:
        """As that of ``HaltingEnv``, for all slots."""
        self.episodes.set_state(state)

    def _advance(self, actions: np.ndarray) -> NDArray[np.float64]:
        """An act at every slot, integers [num_envs]; rewards float64 [num_envs]."""
        return self.episodes.advance(read_actions(actions, self.num_envs, self.episodes.restarts))

    def _each(self, seen: Observation) -> Iterator[Observation]:
        return iter(seen)

    def _read_problems(self, options: dict[str, Any]) -> NDArray[np.int64] | None:
        """The problem of every slot, int64 [num_envs]; None where none is given."""
        if "problem" in options and "problems" in options:
            raise ValueError("options 'problem' (one for all slots) and 'problems' (one per slot) exclude each other")
        if "problem" in options:
            return self.episodes.check_problems([options["problem"]] * self.num_envs)
        return self.episodes.check_problems(options["problems"]) if "problems" in options else None


def _starts(starts: int, forms: bool, restarts: bool) -> int:
    """Starts of a problem. Raises ValueError for forms without restarts, of which nothing would be seen."""
    if forms and not restarts:
        raise ValueError("forms are those of new starts: give restarts=True too, or leave forms out")
    return starts if restarts else 1


def make_halting(
    checkpoint: str | os.PathLike[str],
    task: str | None = None,
    level: int | str | None = None,
    split: str = "train",
    problems: int = PROBLEMS,
    max_steps: int = DEFAULT_STEPS,
    step_cost: float = DEFAULT_COST,
    prices: tuple[float, float] | None = None,
    size: int | None = None,
    cache: str | os.PathLike[str] | None = None,
    render_mode: str | None = None,
    restarts: bool = False,
    starts: int = STARTS,
    forms: bool = False,
) -> HaltingEnv:
    """``gymnasium.make("agents:TRM-Halt-v0", ...)``; see ``load_dataset`` and, of the rest, ``HaltingEnv``."""
    check_render_mode(render_mode)  # before the work
    dataset = load_dataset(
        checkpoint,
        level,
        split,
        problems,
        max_steps,
        task=task,
        size=size,
        cache=cache,
        starts=_starts(starts, forms, restarts),
        forms=forms,
    )
    return HaltingEnv(dataclasses.replace(dataset, step_cost=step_cost), prices, render_mode, restarts)


def make_halting_vector(
    num_envs: int,
    checkpoint: str | os.PathLike[str],
    task: str | None = None,
    level: int | str | None = None,
    split: str = "train",
    problems: int = PROBLEMS,
    max_steps: int = DEFAULT_STEPS,
    step_cost: float = DEFAULT_COST,
    prices: tuple[float, float] | None = None,
    size: int | None = None,
    cache: str | os.PathLike[str] | None = None,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    max_episode_steps: int | None = None,
    render_mode: str | None = None,
    restarts: bool = False,
    starts: int = STARTS,
    forms: bool = False,
) -> HaltingVectorEnv:
    """``gymnasium.make_vec("agents:TRM-Halt-v0", ...)``; see ``load_dataset`` and ``HaltingVectorEnv``."""
    check_render_mode(render_mode)  # before the work
    dataset = load_dataset(
        checkpoint,
        level,
        split,
        problems,
        max_steps,
        task=task,
        size=size,
        cache=cache,
        starts=_starts(starts, forms, restarts),
        forms=forms,
    )
    dataset = dataclasses.replace(dataset, step_cost=step_cost)
    return HaltingVectorEnv(num_envs, dataset, prices, autoreset_mode, max_episode_steps, render_mode, restarts)
