"""Episodes of stopping, for a batch of slots as arrays; both halting environments are thin faces of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from agents.halting.heads import PRICE_RANGE
from agents.halting.restarts import HALT, RESTART
from agents.rollouts.dataset import RolloutDataset
from trm_gym.checks import SEED_LIMIT, whole_number
from trm_gym.episode_state import check_form, check_names, check_ranges
from trm_gym.reward import Price, exact_cost
from trm_gym.short_repr import short
from trm_gym.streams import mix

BOUND = 1e4
"""Observations lie within this; no feature of a sound network comes near it."""
_ALL = slice(None)
_LEAST_PRICE = 1e-4
_PROBLEM, _PRICE = 0, 1
"""What a stream's number is drawn for."""
START_NAMES = ("all_steps_used", "starts_used", "best_judgement")
"""What is seen of a problem's starts where there are restarts, after the features of the present run: the share of the
budget that all starts have used, and of the starts; and what the draft that would be handed in was judged."""


def price_place(price: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithm of prices (lambda) on the scale that ``HaltHead`` sees: -1 and 1 at the ends of PRICE_RANGE."""
    low, high = (math.log(edge) for edge in PRICE_RANGE)
    return 2 * (np.log(np.maximum(price, _LEAST_PRICE)) - low) / (high - low) - 1


def _are_prices(prices: Any) -> bool:
    """Whether these are two numbers to draw prices from."""
    if isinstance(prices, np.ndarray):
        prices = prices.tolist()
    if not isinstance(prices, Sequence) or len(prices) != 2 or not all(isinstance(price, Real) for price in prices):
        return False
    return 0 < prices[0] <= prices[1] < math.inf


@final
class HaltingEpisodes:
    """N slots, each in the midst of an episode, at its end, or not begun. See ``HaltingEnv`` for the settings."""

    def __init__(
        self, count: int, dataset: RolloutDataset, prices: tuple[float, float] | None, restarts: bool = False
    ) -> None:
        whole_number("num_envs", count)
        runs = dataset.unroll
        if not len(runs):
            raise ValueError("the dataset is empty: it needs at least one problem")
        if prices is not None and not _are_prices(prices):
            raise ValueError(f"prices must be two positive numbers, the lower first; got {short(prices)}")
        if restarts and dataset.branches < 2:
            raise ValueError(
                "restarts need a dataset with several starts (branches) of every problem: this has one; "
                "give starts=2 or more where it is made"
            )
        self.starts, self.max_steps = dataset.branches if restarts else 1, runs.max_steps
        self._problems = len(runs) // self.starts
        self.restarts = restarts
        # A row is one draft of one problem; these are views of the dataset, which any number of environments share.
        self._features = runs.features.numpy().reshape(len(runs) * self.max_steps, -1)
        self._solved = runs.solved.numpy().reshape(-1)
        self._judged = runs.halt_logit.numpy().reshape(-1)
        first = slice(None, None, self.starts)
        self._level, self._difficulty = runs.level.numpy()[first], runs.difficulty.numpy()[first]
        self._prices = prices
        self.seeds = np.zeros(count, dtype=np.uint64)
        self.numbers = np.full(count, -1, dtype=np.int64)
        self.seeded = np.zeros(count, dtype=np.bool_)
        self.playing = np.zeros(count, dtype=np.bool_)
        self._problem = np.zeros(count, dtype=np.int64)
        self._shown = np.zeros(count, dtype=np.int64)
        self._start = np.zeros(count, dtype=np.int64)
        self._taken = np.zeros(count, dtype=np.int64)
        # Of the draft that would be handed in: with restarts the best judged so far, else the present one.
        self._handed = np.zeros(count, dtype=np.int64)
        self._cost = np.full(count, exact_cost(dataset.step_cost))
        self._place = price_place(self._cost * self.max_steps).astype(np.float32)

    @property
    def begun(self) -> bool:
        """Whether every slot has a problem."""
        return bool((self.numbers >= 0).all())

    def check_problems(self, problems: Sequence[Any] | np.ndarray) -> NDArray[np.int64]:
        """Places in the dataset, one per slot, int64 [N]. Raises ValueError for what is none."""
        places = np.asarray(problems)
        whole = np.issubdtype(places.dtype, np.integer) and places.shape == self.seeds.shape
        if not whole or (places < 0).any() or (places >= self._problems).any():
            raise ValueError(
                f"a problem is its place in the dataset, a whole number from 0 to {self._problems - 1}, one for each "
                f"of {len(self.seeds)} slots: got {short(places.tolist())}"
            )
        return places.astype(np.int64)

    def seed(self, slots: NDArray[np.int64], seeds: NDArray[np.uint64]) -> None:
        """Give ``slots`` [S] their ``seeds`` [S]; the next problem of each is the first of its stream."""
        self.seeds[slots] = seeds
        self.numbers[slots] = -1
        self.seeded[slots] = True

    def begin(self, slots: NDArray[np.int64], own: NDArray[np.int64] | None = None) -> None:
        """Start an episode at ``slots`` [S]: with the next problem of each one's stream, or with ``own`` [S]."""
        self.numbers[slots] += 1
        self._problem[slots] = self._draw(slots, _PROBLEM) % np.uint64(self._problems) if own is None else own
        self._shown[slots] = 0
        self._start[slots] = 0
        self._taken[slots] = 0
        self._handed[slots] = self._rows(slots)
        self.playing[slots] = True
        if self._prices is not None:
            low, high = (math.log(price) for price in self._prices)
            share = self._draw(slots, _PRICE) * 2.0**-64
            drawn = np.exp(low + share * (high - low)).tolist()
            self._cost[slots] = [Price(price, self.max_steps).step_cost for price in drawn]
            self._place[slots] = price_place(self._cost[slots] * self.max_steps)

    def advance(self, acts: NDArray[np.integer]) -> NDArray[np.float64]:
        """The decision after a step at every slot that is playing; rewards, float64 [N], 0 at the others.

        acts: integers [N], CONTINUE, HALT or RESTART; the last start of a problem goes on instead. Slots that halt
        here, or have no step left, are no longer ``playing``; what they show stays.
        """
        played = self.playing
        self.playing = played & (acts != HALT) & (self._taken < self.max_steps - 1)
        paid = played & ~self.playing & self._solved[self._handed]
        again = self.playing & (acts == RESTART) & (self._start < self.starts - 1)
        self._start += again
        self._taken += self.playing
        self._shown = np.where(again, 0, self._shown + self.playing)
        rows = self._rows(_ALL)
        better = self._judged[rows] >= self._judged[self._handed] if self.restarts else self.playing
        self._handed = np.where(self.playing & better, rows, self._handed)
        return np.where(played, paid - self._cost, 0.0)

    def observe(self, slots: NDArray[np.int64] | slice = _ALL) -> NDArray[np.float32]:
        """What is seen at ``slots`` [S], float32 [S, f + 1], or f + 4 with restarts; a fresh array."""
        rows, width = self._rows(slots), self._features.shape[1]
        seen = np.empty((len(rows), width + 1 + len(START_NAMES) * self.restarts), dtype=np.float32)
        np.clip(self._features[rows], -BOUND, BOUND, out=seen[:, :width])
        if self.restarts:
            seen[:, width] = (self._taken[slots] + 1) / self.max_steps
            seen[:, width + 1] = (self._start[slots] + 1) / self.starts
            seen[:, width + 2] = np.clip(self._judged[self._handed[slots]], -BOUND, BOUND)
        seen[:, -1] = self._place[slots]
        return seen

    def start_info(self, slots: NDArray[np.int64]) -> dict[str, NDArray]:
        """The info at the start of an episode, of ``slots`` [S]: fresh arrays [S] by name."""
        problem = self._problem[slots]
        return {"level": self._level[problem], "difficulty": self._difficulty[problem].astype(np.float64)}

    def end_info(self, slots: NDArray[np.int64]) -> dict[str, NDArray]:
        """The info at the end of an episode, of ``slots`` [S]: fresh arrays [S] by name."""
        solved = self._solved[self._handed[slots]]
        starts = {"starts": self._start[slots] + 1} if self.restarts else {}
        return {
            "solved": solved,
            "is_success": solved.copy(),
            "score": solved.astype(np.float64),
            "steps": self._taken[slots] + 1,
            "problem": self._problem[slots],
            **starts,
            **self.start_info(slots),
        }

    def get_state(self) -> dict[str, Any]:
        """All that the episodes, and those after them, depend on beside the dataset: fresh arrays and whole numbers."""
        return {**self._owner, **{name: values.copy() for name, values in self._live.items()}}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go back to what ``get_state`` gave, here or on an equal dataset.

        Raises ValueError, before anything is changed, for anything else.
        """
        check_names(state, [*self._owner, *self._live])
        check_form(state, self._owner, self._live)
        ranges: dict[str, Any] = {
            "seeds": (0, SEED_LIMIT - 1),
            "numbers": (-1, None),
            "problem": (0, self._problems - 1),
            "shown": (0, self.max_steps - 1),
            "cost": (0, 1),
        } | self._start_ranges
        check_ranges(state, ranges)
        if (state["playing"] & (state["numbers"] < 0)).any():
            raise ValueError("malformed state: an episode is being played that has not begun")
        if self.restarts and self._ahead(state).any():
            raise ValueError("malformed state: a draft would be handed in that the episode has not come to")
        for name, ours in self._live.items():
            ours[...] = state[name]
        self._place[:] = price_place(self._cost * self.max_steps)
        if not self.restarts:
            self._taken[:], self._handed[:] = self._shown, self._rows(_ALL)

    def _ahead(self, state: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Where the draft to be handed in is of another problem, or of a later step than the present one."""
        run, step = np.divmod(state["handed"], self.max_steps)
        problem, start = np.divmod(run, self.starts)
        later = (start > state["start"]) | ((start == state["start"]) & (step > state["shown"]))
        return (state["numbers"] >= 0) & ((problem != state["problem"]) | later)

    @property
    def _start_ranges(self) -> dict[str, tuple[int, int]]:
        """What the arrays of starts in a state lie between."""
        ends = {"start": self.starts - 1, "taken": self.max_steps - 1, "handed": len(self._solved) - 1}
        return {name: (0, end) for name, end in ends.items()} if self.restarts else {}

    @property
    def _owner(self) -> dict[str, Any]:
        """What a dataset and its slots must share with those that a state is of."""
        owner = {"num_envs": len(self.seeds), "problems": self._problems, "max_steps": self.max_steps}
        return owner | ({"starts": self.starts} if self.restarts else {})

    @property
    def _live(self) -> dict[str, NDArray]:
        """Every array that changes as episodes go on, by its name in a state."""
        return {
            "seeds": self.seeds,
            "numbers": self.numbers,
            "seeded": self.seeded,
            "playing": self.playing,
            "problem": self._problem,
            "shown": self._shown,
            "cost": self._cost,
            **({"start": self._start, "taken": self._taken, "handed": self._handed} if self.restarts else {}),
        }

    def _rows(self, slots: NDArray[np.int64] | slice) -> NDArray[np.int64]:
        run = self._problem[slots] * self.starts + self._start[slots]
        return run * self.max_steps + self._shown[slots]

    def _draw(self, slots: NDArray[np.int64], purpose: int) -> NDArray[np.uint64]:
        return mix(self.seeds[slots], self.numbers[slots], purpose)
