"""The shipped networks and the list of everyday problems, which they were neither taught nor chosen by."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.checkpoint import load_checkpoint
from agents.inference.own_problem import solver_for
from agents.inference.taught import untaught
from agents.rollouts.unroll import unroll
from trm_gym import make_task
from trm_gym.task import Problems

LIST = Path(__file__).parents[2] / "data" / "everyday.txt"


@pytest.mark.parametrize(("name", "count", "least"), [("arithmetic", 92, 91), ("algebra", 108, 104)])
def test_what_people_type_is_solved_in_one_pass(name, count, least):
    task = make_task(name)
    problems = task.read_file(LIST).problems
    assert len(problems) == count
    checkpoint = solver_for(task).checkpoint
    assert unroll(checkpoint.model, task, problems, 16).solved[:, -1].sum() >= least


def test_what_it_was_not_taught_is_said():
    task = make_task("algebra")
    why = untaught(load_checkpoint("algebra"), task.encode("factor x^3-6*x^2+11*x-6"))
    assert "never taught problems of this kind, such as those of level factor3" in why
    checkpoint = solver_for(task).checkpoint
    why = untaught(checkpoint, task.encode("evaluate 2x^5 at x=3"))
    assert "never taught problems of this kind" in why and untaught(checkpoint, task.encode("factor x^5-5x^4+4x^3"))
    assert why.count("long_shift,") == 1 and "long_shift (" not in why, "of many levels the names alone, each once"
    assert untaught(checkpoint, Problems.concatenate([task.encode("x/2 + 1 = 4")])) == ""
