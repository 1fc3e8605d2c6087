"""The environment in words: problem, draft and action as text, for language models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, final

import gymnasium
import numpy as np
from gymnasium.spaces import Dict, Text
from gymnasium.utils import RecordConstructorArgs

from trm_gym.episodes import observation_space
from trm_gym.errors import ProblemError
from trm_gym.wrappers.base import answer_grain
from trm_gym.written.signs import SYMBOLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALT = "halt"
"""The word that ends an action which hands the draft in."""

NUMBER = 32
"""Characters that a number of a problem takes at most, with what stands around it."""

_HALTS = re.compile(rf"\b{HALT}\s*\Z", re.IGNORECASE)


@final
class TextObservation(gymnasium.Wrapper, RecordConstructorArgs):
    """Problem and draft as the task writes them for people, and drafts read from text.

    Action Space: text, the next draft as the task's ``draft_text`` writes it (sudoku: the digits row by row; maze: its
    rows; mathematics: the answer; ARC: the grid in JSON), with the word ``halt`` after it to hand it in. ``halt`` alone
    hands in the draft as it is.

    Observation Space: ``Dict`` of ``problem`` and ``answer``, text, and ``budget`` as in the environment.

    An action that is no draft of the task raises nothing: it counts as a blank draft, and ``info["parse_error"]`` says
    what is wrong with it. Handed in, it is judged, and not solved. Rewards and ends are those of the environment.
    """

    def __init__(self, env: gymnasium.Env) -> None:
        RecordConstructorArgs.__init__(self)
        gymnasium.Wrapper.__init__(self, env)
        self._inner = answer_grain(env)
        self._task = self._inner.task
        letters = self._task.letters
        longest = max(len(symbol) for symbol in SYMBOLS) * self._task.length + 1
        answer = Text(longest, min_length=0, charset=letters)
        problem = Text(longest + NUMBER * self._task.numbers, min_length=0, charset=letters)
        seen = observation_space(self._task)
        self.observation_space = Dict({"problem": problem, "answer": answer, "budget": seen["budget"]})
        # Bounded, so that reading takes bounded time; it leaves room for a space or two beside every cell.
        self._longest = 8 * self._task.length + 64
        self.action_space = Text(self._longest, min_length=0, charset="".join(sorted(set(letters + HALT))))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict, dict]:
        """Start an episode, as the environment does."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._written(observation), info

    def step(self, action: str) -> tuple[dict, float, bool, bool, dict[str, Any]]:
        """Write the next draft; see the class. Nothing that is said here is an error."""
        draft, halts, fault = self._read(action)
        observation, reward, terminated, truncated, info = self.env.step(np.append(draft, np.uint8(halts)))
        if fault:
            info = {**info, "parse_error": fault}
        return self._written(observation), float(reward), terminated, truncated, info

    def _read(self, action: Any) -> tuple[NDArray[np.uint8], bool, str]:
        """The draft uint8 [L] that an action names, whether it is handed in, and what is wrong with it, if anything."""
        blank = np.zeros(self._task.length, dtype=np.uint8)
        if not isinstance(action, str):
            return blank, False, f"an action is text, not {type(action).__name__}"
        found = _HALTS.search(action[-self._longest :])
        if len(action) > self._longest:
            return blank, found is not None, f"{len(action)} characters are too many: at most {self._longest}"
        text = action[: found.start()] if found else action
        if found and not text.strip():
            return self._inner.episodes.drafts[0], True, ""
        try:
            return self._task.read_draft(text), found is not None, ""
        except ProblemError as error:
            return blank, found is not None, str(error)

    def _written(self, observation: dict[str, Any]) -> dict[str, Any]:
        return {
            "problem": self._task.problem_text(self._inner.problems),
            "answer": self._task.draft_text(observation["answer"]),
            "budget": observation["budget"],
        }
