"""One answer out of several: hand-made results, and a race against branches that ran to their own ends."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from agents.halting.rules import HaltingRule, StepRecord
from agents.inference.engine import Engine, Result
from agents.inference.solver import Solver
from agents.inference.voting import FIT, agreed, branched, brought_back, curves, first, surest, vote, ways
from agents.rollouts.forms import Forms
from agents.rollouts.step import Step
from agents.trm import TRM, TRMConfig
from tests.toy import ToyTask
from trm_gym import make_task
from trm_gym.task import Problems

TOY = ToyTask()


def result(answer: int, steps: int, logit: float, halted: bool = True) -> Result:
    tokens = np.full(3, answer, np.uint8)
    return Result(0, None, tokens, steps, 0.5, logit, solved=answer == 1, halted=halted)


def answer_of(one: Result) -> int:
    assert one.answer is not None
    return int(one.answer[0])


def test_three_ways_of_choosing():
    results = [result(2, 4, 1.0), result(1, 3, -1.0), result(1, 6, 0.0), result(3, 2, 0.5, halted=False)]
    for combine, answer, steps in ((vote, 1, 15), (surest, 2, 15), (first, 1, 3 + 3 + 3 + 2)):
        choice = combine(results)
        assert (answer_of(choice.result), choice.steps) == (answer, steps)
    assert answer_of(vote(results[:2]).result) == 2, "a tie goes to the higher logit"
    never = [result(1, 5, 0.0, halted=False), result(2, 5, 1.0, halted=False)]
    assert answer_of(first(never).result) == 2 and first(never).steps == 10


def test_the_answer_with_most_cells_in_common():
    rows = ([1, 1, 1, 2], [1, 1, 2, 2], [1, 2, 1, 2], [3, 3, 3, 3], [3, 3, 3, 3])
    results = [dataclasses.replace(result(0, 2, 0.0), answer=np.array(row, np.uint8)) for row in rows]
    choice = agreed(results)  # cells in common with others: 6, 5, 5, 4, 4
    assert choice.result is results[0] and choice.steps == 10
    assert vote(results).result is results[3]
    same = [dataclasses.replace(results[0], halt_logit=logit) for logit in (0.0, 2.0, 1.0)]
    assert agreed(same).result is same[1]


def test_answers_to_turned_mazes_come_back():
    task = make_task("maze7x7")
    problems = task.generate(5, 0, "test", 0)
    forms = Forms(task, 8)
    turned = forms.all_of(problems)
    assert len({row.tobytes() for row in turned.problem[:8]}) == 8 and task.fault(turned) == ""
    assert np.array_equal(turned.problem[::8], problems.problem)
    assert task.verify(turned, turned.solution).solved.all()
    results = [
        dataclasses.replace(result(0, 1, 0.0), answer=row, problems=turned[slice(place, place + 1)])
        for place, row in enumerate(turned.solution)
    ]
    found = brought_back(results, forms)
    assert np.array_equal(np.array([one.answer for one in found]), problems.solution.repeat(8, 0))
    own = Problems.concatenate([one.problems for one in found if one.problems is not None])
    assert np.array_equal(own.problem, problems.problem.repeat(8, 0))


def test_of_the_forms_of_a_maze_the_shortest_path_is_taken():
    task = make_task("maze7x7")
    problems = task.generate(1, 0, "test", 0)
    forms = Forms(task, 3)
    turned = forms.all_of(problems)
    echo, right = turned.start, turned.solution
    for place in range(3):
        answers = np.array([right[i] if i == place else echo[i] for i in range(3)])
        results = [
            dataclasses.replace(result(0, 1, 0.0), answer=row, problems=turned[slice(i, i + 1)])
            for i, row in enumerate(answers)
        ]
        taken = ways(task)[FIT](brought_back(results, forms)).result
        assert taken.answer is not None and np.array_equal(taken.answer, problems.solution[0])


def test_of_more_forms_than_there_are_nothing_is_made():
    task = make_task("maze7x7")
    with pytest.raises(ValueError, match="has 8 forms: as many starts or branches at most, not 9"):
        Forms(task, 9)
    with pytest.raises(ValueError, match="has no other forms"):
        Forms(TOY, 2)


def test_of_formulas_the_one_nearest_to_the_points_is_taken():
    task = make_task("regression")
    x = np.linspace(-2.0, 2.0, 20)
    problems = task.encode(np.column_stack([x, x * x + x]))
    written = ["sin(x)", "x * x + x + x - x", "square(x) + x", "x * x"]
    results = [
        dataclasses.replace(result(0, 2, logit), problems=problems, answer=task.read_draft(text))
        for logit, text in zip((3.0, 2.0, 0.0, 1.0), written, strict=True)
    ]
    combine = ways(task)["fit"]
    choice = combine(results)
    assert choice.result is results[2] and choice.steps == 8, "of two that fit exactly the shorter one"
    assert combine(results[::3]).result is results[3]
    assert curves(results, 4, [4], ways(task))["fit"][0].steps == 8
    problems.truth[:] = 0.0
    assert combine(results).result is results[2], "the hidden function is not asked"
    assert (task.misfit(problems, np.array([results[2].answer])) <= 0).all()
    wrong = np.array([results[3].answer, np.zeros(30)], np.uint8)
    assert (task.misfit(problems[np.zeros(2, np.int64)], wrong) > 0).all()
    solver = Solver.from_pretrained("regression")
    assert solver.solve(problems, 4, "fits").steps < 4 == solver.solve(problems, 4, "always").steps
    with pytest.raises(ValueError, match="sudoku4x4 has no misfit"):
        make_task("sudoku4x4").misfit(problems, problems.problem)
    assert "fit" not in ways(TOY)


def test_curves_take_the_first_branches():
    results = [result(2, 4, 1.0), result(1, 2, 0.0), result(1, 2, 0.0), result(2, 6, 3.0)]
    found = curves(results, 2, [1, 2])
    assert [(p.branches, p.accuracy, p.steps) for p in found["surest"]] == [(1, 0.5, 3.0), (2, 0.0, 7.0)]
    assert [(p.accuracy, p.steps) for p in found["first"]] == [(0.5, 3.0), (1.0, 4.0)]


class Sure(HaltingRule):
    """Stops at a median of what the branches think, so that some halt early and some never."""

    threshold = 0.345

    def score(self, record: StepRecord) -> torch.Tensor:
        assert isinstance(record, Step)
        return record.statistics.mean_confidence * (record.steps > 1)


def test_a_race_is_what_first_makes_of_branches_that_run_on():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        config = TRMConfig(hidden=8, layers=1, cycles=1, latent_updates=2, width_multiple=8)
        network = TRM(config, TOY.vocab, TOY.structure).eval().requires_grad_(False)
    problems = TOY.generate(12, 1, "test", 0)
    runs = []
    for race in (False, True):
        engine = Engine(network, TOY, Sure(), 6, 8, noise=1.0, branches=3, race=race)
        results = list(engine.run(branched([problems], 3)))
        runs.append([results[start : start + 3] for start in range(0, 36, 3)])
    assert len({one.steps for group in runs[0] for one in group}) > 2, "the branches differ"
    for apart, raced in zip(*runs, strict=True):
        assert first(apart).steps == first(raced).steps == sum(one.steps for one in raced)
        assert (first(apart).result.answer == first(raced).result.answer).all()
    assert list(branched(["a", "b"], 2)) == ["a", "a", "b", "b"]
