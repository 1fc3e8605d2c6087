"""Answers and halting learnt together."""

import numpy as np
import torch
from gymnasium.vector import AutoresetMode

from agents.learners.answers import AnswersConfig
from agents.learners.config import LearnerConfig
from agents.learners.grpo import Grpo
from agents.learners.joint import JointConfig, JointGrpo
from agents.rollouts.collect import Rollout, collect
from agents.trm import TRM, TRMConfig
from agents.trm.model import new_model
from tests.toy import ToyTask
from trm_gym.task import Problems, Verdicts
from trm_gym.vector import RefinementVectorEnv

GROUPS, BRANCHES, STEPS = 8, 4, 3


def make(seed: int = 0, **settings) -> tuple[JointGrpo, TRM]:
    network = new_model(TRMConfig(hidden=32, layers=1, cycles=1, latent_updates=1), ToyTask(), seed=0)
    features = 2 * 32 + 3 * 11 + 2
    return JointGrpo(
        JointConfig(**settings), Grpo(LearnerConfig(iterations=100, passes=1), features, seed), network, ToyTask()
    ), network


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


def test_cells_that_do_not_count_have_no_probability(monkeypatch):
    monkeypatch.setattr(ToyTask, "counted", lambda self, problems, drafts: problems.free & (np.arange(12) == 2))
    learner, network = make()
    rollout = play(network, 0)
    found = learner.replay(rollout, torch.arange(6))
    torch.testing.assert_close(found.log_prob, rollout.log_prob[:6], atol=1e-4, rtol=1e-4)
    assert (found.cells == 1).all()
    monkeypatch.undo()
    assert (learner.replay(rollout, torch.arange(6)).log_prob < found.log_prob).all()


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


def test_of_a_level_without_labels_rewards_alone_tell(monkeypatch):
    """Its labels are hidden: they say something else than the verdict, and are not learnt."""

    def verify(self: ToyTask, problems: Problems, answers: np.ndarray) -> Verdicts:
        solved = answers[:, 2] == 3
        return Verdicts(solved, solved.astype(np.float32))

    monkeypatch.setattr(ToyTask, "verify", verify)
    answers = AnswersConfig(credit="every_step")
    learner, network = make(anchor=1.0, lr=3e-3, unlabelled=("easy",), answers=answers)
    assert learner.replay(play(network, 0), torch.arange(8)).answers == 0
    for seed in range(8):
        learner.update(play(network, seed))
    assert play(network, 9).unroll.solved.float().mean() > 0.9
    assert learner.replay(play(network, 0, level=1), torch.arange(8)).answers > 0


def test_the_anchor_alone_teaches_the_answers():
    learner, network = make(anchor=1.0, lr=3e-3)
    metrics = [learner.update(play(network, seed)).scalars for seed in range(10)]
    assert metrics[-1]["network_answer_loss"] < 0.5 * metrics[0]["network_answer_loss"]


def test_groups_whose_members_earn_alike_leave_the_network_as_it_is(monkeypatch):
    def verify(self: ToyTask, problems: Problems, answers: np.ndarray) -> Verdicts:
        return Verdicts(np.ones(len(answers), bool), np.ones(len(answers), np.float32))

    monkeypatch.setattr(ToyTask, "verify", verify)
    drafts, halting = (AnswersConfig(credit="every_step"), True), (AnswersConfig(worth="score"), False)
    for answers, kept in (drafts, halting):  # steps have a price where they halt
        learner, network = make(answers=answers, lr=3e-3)
        before = {name: part.clone() for name, part in network.named_parameters()}
        learner.update(play(network, 0))
        assert all(torch.equal(part, before[name]) for name, part in network.named_parameters()) is kept


def test_of_several_solutions_the_nearest_is_the_label_and_any_is_right(monkeypatch):
    learner, network = make()
    rollout, index = play(network, 0), torch.arange(8)
    torch.nn.init.constant_(network.halt.bias, 20.0)  # sure of every draft

    def replayed(solved: bool) -> tuple[float, float]:
        verdict = Verdicts(np.full(8, solved), np.full(8, float(solved), np.float32))
        monkeypatch.setattr(ToyTask, "verify", lambda self, problems, answers: verdict)
        found = learner.replay(rollout, index)
        return found.answers.item(), found.halt.item()

    far, _ = replayed(solved=False)
    monkeypatch.setattr(ToyTask, "nearest", lambda self, problems, preference: preference.argmax(-1).astype(np.uint8))
    near, wrong = replayed(solved=False)
    assert near < far and wrong > 19
    assert replayed(solved=True)[1] < 0.01


def test_without_reward_only_the_anchor_moves_the_network():
    learner, network = make(anchor=0.0, reward=0.0, lr=3e-3, weight_decay=0.0)
    before = {name: part.clone() for name, part in network.state_dict().items()}
    learner.update(play(network, 0))
    torch.testing.assert_close(network.state_dict(), before, rtol=0, atol=0)


def test_an_anchor_to_the_pretrained_network_holds_it_without_labels():
    """Pushed away by a wrong verdict at a high rate, the network stays nearer where it was the heavier the anchor."""

    def drift(anchor: float) -> float:
        learner, network = make(anchor=anchor, anchored_to="pretrained", lr=3e-3, halt_weight=0.0)
        for seed in range(3):
            metrics = learner.update(play(network, seed)).scalars
        return metrics["network_answer_loss"]

    held, loose = drift(100.0), drift(0.0)
    assert 0 <= held < 0.5 * loose


def test_muon_moves_the_matrices_of_the_core_and_adamw_the_rest():
    learner, network = make(optimizer="muon", lr=1e-3)
    kinds = [type(one) for one in learner._optimizers]
    assert kinds == [torch.optim.AdamW, torch.optim.Muon]
    sizes = [sum(p.numel() for group in one.param_groups for p in group["params"]) for one in learner._optimizers]
    assert sum(sizes) == network.num_parameters()
    assert sizes[1] == sum(p.numel() for p in network.core.parameters() if p.ndim == 2) > 0
    before = {name: value.clone() for name, value in network.named_parameters()}
    learner.update(play(network, 0))
    moved = {name: (value - before[name]).square().mean().sqrt().item() for name, value in network.named_parameters()}
    inside = [moved[f"core.{name}"] for name, p in network.core.named_parameters() if p.ndim == 2]
    # match_rms_adamw: an update's root mean square is about .2 of the learning rate; 8 updates here.
    assert all(0.1e-3 < size < 2e-3 for size in inside)


def test_a_restored_learner_with_muon_goes_on():
    one, network = make(optimizer="muon")
    one.update(play(network, 0))
    other, restored = make(seed=7, optimizer="muon")
    other.load_state_dict({name: value.clone() for name, value in one.state_dict().items()})
    assert one.update(play(network, 1)).scalars == other.update(play(restored, 1)).scalars


def test_a_restored_learner_goes_on_as_if_nothing_had_happened():
    one, network = make()
    one.update(play(network, 0))
    other, restored = make(seed=7)
    other.load_state_dict({name: value.clone() for name, value in one.state_dict().items()})
    assert one.update(play(network, 1)).scalars == other.update(play(restored, 1)).scalars
