"""scripts/load.py: what processes hold is counted, what grows or is left behind is told of."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from multiprocessing import shared_memory
from pathlib import Path

import pytest

from agents.common.cli import main
from scripts import load
from scripts.enduring import work
from scripts.enduring.held import Held, abandoned, adopt, begun, held, slope, told
from scripts.enduring.stream import BAD, Stream
from scripts.load import Config, Sample, judged

pytestmark = pytest.mark.skipif(not told(), reason="what processes hold is told by Linux's /proc")


def samples(memory=lambda hours: 500.0, handles=lambda turn: 10, others=lambda turn: 0) -> list[Sample]:
    server = Held(300.0, 0.0, 7, 6)
    turns = [(turn, turn / 60) for turn in range(60)]
    return [Sample(hours, Held(memory(hours), 0.0, handles(turn), 4), server, others(turn)) for turn, hours in turns]


def broken(found: list[Sample]) -> list[str]:
    return [row.what for row in judged(found) if not row.sound]


def test_what_grows_is_told():
    assert broken(samples()) == []
    assert broken(samples(memory=lambda hours: 500 + 0.9 * hours)) == []
    assert broken(samples(memory=lambda hours: 500 + 1.1 * hours)) == ["megabytes, own"]
    assert broken(samples(handles=lambda turn: 10 + turn % 3)) == []  # up and down is no growth
    assert broken(samples(handles=lambda turn: 10 + turn // 40)) == ["handles, own"]
    assert broken(samples(others=lambda turn: turn == 5)) == ["other processes after a turn"]
    assert "megabytes, own" in broken(samples()[:2])  # too few to tell


def test_slope_is_that_of_least_squares():
    found, error = slope([0, 1, 2, 3], [1, 3, 5, 7])
    assert found == pytest.approx(2) and error == pytest.approx(0, abs=1e-9)
    # y = 0, 0, 3: slope 1.5, residuals .5, -1, .5, so the error is sqrt(1.5 / 1 / 2).
    found, error = slope([0, 1, 2], [0, 0, 3])
    assert found == pytest.approx(1.5) and error == pytest.approx(math.sqrt(0.75))
    assert math.isnan(slope([0, 1], [1, 2])[0])


HOLDING = """
import os, sys, threading
print(flush=True)
sys.stdin.readline()
wait = threading.Event()
threading.Thread(target=wait.wait).start()
block, opened = bytearray(64 * 2**20), os.open(os.devnull, os.O_RDONLY)
for place in range(0, len(block), 4096):
    block[place] = 1
print(flush=True)
sys.stdin.readline()
wait.set()
"""
"""Takes memory, a thread and a file at the first line that it is sent, and ends at the second."""


def test_handles_threads_and_memory_are_seen():
    # In a process of its own: this one may have freed so much before that 64 MB more need nothing from the system.
    command = [sys.executable, "-c", HOLDING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holding:
        assert holding.stdin is not None and holding.stdout is not None
        seen = []
        for _ in range(2):
            holding.stdout.readline()
            seen.append(held([holding.pid]))
            holding.stdin.write("\n")
            holding.stdin.flush()
    before, now = seen
    assert (now.handles, now.threads) == (before.handles + 1, before.threads + 1)
    assert now.memory > before.memory + 60


def test_processes_are_found_and_orphans_adopted():
    # The orphan says who it is once it runs: just after it was begun the system may not tell its command yet.
    orphaned = "import os; print(os.getpid(), flush=True); input()"
    code = f"import subprocess as s, sys; s.Popen([sys.executable, '-c', {orphaned!r}], stdin=0); sys.exit()"
    earlier = set(begun(os.getpid()))
    adopt()
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin is not None and parent.stdout is not None
        parent.wait()
        orphan = int(parent.stdout.readline())
        found = set(begun(os.getpid())) - earlier
        parent.stdin.write(b"\n")
    assert found == {orphan}
    assert os.waitpid(orphan, 0)[0] == orphan


def test_who_is_about_to_end_is_not_left_behind(monkeypatch: pytest.MonkeyPatch):
    adopt()
    earlier = set(begun(os.getpid()))
    code = "import subprocess as s, sys; s.Popen([sys.executable, '-c', 'import time; time.sleep({})']); sys.exit()"
    subprocess.run([sys.executable, "-c", code.format(1)], check=True)
    assert load.left(earlier) == 0
    subprocess.run([sys.executable, "-c", code.format(600)], check=True)
    monkeypatch.setattr(load, "MOMENT", 0.5)
    assert load.left(earlier) == 1
    [orphan] = set(begun(os.getpid())) - earlier
    os.kill(orphan, signal.SIGKILL)
    os.waitpid(orphan, 0)


def test_shared_memory_that_nobody_holds_is_found():
    code = (
        "from multiprocessing import resource_tracker, shared_memory as m; b = m.SharedMemory(create=True, size=9);"
        "resource_tracker.unregister(b._name, 'shared_memory'); print(b.name)"
    )
    name = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert name in abandoned()
    block = shared_memory.SharedMemory(name)
    assert name not in abandoned()
    block.close()
    block.unlink()
    assert name not in abandoned()


def test_every_size_of_solving_is_seen_before_it_is_measured(monkeypatch: pytest.MonkeyPatch):
    seen: list[tuple[object, int, int]] = []

    class Noting:
        def __init__(self, network: object, task: object, rule: object, slots: int, max_steps: int) -> None:
            self.task, self.slots = task, slots

        def run(self, stream: Stream) -> list[object]:
            seen.append((self.task, self.slots, sum(item != BAD for item in stream)))
            return []

    monkeypatch.setattr(work, "SLOTS", 5)
    monkeypatch.setattr(work, "Engine", Noting)
    work.every_size()
    tasks = {id(task) for task, _, _ in seen}
    assert len(tasks) == 4 and len(seen) == 20
    assert {(slots, problems) for _, slots, problems in seen} == {(size, size) for size in range(1, 6)}


def test_a_short_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("starlette", reason="the viewer needs starlette: pip install 'trm-gym[viewer]'")
    monkeypatch.setattr(load, "train", lambda turn: time.sleep(0.1))  # tests/scripts/test_crash.py runs these
    monkeypatch.setattr(work, "STEPS", 2)
    monkeypatch.setattr(work, "SLOTS", 4)
    with pytest.raises(SystemExit) as stopped:  # of so few samples memory proves nothing
        main(load.run, Config, args=["--minutes", "0.02", "--warm-up", "0", "--json", str(tmp_path / "record.json")])
    record, said = json.loads((tmp_path / "record.json").read_text()), capsys.readouterr().out
    assert stopped.value.code == 1 and "left: 0 processes, 0 blocks of shared memory" in said
    assert record["turns"] == len(record["samples"]) >= 1 and "| handles, server |" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--minutes", "0"], "minutes must be above 0"), (["--minutes", "9"], "--warm-up must be below --minutes")],
)
def test_bad_input(capsys: pytest.CaptureFixture[str], words: list[str], said: str):
    with pytest.raises(SystemExit) as stopped:
        main(load.run, Config, args=words)
    assert stopped.value.code == 2 and said in capsys.readouterr().err
