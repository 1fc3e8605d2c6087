"""Answers and halting learnt together."""

import numpy as np
import torch
from gymnasium.vector import AutoresetMode

from agents.grpo import Grpo, GrpoConfig
from agents.joint import JointConfig, JointGrpo
from agents.pretrain import new_model
from agents.rollout import Rollout, collect
from agents.trm import TRM, TRMConfig
from tests.toy import ToyTask
from trm_gym.task import Problems, Verdicts
from trm_gym.vector import RefinementVectorEnv

GROUPS, BRANCHES, STEPS = 8, 4, 3


def make(seed: int = 0, **settings) -> tuple[JointGrpo, TRM]:
    network = new_model(TRMConfig(hidden=32, layers=1, cycles=1, latent_updates=1), ToyTask(), seed=0)
    features = 2 * 32 + 3 * 11 + 2
    return JointGrpo(JointConfig(**settings), Grpo(GrpoConfig(passes=1), features, 100, seed), network), network


def play(network: TRM, seed: int, level: int = 0) -> Rollout:
    envs = RefinementVectorEnv(GROUPS * BRANCHES, ToyTask(), max_steps=STEPS, autoreset_mode=AutoresetMode.DISABLED)
    levels = np.full(GROUPS, level)
    return collect(envs, network, levels, BRANCHES, np.random.default_rng(seed), noise=0.3, temperature=1.0)


def test_a_replay_gives_the_log_probabilities_of_the_rollout():
    learner, network = make()
    rollout = play(network, 0)
    index = torch.tensor([1, 5, 17])
    log_prob = learner.replay(rollout, index)[0]
    torch.testing.assert_close(log_prob, rollout.log_prob[index], atol=1e-4, rtol=1e-4)
    assert log_prob.requires_grad


def test_reward_alone_teaches_the_answers(monkeypatch):
    """Without the supervised anchor, and with a verdict that the labels do not give: only the return says it."""

    def verify(self: ToyTask, problems: Problems, answers: np.ndarray) -> Verdicts:
        solved = answers[:, 2] == 3
        return Verdicts(solved, solved.astype(np.float32))

    monkeypatch.setattr(ToyTask, "verify", verify)
    learner, network = make(anchor=0.0, lr=3e-3)
    rollouts = []
    for seed in range(12):
        rollouts.append(play(network, seed))
        learner.update(rollouts[-1])
    assert rollouts[0].unroll.solved.float().mean() < 0.5
    assert rollouts[-1].unroll.solved.float().mean() > 0.9


def test_the_anchor_alone_teaches_the_answers():
    learner, network = make(anchor=1.0, lr=3e-3)
    told = [learner.update(play(network, seed)).scalars for seed in range(10)]
    assert told[-1]["network_answer_loss"] < 0.5 * told[0]["network_answer_loss"]


def test_a_restored_learner_goes_on_as_if_nothing_had_happened():
    one, network = make()
    one.update(play(network, 0))
    other, restored = make(seed=7)
    other.load_state_dict({name: value.clone() for name, value in one.state_dict().items()})
    assert one.update(play(network, 1)).scalars == other.update(play(restored, 1)).scalars
