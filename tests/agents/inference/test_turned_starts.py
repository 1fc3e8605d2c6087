"""Starts that are forms of their problem: the engine and a trajectory against graded runs of turned mazes."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch

from agents.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from agents.common.tensor_file import CheckpointError
from agents.halting.paths import follow_schedule, in_order
from agents.halting.restart_head import RestartPolicy
from agents.halting.restart_registry import policy_rule
from agents.halting.restarts import FixedCutoff, RestartRule
from agents.halting.rules import FixedSteps, ScoreThreshold
from agents.inference.engine import Engine
from agents.inference.solver import Solver
from agents.inference.trajectory import follow
from agents.rollouts.collect import Rollout, run_branches
from agents.rollouts.features import feature_count
from agents.rollouts.forms import Forms
from agents.rollouts.groups import BranchesConfig
from agents.rollouts.unroll import unroll
from agents.trm import TRM, TRMConfig
from tests.scripts.checkpoints import untrained
from tests.toy import ToyTask
from trm_gym import make_task

STEPS, STARTS, COUNT = 9, 3, 6
TASK = make_task("maze7x7")
PROBLEMS = TASK.generate(COUNT, 0, "test", 0)
SURE = ScoreThreshold("q", math.inf)


@pytest.fixture(scope="module")
def network() -> TRM:
    """Untaught; its steps look to one side, so that a turned maze is another problem to it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        made = TRM(TRMConfig(hidden=8, layers=1, latent_updates=2, mixer="conv"), TASK.vocab, TASK.structure).eval()
        torch.nn.init.normal_(made.halt.weight)
        return made.requires_grad_(False)


@pytest.fixture(scope="module")
def graded(network: TRM) -> Rollout:
    config = BranchesConfig(branches=STARTS, branching="forms", max_steps=STEPS)
    return run_branches(network, TASK, PROBLEMS, config, np.random.default_rng(0))


def drafts_as_given(graded: Rollout) -> np.ndarray:
    """Drafts [n, s, L] of the problems as they were given."""
    starts = 1 + np.arange(COUNT * STARTS) % STARTS
    forms, drafts = Forms(TASK, STARTS), graded.drafts.numpy()
    return np.stack([forms.brought_back(drafts[:, step], starts) for step in range(STEPS)], 1)


def test_a_draft_is_as_right_as_it_is_when_it_has_been_turned_back(graded):
    drafts, problems = drafts_as_given(graded), PROBLEMS[np.arange(COUNT).repeat(STARTS)]
    assert np.array_equal(graded.problems.problem[::STARTS], PROBLEMS.problem)
    for step in range(STEPS):
        verdicts = TASK.verify(problems, drafts[:, step])
        assert np.array_equal(verdicts.solved, graded.unroll.solved[:, step].numpy())
        assert verdicts.score == pytest.approx(graded.score[:, step].numpy())
    assert (drafts[::STARTS] != drafts[1::STARTS]).any(), "forms of a problem came to the same drafts"


@pytest.mark.parametrize("slots", [1, 4])
def test_the_engine_hands_in_what_graded_runs_have(network, graded, slots):
    drafts, judged = drafts_as_given(graded), SURE.score(graded.unroll)
    schedule = FixedCutoff(3)
    paths = follow_schedule(graded.unroll, in_order(COUNT, STARTS), schedule, judged)
    for last in (2, 4, STEPS):
        rule = RestartRule(FixedSteps(last), schedule, SURE, STARTS, 0.0, forms=True)
        for place, result in enumerate(Engine(network, TASK, rule, slots, STEPS).run([PROBLEMS])):
            seen = paths.at.pick(judged)[place, :last]
            best = last - 1 - int(seen.flip(0).argmax())
            run, step = int(paths.at.runs[place, best]), int(paths.at.steps[place, best]) - 1
            assert result.steps == last and result.starts == int(paths.record.starts[place, last - 1])
            assert result.answer is not None and result.problems is not None
            assert np.array_equal(result.answer, drafts[run, step])
            assert result.solved == bool(paths.solved[place, last - 1])
            assert np.array_equal(result.problems.problem[0], PROBLEMS.problem[place])


