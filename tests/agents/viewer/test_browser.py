"""The page in a browser: it shows what the API says, step by step; every control; no request to another host."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the viewer needs starlette: pip install 'trm-gym[viewer]'")

import uvicorn

from agents.viewer.app import create_app
from agents.viewer.events import Event, record
from agents.viewer.page import replay
from tests.agents.conftest import WAIT
from tests.agents.viewer.conftest import cells, classes, until

PUZZLE = "1.34\n34.2\n.14.\n43.1"


@pytest.fixture(scope="module")
def place() -> Iterator[str]:
    """A server on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(create_app(), log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=20)


def opened(page, place: str) -> None:
    page.goto(place)
    until(page, "document.getElementById('problem').value.length > 0")


def solve(page) -> dict[str, Any]:
    """Press the button; the run as the API has it, asked for as the page asked: the driver keeps no streams."""
    with page.expect_request("**/api/solve") as asked:
        page.click("#go")
    page.wait_for_selector(".outcome.good, .outcome.bad")
    sent = urllib.request.Request(asked.value.url, asked.value.post_data.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(sent, timeout=WAIT / 1000) as answer:
        parts = [part.split("\n") for part in answer.read().decode().strip().split("\n\n")]
    events = [(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in parts]
    return {"start": events[0][1], "steps": [data for kind, data in events if kind == "step"], "end": events[-1][1]}


def test_the_page_shows_what_the_api_says(page, place: str):
    opened(page, place)
    page.select_option("#task", "sudoku4x4")
    page.select_option("#level", "clues4-5")
    until(page, "document.getElementById('problem').value.includes('..')")
    page.fill("#max_steps", "4")
    run = solve(page)
    signs = run["start"]["symbols"]
    page.check("#mark")
    page.keyboard.press("Home")
    assert "".join(cells(page)) == "".join(signs[token] for token in run["start"]["start_draft"] if token)
    before = run["start"]["start_draft"]
    for number, step in enumerate(run["steps"], start=1):
        page.keyboard.press("ArrowRight")
        assert page.inner_text("#step-says") == f"step {number} of 4"
        assert cells(page) == [signs[token] if token else "" for token in step["drafts"]]
        assert classes(page, "wrong") == step["wrong"]
        assert classes(page, "changed") == [old != new for old, new in zip(before, step["drafts"], strict=True)]
        assert page.inner_text(".pane .velocity") == f"{step['velocity']:.4f}"
        before = step["drafts"]
    for price in (0, 20):
        page.evaluate(f"document.getElementById('price').value = {price}")
        page.dispatch_event("#price", "input")
        stops = [step["halt_at"][0][price] >= 0.5 for step in run["steps"]]
        row = page.inner_text(f".rules tr:has-text('grpo at {run['start']['prices'][price]:g}')").split("\t")
        assert row[1] == str(stops.index(True) + 1 if True in stops else 4)
    assert len([url for url in page.noted["asked"] if "/api/solve" in url]) == 1, "the price asks for no new run"
    assert {url.split("/")[2] for url in page.noted["asked"]} == {place.removeprefix("http://")}


def test_controls_faults_two_panes_and_a_phone(page, place: str):
    opened(page, place)
    page.fill("#problem", "12")
    page.click("#go")
    page.wait_for_selector("#error-problem:not(:empty)")
    said = page.inner_text("#error-problem")
    assert "2 cells found" in said and "file" not in said, "the page reads none"
    assert page.get_attribute("#problem", "aria-invalid") == "true"
    page.fill("#problem", PUZZLE)
    page.check("#two")
    page.fill("#rule-2", "restart-every:2+best-fixed-k:6")
    solve(page)
    until(page, "document.querySelectorAll('.outcome.good, .outcome.bad').length === 2")
    assert page.locator(".pane").count() == 2 and page.inner_text("#error-problem") == ""
    page.click("#last")
    assert page.locator(".pane:nth-child(2) circle.node").count() > 6, "restarts are branches"
    page.click("#first")
    assert page.inner_text("#step-says") == "the problem"
    page.select_option("#rate", "10")
    page.click("#play")
    until(page, "document.getElementById('step').value === document.getElementById('step').max")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("#theme")
    assert page.evaluate(ground) != light
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    named = "one.labels?.length || one.getAttribute('aria-label') || one.textContent"
    unnamed = f"all => all.filter(one => !({named})).map(one => one.id)"
    assert page.eval_on_selector_all("input:not([hidden]), select, textarea, button, meter", unnamed) == []


def test_a_maze_is_drawn_by_clicking_and_a_batch_is_measured(page, place: str):
    opened(page, place)
    page.select_option("#task", "maze11x11")
    until(page, "document.getElementById('problem').value.includes('G')")
    page.click("#maze-editor summary")
    page.fill("#maze-size", "5")
    page.click("#maze-new")
    page.click("#maze [data-at='1,1']")
    page.focus("#maze [data-at='2,2']")
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("G")
    assert page.input_value("#problem") == "S....\n.#...\n..#G.\n.....\n....."
    page.click("#tab-batch")
    page.select_option("#batch-task", "sudoku4x4")
    page.fill("#batch-problems", "16")
    page.fill("#batch-max_steps", "2")
    page.click("#batch-go")
    until(page, "document.getElementById('batch-says').textContent === '16 of 16 problems'")
    assert page.locator("#batch-returns path.curve").count() > 5
    page.set_viewport_size({"width": 360, "height": 740})
    hidden = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.id || one.className)"
    assert page.eval_on_selector_all("#batch .scroll, #batch-table", hidden) == [], "a phone shows whole tables"
    page.fill("#batch-problems", "0")
    page.click("#batch-go")
    page.wait_for_selector("#batch-error:not(:empty)")


def test_a_replay_plays_without_a_server(page, place: str, tmp_path: Path):
    opened(page, place)
    page.fill("#problem", PUZZLE)
    run = solve(page)
    kinds = [Event("start", run["start"]), *(Event("step", step) for step in run["steps"]), Event("end", run["end"])]
    (tmp_path / "replay.html").write_text(replay([record(kinds)] * 2), encoding="utf-8")
    page.noted["asked"].clear()
    page.goto((tmp_path / "replay.html").as_uri())
    page.click("#on")
    signs = run["start"]["symbols"]
    assert cells(page) == [signs[token] if token else "" for token in run["steps"][0]["drafts"]]
    assert page.locator("#ask").count() == 0
    assert all(url.startswith("file:") for url in page.noted["asked"])
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate("document.querySelector('#episodes option').textContent += ' of a name as long as they get'")
    assert page.evaluate("document.getElementById('episodes').getBoundingClientRect().right") < 360 - 8, "in its card"


def test_a_late_answer_is_not_taken_for_another_problem(page, place: str):
    """A test problem that is on its way: another task's is dropped, and a run waits for that which was asked for."""
    held: list[Any] = []
    opened(page, place)
    page.route("**/api/problem?*", lambda route: held.append(route))
    page.select_option("#task", "sudoku6x6")
    page.select_option("#task", "sudoku4x4")
    until(page, "document.getElementById('problem').value.length > 0")
    typed = page.input_value("#problem")
    with page.expect_response("**/api/problem?*"):
        held.pop().continue_()
    page.wait_for_timeout(300)
    assert page.input_value("#problem") == typed == PUZZLE and page.evaluate("page.drawn") is None
    page.fill("#seed", "3")
    page.click("#draw")
    page.fill("#max_steps", "2")
    page.click("#go")
    page.wait_for_timeout(300)
    assert page.locator(".pane").count() == 0, "the run waits for its problem"
    held.pop().continue_()
    page.wait_for_selector(".outcome.good, .outcome.bad")
    assert page.evaluate("player.runs[0].drawn") == "level clues6-8, seed 3"
    assert page.evaluate("player.runs[0].problem_text") == page.input_value("#problem")
