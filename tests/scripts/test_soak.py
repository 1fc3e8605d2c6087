"""The soak run: what it counts, that it goes on where it stopped, and that it does find faults."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scripts import soak
from scripts.oracles import algebra, maze, points
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


@pytest.mark.parametrize("name", ["sudoku4x4", "arithmetic", "algebra", "maze11x11", "regression"])
def test_a_wrong_solution_is_a_fault(name, monkeypatch):
    monkeypatch.setattr(soak, "CHUNK", 4)
    task = make_task(name)
    whole = type(task).sample

    def sample(self, keys, levels, split):
        drawn = whole(self, keys, levels, split)
        cell = int(np.flatnonzero(drawn.free[0])[1])
        drawn.solution[0, cell] = 1 + drawn.solution[0, cell] % (task.vocab - 1)
        return drawn

    monkeypatch.setattr(type(task), "sample", sample)
    faults = check(Chunk(name, (task.default_level,), 0)).faults
    assert len(faults) >= 2 and all("problem 0 of chunk 0" in fault for fault in faults)
    assert "the verifier is wrong about the solution" in faults[1]


@pytest.mark.parametrize("name", ["sudoku4x4", "maze11x11"])
def test_a_verifier_that_overlooks_one_cell_of_one_problem_is_a_fault(name, monkeypatch):
    monkeypatch.setattr(soak, "CHUNK", 30)
    task = make_task(name)
    whole, drawn = type(task).verify, type(task).sample

    def verify(self, problems, answers):
        meant = (problems.problem == overlooked.problem[7]).all(axis=1)
        seen = np.where((np.arange(self.length) == cell) & meant[:, None], problems.solution, answers)
        return whole(self, problems, seen)

    def sample(self, keys, levels, split):
        nonlocal overlooked, cell
        overlooked = drawn(self, keys, levels, split)
        cell = int(np.flatnonzero(overlooked.free[7])[-1])
        return overlooked

    overlooked, cell = task.generate(8, task.default_level, "train", 0), 0
    monkeypatch.setattr(type(task), "sample", sample)
    monkeypatch.setattr(type(task), "verify", verify)
    faults = check(Chunk(name, (task.default_level,), 0)).faults
    assert faults and all("problem 7 of" in fault for fault in faults)
    assert any("the verifier is wrong about a solution with one cell changed" in fault for fault in faults)


def test_mazes_have_other_paths_and_every_cell_is_changed(monkeypatch):
    monkeypatch.setattr(soak, "CELLS", 81 * 100)  # several portions
    task = MazeTask(9)
    drawn = task.generate(20, task.level_index("near"), "train", 0)
    given = list(answers_of(task, drawn, np.random.default_rng(0)))
    index, paths, right, _ = next(one for one in given if one[3] == "another shortest path")
    assert right.all() and (index == np.arange(20)).all() and (paths != drawn.solution).any()
    changed = [one for one in given if one[3] == "a solution with one cell changed"]
    index, answers = (np.concatenate([one[part] for one in changed]) for part in range(2))
    assert len(changed) > 1 and not any(one[2].any() for one in changed)
    assert (np.bincount(index) == 5 * drawn.free.sum(axis=1)).all()
    assert ((answers != drawn.solution[index]).sum(axis=1) == 1).all()
    assert len(np.unique(np.column_stack([index, answers]), axis=0)) == len(answers)


def test_a_maze_without_a_way_is_a_fault_and_ends():
    problem = np.full((2, 9), maze.WALL, np.uint8)
    problem[:, 0], problem[:, 8] = maze.START, maze.GOAL
    problem[1, [1, 2, 5]] = 0
    solution = np.where(problem == 0, maze.ON, problem).astype(np.uint8)
    assert [bool(fault) for fault in maze.faults(problem, solution)] == [True, False]
    paths = maze.another(problem, np.random.default_rng(0))
    assert (paths[0] == problem[0]).all() and (paths[1] == solution[1]).all()


@pytest.mark.parametrize(
    ("problem", "answer"),
    [
        ("2*x/3+1=5", "6"),
        ("x^2=4", "2,-2"),
        ("x^2-2x+1=0", "1"),
        ("(x+1)^2=x^2+7", "3"),
        ("x+y=3,x-y=1", "2,1"),
        ("expand (x+1)^2*3", "3x^2+6x+3"),
        ("factor x^2-1", "(x-1)(x+1)"),
        ("differentiate x^6+2x", "6x^5+2"),
        ("evaluate 2x^3/4-1 at x=1/3", "-53/54"),
    ],
)
def test_points_say_what_sympy_says(problem, answer):
    wrong = answer[:-1] + ("2" if answer[-1] == "1" else "1")
    for given in (answer, wrong, f"{answer},{answer}", f"-{answer}"):
        assert points.right(problem, given) == algebra.right(problem, given), given
    assert points.right(problem, answer)


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
    assert "soak 1000/1000" in capsys.readouterr().out
    report["wrong"] = 1
    out.write_text(json.dumps({"arithmetic": report}))
    with pytest.raises(SystemExit):
        run(Config(tasks=("arithmetic",), problems=1000, processes=1, out=out))
    out.write_text("[]")
    with pytest.raises(ValueError, match="is no report of this script"):
        run(small)
