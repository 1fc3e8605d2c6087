"""The state of episodes as plain data, for search, branching and exact resumption.

A state is a dictionary: what it belongs to (``task``, ``num_envs``, ``max_steps``, ``reward``), the price of a step,
and one array per name in ``arrays``, its first axis over the slots. It holds no generator: what comes next is a
function of seeds and episode numbers, which are in it. ``np_random``, which draws the seeds of slots that were never
given one, is not.
"""

from __future__ import annotations

import abc
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from trm_gym.problems import Problems
from trm_gym.reward import exact_cost
from trm_gym.short_repr import short
from trm_gym.splits import SPLITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trm_gym.episodes import Episodes
    from trm_gym.task import Task


def live_arrays(episodes: Episodes) -> dict[str, NDArray]:
    """Every array that changes as episodes go on, by its name in a state; live."""
    names = ("levels", "splits", "seeds", "numbers", "seeded", "drafts", "before", "steps", "playing", "worth")
    return {
        **{name: getattr(episodes, name) for name in names},
        **{f"problems.{field.name}": getattr(episodes.problems, field.name) for field in fields(episodes.problems)},
        **{f"verdicts.{field.name}": getattr(episodes.verdicts, field.name) for field in fields(episodes.verdicts)},
    }


def get_state(episodes: Episodes) -> dict[str, Any]:
    """The state of ``episodes``: fresh arrays, whole numbers, text."""
    copies = {name: values.copy() for name, values in live_arrays(episodes).items()}
    return {**_owner(episodes), "step_cost": episodes.step_cost, **copies}


def set_state(episodes: Episodes, state: dict[str, Any]) -> None:
    """Take over a ``state``, which stays the caller's own.

    Raises ValueError, before anything is changed, where it belongs to another environment or is malformed.
    """
    live, owner = live_arrays(episodes), _owner(episodes)
    check_names(state, [*owner, "step_cost", *live])
    check_form(state, owner, live)
    _check_values(episodes, state)
    price = exact_cost(state["step_cost"])
    for name, ours in live.items():
        ours[...] = state[name]
    episodes.step_cost = price


class Restorable(abc.ABC):
    """The part of an environment, scalar or vector, that shows its episodes and can go back to an earlier state."""

    episodes: Episodes

    @property
    def task(self) -> Task:
        """The task that is played."""
        return self.episodes.task

    @property
    def max_steps(self) -> int:
        """The budget of an episode, in steps."""
        return self.episodes.max_steps

    @property
    def problems(self) -> Problems:
        """The problems at hand, one per slot. They are live: copy what is to outlast an episode."""
        return self.episodes.problems

    @property
    def step_cost(self) -> float:
        """The price of a step. Set, it holds from the next step on; ValueError where it is not from 0 to 1."""
        return self.episodes.step_cost

    @step_cost.setter
    def step_cost(self, price: float) -> None:
        self.episodes.step_cost = exact_cost(price)

    def get_state(self) -> dict[str, Any]:
        """All that the episodes, and those after them, depend on, as fresh arrays and plain numbers."""
        return get_state(self.episodes)

    def set_state(self, state: dict[str, Any]) -> None:
        """Go back to what ``get_state`` gave, here or in an equal environment. Raises ValueError for anything else."""
        set_state(self.episodes, state)


def _owner(episodes: Episodes) -> dict[str, Any]:
    """What an environment must share with the one that a state is of."""
    return {
        "task": episodes.task.name,
        "num_envs": len(episodes.steps),
        "max_steps": episodes.max_steps,
        "reward": episodes.reward,
    }


def check_form(state: dict[str, Any], owner: dict[str, Any], live: dict[str, NDArray]) -> None:
    """Refuse, with a ValueError, a state of another owner, and arrays unlike the ``live`` ones in type or shape."""
    for name, ours in owner.items():
        if type(state[name]) is not type(ours) or state[name] != ours:
            raise ValueError(
                f"the state is of an environment with {name}={short(state[name])}; this one has {short(ours)}"
            )
    for name, ours in live.items():
        theirs = state[name]
        if not isinstance(theirs, np.ndarray) or theirs.dtype != ours.dtype or theirs.shape != ours.shape:
            got = f"{theirs.dtype} {theirs.shape}" if isinstance(theirs, np.ndarray) else type(theirs).__name__
            raise ValueError(f"malformed state: {name} must be an array {ours.dtype} {ours.shape}, got {got}")


def check_ranges(state: dict[str, Any], ranges: dict[str, tuple[float, float | None]]) -> None:
    """Refuse, with a ValueError, arrays with numbers outside (least, most or None)."""
    for name, (low, high) in ranges.items():
        values = state[name]
        # Negated, so that a NaN is refused as well.
        if not (values >= low).all() or (high is not None and not (values <= high).all()):
            raise ValueError(f"malformed state: {name} must be from {low} to {'any' if high is None else high}")


def check_names(state: Any, names: list[str]) -> None:
    """Refuse, with a ValueError, what is no dictionary of exactly these ``names``."""
    if not isinstance(state, dict):
        raise ValueError(f"a state is the dictionary that get_state() gave, not {type(state).__name__}")
    absent, strange = [name for name in names if name not in state], [name for name in state if name not in names]
    if absent or strange:
        raise ValueError(
            f"malformed state: absent are {short(absent)}, unknown {short(strange)}; hand in what get_state() gave"
        )


def _check_values(episodes: Episodes, state: dict[str, Any]) -> None:
    """Refuse numbers that nothing could have produced: verifiers would read past their tables."""
    levels, tokens = len(episodes.task.levels) - 1, episodes.task.vocab - 1
    ranges = {
        **dict.fromkeys(("drafts", "before", "problems.problem", "problems.solution"), (0, tokens)),
        "levels": (0, levels),
        "problems.level": (-1, levels),
        "splits": (0, len(SPLITS) - 1),
        "numbers": (-1, None),
        "seeds": (0, 2**63 - 1),
        "steps": (0, episodes.max_steps),
        "worth": (0, 1),
        "verdicts.score": (0, 1),
    }
    check_ranges(state, ranges)
    if wrong := episodes.task.fault(
        Problems(**{field.name: state[f"problems.{field.name}"] for field in fields(Problems)})
    ):
        raise ValueError(f"malformed state: {wrong}")
    if (state["playing"] & ((state["numbers"] < 0) | (state["steps"] >= episodes.max_steps))).any():
        raise ValueError("malformed state: an episode is being played that has not begun or has no step left")
