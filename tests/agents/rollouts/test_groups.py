"""How branches come to differ, and groups that are run once."""

import dataclasses

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

from agents.checkpoint import digest, load_checkpoint
from agents.common.tensor_file import CheckpointError
from agents.learners.config import LearnerConfig
from agents.learners.grpo import Grpo
from agents.learners.metrics import Graded
from agents.pretraining.trainer import new_model
from agents.rollouts.collect import collect
from agents.rollouts.groups import (
    BranchesConfig,
    Groups,
    GroupsConfig,
    RandomStart,
    group_index,
    load_or_collect_groups,
    make_groups,
    new_problems,
    run_branches,
)
from agents.rollouts.unroll import draw, unroll
from agents.trm import TRM, TRMConfig
from tests.toy import ToyTask
from trm_gym import make_task
from trm_gym.vector import RefinementVectorEnv

SMALL = GroupsConfig(problems=7, branches=2, noise=0.3, max_steps=3)


@pytest.fixture(scope="module")
def network() -> TRM:
    return new_model(TRMConfig(hidden=16, layers=1, cycles=1, latent_updates=1), ToyTask(), seed=0)


def play(network: TRM, branching, seed: int = 0):
    config = BranchesConfig(branches=4, branching=branching, max_steps=3)
    return run_branches(network, ToyTask(), ToyTask().generate(2, 0, "train", 0), config, np.random.default_rng(seed))


def apart(features: torch.Tensor) -> bool:
    """Whether the branches of a group, [2 * 4, s, f], differ."""
    grouped = features.view(2, 4, -1)
    return bool((grouped != grouped[:, :1]).any())


def test_branches_differ_in_what_is_asked_for(network):
    noisy, random, sampled = (play(network, name) for name in ("carry_noise", "random_starts", "sampled_tokens"))
    assert apart(noisy.unroll.features) and apart(random.unroll.features) and not apart(sampled.unroll.features)
    assert apart(sampled.drafts.float()) and not torch.equal(noisy.start.answer, random.start.answer)
    again = play(network, "random_starts")
    assert torch.equal(again.unroll.features, random.unroll.features)
    assert not torch.equal(play(network, "random_starts", 1).unroll.features, random.unroll.features)


def test_problems_of_ones_own_are_run_as_an_environments(network):
    """What an environment pays for a rollout (tests of ``collect``) holds for these runs too."""
    price = 0.3
    envs = RefinementVectorEnv(8, ToyTask(), max_steps=3, step_cost=price / 3, autoreset_mode=AutoresetMode.DISABLED)
    collected = collect(envs, network, np.zeros(2, int), 4, np.random.default_rng(0), 0.3)
    rng = np.random.default_rng(0)
    rng.integers(2**62, size=2)  # the seeds of the environment's problems
    config = BranchesConfig(branches=4, max_steps=3, price=price)
    mine = run_branches(network, ToyTask(), collected.problems[np.array([0, 4])], config, rng)
    assert torch.equal(mine.returns, collected.returns) and torch.equal(mine.drafts, collected.drafts)
    assert torch.equal(mine.unroll.features, collected.unroll.features)


def test_one_branch_has_no_noise_and_several_have_some():
    assert BranchesConfig().deviation == 0 and BranchesConfig(branches=2).deviation == 0.3
    assert BranchesConfig(noise=0.2).deviation == 0.2


def test_new_problems_are_of_the_levels_asked_for_and_never_the_same():
    task, rng = make_task("sudoku4x4"), np.random.default_rng(0)
    finite = task.level_index("clues4-5")
    levels = np.array([0, finite] * 60)
    first, second = (new_problems(task, levels, rng) for _ in range(2))
    assert first.level.tolist() == levels.tolist()
    shown = [{row.tobytes() for row in batch.problem[levels == finite]} for batch in (first, second)]
    assert len(shown[0]) == 60 and shown[0] != shown[1]
    few = new_problems(task, np.full(200, finite), rng).problem
    assert len(few) == 200 and len(np.unique(few, axis=0)) == task.split_size(finite, "train")


