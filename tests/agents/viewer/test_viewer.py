"""The viewer's API: what it streams is the trajectory, what is wrong is said of its field, nobody stops anybody."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import queue
import re
import threading
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the viewer needs starlette: pip install 'trm-gym[viewer]'")
pytest.importorskip("httpx2", reason="Starlette's test client needs httpx2")

from starlette.testclient import TestClient

from agents.halting.rules import HaltingRule
from agents.halting.tuning import stopping_steps
from agents.inference.other_rules import PRICES, OtherRules
from agents.inference.solver import Solver
from agents.inference.trajectory import wrong_cells
from agents.rollouts.unroll import unroll
from agents.viewer.app import HEADERS, MOST_BYTES, create_app
from agents.viewer.asking import usual_rules
from agents.viewer.events import Event, record
from agents.viewer.page import STATIC, index, replay
from agents.viewer.rounds import BusyError, Rounds

STEPS = 6
PUZZLE = "1.34\n34.2\n.14.\n43.1"
DRAWN = {"task": "sudoku4x4", "level": "clues4-5", "seed": 3, "max_steps": STEPS}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(), base_url="http://127.0.0.1") as made:
        yield made


@pytest.fixture(scope="module")
def solver() -> Solver:
    return Solver.from_pretrained("sudoku4x4")


def events_of(answer) -> list[Event]:
    """The events of a stream, read as a browser reads them."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for part in answer.text.strip().split("\n\n"):
        kind, data = part.split("\n")
        found.append(Event(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def drawn(solver: Solver):
    task = solver.task
    return task.generate(1, task.level_index(DRAWN["level"]), "test", DRAWN["seed"])


def test_what_is_streamed_is_the_trajectory(client: TestClient, solver: Solver):
    events = events_of(client.post("/api/solve", json=DRAWN))
    assert [event.kind for event in events] == ["start", *["step"] * STEPS, "end"]
    streamed, others = record(events), OtherRules.of(solver.checkpoint.heads, usual_rules(solver))
    found = solver.trajectory(drawn(solver), STEPS, 0.1, solver.default_rule)
    plain = json.loads(json.dumps(found.as_json(solver.task)))
    own = {"halt_at", "stops", "policies", "rules"}
    assert plain.keys() <= streamed.keys() and len(plain) > 25
    assert {name: streamed[name] for name in plain.keys() - own} == {name: plain[name] for name in plain.keys() - own}
    assert streamed["policies"] == list(others.policies) and streamed["rules"] == list(others.rules)
    assert np.shape(streamed["halt_at"]) == (STEPS, len(others.policies), len(PRICES))
    assert streamed["answer_right"] == found.solved[found.handed - 1]


def test_policies_at_other_prices_and_other_rules_stop_where_they_would_alone(client: TestClient, solver: Solver):
    streamed = record(events_of(client.post("/api/solve", json={**DRAWN, "rules": "unchanged:2 q:1 bce verifier"})))
    for place, policy in enumerate(streamed["policies"]):
        for price in (0, 8, len(PRICES) - 1):
            stops = [at[place][price] >= 0.5 for at in streamed["halt_at"]]
            alone = solver.trajectory(drawn(solver), STEPS, PRICES[price], policy).stop
            assert (stops.index(True) + 1 if True in stops else STEPS) == alone
    for place, rule in enumerate(streamed["rules"]):
        stops = [at[place] for at in streamed["stops"]]
        alone = solver.trajectory(drawn(solver), STEPS, rule=rule).stop
        assert (stops.index(True) + 1 if True in stops else STEPS) == alone, rule


def test_a_problem_of_ones_own_has_its_size_and_keeps_its_letters(client: TestClient):
    for checkpoint in ("hard_sudoku9x9", "sudoku9x9"):
        body = {"task": "sudoku9x9", "checkpoint": checkpoint, "problem": PUZZLE}
        streamed = record(events_of(client.post("/api/solve", json=body)))
        assert streamed["task"] == "sudoku4x4" and streamed["answer_right"]
    streamed = record(events_of(client.post("/api/solve", json={"task": "algebra", "problem": "3*z + 4 = 10"})))
    assert streamed["text"][streamed["handed"] - 1] == "z = 2" and "z" in streamed["problem_text"]
    assert "z" in streamed["symbols"] and "x" not in streamed["symbols"]


def test_restarts_are_told(client: TestClient):
    body = {**DRAWN, "rule": "restart-every:2+best-fixed-k:6"}
    streamed = record(events_of(client.post("/api/solve", json=body)))
    assert streamed["start"] == [1, 1, 2, 2, 3, 3] and 1 <= streamed["handed"] <= STEPS


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"level": "", "problem": "12"}, "problem", "2 cells found"),
        ({"level": "", "problem": " "}, "problem", "there is no problem"),
        ({"level": "", "problem": "/etc/passwd.txt"}, "problem", "files are not read here"),
        ({"level": "", "problem": "x" * 70_000}, "problem", "at most 64000 characters"),
        ({"task": "algebra", "level": "", "problem": "3*x +"}, "problem", "no '='"),
        ({"task": "chess"}, "task", "unknown task 'chess'"),
        ({"level": "none"}, "level", "unknown level"),
        ({"level": []}, "level", "unknown level"),
        ({"seed": -1}, "seed", "the seed must be"),
        ({"seed": "1"}, "seed", "the seed must be"),
        ({"rule": "magic"}, "rule", "unknown halting rule"),
        ({"rules": "confidence"}, "rules", "needs a setting"),
        ({"rules": "q:0 " * 3 + " ".join(f"q:{i}" for i in range(20))}, "rules", "more than 16"),
        ({"max_steps": 0}, "max_steps", "from 1 to 256"),
        ({"max_steps": None}, "max_steps", "from 1 to 256"),
        ({"price": 0}, "price", "above 0"),
        ({"checkpoint": "/etc"}, "checkpoint", "no network /etc"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(client: TestClient, change: dict, field: str, said: str):
    answer = client.post("/api/solve", json={**DRAWN, **change})
    assert answer.status_code == 422
    assert answer.json()["field"] == field and said in answer.json()["message"]


def test_requests_are_limited_and_come_from_this_page(client: TestClient):
    page = client.get("/")
    assert page.text == index() and HEADERS.items() <= {
        name.title(): value for name, value in page.headers.items()
    }.items() | {("Content-Security-Policy", page.headers["content-security-policy"])}
    assert client.post("/api/solve", content=b"{}").status_code == 415
    as_json = {"Content-Type": "application/json"}
    assert client.post("/api/solve", content=b" " * (MOST_BYTES + 1), headers=as_json).status_code == 413
    for broken in (b"[]", b"{", b"[" * 100_000):
        assert client.post("/api/solve", content=broken, headers=as_json).status_code == 400
    assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 400
    assert client.get("/static/../app.py").status_code == 404 == client.get("/static/%2e%2e/app.py").status_code
    text = "".join(path.read_text(encoding="utf-8") for path in STATIC.iterdir())
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}, "a name, never asked for"
    assert "innerHTML" not in text and "eval(" not in text


