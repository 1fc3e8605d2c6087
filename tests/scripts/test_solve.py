"""scripts/solve.py: what a person sees of a solved, an unsolved and an impossible puzzle."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agents.common.cli import main
from agents.inference.engine import Engine
from agents.inference.solver import Solver
from scripts import solve
from tests.scripts.checkpoints import untrained
from trm_gym import make_task

TASK = make_task("sudoku4x4")
PROBLEMS = TASK.generate(1, 0, "test", 3)
PUZZLE = TASK.decode(PROBLEMS.problem[0])
BY_VERIFIER = ("--rule", "verifier")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("checkpoints"))


def code_of(*words: str, family: str = "sudoku") -> int:
    """The exit code with which the script ends."""
    try:
        main(solve.run, solve.Config, args=[family, *words])
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


def test_a_solved_puzzle(checkpoint: Path, solving, capsys: pytest.CaptureFixture[str]):
    solving(2)
    assert code_of(PUZZLE, "--checkpoint", str(checkpoint), "--rule", "verifier") == 0
    out = capsys.readouterr().out
    assert "step 2:" in out and "step 3:" not in out, "the verifier stops at once"
    assert TASK.decode(PROBLEMS.solution[0]) in out and "Solved in 2 steps" in out
    assert "least sure cell" in out and "would stop" in out and "changed" in out


def test_an_unsolved_puzzle_says_so(checkpoint: Path, capsys: pytest.CaptureFixture[str]):
    assert code_of(PUZZLE, "--checkpoint", str(checkpoint), "--max-steps", "3") == 1
    out = capsys.readouterr().out
    assert "Not solved" in out and "step 3:" in out and "Solved in" not in out


def test_the_default_is_the_learnt_rule_and_a_network_without_it_says_so(
    checkpoint: Path, tmp_path: Path, solving, capsys: pytest.CaptureFixture[str]
):
    """The policy stops at the third of four steps, where the verifier would have stopped at the second."""
    solving(3)
    assert code_of(PUZZLE, "--checkpoint", str(checkpoint), "--max-steps", "4") == 0
    assert "Stopped by grpo (learnt:" in " ".join(capsys.readouterr().out.split())
    solver = Solver.from_pretrained(checkpoint)
    assert solver.default_rule == "grpo" and solver.solve(PROBLEMS, 4).steps == 3
    plain = untrained(tmp_path, heads=())
    assert code_of(PUZZLE, "--checkpoint", str(plain), "--max-steps", "4") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "was not taught when to stop: verifier stops it" in told and "Stopped by verifier" in told
    solver = Solver.from_pretrained(plain)
    assert solver.default_rule == "verifier" and solver.solve(PROBLEMS, 4).steps == 3


@pytest.mark.parametrize(
    ("rule", "step", "code", "said"),
    [("always", 2, 1, "thought on"), ("grpo", 4, 1, "after grpo had stopped"), ("grpo", 3, 0, "Solved in 3 steps")],
)
def test_rules(
    checkpoint: Path, solving, capsys: pytest.CaptureFixture[str], rule: str, step: int, code: int, said: str
):
    # The policy stops at the third of four steps.
    solving(step)
    assert code_of(PUZZLE, "--checkpoint", str(checkpoint), "--max-steps", "4", "--rule", rule) == code
    assert said in " ".join(capsys.readouterr().out.split())


def test_a_file(checkpoint: Path, tmp_path: Path, solving, capsys: pytest.CaptureFixture[str]):
    solving(1)
    for name in ("puzzle.txt", "puzzle"):
        rows = [PUZZLE[at : at + 4] for at in range(0, 16, 4)]
        (tmp_path / name).write_text("\n".join(f"{row[:2]} | {row[2:]}" for row in rows))
        assert code_of(str(tmp_path / name), *BY_VERIFIER, "--checkpoint", str(checkpoint)) == 0
    assert "Solved in 1 step:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("puzzle", "said"),
    [
        ("123", "3 cells found: expected 16, 36 or 81"),
        ("", "0 cells found"),
        ("y" * 16, "'y' at character 1"),
        ("11" + "." * 14, "contradict"),
        ("12..34....1...2.", "no solution"),
        ("nowhere.txt", "cannot read nowhere.txt"),
        ("." * 5000, "5000 cells found"),
    ],
)
def test_bad_puzzles(puzzle: str, said: str, checkpoint: Path, capsys: pytest.CaptureFixture[str]):
    assert code_of(puzzle, "--checkpoint", str(checkpoint)) == 2
    message = capsys.readouterr().err
    assert said in message and message.startswith("error: ") and message.count("\n") == 1


def test_bad_files(tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    for place in (tmp_path / "bytes.txt", tmp_path):
        assert code_of(str(place), "--checkpoint", str(checkpoint)) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_wrong_checkpoints_and_numbers(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    other = untrained(tmp_path, "sudoku6x6", heads=())
    assert code_of(PUZZLE, "--checkpoint", str(other)) == 2
    assert "trained on sudoku6x6, not on sudoku4x4" in capsys.readouterr().err
    assert code_of(PUZZLE, "--checkpoint", str(tmp_path / "none")) == 2
    assert "no checkpoint at" in capsys.readouterr().err
    plain = untrained(tmp_path, heads=())
    assert code_of(PUZZLE, "--checkpoint", str(plain), "--rule", "grpo") == 2
    assert "no grpo head" in capsys.readouterr().err
    for words in (["--max-steps", "0"], ["--price", "0"], ["--rule", "magic"]):
        assert code_of(PUZZLE, "--checkpoint", str(checkpoint), *words) == 2


MAZE = "S..../.###./...#./##.#./....G"


@pytest.mark.parametrize(
    ("family", "task", "problem", "answer"),
    [
        ("algebra", "algebra", "3*x + 4 = 10", "\nx = 2\n"),
        ("algebra", "algebra", "0.5t + 1 = 1.25", "0.5 is read as 1/2, 1.25 is read as 5/4; t is written as x"),
        ("algebra", "algebra", "0.5t + 1 = 1.25", "\nt = 1/2 (0.5)\n"),
        ("algebra", "algebra", "2t + 1 = 2", "\nt = 1/2\n"),
        ("arithmetic", "arithmetic", "3*(4-1)", "\n9\n"),
        ("arithmetic", "arithmetic", "1.5 + 2.25", "\n15/4 (3.75)\n"),
        ("maze", "maze11x11", MAZE, "Soooo\n ###o"),
    ],
)
def test_every_family_is_solved(family, task, problem, answer, tmp_path: Path, solving, capsys):
    place = untrained(tmp_path, task)
    solving(1)
    assert code_of(problem, *BY_VERIFIER, "--checkpoint", str(place), family=family) == 0
    assert answer in capsys.readouterr().out


@pytest.mark.parametrize(
    ("family", "problem", "said"),
    [
        ("algebra", "3*x + 4", "="),
        ("algebra", "x^2 = 2", "8"),
        ("algebra", "x^0.5 = 2", "0.5 was read as 1/2"),
        ("algebra", "0,5x = 2", "write 0.5 for a decimal"),
        ("arithmetic", "1/0", "zero"),
        ("maze", "S../.#./...", "no G"),
        ("maze", "S#G/###/...", "no way"),
    ],
)
def test_what_is_no_problem_of_a_family(family, problem, said, capsys):
    assert code_of(problem, family=family) == 2
    message = capsys.readouterr().err
    assert said in message and message.count("\n") == 1


def test_a_network_of_another_family_is_refused(checkpoint: Path, capsys):
    assert code_of(MAZE, "--checkpoint", str(checkpoint), family="maze") == 2
    assert "no sudoku of size 5" in capsys.readouterr().err


def test_a_process_ends_with_code_2_and_no_traceback():
    words = [sys.executable, "scripts/solve.py", "sudoku", "123"]
    ended = subprocess.run(words, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: 3 cells") and "Traceback" not in ended.stderr


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A file of 4x4 puzzles, two of whose lines are none."""
    puzzles = [TASK.decode(row) for row in TASK.generate(5, 0, "test", 0).problem]
    record = json.dumps({"problem": puzzles[1]})
    lines = ["# a comment", puzzles[0] + "\tand a column", "", "nonsense", record, *puzzles[2:], "1" * 16]
    (tmp_path / "many").write_text("\n".join(lines))
    return tmp_path / "many"


