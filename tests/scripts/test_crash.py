"""Killed runs go on to the same results; a run that would not is noticed."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from scripts import crash
from scripts.fuzzing import jobs
from scripts.fuzzing.jobs import JOBS, Job


@pytest.mark.slow
def test_two_kills_of_a_run(tmp_path: Path, unchecked, capsys: pytest.CaptureFixture[str]):
    """Of those that nothing else in the tests kills (test_fuzz.py: pretrain, grpo, solve; test_signals.py: joint)."""
    names = ("compare", "banks")
    crash.run(crash.Config(runs=names, kills=2, out=tmp_path / "table.md"))
    rows = (tmp_path / "table.md").read_text().splitlines()[2:]
    assert len(rows) == len(names) and all("| 0 | 2 | 2 |" in row for row in rows), rows
    assert "same results" in capsys.readouterr().out


def careless(place: Path) -> None:
    """A run that goes on from what it finds without a look at it."""
    found = place / "out.jsonl"
    with found.open("a") as file:
        for _ in range(2000):
            file.write("x\n")


def test_a_run_that_does_not_come_to_the_same_is_noticed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(JOBS, "careless", Job(careless, ("out.jsonl",)))
    count = crash.Count()
    crash.crash("careless", Random(0), count)
    jobs.undisturbed.cache_clear()
    assert count.kills == count.ended == 1 and not count.same and not count.sound


def test_what_cannot_be_asked_for():
    with pytest.raises(ValueError, match="unknown run 'x': use pretrain"):
        crash.Config(runs=("x",))