def test_an_example_is_the_problem_that_is_solved(client: TestClient, solver: Solver):
    found = client.get("/api/problem", params={name: str(DRAWN[name]) for name in ("task", "level", "seed")}).json()
    assert found["problem"] == solver.task.problem_text(drawn(solver))
    assert client.get("/api/problem", params={"task": "sudoku4x4", "seed": "x"}).json()["field"] == "seed"
    choices = client.get("/api/choices").json()
    assert {"sudoku9x9", "maze11x11", "algebra", "regression"} <= {task["name"] for task in choices["tasks"]}
    assert choices["prices"] == list(PRICES)


def test_a_batch_counts_what_the_unroll_counts(client: TestClient, solver: Solver):
    body = {"task": "sudoku4x4", "level": "clues6-8", "problems": 20, "seed": 1, "max_steps": 4, "rules": "unchanged:1"}
    events = events_of(client.post("/api/batch", json=body))
    assert [event.data["done"] for event in events] == [0, 8, 16, 20, 20]
    found, task = events[-2].data, solver.task
    runs = unroll(solver.checkpoint.model, task, task.generate(20, 1, "test", 1), 4)
    np.testing.assert_allclose(found["accuracy"], runs.solved.float().mean(0), atol=1e-5)
    rule = solver.rule("unchanged:1")
    assert isinstance(rule, HaltingRule)
    steps = stopping_steps(rule, runs)
    right = runs.solved.numpy()[np.arange(20), steps - 1].mean()
    returns = [right - price * steps.mean() / 4 for price in PRICES]
    np.testing.assert_allclose(found["measured"]["unchanged:1"]["returns"], returns, atol=2e-5)
    bound = found["measured"]["oracle"]["returns"]
    assert all(np.all(np.array(one["returns"]) <= np.array(bound) + 1e-9) for one in found["measured"].values())
    assert client.post("/api/batch", json={**body, "problems": 10**6}).json()["field"] == "problems"


