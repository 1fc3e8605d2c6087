"""What the page's tasks need is compiled by a process beside it, which Ctrl-C does not reach and which ends with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the viewer needs starlette: pip install 'trm-gym[viewer]'")

from agents.viewer import readying
from scripts.enduring.held import begun, told
from trm_gym.lazy_kernel import LazyKernel


def test_a_problem_of_every_task_is_drawn_and_typed(monkeypatch: pytest.MonkeyPatch):
    asked, kept = [], readying.run_of
    monkeypatch.setattr(os, "nice", lambda lower: None)
    monkeypatch.setattr(readying, "TASKS", {"sudoku4x4": "1.34\n34.2\n.14.\n43.1", "maze11x11": ""})
    monkeypatch.setattr(readying, "run_of", lambda shelf, body: asked.append(body) or kept(shelf, body))
    monkeypatch.setattr(LazyKernel, "interpret", lambda *_, **__: pytest.fail("nothing is interpreted"))
    readying.compile_kernels()
    assert [(one["task"], "problem" in one) for one in asked] == [
        ("sudoku4x4", False),
        ("sudoku4x4", True),
        ("maze11x11", False),
    ]


@pytest.mark.skipif(not told(), reason="which processes there are is told by Linux's /proc")
def test_the_process_is_there_meanwhile_and_no_other_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "__init__.py").write_text("raise SystemExit('of the folder that one is in')")
    monkeypatch.chdir(tmp_path)
    program = f"import {readying.__name__}, pathlib, time; pathlib.Path('found').touch(); time.sleep(600)"
    monkeypatch.setattr(readying, "_PROGRAM", program)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    before = set(begun(os.getpid()))
    with pytest.raises(KeyError), readying.making_ready():
        (process,) = set(begun(os.getpid())) - before
        assert os.getsid(process) == process, "Ctrl-C is for processes of this session"
        while not Path("found").exists():
            assert Path(f"/proc/{process}/status").read_text().find("State:\tZ") < 0, "it takes modules from elsewhere"
        raise KeyError
    assert set(begun(os.getpid())) == before
