"""What the page's tasks need is compiled by a process beside it, which Ctrl-C does not reach and which ends with it."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the viewer needs starlette: pip install 'trm-gym[viewer]'")

from agents.viewer import readying
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


def test_the_process_is_there_meanwhile_and_hears_no_interrupt(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(readying, "compile_kernels", functools.partial(time.sleep, 600))
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyError), readying.making_ready():
        (process,) = multiprocessing.active_children()
        status = Path(f"/proc/{process.pid}/status")
        if status.exists():
            (ignored,) = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("SigIgn")]
            assert int(ignored, 16) >> (signal.SIGINT - 1) & 1
        raise KeyError
    assert signal.getsignal(signal.SIGINT) is before, "this process hears it"
    assert not process.is_alive() and multiprocessing.active_children() == []