def test_a_trajectory_shows_every_draft_as_the_problem_was_given(network, graded):
    drafts = drafts_as_given(graded)
    rule = RestartRule(FixedSteps(), FixedCutoff(3), SURE, STARTS, 0.0, forms=True)
    for place in range(COUNT):
        one = PROBLEMS[slice(place, place + 1)]
        found = follow(Checkpoint(network, TASK.name), one, STEPS, 0.1, rule)
        assert found.start.tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
        runs, steps = place * STARTS + found.start - 1, np.arange(STEPS) % 3
        assert np.array_equal(found.drafts, drafts[runs, steps])
        before = np.stack([found.draft_after(step) if step % 3 else one.start[0] for step in range(STEPS)])
        assert found.changed.tolist() == (found.drafts != before).sum(1).tolist()
        fixed = ~one.free[0]
        assert (found.confidence[:, fixed] == 1).all() and (found.confidence[:, ~fixed] < 1).all()
        result = next(Engine(network, TASK, rule, 1, STEPS).run([one]))
        assert result.answer is not None and np.array_equal(found.drafts[found.handed - 1], result.answer)


def test_a_policy_knows_that_it_was_taught_on_forms():
    head = RestartPolicy(feature_count(8), 8).taught_on(STARTS, 0.0)
    rule = policy_rule(head, 0.1)
    assert head.forms and (rule.starts, rule.noise, rule.forms) == (STARTS, 0.0, True)
    assert not head.taught_on(STARTS, 0.5).forms and not head.taught_on(1, 0.0).forms


def test_a_checkpoint_of_forms_that_there_are_not_is_refused(tmp_path):
    for task, said in (("maze11x11", ""), ("sudoku4x4", "a problem of sudoku4x4 has no other forms")):
        place = untrained(tmp_path, task, ("grpo_restarts",))
        made = load_checkpoint(place)
        head = made.heads["grpo_restarts"]
        assert isinstance(head, RestartPolicy)
        save_checkpoint(place, replace(made, heads={"grpo_restarts": head.taught_on(3, 0.0)}))
        with pytest.raises(CheckpointError, match=said) if said else nullcontext():
            load_checkpoint(place)


def test_a_threshold_on_velocity_leaves_the_policy_its_say(tmp_path):
    place = untrained(tmp_path, "maze11x11", ("grpo", "grpo_restarts"))
    solver = Solver.from_pretrained(place)
    one = solver.task.generate(1, 0, "test", 0)
    plain, still = (solver.solve(one, 3, "grpo_restarts", True, threshold=t).trajectory for t in (None, 0.0))
    assert plain is not None and still is not None
    assert np.allclose(plain.halt, still.halt) and np.allclose(plain.again, still.again)


def test_value_heads_of_a_policy_of_three_acts_are_shown(tmp_path):
    solver = Solver.from_pretrained(untrained(tmp_path, "maze11x11", ("grpo_restarts",)))
    assert solver.default_rule == "grpo_restarts"
    found = solver.trajectory(solver.task.generate(1, 0, "test", 0), 2)
    head = solver.checkpoint.heads["grpo_restarts"]
    assert isinstance(head, RestartPolicy)
    seen = unroll(solver.checkpoint.model, solver.task, found.problems, 2).features[0]
    values = head.value_logits(seen).sigmoid()
    assert found.correct_now == pytest.approx(values[:, 0].numpy(), abs=1e-5)
    assert found.correct_ever == pytest.approx(values[:, 2].numpy(), abs=1e-5)


def test_forms_that_there_are_not_and_noise_beside_them_are_refused(network):
    for task, starts, said in ((TASK, 9, "has 8 forms"), (ToyTask(), 2, "has no other forms")):
        with pytest.raises(ValueError, match=said):
            Forms(task, starts)
    with pytest.raises(ValueError, match=r"no noise: leave it out, or set it to 0, not 0\.5"):
        BranchesConfig(branches=2, branching="forms", noise=0.5)
    assert BranchesConfig(branches=2, branching="forms").deviation == 0
    rule = RestartRule(FixedSteps(), FixedCutoff(3), SURE, 9, 0.0, forms=True)
    with pytest.raises(ValueError, match="has 8 forms"):
        Engine(network, TASK, rule, 1, STEPS)
    for noise, forms in ((0.5, True), (0.0, False)):
        with pytest.raises(ValueError, match="new starts have noise, or are other forms"):
            RestartRule(FixedSteps(), FixedCutoff(3), SURE, STARTS, noise, forms=forms)
