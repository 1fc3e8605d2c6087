"""Pieces of work that take turns for hours: environments, trainings, problems that are solved, a page that is asked."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, final

import gymnasium

import trm_gym  # noqa: F401  registers the environments
from agents.checkpoint import load_checkpoint
from agents.halting.registry import rule_of
from agents.inference.engine import Engine
from scripts import view
from scripts.enduring.stream import Stream
from scripts.fuzzing.jobs import JOBS, started
from trm_gym import make_task
from trm_gym.registration import TASKS

STEPS, SLOTS, PROBLEMS = 40, 64, 256
"""Steps of an environment, slots of a vector environment, problems of a stream; each in one turn."""
PATIENCE = 120.0
"""Seconds that the page may take to open or to answer."""
_SOLVED = ("arithmetic", "sudoku4x4", "sudoku6x6", "algebra")
_ASKED = ("sudoku4x4", "arithmetic", "algebra", "sudoku6x6")


def step(turn: int) -> None:
    """Make, step and close the environments of a task: one, cells of it, many in this process, two in others."""
    entry = list(TASKS.values())[turn % len(TASKS)]
    for name in (entry.env_id, entry.cells_id):
        env = gymnasium.make(name)
        env.reset(seed=turn)
        for _ in range(STEPS):
            if any(env.step(env.action_space.sample())[2:4]):
                env.reset()
        env.close()
    envs = gymnasium.make_vec(entry.env_id, num_envs=SLOTS)
    _stepped(envs, turn)
    if turn % 5 == 0:
        _stepped(gymnasium.make_vec(entry.env_id, num_envs=2, vectorization_mode="async"), turn)


def _stepped(envs: gymnasium.vector.VectorEnv, turn: int) -> None:
    envs.reset(seed=turn)
    for _ in range(STEPS):
        envs.step(envs.action_space.sample())
    envs.close()


def train(turn: int) -> None:
    """A small run of each kind in its turn: pretraining, GRPO (frozen, joint), a comparison, a file, datasets."""
    name = list(JOBS)[turn % len(JOBS)]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        JOBS[name].work(started(folder))


def every_size() -> None:
    """Every network with every number of problems at a time that ``solve`` may come to.

    The libraries below torch keep what they prepared for each size that they saw. That has an end, but the rare sizes
    come by so seldom that it takes hours, and looks like a leak.
    """
    for name in _SOLVED:
        checkpoint, task = load_checkpoint(name), make_task(name)
        for slots in range(1, SLOTS + 1):
            # The first of a stream is none, so that there are as many as slots.
            stream = Stream(task, task.default_level, slots + 1, slots + 2, 0)
            list(Engine(checkpoint.model, task, rule_of("grpo", checkpoint.heads), slots, 2).run(stream))


def solve(turn: int) -> None:
    """A stream of problems, bad ones among them, through the engine, with a network that is loaded anew."""
    name = _SOLVED[turn % len(_SOLVED)]
    checkpoint, task = load_checkpoint(name), make_task(name)
    stream = Stream(task, task.default_level, PROBLEMS, 97, turn)
    engine = Engine(checkpoint.model, task, rule_of("grpo", checkpoint.heads), SLOTS, 16)
    for number, result in enumerate(engine.run(stream)):
        if stream.is_fault(number, result):
            raise AssertionError(f"{name}: problem {number} of the stream came back as {result.index}: {result.error}")


@final
class Page:
    """The page of view.py in a process of its own, as people start it, and whoever asks it.

    Ends the process by a signal on leaving; raises AssertionError where it does not go, or went before.
    """

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        # In a session of its own: Ctrl-C is for the one who asks, who then ends it.
        words = [sys.executable, str(Path(view.__file__)), "--port", str(self._port)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        quiet = {"stderr": subprocess.DEVNULL, "start_new_session": True, "env": environment}
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, **quiet)

    def __enter__(self) -> Page:
        assert self.process.stdout is not None
        if "is open" not in self.process.stdout.readline():
            self.process.wait(PATIENCE)
            raise AssertionError(f"view.py ended with code {self.process.returncode} before its page was open")
        return self

    def __exit__(self, *_: object) -> None:
        went = self.process.poll()
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"view.py goes on {PATIENCE:.0f} s after it was asked to end") from None
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()
        if went is not None:
            raise AssertionError(f"view.py ended by itself, with code {went}")

    def ask(self, turn: int) -> None:
        """What a browser asks: the page, a problem, a run, a batch, refusals, a run that nobody hears out."""
        task = _ASKED[turn % len(_ASKED)]
        drawn: dict[str, Any] = {"task": task, "level": make_task(task).levels[0].name, "seed": turn, "max_steps": 16}
        for path in ("/", "/api/choices", f"/api/problem?task={task}&level={drawn['level']}&seed={turn}"):
            self._expect(200, path)
        self._expect(422, "/api/solve", {"task": "nothing"})
        self._expect(404, "/nothing")
        if "event: end" not in self._expect(200, "/api/solve", drawn):
            raise AssertionError(f"the page's run of {task} has no end")
        self._expect(200, "/api/batch", {**drawn, "problems": 64})
        with self._sent("/api/solve", {**drawn, "max_steps": 256}) as answer:
            answer.read(64)

    def said(self, path: str, body: object) -> Iterator[str]:
        """The lines of an answer, each as it comes."""
        with self._sent(path, body) as answer:
            for line in answer:
                yield line.decode()

    def _sent(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        url = f"http://127.0.0.1:{self._port}{path}"
        return urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=PATIENCE)

    def _expect(self, status: int, path: str, body: object = None) -> str:
        try:
            with self._sent(path, body) as answer:
                found, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with contextlib.closing(error):
                found, text = error.code, error.read().decode()
        if found != status:
            raise AssertionError(f"the page answers {path} by {found}, not {status}: {text[:200]}")
        return text
