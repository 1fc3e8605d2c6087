"""scripts/solve.py where a rule may start afresh."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from agents.checkpoint import load_checkpoint, save_checkpoint
from agents.halting.restart_head import RestartPolicy
from agents.inference.taught import budget
from tests.scripts.checkpoints import untrained
from tests.scripts.test_solve import PUZZLE, code_of


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("checkpoints"))


def test_a_policy_that_may_start_afresh_decides_by_default(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """An untrained one starts afresh now and then; what is handed in is the draft that it thinks best."""
    place = untrained(tmp_path, heads=("grpo", "grpo_restarts"))
    assert code_of(PUZZLE, "--checkpoint", str(place)) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "step 64:" in out and "start 2: afresh, from another noisy start" in out
    assert code_of(PUZZLE, "--checkpoint", str(place), "--no-restarts") == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "afresh" not in out and "step 17:" not in out
    assert code_of(PUZZLE, "--checkpoint", str(place), "--max-steps", "8") == 1
    assert "step 9:" not in capsys.readouterr().out


def test_what_may_start_afresh_has_the_steps_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    mazes = untrained(tmp_path, "maze11x11", heads=("grpo", "grpo_restarts"))
    made = load_checkpoint(mazes)
    head = made.heads["grpo_restarts"]
    assert isinstance(head, RestartPolicy)
    save_checkpoint(mazes, dataclasses.replace(made, heads=made.heads | {"grpo_restarts": head.taught_on(3, 0.0)}))
    maze = "/".join(["S.........G", *["..........."] * 10])
    words = (maze, "--checkpoint", str(mazes), "--rule", "restart-every:20")
    assert code_of(*words, family="maze") == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "start 4: afresh, in another form (shown as it was given)" in out and "step 64:" in out
    assert code_of(*words, "--no-restarts", family="maze") == 2
    assert "--no-restarts is for where no --rule is given" in " ".join(capsys.readouterr().err.split())


def test_restarts_by_the_clock(checkpoint: Path, capsys: pytest.CaptureFixture[str]):
    words = ("--checkpoint", str(checkpoint), "--max-steps", "7", "--rule", "restart-every:3+verifier")
    assert code_of(PUZZLE, *words) == 1
    out = capsys.readouterr().out
    assert out.index("step 3:") < out.index("start 2:") < out.index("step 4:") < out.index("start 3:")


def test_a_budget_that_ran_out_is_no_rule_s_doing_and_larger_mazes_get_more(tmp_path: Path, capsys):
    mazes = untrained(tmp_path, "maze11x11")
    made = load_checkpoint(mazes)
    taught = {"task": "maze11x11", "max_steps": 20, "levels": ["random"]}
    save_checkpoint(mazes, dataclasses.replace(made, meta=made.meta | {"pretraining": taught}))
    foreign = dataclasses.replace(made, meta=made.meta | {"pretraining": {"task": "a thing", "max_steps": "many"}})
    assert budget(foreign) == 16
    for side, steps in ((11, 20), (22, 40)):
        maze = "/".join(["S" + "." * (side - 2) + "G", *["." * side] * (side - 1)])
        assert code_of(maze, "--checkpoint", str(mazes), "--rule", "always", family="maze") == 1
        out = " ".join(capsys.readouterr().out.split())
        assert f"step {steps}:" in out and f"step {steps + 1}:" not in out
        tried = "Larger ones take more steps: try --rule restart-every:40+fits+forms --max-steps 320" in out
        assert tried == (side == 22)


def test_of_a_maze_as_large_as_taught_or_larger_each_form_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    mazes = untrained(tmp_path, "maze11x11")
    made = load_checkpoint(mazes)
    taught = {"task": "maze11x11", "max_steps": 16, "levels": ["random"]}
    save_checkpoint(mazes, dataclasses.replace(made, meta=made.meta | {"pretraining": taught}))

    def told(side: int, *words: str) -> str:
        maze = "/".join(["S" + "." * (side - 2) + "G", *["." * side] * (side - 1)])
        assert code_of(maze, "--checkpoint", str(mazes), *words, family="maze") == 1
        return " ".join(capsys.readouterr().out.split())

    for side, each in ((11, 16), (17, 25)):
        out = told(side)
        assert f"each form of it is run: restart-every:{each}+fits+forms, {8 * each} steps" in out
        assert "start 8: afresh, in another form" in out and f"step {8 * each}:" in out
    assert "restart-every:25+fits+forms, 300 steps" in told(17, "--max-steps", "300")
    for words, side, steps in (((), 9, 16), (("--no-restarts",), 17, 25), (("--max-steps", "50"), 17, 50)):
        out = told(side, *words)
        assert f"step {steps}:" in out and f"step {steps + 1}:" not in out and "afresh" not in out


def test_of_a_long_run_the_last_step_of_each_start_is_shown(checkpoint: Path, capsys: pytest.CaptureFixture[str]):
    words = ("--checkpoint", str(checkpoint), "--max-steps", "202", "--rule", "restart-every:101")
    assert code_of(PUZZLE, *words) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "step 101:" in out and "step 202:" in out and out.count("step ") < 6 and "start 2: afresh" in out
