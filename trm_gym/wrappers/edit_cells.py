"""The same problems, one cell at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Discrete
from gymnasium.utils import RecordConstructorArgs

from trm_gym.checks import real_number
from trm_gym.episode_state import get_state, set_state
from trm_gym.render import frame
from trm_gym.reward import Price, step_rewards
from trm_gym.short_repr import short
from trm_gym.wrappers.base import answer_grain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Observation = dict[str, Any]

EDITS_PER_CELL = 2
"""The budget in edits for each free cell: every cell can be written once and mended once."""


@final
class EditCells(gymnasium.Wrapper, RecordConstructorArgs):
    """Write one value into one cell, or hand the draft in.

    Action Space: ``Discrete(L * V + 1)``. Action ``cell * V + value`` is an edit: it writes ``value`` into ``cell``;
    what is written to a fixed cell is lost. The last action hands the draft in. ``action_masks()`` says which actions
    make sense: bool [L * V + 1].

    Observation Space: that of the environment; ``budget`` is the share of edits left.

    Rewards: an edit costs ``price`` divided by the budget, kept to the nearest multiple of 2**-40; handing in costs
    nothing. So the return is solved - price * edits / budget, as at the answer grain. price: what the whole budget
    costs, from 0 to 1; None for what it costs in the environment, its ``step_cost * max_steps``, told at each reset.
    With ``reward="progress"`` every edit pays the change of the score.

    Episode End: when the draft is handed in, and when the budget, two edits for each free cell, is used up. The last
    ``info`` is that of the environment, its ``steps`` the number of edits.

    The environment below takes a single step, the last, which judges the draft; its ``max_steps`` ends nothing here.
    ``get_state`` and ``set_state`` work as those of the environment, which know nothing of edits.
    """

    def __init__(self, env: gymnasium.Env, price: float | None = None) -> None:
        RecordConstructorArgs.__init__(self, price=price)
        gymnasium.Wrapper.__init__(self, env)
        self._inner = answer_grain(env)
        self.task = self._inner.task
        self._price = None if price is None else real_number("price", price, 0, 1)
        self._halt = self.task.length * self.task.vocab
        self.action_space = Discrete(self._halt + 1)
        self._edits = 0
        self._budget, self._cost = 1, 0.0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observation, dict]:
        """Start an episode, as the environment does."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._begin(edits=0)
        return observation, info

    def step(self, action: int | np.integer | NDArray) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Edit a cell or hand in; see the class. Raises ValueError for an action outside the action space."""
        episodes = self._inner.episodes
        if not episodes.playing[0]:
            raise ResetNeeded("there is no episode to step: it has ended, or none has begun; call reset() first")
        whole = isinstance(action, (int, np.integer, np.ndarray))
        if not whole or not self.action_space.contains(np.asarray(action)[()]):
            raise ValueError(f"an action is a whole number from 0 to {self._halt}, not {short(action)}")
        if action == self._halt:
            return self._hand_in(cost=0.0)
        cell, value = divmod(int(action), self.task.vocab)
        draft = episodes.drafts.copy()
        draft[0, cell] = value
        self._edits += 1
        episodes.write(draft)
        if self._edits == self._budget:
            return self._hand_in(self._cost)
        before = episodes.worth.copy()
        if episodes.mode.every_step:
            episodes.worth[:] = episodes.mode.worth(self.task.verify(episodes.problems, episodes.drafts))
        reward = float(step_rewards(before, episodes.worth, self._cost)[0])
        return self._seen(), reward, False, False, {}

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions make sense, bool [L * V + 1]: what an answer may hold into free cells, and handing in."""
        edits = self._inner.problems.free[0, :, None] & self.task.answer_tokens
        return np.append(edits.ravel(), True)

    def get_state(self) -> dict[str, Any]:
        """The state of the environment, and how many edits have been made."""
        return {**get_state(self._inner.episodes), "edits": self._edits}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go back to what ``get_state`` gave. Raises ValueError for anything else."""
        if not isinstance(state, dict) or type(state.get("edits")) is not int or state["edits"] < 0:
            raise ValueError("a state is what get_state() of EditCells gave: a dictionary with the number of edits")
        before = self.get_state()
        set_state(self._inner.episodes, {name: value for name, value in state.items() if name != "edits"})
        self._begin(state["edits"])
        if self._edits + bool(self._inner.episodes.playing[0]) > self._budget:
            self.set_state(before)
            raise ValueError(f"malformed state: {state['edits']} edits leave nothing of the budget to play on with")

    def render(self) -> str | NDArray[np.uint8] | None:
        """The draft as the environment shows it, with the last edit marked and the edits counted."""
        inner, left = self._inner, 1 - self._edits / self._budget
        caption = f"edit {self._edits}/{self._budget}"
        return frame(inner.episodes, 0, inner.render_mode, inner.render_scale, caption, left, marked=self._edits > 0)

    def _begin(self, edits: int) -> None:
        """Count edits from ``edits`` on, by the budget of the problem at hand."""
        inner = self._inner
        self._edits = edits
        self._budget = max(EDITS_PER_CELL * int(inner.problems.free.sum()), 1)
        price = inner.step_cost * inner.max_steps if self._price is None else self._price
        self._cost = Price(price, self._budget).step_cost

    def _hand_in(self, cost: float) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Have the draft judged by the environment, whose own price of a step is given back."""
        action = np.append(self._inner.episodes.drafts[0], np.uint8(1))
        _, reward, _, _, info = self.env.step(action)
        paid = float(reward) + self._inner.step_cost - cost
        return self._seen(), paid, True, False, {**info, "steps": self._edits}

    def _seen(self) -> Observation:
        seen = {name: values[0] for name, values in self._inner.episodes.observe().items()}
        seen["budget"][:] = 1 - self._edits / self._budget
        return seen
