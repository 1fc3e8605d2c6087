"""A page that is open for days holds no more than at its beginning."""

from __future__ import annotations

import gc
import queue
import threading
import time
from collections.abc import Iterator

import pytest

pytest.importorskip("starlette", reason="the viewer needs starlette: pip install 'trm-gym[viewer]'")
pytest.importorskip("httpx2", reason="Starlette's test client needs httpx2")

from starlette.testclient import TestClient

from agents.viewer import rounds
from agents.viewer.app import create_app
from agents.viewer.events import Event
from agents.viewer.rounds import Rounds

WARM, ROUNDS, LOOKS, BATCHES = 6, 10, 5, 3
DRAWN = {"task": "sudoku4x4", "level": "clues4-5", "max_steps": 2}


def ask(client: TestClient, seed: int) -> None:
    """Everything that a browser asks, refusals too."""
    drawn = {**DRAWN, "seed": seed}
    assert client.get("/").status_code == client.get("/api/choices").status_code == 200
    assert client.get("/api/problem", params={"task": "sudoku4x4", "seed": seed}).status_code == 200
    assert "event: end" in client.post("/api/solve", json=drawn).text
    assert "event: end" in client.post("/api/batch", json={**drawn, "problems": 9}).text
    assert client.post("/api/solve", json={"task": "nothing"}).status_code == 422


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())


def test_requests_leave_no_objects():
    with TestClient(create_app(), base_url="http://127.0.0.1") as client:
        for seed in range(WARM):
            ask(client, seed)
        seed, left = WARM, [ROUNDS]
        # An object that is kept a round is kept in every batch of rounds; what is made once is not.
        while left[-1] >= ROUNDS // 2 and len(left) <= BATCHES:
            # The page's own thread is not yet done with the last requests when they are answered: it is waited for.
            first = min(objects() for _ in range(LOOKS) if not time.sleep(0.1))
            for _ in range(ROUNDS):
                ask(client, seed := seed + 1)
            left.append(min(objects() - first for _ in range(LOOKS) if not time.sleep(0.2)))
    assert left[-1] < ROUNDS // 2, left


class Counted:
    """What a stream holds while it runs."""

    alive = 0

    def __init__(self) -> None:
        Counted.alive += 1

    def __del__(self) -> None:
        Counted.alive -= 1


def test_memory_is_given_back_when_no_stream_is_left(monkeypatch: pytest.MonkeyPatch):
    given, go = queue.Queue[int](), threading.Event()
    monkeypatch.setattr(rounds, "give_back_memory", lambda: given.put(Counted.alive))

    def stream(waits: bool) -> Iterator[Event]:
        held = Counted()
        while True:
            yield Event("step", {"held": held.alive})
            if waits:
                go.wait(20)

    served, told = Rounds(), queue.Queue[Event | None]()
    tickets = [served.add(stream(True), told.put)]
    assert told.get(timeout=20) is not None
    tickets.append(served.add(stream(False), lambda _: None))
    while tickets:
        tickets.pop().cancel()
    assert given.empty()
    go.set()
    assert given.get(timeout=20) == 0, "a stream that has ended is still held"
    served.close()
