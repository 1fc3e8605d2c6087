"""How branches of a problem come to differ, and where they stand."""

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

from agents.rollouts.collect import Rollout, collect, new_problems, run_branches
from agents.rollouts.groups import BranchesConfig, RandomStart, group_index
from agents.trm import TRM, TRMConfig
from agents.trm.model import new_model
from tests.toy import ToyTask
from trm_gym import make_task
from trm_gym.vector import RefinementVectorEnv


@pytest.fixture(scope="module")
def network() -> TRM:
    return new_model(TRMConfig(hidden=16, layers=1, cycles=1, latent_updates=1), ToyTask(), seed=0)


def play(network: TRM, branching, seed: int = 0) -> Rollout:
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


def test_group_index_by_hand():
    assert group_index(torch.tensor([2, 0]), 3).tolist() == [6, 7, 8, 0, 1, 2]
    assert group_index(torch.tensor([4, 1]), 1).tolist() == [4, 1]


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"noise": -1.0}, "noise must be"),
        ({"branches": 0}, "branches must be"),
        ({"branches": 2, "noise": 0.0}, "over and over without noise"),
    ],
)
def test_bad_settings_are_errors(settings, match):
    with pytest.raises(ValueError, match=match):
        BranchesConfig(**settings)
