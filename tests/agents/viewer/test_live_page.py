"""The page without a server: its networks give what Python's give, its rules judge as Python's verifiers do."""

from __future__ import annotations

import functools
import http.server
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import jaxtyping
import numpy as np
import pytest
import torch

pytest.importorskip("starlette", reason="the viewer needs starlette: pip install 'trm-gym[viewer]'")

from agents.checkpoint import load_checkpoint
from agents.rollouts.step import draft_of
from agents.trm import Inputs
from agents.viewer.asking import run_of
from agents.viewer.catalogue import Shelf
from agents.viewer.events import record, run_events
from agents.viewer.live import write_live_page
from agents.viewer.page import STATIC, missing_runtime
from tests.agents.viewer.conftest import cells, classes, until
from trm_gym import make_task

RUNTIME = Path(__file__).parents[3] / "node_modules" / "onnxruntime-web" / "dist"
NETWORKS = {"sudoku9x9": "minimal", "maze11x11": "long"}
EXACT = (
    "task shape answer_start units symbols problem problem_text start_draft free prices policies rules kind rule "
    "max_steps drafts solved changed stops wrong text stop handed answer_right"
)
CLOSE = "confidence least_confidence velocity right correct_now correct_ever halt halt_at"
JUDGED = """([facts, text, drafts]) => {
  const one = readProblem(text, facts);
  return drafts.map((draft) => [one.judge(draft), one.wrong(draft)]);
}"""
LOGITS = """async (text) => {
  const facts = local.choices.facts.sudoku9x9, given = readProblem(text, facts), rows = [];
  for await (const shown of thinking("sudoku9x9", facts, given, 16)) rows.push(Array.from(shown.logits.data));
  return rows;
}"""
READ = "([facts, text]) => { try { return readProblem(text, facts).remark; } catch (error) { return error.message; } }"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page on a server of plain files."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    if missing_runtime(RUNTIME):
        pytest.skip("there is no onnxruntime-web here: npm install --no-save onnxruntime-web")
    folder = tmp_path_factory.mktemp("live")
    # As in the fixture unchecked: an export traces, and the checker that the import hook puts in cannot be traced.
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(jaxtyping.config, "jaxtyping_disable", True)
        warnings.simplefilter("ignore")
        write_live_page(folder, tuple(NETWORKS), RUNTIME, seeds=2)
    serve = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.slow
@pytest.mark.parametrize("name", list(NETWORKS))
def test_the_browser_thinks_what_python_thinks(page, place: str, name: str):
    page.goto(place)
    until(page, "document.getElementById('problem').value.length > 0")
    page.select_option("#task", name)
    page.select_option("#level", NETWORKS[name])
    until(page, f"page.drawn?.level === '{NETWORKS[name]}'")
    page.click("#go")
    page.wait_for_selector(".outcome.good, .outcome.bad")
    body = {"task": name, "level": NETWORKS[name], "seed": 0, "price": 0.1, "checkpoint": name}
    wanted = record(run_events(run_of(Shelf(), body)))
    found = page.evaluate("player.runs[0]")
    for key in EXACT.split():
        assert found[key] == wanted[key], key
    for key in CLOSE.split():
        np.testing.assert_allclose(np.array(found[key]), np.array(wanted[key]), atol=1e-4, err_msg=key)
    signs = wanted["symbols"]
    page.check("#mark")
    page.keyboard.press("Home")
    for step in range(1, 17):
        page.keyboard.press("ArrowRight")
        drafts = wanted["drafts"][step - 1]
        assert cells(page) == [signs[token] if token and signs[token] != "#" else "" for token in drafts]
        assert classes(page, "wrong") == wanted["wrong"][step - 1]
    assert {url.split("/")[2] for url in page.noted["asked"]} == {place.removeprefix("http://")}


@pytest.mark.slow
def test_logits_in_the_browser_are_those_of_torch(page, place: str):
    page.goto(place)
    until(page, "document.getElementById('problem').value.length > 0")
    checkpoint, task = load_checkpoint("sudoku9x9"), make_task("sudoku9x9")
    problems = task.generate(1, 4, "test", 7)
    found = page.evaluate(LOGITS, task.problem_text(problems))
    carry, draft = checkpoint.model.initial_carry(1), torch.from_numpy(problems.start).long()
    for logits in found:
        with torch.no_grad():
            carry, output = checkpoint.model(carry, Inputs.of(problems, draft))
        np.testing.assert_allclose(np.array(logits).reshape(81, 10), output.logits[0].numpy(), atol=1e-4)
        draft = draft_of(output.logits, torch.from_numpy(problems.problem).long(), torch.from_numpy(problems.free))
    assert len(found) == 16


