"""The soak run: what it counts, that it goes on where it stopped, and that it does find faults."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scripts import soak
from scripts.soak import Chunk, Config, answers_of, check, run
from trm_gym.maze import MazeTask
from trm_gym.registration import TASKS, make_task


@pytest.mark.parametrize("name", [*TASKS, "maze30x30"])
def test_tasks_have_no_fault(name, monkeypatch):
    monkeypatch.setattr(soak, "CHUNK", 12)
    task = make_task(name)
    level = (
        2 if name.startswith("sudoku9") else 0
    )  # the default levels come with the package, others take time to build
    levels = tuple(range(len(task.levels))) if not name.startswith("sudoku") else (task.default_level or level,)
    for number in range(len(levels)):
        outcome = check(Chunk(name, levels, number))
        assert outcome.faults == []
        assert outcome.problems == 12 and outcome.verdicts >= 24


@pytest.mark.parametrize("name", ["sudoku4x4", "arithmetic", "algebra", "maze11x11"])
def test_a_wrong_solution_is_a_fault(name, monkeypatch):
    monkeypatch.setattr(soak, "CHUNK", 4)
    task = make_task(name)
    whole = type(task).supply

    def supply(self, keys, levels, split):
        drawn = whole(self, keys, levels, split)
        cell = int(np.flatnonzero(drawn.free[0])[1])
        drawn.solution[0, cell] = 1 + drawn.solution[0, cell] % (task.vocab - 1)
        return drawn

    monkeypatch.setattr(type(task), "supply", supply)
    faults = check(Chunk(name, (task.default_level,), 0)).faults
    assert len(faults) >= 2 and all("problem 0 of chunk 0" in fault for fault in faults)
    assert "the verifier is wrong about the solution" in faults[1]


def test_mazes_have_other_paths_and_every_cell_is_changed():
    task = MazeTask(9)
    one = task.generate(1, task.level_index("near"), "train", 0)
    given = {what: (answers, worth) for answers, worth, what in answers_of(task, one, np.random.default_rng(0))}
    answers, worth = given["a solution with one cell changed"]
    assert not worth and len(answers) == 5 * one.free.sum()
    assert ((answers != one.solution).sum(axis=1) == 1).all() and len(np.unique(answers, axis=0)) == len(answers)


@pytest.mark.slow
def test_processes_share_the_work(tmp_path):
    out = tmp_path / "soak.json"
    run(Config(tasks=("arithmetic",), problems=1000, processes=2, out=out))
    assert json.loads(out.read_text())["arithmetic"]["problems"] == 1000


def test_a_stopped_run_goes_on(tmp_path, monkeypatch, capsys):
    out = tmp_path / "soak.json"
    small = Config(tasks=("arithmetic",), problems=1000, processes=1, seconds=0.0, out=out)
    run(small)
    assert json.loads(out.read_text())["arithmetic"]["problems"] == soak.CHUNK
    run(Config(tasks=("arithmetic",), problems=1000, processes=1, out=out))
    report = json.loads(out.read_text())["arithmetic"]
    assert report["problems"] == 1000 and report["chunks"] == 2 and report["wrong"] == 0
    assert "1,000 of 1,000 problems" in capsys.readouterr().out
    report["wrong"] = 1
    out.write_text(json.dumps({"arithmetic": report}))
    with pytest.raises(SystemExit):
        run(Config(tasks=("arithmetic",), problems=1000, processes=1, out=out))
    out.write_text("[]")
    with pytest.raises(ValueError, match="is no report of this script"):
        run(small)
