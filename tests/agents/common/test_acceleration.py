"""What makes networks fast, and what happens where it cannot be had."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from agents.common.acceleration import AccelerationConfig, accelerate, probe_compiler, training_pass
from agents.trm import TRMConfig
from agents.trm.model import new_model
from trm_gym import make_task


def test_without_a_compiler_a_run_is_eager_and_says_so(monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(torch, "compile", broken)
    assert probe_compiler() == "RuntimeError: no C++ compiler"
    task = make_task("sudoku4x4")
    model = new_model(TRMConfig(hidden=8, cycles=1, latent_updates=1, positions="candidates"), task, 0)
    monkeypatch.setattr("agents.common.acceleration.COMPILE_PAYS_AFTER", 0.0)
    chosen = accelerate(model, training_pass(model, task, 4), 100, AccelerationConfig(bfloat16="off"))
    assert not chosen.compiled and "runs eager and slower" in chosen.reason
    with pytest.raises(ValueError, match=r"install g\+\+ or use compile=off"):
        accelerate(
            model,
            training_pass(model, task, 4),
            100,
            AccelerationConfig(compile="on", bfloat16="off"),
        )


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


RUNNING = """
import sys, threading
from agents.inference.solver import Solver
solver = Solver.from_pretrained("sudoku4x4")
before = any(thread.name == "sleep_at_barriers" for thread in threading.enumerate())
{call}
print(before, any(thread.name == "sleep_at_barriers" for thread in threading.enumerate()))
"""
"""Whether a thread that sleeps at barriers is there, before and after a network has run."""
CALLS = {
    "solve": "solver.solve('1.3434.2.14.43.1')",
    "stream": "list(solver.stream(['1.3434.2.14.43.1']))",
    "trajectory": "solver.trajectory('1.3434.2.14.43.1')",
    "train_step": "solver.train_step('1.3434.2.14.43.1')",
    "unroll": "from agents.rollouts.unroll import unroll;"
    " unroll(solver.checkpoint.model, solver.task, solver.task.generate(1, 0, 'test', 0), 2)",
}


@pytest.mark.skipif("openmp" not in torch.__config__.parallel_info().lower(), reason="PyTorch without OpenMP")
@pytest.mark.skipif(sys.platform != "linux", reason="GNU's OpenMP is Linux's")
@pytest.mark.parametrize("name", CALLS)
def test_whatever_runs_a_network_prepares_the_process(name):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GOMP_", "OMP_WAIT"))}
    code = RUNNING.replace("{call}", CALLS[name])
    found = subprocess.run([sys.executable, "-c", code], env=kept, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "True"]
