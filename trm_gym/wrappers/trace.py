"""Everything that happened in an episode, as data."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, final

import gymnasium
import numpy as np
from gymnasium.spaces import Dict
from gymnasium.utils import RecordConstructorArgs

from trm_gym.atomic_io import atomic_write
from trm_gym.checks import whole_number

_NO_PROBLEM = {"answer", "budget"}


@final
class TraceRecorder(gymnasium.Wrapper, RecordConstructorArgs):
    """Writes every finished episode as a line of JSON into files ``episodes-0000000.jsonl`` of ``folder``.

    A line holds ``episode`` (its number since the wrapper was made, which also counts those left unfinished),
    ``problem`` (or what else the first observation shows beside answer and budget, by its names), ``drafts`` (the first
    draft, then one for each step), ``rewards``, and what the last ``info`` says: solved, is_success, score, steps,
    level, difficulty. Problem and drafts are what the wrapped environment shows: lists of tokens, or text around
    ``TextObservation``.

    A file holds ``episodes_per_file`` of them, is named after its first and appears whole; ``close`` writes the last
    one. Files that are there already are never overwritten: ValueError. So is what shows no problem and draft.
    """

    def __init__(self, env: gymnasium.Env, folder: str | os.PathLike[str], episodes_per_file: int = 100) -> None:
        RecordConstructorArgs.__init__(self, folder=os.fspath(folder), episodes_per_file=episodes_per_file)
        gymnasium.Wrapper.__init__(self, env)
        space = env.observation_space
        names = set(space) if isinstance(space, Dict) else set()
        if "answer" not in names or not names - _NO_PROBLEM:
            raise ValueError(
                "TraceRecorder needs observations with problem and answer: put it below what flattens them"
            )
        self._folder, self._most = Path(folder), whole_number("episodes_per_file", episodes_per_file)
        if any(self._folder.glob("episodes-*.jsonl")):
            raise ValueError(f"{self._folder} holds traces already: name another folder")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._episode = -1
        self._trace: dict[str, Any] = {}
        self._lines: list[str] = []
        self._first = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode and its trace."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._episode += 1
        drafts = [_plain(observation["answer"])]
        problem = {name: _plain(value) for name, value in observation.items() if name not in _NO_PROBLEM}
        self._trace = {"episode": self._episode, **problem, "drafts": drafts, "rewards": []}
        return observation, info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """A step of the environment, recorded."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._trace["drafts"].append(_plain(observation["answer"]))
        self._trace["rewards"].append(float(reward))
        if terminated or truncated:
            self._keep({**self._trace, **{name: _plain(value) for name, value in info.items()}})
        return observation, float(reward), terminated, truncated, info

    def close(self) -> None:
        """Write what is left and close the environment."""
        self._flush()
        self.env.close()

    def _keep(self, trace: dict[str, Any]) -> None:
        if not self._lines:
            self._first = trace["episode"]
        self._lines.append(json.dumps(trace, allow_nan=False) + "\n")
        if len(self._lines) == self._most:
            self._flush()

    def _flush(self) -> None:
        if self._lines:
            atomic_write(self._folder / f"episodes-{self._first:07d}.jsonl", "".join(self._lines))
            self._lines = []


def _plain(value: Any) -> Any:
    """What JSON can say of an array or a number."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
