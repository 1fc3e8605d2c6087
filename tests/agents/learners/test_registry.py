"""Every learner by its name: resumed, taught as long as others, refused where it would ignore what is set."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from agents.halting.heads import HaltPolicy
from agents.learners.base import GroupLearner
from agents.learners.config import GrpoConfig, LearnerConfig, PolicyConfig, PonderNetConfig, SamplingConfig
from agents.learners.registry import LEARNERS, check_learners, make_learner, train_head
from agents.rollouts.dataset import RolloutDataset
from tests.agents.halting_toy import draw_toy

PRICE = 0.2


def dataset(groups: int = 16, branches: int = 4) -> RolloutDataset:
    rollout = draw_toy(np.random.default_rng(0), groups, branches, PRICE)
    return RolloutDataset(rollout.unroll, branches, rollout.step_cost)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_restored_learner_goes_on_as_if_nothing_had_happened(name):
    rng = np.random.default_rng(0)
    rollouts = [draw_toy(rng, 8, 2, PRICE) for _ in range(4)]
    config = LearnerConfig(iterations=4, passes=2, groups=8)
    one, other = (make_learner(name, config, 4, seed) for seed in (0, 5))
    for rollout in rollouts[:2]:
        one.update(rollout)
    other.load_state_dict({key: value.clone() for key, value in one.state_dict().items()})
    for rollout in rollouts[2:]:
        assert one.update(rollout).scalars == other.update(rollout).scalars
    for key, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[key])


@pytest.mark.parametrize("name", LEARNERS)
def test_all_make_as_many_updates(name):
    sampling = SamplingConfig(explore=0.5)
    config = LearnerConfig(iterations=2, groups=16, passes=3, epochs=2, minibatches=2, sampling=sampling)
    learner = make_learner(name, config, 4, 0)
    for _ in range(2):
        learner.update(draw_toy(np.random.default_rng(0), 16, 4, PRICE))
    assert learner.updates == config.updates == 24


@pytest.mark.parametrize("name", LEARNERS)
def test_a_head_is_a_function_of_its_seed_and_ready_to_use(name, capsys: pytest.CaptureFixture[str]):
    config = LearnerConfig(iterations=2, groups=8, passes=1)
    first, same, other = (train_head(name, dataset(), config, seed) for seed in (3, 3, 4))
    assert f"{name}, seed 3 2/2" in capsys.readouterr().out
    assert not first.training and not any(part.requires_grad for part in first.parameters())
    for mine, again in zip(first.parameters(), same.parameters(), strict=True):
        assert torch.equal(mine, again)
    assert any(not torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True))


def test_what_is_measured_has_no_part_in_what_supervised_heads_learn():
    """They are taught alike by one long iteration and by many short ones: the rounds are for people to watch."""
    whole = train_head("bce", dataset(), LearnerConfig(iterations=1, groups=8, passes=6), 0)
    parts = train_head("bce", dataset(), LearnerConfig(iterations=6, groups=8, passes=1), 0)
    for mine, other in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize(
    ("names", "config", "users"),
    [
        (["bce", "two_heads"], LearnerConfig(policy=PolicyConfig(threshold_lr=1.0)), "grpo, reinforce"),
        (["expected"], LearnerConfig(sampling=SamplingConfig(explore=0.5)), "grpo, reinforce, rloo"),
        (["rloo", "bce"], LearnerConfig(grpo=GrpoConfig(clip=0.1)), "grpo"),
        (["grpo"], LearnerConfig(pondernet=PonderNetConfig(rate=0.5)), "pondernet"),
    ],
)
def test_nothing_that_is_set_is_ignored_in_silence(names, config, users):
    with pytest.raises(ValueError, match=f"{', '.join(names)} would ignore .*, which is used by {users}"):
        check_learners(names, config)
    check_learners([*names, "grpo", "pondernet"], config)


def test_an_unknown_learner_and_an_empty_dataset_are_errors():
    with pytest.raises(ValueError, match=r"unknown learner 'magic': use some of grpo, .*expected"):
        train_head("magic", dataset(), LearnerConfig(), 0)
    nothing = dataset().take(torch.arange(0))
    with pytest.raises(ValueError, match="nothing to learn from"):
        train_head("bce", nothing, LearnerConfig(), 0)


def test_a_new_learner_is_a_class_and_a_line(monkeypatch: pytest.MonkeyPatch):
    class Never(GroupLearner):
        """Halts as late as it can."""

        def loss(self, log_probs, returns):
            return -log_probs[..., -1].mean()

    monkeypatch.setitem(LEARNERS, "never", Never)
    head = train_head("never", dataset(), LearnerConfig(iterations=2, groups=8, passes=1), 0)
    assert isinstance(head, HaltPolicy)
