"""One answer out of several: hand-made results, and a race against branches that ran to their own ends."""

from __future__ import annotations

import numpy as np
import torch

from agents.halting.rules import HaltingRule, StepRecord
from agents.inference.engine import Engine, Result
from agents.inference.voting import branched, curves, first, surest, vote
from agents.rollouts.step import Step
from agents.trm import TRM, TRMConfig
from tests.toy import ToyTask

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
