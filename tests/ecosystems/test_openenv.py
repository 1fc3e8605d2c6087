"""An OpenEnv server played by its client: `make ecosystem-openenv`. It pays what the environment pays."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gymnasium
import pytest

import trm_gym
from tests.ecosystems.page import run_block
from trm_gym.wrappers import TextObservation

MISSING = 'openenv is not installed: pip install -e ".[openenv]"'
pytest.importorskip("openenv.core", reason=MISSING)
served = pytest.importorskip("trm_gym.ecosystems.openenv", reason=MISSING)

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("default")  # others' warnings are not ours to mend


def until(running: subprocess.Popen, address: str) -> None:
    """Wait until a server answers, on a busy machine for minutes."""
    for _ in range(3000):
        assert running.poll() is None, "the server has ended"
        try:
            return urllib.request.urlopen(address).close()
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"nothing answers at {address}")


@contextmanager
def server(task: str) -> Iterator[str]:
    """The address of a server that the Dockerfile's command starts, on another port."""
    written = re.search(r"^CMD (.*)", (ROOT / "examples/openenv/Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert written
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    words: list[str] = json.loads(written[1])
    command = [{"0.0.0.0": "127.0.0.1", "8000": port}.get(word, word) for word in words]
    running = subprocess.Popen(
        [sys.executable, "-m", *command], env={**os.environ, served.TASK_VARIABLE: task}, cwd=ROOT
    )
    try:
        until(running, f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(30)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server("algebra") as at:
        yield at


def test_the_page(address: str):
    left = run_block("OpenEnv", **{"http://localhost:8000": address})
    assert left["result"].done and left["result"].observation.solved is True
    assert left["result"].reward == pytest.approx(1 - 0.1 / 16)


def test_it_pays_what_the_environment_pays(address: str):
    task = trm_gym.make_task("algebra")
    plain = TextObservation(gymnasium.make("TRM-Algebra-v0"))
    with served.ThinkClient(base_url=address).sync() as env:
        for seed in range(5):
            result, seen = env.reset(seed=seed, level="linear"), plain.reset(seed=seed, options={"level": "linear"})[0]
            right = task.draft_text(plain.get_wrapper_attr("problems").solution[0])
            assert result.observation.problem == seen["problem"] and not result.done
            for draft, hand_in in (("7", False), ("no idea", False), (right, seed < 4), ("", True)):
                seen, reward, ended, _, info = plain.step(f"{draft} halt" if hand_in else draft)
                result = env.step(served.ThinkAction(draft=draft, hand_in=hand_in))
                told = result.observation
                assert (result.reward, result.done, told.answer) == (reward, ended, seen["answer"])
                assert (told.solved, told.parse_error) == (info.get("solved"), info.get("parse_error", ""))
                assert told.budget == seen["budget"][0]
                if ended:
                    break
            state = env.state()
            assert (state.task, state.level, state.step_count) == ("algebra", "linear", 3 + (seed == 4))
            assert told.solved


def test_ones_own_problem_and_what_is_wrong_with_it(address: str):
    with served.ThinkClient(base_url=address).sync() as env:
        assert env.reset(problem="3x + 4 = 10").observation.problem == "3*x+4=10"
        assert env.step(served.ThinkAction(draft="2", hand_in=True)).observation.solved
        with pytest.raises(Exception, match="it has no solution"):
            env.reset(problem="x = x + 1")


def test_clients_do_not_meet(address: str):
    with served.ThinkClient(base_url=address).sync() as one, served.ThinkClient(base_url=address).sync() as other:
        first = one.reset(seed=0).observation.problem
        assert other.reset(seed=1).observation.problem != first
        assert one.step(served.ThinkAction(draft="1")).observation.problem == first


def test_an_unknown_task_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(served.TASK_VARIABLE, "chess")
    with pytest.raises(ValueError, match="unknown task 'chess'"):
        served.make_app()


def test_what_is_sent_has_a_form():
    with pytest.raises(ValueError, match="at most 10000 characters"):
        served.ThinkAction(draft="1" * 10_001)
    shown: Any = served.ThinkAction.model_json_schema()["properties"]
    assert {"draft", "hand_in"} <= set(shown)
