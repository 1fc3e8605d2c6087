"""Training that comes to what is no number goes back to its last good state, with half the learning rates, if asked."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal

import pytest

from agents.common.acceleration import AccelerationConfig
from agents.common.tensor_file import NotFiniteError, load_tensors
from agents.learners.config import LearnerConfig
from agents.learners.joint import JointGrpo
from agents.pretraining.config import PretrainConfig
from agents.pretraining.run import PRETRAIN_STATE, pretrain
from agents.pretraining.trainer import Pretrainer
from agents.trm import TRMConfig
from scripts import grpo
from scripts.fuzzing.stored import same, untrained

PLAIN = AccelerationConfig(compile="off", bfloat16="off")
SHAPE = TRMConfig(hidden=8, cycles=1, latent_updates=1, positions="candidates")
TINY = PretrainConfig("sudoku4x4", ("clues10-12",), SHAPE, acceleration=PLAIN, updates=40, batch=4, save_every=1)
TEACHING = dataclasses.replace(
    grpo.PRESETS["sudoku4x4"],
    branches=2,
    max_steps=3,
    training=LearnerConfig(iterations=8, groups=4, passes=2),
    acceleration=PLAIN,
    save_every=2,
    on_divergence="restore",
)
Setting = Literal["frozen", "joint"]


def diverging(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let the sixth update come to no number so many times."""
    update, left = Pretrainer.update, [times]

    def sometimes(self: Pretrainer) -> dict[str, float]:
        if self.updates == 5 and left[0]:
            left[0] -= 1
            raise NotFiniteError("update 6: the loss of the answers is not finite")
        return update(self)

    monkeypatch.setattr(Pretrainer, "update", sometimes)


def test_a_run_that_diverges_goes_back_with_smaller_rates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    config = dataclasses.replace(TINY, updates=8, save_every=2)
    diverging(monkeypatch, 2)
    assert pretrain(config, tmp_path, restore=True).meta["rate_scale"] == 0.25
    out = capsys.readouterr().out
    assert (
        f"going on from {tmp_path / PRETRAIN_STATE} with 0.5 times the learning rates (restored 1 of at most 5 times)"
        in out
    )
    assert load_tensors(tmp_path / PRETRAIN_STATE)[1]["rate_scale"] == 0.25
    again = Pretrainer(config)
    again.load(tmp_path / PRETRAIN_STATE)
    assert again.optimizers.scale == 0.25 and again.updates == 8


def test_it_gives_up_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    diverging(monkeypatch, 6)
    with pytest.raises(NotFiniteError):
        pretrain(dataclasses.replace(TINY, updates=8, save_every=2), tmp_path / "a", restore=True)
    diverging(monkeypatch, 1)
    with pytest.raises(NotFiniteError, match="No state had been saved yet"):
        pretrain(dataclasses.replace(TINY, updates=8, save_every=7), tmp_path / "b", restore=True)


def breaking(monkeypatch: pytest.MonkeyPatch, times: int, error: BaseException) -> None:
    """Let the sixth iteration end in an error so many times."""
    collect, left = grpo.Training.collect, [times]

    def sometimes(self: grpo.Training, levels):
        if len(self.mixtures) == 6 and left[0]:
            left[0] -= 1
            self.learner.grpo.generator.seed() if isinstance(self.learner, JointGrpo) else self.rng.random(9)
            raise error
        return collect(self, levels)

    monkeypatch.setattr(grpo.Training, "collect", sometimes)


def teaching(place: Path, setting: Setting) -> grpo.Training:
    """On a network of its own, since the joint setting changes it."""
    return grpo.Training(dataclasses.replace(TEACHING, setting=setting), place, untrained.__wrapped__())


@pytest.mark.parametrize("setting", ["frozen", "joint"])
def test_grpo_goes_back_too(setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    """To the bits of a run that was ended there, and begun again with half the learning rates."""
    breaking(monkeypatch, 2, NotFiniteError("the loss of the network is not finite"))
    one = teaching(tmp_path / "one", setting)
    one.run()
    assert one.learner.scale == 0.25 and len(one.mixtures) == 8
    out = capsys.readouterr().out
    assert "with 0.5 times the learning rates (restored 1 of at most 5 times)" in out
    assert "iteration 6: the loss of the network is not finite" in out and "(restored 2 of at most 5 times)" in out
    tensors, note = load_tensors(tmp_path / "one" / grpo.STATE_FILE)
    assert note["rate_scale"] == 0.25

    breaking(monkeypatch, 1, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        teaching(tmp_path / "other", setting).run()
    other = teaching(tmp_path / "other", setting)
    assert len(other.mixtures) == 4 and other.learner.scale == 1
    other.learner.scale = 0.25
    other.run()
    assert same(load_tensors(tmp_path / "other" / grpo.STATE_FILE)[0], tensors)
    if isinstance(one.learner, JointGrpo):
        [group] = one.learner._optimizers[0].param_groups
        assert group["lr"] == TEACHING.joint.lr / 4


@pytest.mark.parametrize("setting", ["frozen", "joint"])
def test_grpo_gives_up_in_the_end(setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    breaking(monkeypatch, 6, NotFiniteError("nan"))
    with pytest.raises(NotFiniteError, match="The last good state is"):
        teaching(tmp_path, setting).run()
    again = teaching(tmp_path, setting)  # the scale is that of the state, which was saved before
    assert len(again.mixtures) == 4 and again.learner.scale == 1