def test_wrong_cells_are_those_that_differ_and_none_of_a_right_draft(solver: Solver):
    problems, task = drawn(solver), solver.task
    right = problems.solution[0]
    spoilt = right.copy()
    cell = int(np.flatnonzero(problems.free[0])[2])
    spoilt[cell] = right[cell] % 4 + 1
    drafts = np.stack([right, spoilt])
    wrong = wrong_cells(task, problems, drafts, np.array([True, False]))
    assert not wrong[0].any() and np.flatnonzero(wrong[1]).tolist() == [cell]


def counted(name: str, count: int) -> Iterator[Event]:
    for number in range(count):
        yield Event("step", {"name": name, "number": number})


def test_streams_take_turns_and_no_more_than_there_may_be():
    rounds, told, gate = Rounds(most=2, seconds=60), queue.Queue(), threading.Event()

    def held() -> Iterator[Event]:
        gate.wait(20)
        yield from counted("long", 50)

    def broken() -> Iterator[Event]:
        yield Event("step", {"name": "broken"})
        raise ValueError("no such thing")

    rounds.add(held(), told.put)
    rounds.add(broken(), told.put)
    with pytest.raises(BusyError, match="2 runs"):
        rounds.add(counted("third", 1), told.put)
    gate.set()
    seen = [told.get(timeout=20) for _ in range(53 + 1)]
    kinds = [None if event is None else event.data.get("name", event.kind) for event in seen]
    assert kinds.index("broken") <= 2 and kinds.index("fault") <= 4, "it did not wait for the long one"
    assert kinds.count("long") == 50 and kinds.count(None) == 2
    endless = rounds.add((Event("step", {"name": "endless"}) for _ in itertools.count()), told.put)
    assert told.get(timeout=20).data["name"] == "endless"
    endless.cancel()
    while told.get(timeout=20) is not None:
        pass
    rounds.close()
    with pytest.raises(BusyError):
        rounds.add(counted("late", 1), told.put)


def test_a_stream_ends_when_its_time_is_up():
    rounds, told = Rounds(seconds=0.05), queue.Queue()
    rounds.add((Event("step", {}) for _ in itertools.count()), told.put)
    found = [event for event in iter(lambda: told.get(timeout=20), None) if event.kind == "fault"]
    assert "0.05 seconds" in found[0].data["message"]
    rounds.close()


def test_a_replay_is_the_page_with_its_data_within(client: TestClient):
    episode = record(events_of(client.post("/api/solve", json=DRAWN)))
    episode["remark"] = "</script><script>alert(1)</script>"
    text = replay([episode])
    (data,) = re.findall(r'<script type="application/json" id="replay">(.*?)</script>', text)
    assert json.loads(data) == {"episodes": [episode]}
    (script,), (style,) = (
        re.findall(r"<script>(.*?)</script>", text, re.S),
        re.findall(r"<style>(.*?)</style>", text, re.S),
    )
    for part in (script, style):
        assert base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() in text, "the policy lets it in"
    assert "default-src 'none'" in text and "src=" not in text and "<link" not in text
    names = re.findall(r'src="static/(\w+\.js)"', index())
    assert len(names) > 5
    for name in names:
        assert (STATIC / name).read_text(encoding="utf-8") in script


TEXT, RING = 4.5, 3.0
"""Contrast that WCAG 2 asks of text, and of signs that are no text."""
PAIRS = {("ink", "sure"): TEXT, ("wrong", "sure"): TEXT, ("soft", "card"): TEXT, ("right", "card"): TEXT}
PAIRS |= {("on-accent", "accent"): TEXT, ("changed", "sure"): RING, ("edge", "card"): RING, ("accent", "cell"): RING}


def luminance(colour: tuple[float, ...]) -> float:
    """As WCAG 2 has it, of red, green and blue from 0 to 255."""
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", [r":root", r':root\[data-theme="dark"\]'])
def test_colours_can_be_told_apart_in_both_themes(theme: str):
    text = (STATIC / "view.css").read_text(encoding="utf-8")
    block = re.search(rf"^{theme} \{{(.*?)\}}", text, re.S | re.M)
    assert block is not None
    named: dict[str, tuple[float, ...]] = {
        name: tuple(bytes.fromhex(colour)) for name, colour in re.findall(r"--([\w-]+): #([0-9a-f]{6})", block.group(1))
    }
    named["sure"] = tuple(0.45 * a + 0.55 * b for a, b in zip(named["shade"], named["cell"], strict=True))
    for (above, below), least in PAIRS.items():
        dark, light = sorted((luminance(named[above]), luminance(named[below])))
        assert (light + 0.05) / (dark + 0.05) >= least, (above, below)
