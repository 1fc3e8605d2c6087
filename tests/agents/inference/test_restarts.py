"""Restarts in the engine against the same restarts found by index on graded runs, step by step."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from agents.checkpoint import Checkpoint
from agents.halting.paths import Paths, follow_schedule, in_order
from agents.halting.restarts import (
    FixedCutoff,
    Geometric,
    Luby,
    NoRestart,
    RestartRule,
    RestartSchedule,
    StuckOrCutoff,
    luby,
)
from agents.halting.rules import FixedSteps, ScoreThreshold
from agents.inference.engine import Engine
from agents.inference.slots import drawn_start
from agents.inference.trajectory import follow
from agents.rollouts.unroll import Unroll, refine, unroll
from agents.trm import TRM, TRMConfig
from tests.toy import ToyTask

STEPS, STARTS, COUNT, NOISE, SEED = 12, 4, 9, 0.5, 3
TOY = ToyTask()
PROBLEMS = TOY.generate(COUNT, 1, "test", 0)
NEVER = FixedSteps()
SURE = ScoreThreshold("q", math.inf)


@pytest.fixture(scope="module")
def network() -> TRM:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        config = TRMConfig(hidden=8, layers=1, cycles=1, latent_updates=2, width_multiple=8)
        made = TRM(config, TOY.vocab, TOY.structure).eval()
        torch.nn.init.normal_(made.halt.weight)
        return made.requires_grad_(False)


def from_start(network: TRM, number: int, start: int) -> tuple[Unroll, np.ndarray]:
    """A problem's graded run from one of its starts, and its drafts [STEPS, L]."""
    one = PROBLEMS[slice(number, number + 1)]
    noise = NOISE if start > 1 else 0.0
    with torch.no_grad():
        steps = list(refine(network, TOY, one, STEPS, drawn_start(network, noise, SEED, number, start)))
    columns = {name: torch.stack([getattr(step, name) for step in steps], 1) for name in COLUMNS}
    drafts = np.stack([step.draft[0].numpy() for step in steps])
    return Unroll(**columns, level=torch.zeros(1, dtype=torch.long), difficulty=torch.zeros(1)), drafts


COLUMNS = ("features", "solved", "halt_logit", "velocity", "confidence", "changed")


@pytest.fixture(scope="module")
def bank(network: TRM) -> tuple[Unroll, np.ndarray]:
    runs, drafts = zip(
        *(from_start(network, number, start) for number in range(COUNT) for start in range(1, STARTS + 1)), strict=True
    )
    return Unroll.concatenate(runs), np.stack(drafts)


def paths_of(runs: Unroll, schedule: RestartSchedule) -> Paths:
    return follow_schedule(runs, in_order(COUNT, STARTS), schedule, SURE.score(runs))


SCHEDULES = [
    NoRestart(),
    FixedCutoff(1),
    FixedCutoff(5),
    Geometric(2, 1.5),
    Luby(2),
    StuckOrCutoff(ScoreThreshold("velocity", -0.4), 4),
]


@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: type(schedule).__name__)
def test_the_engine_takes_the_paths_that_graded_runs_have(network, bank, schedule, slots):
    runs, drafts = bank
    paths = paths_of(runs, schedule)
    judged = paths.at.pick(SURE.score(runs))
    for halting in (NEVER, FixedSteps(7), ScoreThreshold("q", float(SURE.score(runs).quantile(0.9)))):
        stops = halting.stops(paths.record)
        stops[:, -1] = True
        expected = stops.long().argmax(-1)
        rule = RestartRule(halting, schedule, SURE, STARTS, NOISE)
        engine = Engine(network, TOY, rule, slots, STEPS, seed=SEED)
        for place, result in enumerate(engine.run([PROBLEMS])):
            last = int(expected[place])
            assert result.steps == last + 1
            assert result.starts == int(paths.record.starts[place, last])
            seen = judged[place, : last + 1]
            best = last - int(seen.flip(0).argmax())  # the latest of the best
            at = paths.at
            assert (result.answer == drafts[at.runs[place, best], at.steps[place, best] - 1]).all()
            assert result.solved == bool(paths.solved[place, last])
            assert result.halt_logit == pytest.approx(float(seen.max()), abs=1e-5)


