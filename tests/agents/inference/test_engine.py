"""The engine against the unroll: the same drafts and the same halting steps, whatever shares a batch with what."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from agents.checkpoint import Checkpoint, load_checkpoint
from agents.common.tensor_file import NotFiniteError
from agents.evaluation.protocol import choose
from agents.halting.registry import ORACLE, all_rules
from agents.halting.rules import FixedSteps, HaltingRule, StepRecord, VerifierStop
from agents.inference.engine import Engine, Result
from agents.rollouts.step import Step
from agents.rollouts.unroll import Unroll, refine, unroll
from agents.trm import TRM, Carry, Inputs, TRMConfig
from tests.toy import ToyTask
from trm_gym import make_task
from trm_gym.task import Problems, Task

STEPS = 6
TOY = ToyTask()


@pytest.fixture(scope="module")
def network() -> TRM:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        config = TRMConfig(hidden=8, layers=1, cycles=1, latent_updates=2, width_multiple=8)
        return TRM(config, TOY.vocab, TOY.structure).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def sudoku() -> Checkpoint:
    return load_checkpoint("sudoku4x4")


@pytest.fixture(scope="module")
def four() -> tuple[Task, Problems]:
    task = make_task("sudoku4x4")
    return task, task.generate(20, task.level_index("clues10-12"), "test", 5)


class Uneven(HaltingRule):
    """Stops each problem after a number of steps told by the problem itself."""

    threshold = 0.0

    def score(self, record: StepRecord) -> torch.Tensor:
        assert isinstance(record, Step)
        return (record.steps - torch.from_numpy(lengths(record.problems))).float()


def lengths(problems: Problems) -> np.ndarray:
    """1 to STEPS + 2, so that some outlast the budget."""
    return problems.solution.astype(np.int64).sum(1) % (STEPS + 2) + 1


def drafts_of(network: TRM, problems: Problems) -> np.ndarray:
    """Every draft of every problem, run one by one, [n, STEPS, L]."""
    with torch.no_grad():
        runs = [
            [s.draft[0].numpy() for s in refine(network, TOY, problems[slice(i, i + 1)], STEPS)]
            for i in range(len(problems))
        ]
    return np.array(runs)


@pytest.mark.parametrize("slots", [1, 3, 32])
def test_drafts_are_those_of_a_run_of_its_own(network: TRM, slots: int):
    problems = TOY.generate(14, 1, "test", 0)
    drafts = drafts_of(network, problems)
    for rule, expected in ((FixedSteps(), np.full(14, STEPS)), (Uneven(), np.minimum(lengths(problems), STEPS))):
        results = list(Engine(network, TOY, rule, slots, STEPS).run([problems]))
        assert [result.index for result in results] == list(range(14))
        assert [result.steps for result in results] == expected.tolist()
        for place, result in enumerate(results):
            assert result.answer is not None and (result.answer == drafts[place, result.steps - 1]).all()
            assert result.solved == TOY.verify(problems[slice(place, place + 1)], result.answer[None]).solved[0]
    assert [result.halted for result in results] == (lengths(problems) <= STEPS).tolist()


@pytest.fixture(scope="module")
def graded(sudoku: Checkpoint, four: tuple[Task, Problems]) -> Unroll:
    return unroll(sudoku.model, *four, STEPS)


def test_every_rule_stops_where_it_is_measured_to_stop(sudoku: Checkpoint, four: tuple[Task, Problems], graded: Unroll):
    task, problems = four
    tried = 0
    for rule in all_rules(sudoku.heads, STEPS, (0.1,)):
        if rule.name == ORACLE:
            continue
        choices = choose(rule, graded, float(graded.solved[:, -1].float().mean()) - 0.1, (0.6,))
        for setting in np.concatenate([choices.point, choices.prices]):
            engine = Engine(sudoku.model, task, rule.rule(setting.tolist()), 7, STEPS)
            found = [result.steps for result in engine.run([problems])]
            assert found == rule.steps(graded, setting[None])[0].tolist(), (rule.name, setting)
            tried += 1
    assert tried > 20


def test_memory_is_bounded_and_order_kept(network: TRM):
    engine = Engine(network, TOY, Uneven(), slots=4, max_steps=STEPS)
    taken = 0

    def stream() -> Iterator[Problems | str]:
        nonlocal taken
        for start in range(0, 300, 3):
            bad = start >= 150
            taken += 1 if bad else 3
            yield "no toy" if bad else TOY.generate(3, 1, "train", start)

    numbers = []
    for result in engine.run(stream()):
        numbers.append(result.index)
        assert taken - len(numbers) <= engine.window + 3
    assert numbers == list(range(200))


def test_a_bad_problem_does_not_stop_the_stream(network: TRM):
    good = TOY.generate(2, 1, "test", 0)
    short = make_task("sudoku4x4").generate(2, 0, "test", 0)
    wild = TOY.generate(1, 1, "test", 1)
    wild.problem[0, 0] = TOY.vocab
    stream = [good, "nonsense", short, TOY.decode(good.problem[0]), wild, ProblemFault("line 7"), "", good]
    results = list(Engine(network, TOY, FixedSteps(2), 2, STEPS).run(stream))
    said = [result.error or "" for result in results]
    assert [bool(text) for text in said] == [False, False, True, True, True, False, True, True, True, False, False]
    assert "16" in said[3] and "12 cells" in said[3] and "below 5" in said[6] and said[7] == "line 7"
    assert (results[5].answer == results[0].answer).all()
    assert results[2] == Result(2, error=said[2])


class ProblemFault(ValueError):
    pass


def test_only_bad_problems_and_none(network: TRM):
    engine = Engine(network, TOY, FixedSteps(2), 2, STEPS)
    assert [bool(result.error) for result in engine.run(["x"] * 50)] == [True] * 50
    assert list(engine.run([])) == []


def test_slots_are_given_up_when_the_stream_ends(network: TRM):
    rows = []

    class Counting:
        initial_carry = staticmethod(network.initial_carry)

        def __call__(self, carry: Carry, inputs: Inputs):
            rows.append(len(inputs.problem))
            return network(carry, inputs)

    problems = TOY.generate(10, 1, "test", 0)
    results = list(Engine(Counting(), TOY, Uneven(), 8, STEPS).run([problems]))
    assert sum(rows) == sum(result.steps for result in results), "no step is spent on a slot without a problem"


def test_noise_belongs_to_the_problem(network: TRM):
    problems = TOY.generate(6, 1, "test", 0)
    one, other = (
        [r.halt_logit for r in Engine(network, TOY, FixedSteps(2), slots, STEPS, noise=0.5).run([problems])]
        for slots in (2, 5)
    )
    assert one == pytest.approx(other, abs=1e-5)
    plain = [r.confidence for r in Engine(network, TOY, FixedSteps(2), 4, STEPS).run([problems])]
    noisy = [r.confidence for r in Engine(network, TOY, FixedSteps(2), 4, STEPS, noise=0.5, branches=3).run([problems])]
    same = np.isclose(plain, noisy, atol=1e-6).tolist()
    assert same == [True, False, False, True, False, False], "the first branch starts without noise"


def test_a_race_ends_with_its_winner(network: TRM):
    class Third(HaltingRule):
        """Stops the third branch of each problem after two steps, no other."""

        threshold = 1.0

        def score(self, record: StepRecord) -> torch.Tensor:
            return ((record.steps == 2) & (torch.arange(len(record.steps)) % 3 == 2)).float()

    problems = TOY.generate(4, 1, "test", 0)[np.repeat(np.arange(4), 3)]
    results = list(Engine(network, TOY, Third(), 6, STEPS, noise=0.5, branches=3, race=True).run([problems]))
    assert [result.steps for result in results] == [2] * 12
    assert [result.halted for result in results] == [False, False, True] * 4


@pytest.mark.parametrize(
    ("numbers", "said"),
    [({"slots": 0}, "slots"), ({"max_steps": 0}, "max_steps"), ({"slots": 4, "branches": 3, "race": True}, "multiple")],
)
def test_bad_numbers(network: TRM, numbers: dict, said: str):
    with pytest.raises(ValueError, match=said):
        Engine(network, TOY, FixedSteps(), **numbers)


def test_a_draft_is_graded_once(network: TRM, monkeypatch: pytest.MonkeyPatch):
    """A rule that asks for verdicts pays for each of them, and results use the same; other rules pay at the end."""
    problems, graded = TOY.generate(6, 1, "test", 0), []
    verify = ToyTask.verify

    def counted(task: ToyTask, some: Problems, answers: np.ndarray):
        graded.append(len(some))
        return verify(task, some, answers)

    monkeypatch.setattr(ToyTask, "verify", counted)
    for rule, expected in ((FixedSteps(2), 6), (VerifierStop(), None)):
        graded.clear()
        results = list(Engine(network, TOY, rule, 6, STEPS).run([problems]))
        assert sum(graded) == (expected or sum(result.steps for result in results))


@pytest.mark.parametrize("noise", [10**29, 1e29, np.float64(0.5)])
def test_noise_is_any_number(network: TRM, noise: float):
    """A whole number that no 64 bits hold is one too: results are answers, or say that they are none."""
    problems = TOY.generate(2, 1, "test", 0)
    with contextlib.suppress(NotFiniteError):
        assert len(list(Engine(network, TOY, FixedSteps(2), 2, 2, noise=noise).run([problems]))) == 2
    with pytest.raises(ValueError, match=r"noise must be a finite number from 0 up and at most 1e\+30"):
        Engine(network, TOY, FixedSteps(2), noise=1e31)
