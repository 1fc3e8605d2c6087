"""scripts/starts.py: new starts are made as they say, and what they solve is counted where the first one failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from agents.common.cli import main
from agents.rollouts.step import Step
from agents.trm import Carry
from agents.trm.model import new_model
from scripts import starts
from scripts.starts import KINDS, Again, Kind, Run
from tests.scripts.checkpoints import SHAPES, TINY, untrained
from trm_gym import make_task


def again(name: str = "sudoku4x4", runs: int = 2) -> Again:
    """Five problems that were run before; latents of the last run are 9, and drafts agree in the first half."""
    task = make_task(name)
    model, problems = new_model(SHAPES.get(name, TINY), task, 0), task.generate(5, 0, "validation", 1)
    draft = torch.from_numpy(problems.solution).long()
    other = draft.clone()
    other[:, task.length // 2 :] += 1
    carry = Carry(*(torch.full_like(part, 9.0) for part in model.initial_carry(5)))
    ended = [Run(np.zeros(5, np.bool_), carry, one) for one in (other, draft)][-runs:]
    return Again(model, task, problems, tuple(ended), 0.5, torch.Generator().manual_seed(3))


def test_there_is_a_way_for_every_kind():
    assert tuple(KINDS) == get_args(Kind)


@pytest.mark.parametrize("name", ["sudoku4x4", "maze11x11"])
def test_another_form_is_another_problem_with_its_solution(name):
    old = again(name)
    problems, carry = KINDS["form"](old)
    assert not (problems.problem == old.problems.problem).all(1).any()
    assert old.task.verify(problems, problems.solution).solved.all()
    assert torch.equal(carry.answer, old.model.initial_carry(5).answer)
    assert not torch.equal(KINDS["form_noise"](old)[1].answer, carry.answer)


@pytest.mark.parametrize(("kind", "share"), [("half", 0.5), ("agreed", 0.5), ("noise", 0.0)])
def test_latents_of_cells_are_kept(kind: Kind, share: float):
    old = again()
    problems, carry = KINDS[kind](old)
    kept = (carry.reasoning == 9).all(-1).unflatten(1, (old.task.length, -1)).all(-1).numpy()
    assert not kept[~problems.free].any()
    assert kept[problems.free].mean() == pytest.approx(share, abs=0.25)
    if kind == "agreed":
        half = old.task.length // 2
        assert kept[:, :half][problems.free[:, :half]].all() and not kept[:, half:].any()
        assert not (KINDS[kind](again(runs=1))[1].reasoning == 9).any(), "one run agrees with nothing"


def test_what_two_runs_agree_on_is_given():
    old = again()
    problems, _ = KINDS["givens"](old)
    half = old.task.length // 2
    assert not problems.free[:, :half].any() and (problems.free == old.problems.free)[:, half:].all()
    np.testing.assert_array_equal(problems.problem[:, :half], problems.solution[:, :half])
    with pytest.raises(ValueError, match="what is given in maze11x11 is no sign of an answer"):
        KINDS["givens"](again("maze11x11"))
    with pytest.raises(ValueError, match="no latents of a single cell"):
        KINDS["half"](again("algebra"))


def test_a_run_ends_at_its_first_right_draft(monkeypatch):
    """Problem i is right at step i + 1, and wrong from then on."""
    old, seen = again(), []

    def solved(step: Step) -> torch.Tensor:
        seen.append(len(step.draft))
        return step.steps == torch.from_numpy(step.problems.difficulty).long()

    old.problems.difficulty[:] = np.arange(1, 6)
    monkeypatch.setattr(Step, "solved", property(solved))
    run = starts.run_from(old.model, old.task, old.problems, old.noisy, 4)
    assert run.right.tolist() == [True] * 4 + [False]
    assert sorted(set(seen), reverse=True) == [5, 4, 3, 2], "what is right takes no further steps"


def test_of_failed_problems_those_that_another_start_solves_are_counted(tmp_path: Path, monkeypatch, capsys):
    """Of 40 problems the first start fails every other one; the second start solves a quarter of these."""
    calls = []

    def run_from(model, task, problems, start, steps):
        calls.append(len(problems))
        right = np.arange(len(problems)) % (2 if len(calls) in (1, 4) else 4) == 1
        carry = model.initial_carry(len(problems))
        return Run(right, carry, torch.from_numpy(problems.solution).long())

    monkeypatch.setattr(starts, "run_from", run_from)
    place = untrained(tmp_path)
    words = ["--checkpoints", str(place), "--levels", "clues6-8", "--problems", "40", "--starts", "3"]
    main(starts.run, starts.Config, args=[*words, "--folder", str(tmp_path / "out")])
    assert calls == [32, 16, 12, 8, 4, 3]
    (row,) = json.loads((tmp_path / "out" / "tables.json").read_text())[0]["rows"]
    assert row[2:5] == ["40", "50.0", "noise"] and row[5].startswith("25.0 (") and row[6].startswith("45.0 (")
    assert row[8] == "22.5" and "| noise |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--starts", "1"], "--starts must be at least 2, the first and a new one; got 1"),
        (["--kinds"], "name at least one kind of new start"),
        (["--levels", "none"], "unknown level 'none'"),
        ([], "does not say what levels it was taught: name some"),
    ],
)
def test_mistakes_are_told(words, said, tmp_path: Path, capsys):
    with pytest.raises(SystemExit):
        main(starts.run, starts.Config, args=["--checkpoints", str(untrained(tmp_path)), *words])
    assert said in " ".join(capsys.readouterr().err.split())
