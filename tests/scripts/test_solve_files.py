"""scripts/solve.py: files and problems as people have them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.inference.engine import Engine
from tests.scripts.checkpoints import untrained
from tests.scripts.test_solve import PUZZLE, TASK, code_of, records
from trm_gym import make_task

TWO_STEPS = ("--rule", "always", "--max-steps", "2")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("checkpoints"))


@pytest.mark.parametrize("name", ["extreme.csv", "kaggle.csv", "bank.txt", "questions.jsonl", "rows.txt", "marked.txt"])
def test_files_as_people_have_them(name: str, tmp_path: Path, checkpoint: Path, solving):
    solving(1)
    problems = TASK.generate(3, 0, "test", 0)
    puzzles, solutions = ([TASK.decode(row) for row in part] for part in (problems.problem, problems.solution))
    pairs = list(zip(puzzles, solutions, strict=True))
    (tmp_path / name).write_text(
        {
            "extreme.csv": "source,question,answer,rating\n" + "".join(f"a,{p},{s},7\n" for p, s in pairs),
            "kaggle.csv": "quizzes,solutions\n" + "".join(f"{p.replace('.', '0')},{s}\n" for p, s in pairs),
            "bank.txt": "".join(f"0a8c2f {p} {s} 1.2\n" for p, s in pairs),
            "questions.jsonl": "".join(json.dumps({"question": p}) + "\n" for p in puzzles),
            "rows.txt": "".join(
                f"Grid {p[:2]}\n" + "\n".join(p[at : at + 4] for at in (0, 4, 8, 12)) + "\n" for p in puzzles
            ),
            "marked.txt": "\ufeff" + "\n".join(puzzles),
        }[name],
        encoding="utf-8",
    )
    assert code_of("--data", str(tmp_path / name), "--checkpoint", str(checkpoint), "--rule", "verifier") == 0
    found = records(tmp_path / f"{name}.answers.jsonl")
    assert [one["answer"] for one in found] == solutions


def test_a_file_is_counted_by_a_column(tmp_path: Path, checkpoint: Path, solving, capsys):
    solving(1)
    problems = TASK.generate(3, 0, "test", 0)
    lines = [f"{name}\t{TASK.decode(row)}\n" for name, row in zip("aab", problems.problem, strict=True)]
    (tmp_path / "kinds").write_text("Kind\tpuzzle\n" + "".join(lines) + "b\tnone\n")
    told = ("--data", str(tmp_path / "kinds"), "--checkpoint", str(checkpoint), "--rule", "verifier")
    assert code_of(*told, "--by", "kind") == 0
    out = capsys.readouterr().out.splitlines()
    assert "a: 2 of 2" in out and "b: 1 of 1" in out and "3 of 4 solved" in " ".join(out)
    assert code_of(*told, "--by", "level") == 2
    assert "has no column 'level' to count by: it has kind, puzzle" in " ".join(capsys.readouterr().err.split())
    assert code_of("--by", "kind") == 2


def test_mazes_of_several_sizes_are_answered_each_in_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    network = str(untrained(tmp_path, "maze11x11"))

    def maze(size: int, seed: int) -> str:
        task = make_task("maze11x11", size)
        return task.decode(task.generate(1, 0, "test", seed).problem[0]).replace("\n", "/")

    def answers(name: str, *mazes: str) -> list[dict]:
        (tmp_path / name).write_text("\n".join(mazes))
        code = code_of(
            "--data", str(tmp_path / name), *TWO_STEPS, "--checkpoint", network, "--slots", "2", family="maze"
        )
        assert code in (0, 130)
        return records(tmp_path / f"{name}.answers.jsonl") if code == 0 else []

    lines = [maze(9, 0), maze(5, 1), "no maze", maze(9, 2), maze(7, 3), maze(5, 4)]
    found = answers("all", *lines)
    assert [one["index"] for one in found] == list(range(6)) and "line 3: 'n'" in found[2]["error"]
    for place in (0, 1, 3, 4, 5):
        (alone,) = answers("alone", lines[place])
        assert alone.pop("confidence") == pytest.approx(found[place]["confidence"], abs=1e-5)
        assert {**found[place], **alone, "index": place} == found[place], "whatever stands beside it in the file"
    run = Engine.run

    def interrupted(engine: Engine, stream):
        for number, result in enumerate(run(engine, stream)):
            if engine.task.length == 81 and number == 1:
                raise KeyboardInterrupt
            yield result

    monkeypatch.setattr(Engine, "run", interrupted)
    assert answers("again", *lines) == []
    assert [one["index"] for one in records(next(tmp_path.glob(".again*.partial")))] == [1, 2, 5, 4, 0]
    monkeypatch.setattr(Engine, "run", run)
    assert answers("again", *lines) == found


def test_several_solutions_are_told_of_one_puzzle_and_of_a_file(tmp_path: Path, checkpoint: Path, solving, capsys):
    solving(1)
    assert code_of("." * 16, "--checkpoint", str(checkpoint), "--rule", "verifier") == 0
    assert "Note: the puzzle has more than one solution" in capsys.readouterr().out
    (tmp_path / "two").write_text(f"{PUZZLE}\n{'.' * 16}\n")
    assert code_of("--data", str(tmp_path / "two"), "--checkpoint", str(checkpoint), "--rule", "verifier") == 0
    assert "1 have more than one solution, any of which counts" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("family", "task", "problem", "answer"),
    [
        ("algebra", "algebra", "-x=3", "x = -3"),
        ("arithmetic", "arithmetic", "-(2+3)", "-5"),
        ("sudoku", "sudoku4x4", "", ""),
    ],
)
def test_a_problem_that_begins_with_a_dash(family, task, problem, answer, tmp_path: Path, solving, capsys):
    place = untrained(tmp_path, task)
    solving(1)
    problem, answer = problem or "-" + PUZZLE.replace(".", "-")[1:], answer or "Solved in"
    assert code_of(problem, "--checkpoint", str(place), "--rule", "verifier", family=family) == 0
    assert answer in capsys.readouterr().out


def test_a_path_that_is_none_is_told(tmp_path: Path, capsys):
    for name in ("puzzles", "nowhere/puzzles.dat"):
        assert code_of(str(tmp_path / name)) == 2
        assert "No such file" in capsys.readouterr().err
