"""What makes networks fast, and what happens where it cannot be had."""

from __future__ import annotations

import pytest
import torch

from agents.common.acceleration import AccelerationConfig, accelerate, probe_compiler, training_pass
from agents.pretraining.trainer import new_model
from agents.trm import TRMConfig
from trm_gym import make_task


def test_without_a_compiler_a_run_is_eager_and_says_so(monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(torch, "compile", broken)
    assert probe_compiler() == "RuntimeError: no C++ compiler"
    model = new_model(
        TRMConfig(hidden=8, cycles=1, latent_updates=1, positions="candidates"), make_task("sudoku4x4"), 0
    )
    monkeypatch.setattr("agents.common.acceleration.COMPILE_PAYS_AFTER", 0.0)
    chosen = accelerate(model, training_pass(model, 16, 4), 100, AccelerationConfig(bfloat16="off"))
    assert not chosen.compiled and "runs eager and slower" in chosen.reason
    with pytest.raises(ValueError, match=r"install g\+\+ or use compile=off"):
        accelerate(model, training_pass(model, 16, 4), 100, AccelerationConfig(compile="on", bfloat16="off"))
