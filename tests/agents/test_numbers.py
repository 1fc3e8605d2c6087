"""Problems that hold numbers, and networks that see the draft that they better, from rollouts to training."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from agents.checkpoint import Checkpoint
from agents.common.acceleration import AccelerationConfig
from agents.common.tensor_file import CheckpointError, load_tensors, save_tensors
from agents.halting.rules import FixedSteps, VerifierStop
from agents.inference.engine import Engine
from agents.inference.solver import Solver
from agents.learners.config import LearnerConfig
from agents.learners.grpo import Grpo
from agents.learners.joint import JointConfig, JointGrpo
from agents.pretraining.config import DraftsConfig, PretrainConfig, TrainingExtras, describe
from agents.pretraining.trainer import Pretrainer
from agents.rollouts.collect import Rollout, run_problems
from agents.rollouts.unroll import refine, unroll
from agents.sb3.extractor import TRMExtractor
from agents.trm import TRM, Carry, Inputs, Output, TRMConfig
from agents.trm.encoders import ENCODERS, Encoder, EncoderContext
from agents.trm.model import new_model
from tests.agents.pretraining.test_trainer import TINY
from tests.toy_numbers import ToyNumbers
from trm_gym import RefinementEnv
from trm_gym.registration import TASKS, TaskEntry
from trm_gym.streams import mix
from trm_gym.task import Problems

TASK = ToyNumbers()


class NumbersEncoder(Encoder):
    """Looks at the numbers and at the draft, and at nothing else."""

    def __init__(self, context: EncoderContext) -> None:
        super().__init__(context, symbols=context.vocab, positions=context.length)
        self.number = nn.Linear(2, context.hidden, dtype=torch.float32)
        self.head = nn.Linear(context.hidden, context.vocab, dtype=torch.float32)

    def embed(self, inputs: Inputs) -> Float[Tensor, "batch positions hidden"]:
        return F.embedding(inputs.draft, self.symbols) * self.scale + self.number(inputs.numbers.float())[:, None]

    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        return self.head(answer)


class Reader:
    """Not a network: it reads the first size at once, and the second when its draft holds the first."""

    def __init__(self) -> None:
        self.seen: list[Tensor] = []

    def initial_carry(self, batch: int) -> Carry:
        return Carry(torch.zeros(batch, 2, 1), torch.zeros(batch, 2, 1))

    def __call__(self, carry: Carry, inputs: Inputs) -> tuple[Carry, Output]:
        self.seen.append(inputs.draft.clone())
        sizes = inputs.numbers.long() + 1
        sizes[:, 1] = torch.where(inputs.draft[:, 0] == sizes[:, 0], sizes[:, 1], 1)
        return carry, Output(F.one_hot(sizes, 5) * 9.0, torch.zeros(len(sizes)), carry.answer)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = TaskEntry("TRM-ToyNumbers-v0", "tests.toy_numbers", "ToyNumbers", {"size": 64})
    monkeypatch.setitem(TASKS, "toynumbers", entry)
    monkeypatch.setitem(ENCODERS, "numbers", NumbersEncoder)


def shape(hidden: int = 8) -> TRMConfig:
    return TRMConfig(
        hidden=hidden, layers=1, cycles=1, latent_updates=1, width_multiple=8, mixer="mlp", positions="numbers"
    )


def config(hidden: int = 8, **changes) -> PretrainConfig:
    plain = PretrainConfig(
        task="toynumbers",
        levels=("any",),
        model=shape(hidden),
        acceleration=AccelerationConfig("off", "off", 1),
        updates=20,
        batch=8,
        max_steps=4,
        drafts=DraftsConfig(start_corrupted=0.5, next_corrupted=0.25, sampled=0.5),
    )
    return dataclasses.replace(plain, **changes)


def problems(count: int = 40) -> Problems:
    return TASK.generate(count, 0, "train", 3)


def network() -> TRM:
    return new_model(shape(), TASK, 0).eval()


def test_a_network_is_shown_numbers_and_its_last_draft():
    some, reader = problems(), Reader()
    solved = unroll(reader, TASK, some, 3, batch=100).solved
    late = torch.from_numpy(some.truth[:, 1] > 0)
    assert 5 < late.sum() < 35 and torch.equal(solved[:, 0], ~late) and solved[:, 1:].all()
    assert not reader.seen[0].any() and (reader.seen[1][:, 0] == torch.from_numpy(some.truth[:, 0])).all()


def test_the_engine_does_as_the_unroll():
    some = problems()
    results = list(Engine(Reader(), TASK, VerifierStop(), 7, 4).run([some, "0.5 3.5", "x"]))
    assert [result.steps for result in results[:-1]] == [*np.where(some.truth[:, 1] > 0, 2, 1).tolist(), 2]
    assert all(result.solved for result in results[:-1]) and "two numbers" in (results[-1].error or "")
    wide = dataclasses.replace(some, numbers=np.zeros((40, 3)))
    assert {r.error for r in Engine(Reader(), TASK, FixedSteps(1), 4, 4).run([wide])} == {TASK.fault(wide[:1])}
    wild = dataclasses.replace(some, truth=some.truth + 1e9)
    assert all(
        "truth of toynumbers" in (r.error or "") for r in Engine(Reader(), TASK, FixedSteps(1), 4, 4).run([wild])
    )


def rollout(model: TRM | Reader, temperature: float = 1.0) -> Rollout:
    rng = np.random.default_rng(0)
    return run_problems(model, TASK, problems(4), 3, 3, 0.1 / 3, rng, temperature=temperature, batch=100)


def test_a_rollout_shows_the_drafts_that_were_drawn_and_a_replay_shows_them_again():
    reader = Reader()
    made = rollout(reader, temperature=4.0)
    assert torch.equal(torch.stack(reader.seen[1:], 1), made.drafts[:, :-1].long())
    greedy = torch.stack([step.draft for step in refine(Reader(), TASK, made.problems, 3)], 1)
    assert not torch.equal(made.drafts.long(), greedy)

    model = network()
    made = rollout(model)
    joint = JointGrpo(JointConfig(), Grpo(LearnerConfig(iterations=9, passes=1), 2 * 8 + 35, 0), model, TASK)
    index = torch.tensor([1, 7, 4])
    replay = joint.replay(made, index)
    torch.testing.assert_close(replay.log_prob, made.log_prob[index], atol=1e-4, rtol=1e-4)
    assert made.tensors()["problems.numbers"].tolist() == made.problems.numbers.tolist()
    some, drafts = made.problems[index.numpy()], iter(made.drafts[index].long().unbind(1))
    told = torch.from_numpy(TASK.labelled(some, some.solution))
    assert not told.all()
    expected = []
    for step in refine(model, TASK, some, 3, chosen=lambda _: next(drafts)):
        chances = step.output.logits.log_softmax(-1).gather(-1, torch.from_numpy(some.solution).long()[..., None])
        expected.append(-chances[..., 0][told].mean())
    torch.testing.assert_close(replay.answers, torch.stack(expected).mean())


def run(settings: PretrainConfig, updates: int) -> tuple[Pretrainer, list[dict[str, float]]]:
    trainer = Pretrainer(settings)
    return trainer, [trainer.update() for _ in range(updates)]


@pytest.mark.parametrize("starts", [1, 2])
def test_training_resumes_to_the_bit_with_its_drafts(starts: int, tmp_path: Path):
    settings = config(start_noise=0.3, extras=TrainingExtras(starts=starts, consistency=0.1))
    whole, seen = run(settings, 8)
    half, _ = run(settings, 4)
    half.save(tmp_path / "state.safetensors")
    other = Pretrainer(settings)
    other.load(tmp_path / "state.safetensors")
    assert torch.equal(other.draft, half.draft) and other.draft.dtype == torch.long
    assert other.problems.numbers.tolist() == half.problems.numbers.tolist()
    assert [other.update() for _ in range(4)] == seen[4:]
    assert torch.equal(other.draft, whole.draft)


@pytest.mark.parametrize("spoilt", [0.0, 1.0])
def test_a_network_in_training_is_shown_what_it_made_and_new_problems_begin_anew(spoilt: float):
    trainer = Pretrainer(config(drafts=DraftsConfig(start_corrupted=spoilt)))
    seen: list[Tensor] = []
    made: list[Tensor] = []
    trainer.model.register_forward_pre_hook(lambda _, given: seen.append(given[1].draft.clone()))
    trainer.model.register_forward_hook(lambda _, __, given: made.append(given[1].logits.argmax(-1)))
    for _ in range(5):
        before = trainer.draft.clone()
        trainer.update()
        assert torch.equal(seen[-1], before)
        new = trainer.steps == 0
        starts = TASK.corrupt(trainer.problems, mix(0)) if spoilt else trainer.problems.start
        assert torch.equal(trainer.draft[new], torch.from_numpy(starts).long()[new])
        assert torch.equal(trainer.draft[~new], made[-1][~new])
    assert len({int(draft[0, 0]) for draft in seen}) > 1


def test_what_a_solution_does_not_say_is_not_trained():
    trainer, logits = Pretrainer(config()), list[Tensor]()
    trainer.model.register_forward_hook(lambda _, __, given: logits.append(given[1].logits.log_softmax(-1)))
    some = trainer.problems[np.arange(8)]
    told = torch.from_numpy(some.solution != 0)
    loss = trainer.update()["loss"]
    chances = logits[0].gather(-1, torch.from_numpy(some.solution).long()[..., None])[..., 0]
    assert 8 <= told.sum() < 16 and loss == pytest.approx(-chances[told].mean().item(), rel=1e-5)


def test_chunks_draw_what_the_whole_batch_does():
    whole, _ = run(config(), 1)
    parts, _ = run(config(chunk=2), 1)
    assert torch.equal(whole.draft, parts.draft)


def test_a_network_that_sees_its_draft_learns_from_it():
    """The numbers alone would do here: what is shown is that gradients, labels and refills are right."""
    _, seen = run(config(32, updates=150, batch=64), 150)
    assert seen[-1]["loss"] < 0.2 * seen[0]["loss"] and seen[-1]["solved"] > 0.8


def test_states_without_drafts_are_taken_over_where_no_network_saw_them(tmp_path: Path):
    path = tmp_path / "state.safetensors"
    trainer, _ = run(TINY, 3)
    trainer.save(path)
    tensors, note = load_tensors(path)
    added = {"draft", "slots.numbers", "slots.truth"}
    save_tensors(path, {name: value for name, value in tensors.items() if name not in added}, note)
    other = Pretrainer(TINY)
    other.load(path)
    assert other.update() == trainer.update()
    assert "drafts" not in note["config"] and "drafts" in describe(config())

    trainer, _ = run(config(), 2)
    trainer.save(path)
    tensors, note = load_tensors(path)
    for name, value, match in (
        ("draft", None, "draft is absent"),
        ("draft", tensors["draft"] + 9, "draft holds numbers outside 0 to 4"),
        ("slots.truth", tensors["slots.truth"] + 1e9, "truth of toynumbers is from 0 to 4"),
        ("slots.numbers", tensors["slots.numbers"].float(), "slots.numbers is torch.float32"),
    ):
        changed = {**tensors, name: value} if value is not None else {k: v for k, v in tensors.items() if k != name}
        save_tensors(path, changed, note)
        with pytest.raises(CheckpointError, match=match):
            Pretrainer(config()).load(path)


def test_ones_own_problems_are_solved_and_taught():
    solver = Solver(Checkpoint(network(), "toynumbers"))
    assert solver.solve("0.5 3.5", max_steps=3).steps <= 3
    losses = [solver.train_step("2.5 0.5", steps=2, learning_rate=1e-2, solution=[3, 1])["loss"] for _ in range(20)]
    assert losses[-1] < 0.5 * losses[0]


def test_stable_baselines_features_are_of_tokens_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("agents.sb3.extractor.load_checkpoint", lambda *_, **__: Checkpoint(network(), "toynumbers"))
    with pytest.raises(ValueError, match="toynumbers, whose problems hold numbers: this reads tokens alone"):
        TRMExtractor(RefinementEnv(TASK).observation_space, "any")