def test_starts_differ_by_noise_and_the_first_has_none(network, bank):
    runs, _ = bank
    grouped = runs.features.view(COUNT, STARTS, STEPS, -1)
    plain = unroll(network, TOY, PROBLEMS, STEPS)
    assert torch.allclose(grouped[:, 0], plain.features, atol=1e-5)
    for start in range(1, STARTS):
        assert not torch.allclose(grouped[:, start, 0], grouped[:, 0, 0], atol=1e-3)


def test_a_right_answer_is_not_lost_by_starting_afresh(bank):
    """Where judging is good, what was right before a restart is handed in after it."""
    runs, _ = bank
    solved = torch.zeros(COUNT * STARTS, STEPS, dtype=torch.bool)
    solved.view(COUNT, STARTS, STEPS)[:, 1, 2] = True  # the second start is right at its third step, and at no other
    marked = Unroll(**{**vars(runs), "solved": solved})
    paths = follow_schedule(marked, in_order(COUNT, STARTS), FixedCutoff(4), solved.float())
    assert not paths.solved[:, :6].any() and paths.solved[:, 6:].all()
    blind = follow_schedule(marked, in_order(COUNT, STARTS), FixedCutoff(4), torch.zeros(solved.shape))
    assert blind.solved.sum() == COUNT and blind.ever[:, 6:].all()  # right at some step, and not handed in


def test_lubys_sequence():
    assert luby(torch.arange(1, 16)).tolist() == [1, 1, 2, 1, 1, 2, 4, 1, 1, 2, 1, 1, 2, 4, 8]


def test_a_geometric_schedule_and_a_cutoff_of_every_step(bank):
    runs, _ = bank
    paths = paths_of(runs, Geometric(2, 2))
    assert paths.restarted[0].nonzero().flatten().tolist() == [1, 5]
    paths = paths_of(runs, FixedCutoff(1))  # for ever: the last start goes on, and the budget ends it
    assert paths.restarted[0].nonzero().flatten().tolist() == [0, 1, 2]
    assert paths.record.run.steps[0].tolist() == [1, 1, 1, *range(1, 10)]


@pytest.mark.parametrize("bad", [0, -1, math.nan])
def test_a_cutoff_is_at_least_a_step(bad):
    for made in (FixedCutoff, Luby):
        with pytest.raises(ValueError, match="cutoff"):
            made(bad)
    with pytest.raises(ValueError, match="cutoff"):
        Geometric(bad, 2)


def test_a_trajectory_is_what_the_engine_does(network, monkeypatch):
    """One problem step by step, shown with its starts; the first problem of a stream has the same ones."""
    monkeypatch.setattr("agents.inference.trajectory.make_task", lambda name: TOY)
    checkpoint = Checkpoint(network, TOY.name)
    one = PROBLEMS[slice(0, 1)]
    for schedule in SCHEDULES[1:]:
        rule = RestartRule(FixedSteps(9), schedule, SURE, STARTS, NOISE)
        result = next(Engine(network, TOY, rule, 2, STEPS).run([one]))
        found = follow(checkpoint, one, STEPS, 0.1, rule, whole=False)
        assert len(found) == found.stop == result.steps == 9
        assert result.answer is not None and (found.drafts[found.handed - 1] == result.answer).all()
        assert found.start[-1] == result.starts and (np.diff(found.start) >= 0).all()
        whole = follow(checkpoint, one, STEPS, 0.1, rule)
        assert len(whole) == STEPS and (whole.stop, whole.handed) == (found.stop, found.handed)


def test_a_stream_that_goes_on_has_the_starts_that_it_would_have_had(network):
    rule = RestartRule(NEVER, FixedCutoff(3), SURE, STARTS, NOISE)
    whole = [result.answer for result in Engine(network, TOY, rule, 3, STEPS).run([PROBLEMS])]
    rest = Engine(network, TOY, rule, 3, STEPS, first=4).run([PROBLEMS[slice(4, None)]])
    for expected, result in zip(whole[4:], rest, strict=True):
        assert (expected == result.answer).all()
    other = [result.answer for result in Engine(network, TOY, rule, 3, STEPS).run([PROBLEMS[slice(4, None)]])]
    assert any((a != b).any() for a, b in zip(whole[4:], other, strict=True))
