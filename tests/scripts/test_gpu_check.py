"""scripts/gpu_check.py on the processor against itself; what differs is told; CUDA stands behind one door."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from agents.common import device
from agents.common.cli import main
from scripts import gpu_check
from scripts.gpu_check import Config, Finding, distance, run

ROOT = Path(__file__).parents[2]


def test_only_one_file_knows_of_cards():
    files = [path for folder in ("agents", "curricula", "trm_gym") for path in (ROOT / folder).rglob("*.py")]
    knowing = [path.name for path in files if re.search(r"\bcuda\b|\bnccl\b", path.read_text(encoding="utf-8"))]
    assert knowing == ["device.py"]


def test_devices(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.fastest().type == "cuda" and device.backend() == "nccl"
    with device.kept_to("cpu"):
        assert device.fastest().type == "cpu" and device.backend() == "gloo"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.fastest().type == "cpu" and device.backend() == "gloo"
    assert device.of_messages("nccl").type == "cuda" and device.of_messages("gloo").type == "cpu"
    device.wait(torch.device("cpu"))
    device.take_card(3)


@pytest.mark.usefixtures("unchecked")
def test_the_processor_is_as_itself(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(gpu_check, "FAST", gpu_check.PLAIN)  # compiling takes a minute, and has tests of its own
    main(run, Config, args="--device cpu --checkpoint sudoku4x4 --problems 32 --updates 2".split())
    out = capsys.readouterr().out
    assert "7 checks" in out and "NO" not in out
    assert re.search(r"float32, verdicts \| 0 ", out) and re.search(r"training, losses \| 0 ", out)
    assert "gloo, 2 processes" in out


def test_what_differs_ends_with_code_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    findings = [Finding("one", 0.1, 0.2), Finding("other", float("nan"), 1.0)]
    monkeypatch.setattr(gpu_check, "CHECKS", (lambda config: iter(findings),))
    with pytest.raises(SystemExit) as stopped:
        main(run, Config, args=["--device", "cpu"])
    assert stopped.value.code == 1 and "| other | nan | 1 | NO |" in capsys.readouterr().out


def test_distance_is_a_share_of_the_largest():
    assert distance(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 4.0])) == 0.25
    assert distance(torch.zeros(2), torch.zeros(2)) == 0


@pytest.mark.skipif(device.there(), reason="this machine has a graphics card")
def test_a_machine_without_a_card_says_so_in_a_line(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        main(run, Config, args=[])
    error = capsys.readouterr().err
    assert stopped.value.code == 2 and "there is no graphics card" in error and len(error.strip().splitlines()) == 1
