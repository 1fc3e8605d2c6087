"""scripts/solve.py: what a person sees of a solved, an unsolved and an impossible puzzle."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agents.cli import main
from agents.trace import Trace, trace
from scripts import solve
from tests.scripts.checkpoints import untrained
from trm_gym import make_task

TASK = make_task("sudoku4x4")
PROBLEMS = TASK.generate(1, 0, "test", 3)
PUZZLE = TASK.decode(PROBLEMS.problem[0])


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


@pytest.fixture
def solving(monkeypatch: pytest.MonkeyPatch):
    """A network that gets the puzzle right at a step of the test's choice."""

    def at(step: int) -> None:
        def right(*words, **named) -> Trace:
            found = trace(*words, **named)
            drafts, halt = found.drafts.copy(), np.linspace(0, 1, len(found))
            drafts[step - 1] = found.problems.solution[0]
            solved = np.arange(1, len(found) + 1) == step
            return dataclasses.replace(found, drafts=drafts, halt=halt, solved=solved)

        monkeypatch.setattr(solve, "trace", right)

    return at


def test_a_solved_puzzle(checkpoint: Path, solving, capsys: pytest.CaptureFixture[str]):
    solving(2)
    assert code_of(PUZZLE, "--checkpoint", str(checkpoint)) == 0
    out = capsys.readouterr().out
    assert "step 2:" in out and "step 3:" not in out, "the rule checker stops at once"
    assert TASK.decode(PROBLEMS.solution[0]) in out and "Solved in 2 steps" in out
    assert "least sure cell" in out and "would stop" in out and "cells changed" in out


def test_an_unsolved_puzzle_says_so(checkpoint: Path, capsys: pytest.CaptureFixture[str]):
    assert code_of(PUZZLE, "--checkpoint", str(checkpoint), "--max-steps", "3") == 1
    out = capsys.readouterr().out
    assert "Not solved" in out and "step 3:" in out and "Solved in" not in out


@pytest.mark.parametrize(
    ("rule", "step", "code", "said"),
    [("always", 2, 1, "thought on"), ("grpo", 4, 1, "after grpo had stopped"), ("grpo", 3, 0, "Solved in 3 steps")],
)
def test_rules(
    checkpoint: Path, solving, capsys: pytest.CaptureFixture[str], rule: str, step: int, code: int, said: str
):
    # The policy's probability of stopping is 0, 1/3, 2/3, 1.
    solving(step)
    assert code_of(PUZZLE, "--checkpoint", str(checkpoint), "--max-steps", "4", "--rule", rule) == code
    assert said in " ".join(capsys.readouterr().out.split())


def test_a_file(checkpoint: Path, tmp_path: Path, solving, capsys: pytest.CaptureFixture[str]):
    solving(1)
    for name in ("puzzle.txt", "puzzle"):
        rows = [PUZZLE[at : at + 4] for at in range(0, 16, 4)]
        (tmp_path / name).write_text("\n".join(f"{row[:2]} | {row[2:]}" for row in rows))
        assert code_of(str(tmp_path / name), "--checkpoint", str(checkpoint)) == 0
    assert "Solved in 1 step:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("puzzle", "said"),
    [
        ("123", "3 cells found: expected 16, 36 or 81"),
        ("", "0 cells found"),
        ("x" * 16, "'x' at character 1"),
        ("11" + "." * 14, "contradict"),
        ("." * 16, "more than one solution"),
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
        ("algebra", "algebra", "3*x + 4 = 10", "\n2\n"),
        ("arithmetic", "arithmetic", "3*(4-1)", "\n9\n"),
        ("maze", "maze11x11", MAZE, "Soooo\n ###o"),
    ],
)
def test_every_family_is_solved(family, task, problem, answer, tmp_path: Path, solving, capsys):
    place = untrained(tmp_path, task)
    solving(1)
    assert code_of(problem, "--checkpoint", str(place), family=family) == 0
    assert answer in capsys.readouterr().out


@pytest.mark.parametrize(
    ("family", "problem", "said"),
    [
        ("algebra", "3*x + 4", "="),
        ("algebra", "x^2 = 2", "8"),
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