def test_random_starts_have_the_deviation_of_the_networks_own(network):
    own = network.initial_carry(1)
    drawn = RandomStart(network, torch.Generator().manual_seed(0)).initial_carry(500)
    for mine, theirs in zip(drawn, own, strict=True):
        assert mine.std().item() == pytest.approx(theirs.std().item(), rel=0.05)
        assert not torch.equal(mine[0], mine[1])


def test_groups_hold_equal_parts_of_the_levels_and_teach(network):
    groups = make_groups(network, ToyTask(), [0, 1], dataclasses.replace(SMALL, problems=8))
    assert len(groups) == 8 and isinstance(groups, Graded)
    levels = groups.unroll.level.view(8, 2)
    assert (levels[:, 0] == levels[:, 1]).all() and levels[:, 0].bincount().tolist() == [4, 4]
    learner = Grpo(LearnerConfig(iterations=2, passes=1), groups.unroll.features.shape[-1], seed=0)
    learner.update(groups.part(0, 4), groups.unroll)
    assert learner.iteration == 1


def test_problems_to_learn_from_are_made_anew(network):
    alone = dataclasses.replace(SMALL, branches=1, noise=0.0, problems=8)
    groups = make_groups(network, ToyTask(), [0, 1], alone)
    drawn = unroll(network, ToyTask(), draw(ToyTask(), [0, 1], 8, "train", alone.seed), 3)
    found, wanted = (graded.features.flatten(1).tolist() for graded in (groups.unroll, drawn))
    assert found != wanted, "not shuffled"
    np.testing.assert_allclose(sorted(found), sorted(wanted), atol=1e-5)


def test_problems_may_be_an_environments(network, monkeypatch):
    monkeypatch.setattr(ToyTask, "generate", lambda *_: pytest.fail("made anew"))
    assert len(make_groups(network, ToyTask(), [0], dataclasses.replace(SMALL, fresh=False))) == SMALL.problems


@pytest.mark.parametrize("branching", ["carry_noise", "random_starts", "sampled_tokens"])
def test_branches_of_fresh_problems_differ_as_those_of_an_environment(network, branching):
    config = dataclasses.replace(SMALL, problems=2, branches=4, branching=branching)
    groups = make_groups(network, ToyTask(), [1], config)
    assert apart(groups.unroll.features) == (branching != "sampled_tokens")


def test_parts_go_round_and_keep_groups_whole(network):
    groups = make_groups(network, ToyTask(), [0], SMALL)
    numbered = Groups(dataclasses.replace(groups.unroll, difficulty=torch.arange(14.0)), 2, groups.step_cost)
    assert numbered.part(0, 3).unroll.difficulty.tolist() == [0, 1, 2, 3, 4, 5]
    assert numbered.part(2, 3).unroll.difficulty.tolist() == [12, 13, 0, 1, 2, 3]


def test_group_index_by_hand():
    assert group_index(torch.tensor([2, 0]), 3).tolist() == [6, 7, 8, 0, 1, 2]
    assert group_index(torch.tensor([4, 1]), 1).tolist() == [4, 1]


def test_groups_are_run_once(tmp_path):
    path, start = tmp_path / "groups.safetensors", load_checkpoint("sudoku4x4")

    def again(config):
        return load_or_collect_groups(path, start.model, digest(start), make_task(start.task), [0], config)

    made = again(SMALL)
    before = path.stat().st_mtime_ns
    read = again(SMALL)
    assert path.stat().st_mtime_ns == before and read.step_cost == made.step_cost
    for name, value in vars(made.unroll).items():
        assert torch.equal(value, getattr(read.unroll, name)), name
    with pytest.raises(CheckpointError, match="by another network or with other settings"):
        load_or_collect_groups(
            path, start.model, digest(start), make_task(start.task), [0], dataclasses.replace(SMALL, noise=0.1)
        )
    start.model.halt.bias.data += 1
    with pytest.raises(CheckpointError, match="by another network or with other settings"):
        again(SMALL)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"problems": 0}, "problems .to learn from. must be"),
        ({"noise": -1.0}, "noise must be"),
        ({"branches": 2, "noise": 0.0}, "over and over without noise"),
    ],
)
def test_bad_settings_are_errors(settings, match):
    with pytest.raises(ValueError, match=match):
        GroupsConfig(**settings)
