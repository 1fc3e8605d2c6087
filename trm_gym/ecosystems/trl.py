"""Our problems as environments of TRL: ``GRPOTrainer(environment_factory=partial(TextEnvironment, "sudoku4x4"))``.

It needs nothing of TRL's; docs/ecosystems.md has a whole example.
"""

from __future__ import annotations

from typing import Any, final

from trm_gym.ecosystems.words import asked
from trm_gym.env import RefinementEnv
from trm_gym.task import Task
from trm_gym.wrappers import TextObservation
from trm_gym.wrappers.text import HALT


@final
class TextEnvironment:
    """One episode at a time, in words. Public methods are tools, whose docstrings a language model is shown.

    task, settings: as ``RefinementEnv`` takes them: level, split, max_steps, step_cost, reward. The reward is the
    environment's own return. Nothing tells before the end whether a draft is right.
    """

    def __init__(self, task: Task | str, **settings: Any) -> None:
        self._env = TextObservation(RefinementEnv(task, **settings))
        self._return, self._ended = 0.0, True

    def reset(self, seed: int, **_: Any) -> str:
        """What is asked and the problem of that seed, which stands behind the user's message.

        seed: a column of the data set, so that all completions of a prompt are about one problem.
        """
        seen, _info = self._env.reset(seed=seed)
        self._return, self._ended = 0.0, False
        return f"{asked(self._env.get_wrapper_attr('task'))}\n\n{seen['problem']}"

    def refine(self, draft: str) -> str:
        """Replace the whole draft of the answer by a better one. Every draft costs a little.

        Args:
            draft: The whole draft, written as the answer is.

        Returns:
            The draft as it was read, or what is wrong with it, and how much of the budget is left.
        """
        return self._step(draft)

    def hand_in(self, answer: str) -> str:
        """Hand in the final answer. Nothing can be changed after that.

        Args:
            answer: The whole answer.

        Returns:
            Whether it is right.
        """
        return self._step(f"{answer} {HALT}")

    def get_reward(self) -> float:
        """The return of the episode; one that is still open is ended first, and its draft judged as it stands."""
        if not self._ended:
            self._step(HALT)
        return self._return

    def _step(self, action: str) -> str:
        if self._ended:
            return "The answer has been handed in: nothing can be changed."
        seen, reward, self._ended, _, info = self._env.step(action)
        self._return += reward
        fault = f"This is no answer: {info['parse_error']}. " if "parse_error" in info else ""
        if self._ended:
            return fault + ("Solved." if info["solved"] else "Not solved.")
        return f"{fault}Draft:\n{seen['answer']}\n{seen['budget'][0]:.0%} of the budget is left."