def records(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_file_of_many(many: Path, checkpoint: Path, solving, capsys: pytest.CaptureFixture[str]):
    solving(2)
    assert code_of("--data", str(many), *BY_VERIFIER, "--checkpoint", str(checkpoint), "--slots", "2") == 0
    found = records(many.with_name("many.answers.jsonl"))
    assert [one["index"] for one in found] == list(range(7))
    assert ["error" in one for one in found] == [False, True, False, False, False, False, True]
    for one in found:
        if "error" not in one:
            assert one["solved"] and one["steps"] == 2
            assert one["answer"] == TASK.decode(TASK.encode(one["problem"]).solution[0])
    assert "line 4: 'n' at character 1 is no cell" in found[1]["error"] and found[1]["problem"] == "nonsense"
    said = " ".join(capsys.readouterr().out.split())
    assert "5 of 7 solved, 2.00 steps on average, stopped by verifier or after 16 steps, 2 could not be read" in said


def test_an_interrupted_file_goes_on(many: Path, checkpoint: Path, solving, monkeypatch: pytest.MonkeyPatch):
    solving(1)
    words = ["--data", str(many), "--checkpoint", str(checkpoint), "--slots", "1", "--out", str(many) + ".out"]
    run = Engine.run

    def interrupted(engine: Engine, stream):
        for number, result in enumerate(run(engine, stream)):
            if number == 3:
                raise KeyboardInterrupt
            yield result

    monkeypatch.setattr(Engine, "run", interrupted)
    assert code_of(*words) == 130
    (partial,) = many.parent.glob(".*.partial")
    assert not Path(words[-1]).exists() and len(records(partial)) == 3
    with partial.open("a") as file:
        file.write('{"index": 3, "prob')  # as a process leaves it that is killed while it writes
    begun = []

    def resumed(engine: Engine, stream):
        yield from run(engine, begun_of(stream))

    def begun_of(stream):
        for item in stream:
            begun.append(item)
            yield item

    monkeypatch.setattr(Engine, "run", resumed)
    assert code_of(*words) == 0
    assert len(begun) == 4, "what was done is not done again"
    monkeypatch.setattr(Engine, "run", run)
    assert code_of(*words[:-1], str(many) + ".whole") == 0
    assert Path(words[-1]).read_text() == Path(str(many) + ".whole").read_text()
    assert not list(many.parent.glob(".*.partial"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "nowhere"], "cannot read nowhere"),
        (["1" * 16, "--data", "x"], "not both"),
        (["--out", "x"], "give --data too"),
        (["--slots", "0"], "--slots must be at least 1"),
    ],
)
def test_bad_batches(words: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    assert code_of(*words) == 2 and said in " ".join(capsys.readouterr().err.replace("|", " ").split())


def test_a_file_without_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "empty").write_text("# nothing\n\n")
    (tmp_path / "wrong").write_text("123\n")
    for name, said in (("empty", "holds no problem"), ("wrong", "3 cells found")):
        assert code_of("--data", str(tmp_path / name)) == 2 and said in capsys.readouterr().err


def test_one_after_another(checkpoint: Path, solving, monkeypatch: pytest.MonkeyPatch, capsys):
    solving(1)
    typed = iter(["123", PUZZLE, ""])
    monkeypatch.setattr("builtins.input", lambda *_: next(typed))
    assert code_of(*BY_VERIFIER, "--checkpoint", str(checkpoint)) == 0
    out = capsys.readouterr().out
    assert "3 cells found" in out and "Solved in 1 step:" in out
