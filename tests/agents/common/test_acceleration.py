"""What makes networks fast, and what happens where it cannot be had."""

from __future__ import annotations

import os
import subprocess
import sys

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


WAITING = """
import time
import torch
from agents.common.acceleration import sleep_at_barriers

def waited():
    data, start = torch.ones(1 << 17), time.process_time()
    for _ in range(60):
        data.exp()
        time.sleep(0.004)
    return time.process_time() - start

torch.set_num_threads(2)
waited()
print(waited(), sleep_at_barriers(), waited())
"""
"""Processor time of short parallel work with pauses, in which threads either spin or sleep."""


def waiting(**variables: str) -> tuple[float, str, float]:
    """Seconds before, whether threads sleep from then on, seconds after."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GOMP_", "OMP_"))}
    found = subprocess.run(
        [sys.executable, "-c", WAITING], env=kept | variables, capture_output=True, text=True, check=True
    )
    before, sleeps, after = found.stdout.split()
    return float(before), sleeps, float(after)


@pytest.mark.skipif("openmp" not in torch.__config__.parallel_info().lower(), reason="PyTorch without OpenMP")
@pytest.mark.skipif(sys.platform != "linux", reason="GNU's OpenMP is Linux's")
def test_waiting_threads_sleep():
    before, sleeps, after = waiting()
    assert sleeps == "True" and after < before / 2


def test_a_person_decides_how_threads_wait():
    assert waiting(OMP_WAIT_POLICY="PASSIVE")[1] == "False"
