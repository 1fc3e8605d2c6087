"""Our environments as a server of OpenEnv, and its client.

``uvicorn --factory trm_gym.ecosystems.openenv:make_app`` serves sudokus of 4x4, or the task that the variable
``TRM_GYM_TASK`` of the environment names. Every connection has an environment of its own.
"""

from __future__ import annotations

import os
import uuid
from typing import Any, final

from trm_gym.ecosystems.words import LONGEST_ANSWER, asked
from trm_gym.env import RefinementEnv
from trm_gym.extras import require
from trm_gym.registration import make_task
from trm_gym.wrappers import TextObservation
from trm_gym.wrappers.text import HALT

require("openenv", "openenv")

from openenv.core import EnvClient  # pyright: ignore[reportMissingImports]
from openenv.core.client_types import StepResult  # pyright: ignore[reportMissingImports]
from openenv.core.env_server.http_server import create_app  # pyright: ignore[reportMissingImports]
from openenv.core.env_server.interfaces import Environment  # pyright: ignore[reportMissingImports]
from openenv.core.env_server.types import Action, Observation, State  # pyright: ignore[reportMissingImports]
from pydantic import Field  # pyright: ignore[reportMissingImports]

TASK_VARIABLE = "TRM_GYM_TASK"
MOST_SESSIONS = 64
"""Connections at a time."""


@final
class ThinkAction(Action):
    """The next draft, and whether it is handed in."""

    draft: str = Field(default="", max_length=LONGEST_ANSWER, description="The whole draft; handed in empty: as it is")
    hand_in: bool = Field(default=False, description="Whether that was the last one")


@final
class ThinkObservation(Observation):
    """Problem and draft as people write them."""

    asked: str = Field(default="", description="What is asked, and how the answer is written")
    problem: str = ""
    answer: str = Field(default="", description="The present draft")
    budget: float = Field(default=1.0, description="The share of steps left")
    parse_error: str = Field(default="", description="What is wrong with the last draft, which then counts as blank")
    solved: bool | None = Field(default=None, description="The verdict, at the end")


@final
class ThinkState(State):
    """Which problems are played, beside the episode's name and its steps."""

    task: str = ""
    level: str = Field(default="", description="Empty for a problem that the client brought")
    difficulty: float = 0.0


@final
class ThinkEnvironment(Environment):
    """One session. task, settings: as ``RefinementEnv`` takes them; the reward is the environment's own."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self, task: str, **settings: Any) -> None:
        super().__init__()
        self._env = TextObservation(RefinementEnv(task, **settings))
        self._task = make_task(task)
        self._state = ThinkState(task=task)

    def reset(self, seed: int | None = None, episode_id: str | None = None, **options: Any) -> ThinkObservation:
        """Start an episode. options: those of the environment's reset, such as level, split or problem."""
        seen, info = self._env.reset(seed=seed, options=options)
        number = int(info["level"])
        level = self._task.levels[number].name if number >= 0 else ""
        told = {"level": level, "difficulty": float(info["difficulty"])}
        self._state = ThinkState(episode_id=episode_id or uuid.uuid4().hex, task=self._task.name, **told)
        return self._seen(seen)

    def step(self, action: ThinkAction, timeout_s: float | None = None, **_: Any) -> ThinkObservation:
        """A step of the environment."""
        text = f"{action.draft} {HALT}" if action.hand_in else action.draft
        seen, reward, ended, _truncated, info = self._env.step(text)
        self._state.step_count += 1
        told = {"parse_error": info.get("parse_error", ""), "solved": info.get("solved")}
        return self._seen(seen, reward=reward, done=ended, **told)

    @property
    def state(self) -> ThinkState:
        """What is played, and how far it is."""
        return self._state

    def _seen(self, seen: dict[str, Any], **told: Any) -> ThinkObservation:
        budget = float(seen["budget"][0])
        return ThinkObservation(
            asked=asked(self._task), problem=seen["problem"], answer=seen["answer"], budget=budget, **told
        )


@final
class ThinkClient(EnvClient[ThinkAction, ThinkObservation, ThinkState]):
    """``with ThinkClient(base_url="http://localhost:8000").sync() as env: env.reset(seed=0)``."""

    def _step_payload(self, action: ThinkAction) -> dict[str, Any]:
        return action.model_dump()

    def _parse_result(self, payload: dict[str, Any]) -> StepResult[ThinkObservation]:
        reward, done = payload.get("reward"), payload.get("done", False)
        observation = ThinkObservation(**{**payload["observation"], "reward": reward, "done": done})
        return StepResult(observation=observation, reward=reward, done=done)

    def _parse_state(self, payload: dict[str, Any]) -> ThinkState:
        return ThinkState(**payload)


def make_app(task: str | None = None, **settings: Any) -> Any:
    """The server's application. task: by default the one that the environment variable names, else sudoku4x4.

    settings: as ``RefinementEnv`` takes them. Raises ValueError for a task that is unknown.
    """
    name = make_task(task or os.environ.get(TASK_VARIABLE, "sudoku4x4")).name
    return create_app(
        lambda: ThinkEnvironment(name, **settings),
        ThinkAction,
        ThinkObservation,
        env_name="trm_gym",
        max_concurrent_envs=MOST_SESSIONS,
        state_cls=ThinkState,
    )