@pytest.mark.slow
def test_own_problems_rules_and_faults(page, place: str):
    page.goto(place)
    until(page, "document.getElementById('problem').value.length > 0")
    faults = {
        "#problem": ("12", "2 cells found"),
        "#rule": ("restart-every:16", "restart-every:16 is not in this page: choose"),
        "#rules": ("q:1", "q:1 is not in this page"),
        "#max_steps": ("0", "whole number from 1 to 256"),
        "#seed": ("2", "seeds 0 to 1"),
    }
    for field, (typed, said) in faults.items():
        kept = page.input_value(field)
        if field == "#rules":
            page.click("summary:has-text('Other rules')")
        page.fill(field, typed)
        page.click("#draw" if field == "#seed" else "#go")
        page.wait_for_selector(f"#error-{field[1:]}:not(:empty)")
        assert said in page.inner_text(f"#error-{field[1:]}")
        page.fill(field, kept)
    page.check("#two")
    page.fill("#rule", "confidence:0.9+best-fixed-k:8")
    page.fill("#rule-2", "always")
    page.click("#go")
    until(page, "document.querySelectorAll('.outcome.good, .outcome.bad').length === 2")
    assert page.evaluate("player.runs.map((run) => run.answer_right)") == [True, True]
    assert page.evaluate("player.runs[1].stop") == 16 > page.evaluate("player.runs[0].stop")
    assert page.locator("#batch, nav").count() == 0


@pytest.mark.parametrize("name", ["sudoku9x9", "maze11x11"])
def test_drafts_are_judged_as_by_the_verifier(page, name: str):
    """Right drafts, and such with one cell or several changed; mazes with many shortest ways among them."""
    task, rng = make_task(name), np.random.default_rng(0)
    _with_rules(page)
    verdicts = set()
    for level in range(len(task.levels)):
        problems = task.generate(2, level, "test", 5)
        for place in range(2):
            one = problems[slice(place, place + 1)]
            drafts = np.repeat(one.solution, 12, 0)
            for row in range(2, 12):
                hit = rng.permutation(np.flatnonzero(one.free[0]))[: 1 + row // 4]
                drafts[row, hit] = (
                    rng.permutation(drafts[row, hit]) if row % 2 else rng.choice(drafts[0, hit], len(hit))
                )
            solved = task.verify(one[np.zeros(12, np.int64)], drafts).solved
            found = page.evaluate(JUDGED, [_facts(name), task.problem_text(one), drafts.tolist()])
            assert [right for right, _ in found] == solved.tolist()
            verdicts |= {*solved.tolist()}
            if "sudoku" in name:
                assert [wrong for _, wrong in found] == (drafts != one.solution).tolist()
    assert verdicts == {True, False}


def test_what_is_no_problem_is_said(page):
    _with_rules(page)
    wide = "\n".join(["S" + "." * 9 + "G", *["#" * 11] * 10])
    said = {
        ("sudoku9x9", ""): "there is no problem",
        ("sudoku9x9", "55" + "." * 79): "5 stands twice in row 1",
        ("sudoku9x9", "a" * 81): "a is no cell",
        ("sudoku9x9", "." * 81): "more than one solution",
        ("sudoku9x9", "12345678." + "." * 8 + "9" + "." * 63): "no filling obeys the rules",
        ("maze11x11", "S.G"): "expected 11 rows of 11 signs",
        ("maze11x11", wide): "",
        ("maze11x11", wide.replace("...", ".#.")): "no way leads from S to G",
        ("maze11x11", wide.replace("S", ".")): "the maze has no S",
        ("maze11x11", wide.replace("...", ".x.")): "is no cell of a maze",
    }
    for (name, text), wanted in said.items():
        told = page.evaluate(READ, [_facts(name), text])
        assert wanted in told and bool(wanted) == bool(told), text


def _with_rules(page) -> None:
    page.goto("about:blank")
    for file in ("data.js", "rules.js"):
        page.add_script_tag(path=str(STATIC / file))


def _facts(name: str) -> dict[str, object]:
    task = make_task(name)
    units = task.structure.units[-1].tolist() if len(task.structure.units) else []
    return {"task": name, "shape": list(task.structure.shape), "units": units, "symbols": list(task.signs)}
