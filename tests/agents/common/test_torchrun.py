"""torchrun itself starts a run anew of which a process was lost, and it comes to the bits of a run that lost none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.agents.common.test_signals import PRETRAIN, ROOT, same

LOSING = """
import os, runpy, sys
from agents.common.processes import Processes

whole, calls = Processes.sum_gradients, []

def sum_gradients(self, weights, broken=False):
    calls.append(1)
    first = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0" and "cut" in sys.argv[-1]
    if len(calls) == 25 and self.rank == 1 and first:
        os._exit(9)
    whole(self, weights, broken)

Processes.sum_gradients = sum_gradients
runpy.run_path("scripts/pretrain.py", run_name="__main__")
"""
STATE = "pretrain.safetensors"


@pytest.mark.slow
def test_a_lost_process_is_started_again_and_ends_in_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    script = tmp_path / "losing.py"
    script.write_text(LOSING)
    words = [*PRETRAIN, "--updates", "40", "--save-every", "10", "--folder"]
    words = [word for place, word in enumerate(words) if word != "--folder" or place == len(words) - 1]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for name in ("cut", "whole"):
        command = [*torchrun, "--max-restarts", "1", str(script), *words, str(tmp_path / name)]
        made = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=500, check=False)
        assert made.returncode == 0, made.stderr
        assert ("exitcode  : 9" in made.stderr or "exitcode: 9" in made.stderr) == (name == "cut"), made.stderr
        assert made.stdout.count("checkpoint in") == 1, "the first process alone shows"
    same(tmp_path / "cut" / STATE, tmp_path / "whole" / STATE)
