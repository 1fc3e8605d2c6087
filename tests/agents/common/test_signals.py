"""Signals: what is under way is finished and saved, with the conventional exit code, and a run goes on to the bit.

The scripts run in processes of their own, as tiny as they can be; each says on its log when it is at work.
"""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from agents.common.signals import Ended, ending, interruptible, limited, pause
from agents.common.tensor_file import load_tensors
from tests.scripts.checkpoints import untrained

ROOT = Path(__file__).parents[3]
NUMBERS = {"SIGTERM": 143, "SIGHUP": 129, "SIGINT": 130, "SIGUSR1": 138}
PRETRAIN = """
    --task sudoku4x4 --levels clues6-8 --model.hidden 8 --model.cycles 1 --model.latent-updates 1 --batch 8
    --max-steps 4 --updates 60 --save-every 1000 --test-problems 20 --acceleration.compile off
    --acceleration.bfloat16 off --folder
""".split()
GRPO = """
    --preset sudoku4x4 --save-every 1000 --max-steps 3 --training.iterations 30 --training.passes 1
    --evaluation.problems 20 --evaluation.validation 20 --evaluation.max-steps 3 --evaluation.resamples 50
""".split()


def test_the_first_signal_is_noted_and_the_second_ends_it():
    with pytest.raises(Ended, match="SIGTERM: stopped; all is saved") as ended, ending() as asked:
        assert not asked
        signal.raise_signal(signal.SIGTERM)
        assert asked
        asked.end("all is saved")
    assert ended.value.code == 143
    with pytest.raises(KeyboardInterrupt), ending():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_time_that_is_up_is_a_signal_too():
    said = r"time is up \(max_minutes\): stopped; saved"
    with pytest.raises(Ended, match=said) as ended, ending() as asked, limited(1e-4):
        while not asked:
            time.sleep(0.01)
        asked.end("saved")
    assert ended.value.code == 128 + signal.SIGALRM
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    with limited(0.0):
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_who_does_not_ask_ends_when_the_work_is_left_and_handlers_go_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with pytest.raises(Ended, match="SIGHUP"), ending():
        signal.raise_signal(signal.SIGHUP)
    with pytest.raises(Ended, match="SIGTERM"), interruptible(), ending():
        signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Ended, match="SIGTERM"), interruptible():
        signal.raise_signal(signal.SIGTERM)
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]


class Deleted:
    """An object in whose deletion a signal comes, where Python drops what is raised."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        signal.raise_signal(self.number)
        sum(range(10))  # the handler runs between two instructions


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize(("number", "error"), [(signal.SIGTERM, Ended), (signal.SIGINT, KeyboardInterrupt)])
def test_a_signal_that_comes_while_an_object_is_deleted_is_not_lost(
    number: int, error: type[BaseException], busy: bool, monkeypatch: pytest.MonkeyPatch
):
    start = _thread.start_new_thread

    def held_up(*given) -> int:
        thread = start(*given)
        time.sleep(0.2 * busy)  # the machine gives this thread no time, and the new one all
        return thread

    monkeypatch.setattr(_thread, "start_new_thread", held_up)
    with pytest.raises(error), interruptible():
        one = Deleted(number)
        del one
        time.sleep(30)


def test_work_in_many_places_ends_between_two_pieces():
    done = []
    with pytest.raises(Ended, match="SIGTERM: stopped; what is finished is kept"), ending():
        for piece in range(3):
            pause()
            with ending():
                done.append(piece)
            if piece == 1:
                signal.raise_signal(signal.SIGTERM)
                assert done == [0, 1]
    assert done == [0, 1]
    with pytest.raises(Ended, match="SIGHUP"), ending():
        signal.raise_signal(signal.SIGHUP)
        with ending():
            pytest.fail("nothing more is begun")
    pause()  # nobody has asked any longer


def test_what_is_ignored_stays_ignored(monkeypatch: pytest.MonkeyPatch):
    """A run under nohup survives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible(), ending() as asked:
            signal.raise_signal(signal.SIGHUP)
            assert not asked
    finally:
        signal.signal(signal.SIGHUP, before)


def script(name: str, *words: str) -> list[str]:
    return [sys.executable, str(ROOT / "scripts" / f"{name}.py"), *words]


def called(command: list[str], number: int | None = None, ready: Callable[[], bool] = lambda: True) -> tuple[int, str]:
    """Exit code and output of a process, which is sent a signal as soon as it is ``ready``."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        if number is not None:
            until = time.monotonic() + 120
            while not ready() and process.poll() is None and time.monotonic() < until:
                time.sleep(0.005)
            process.send_signal(number)
        out, _ = process.communicate(timeout=240)
    return process.returncode, out


def events(folder: Path) -> bool:
    """Whether a run has begun to write its curves: it is in its loop."""
    return any(folder.rglob("events.*"))


def same(ours: Path, theirs: Path, *but: str) -> None:
    """Both files hold the same tensors and the same note, ``but`` for how long it took."""
    (mine, note), (other, told) = load_tensors(ours), load_tensors(theirs)
    assert {**note, "seconds": 0} == {**told, "seconds": 0}
    assert mine.keys() == other.keys()
    for name, value in mine.items():
        assert torch.equal(value, other[name]), name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGUSR1"])
def test_pretraining_goes_on_to_the_bit(name: str, tmp_path: Path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert called(script("pretrain", *PRETRAIN, str(whole)))[0] == 0
    command = script("pretrain", *PRETRAIN, str(cut))
    code, out = called(command, getattr(signal, name), lambda: events(cut))
    assert code == NUMBERS[name] and f"{name}: stopped; update" in out, out
    assert "there is no checkpoint before its end; the same command goes on from there" in out
    assert 0 < load_tensors(cut / "pretrain.safetensors")[1]["updates"] < 60, "in the midst of it"
    assert called(command)[0] == 0
    same(cut / "pretrain.safetensors", whole / "pretrain.safetensors")
    same(cut / "checkpoint" / "model.safetensors", whole / "checkpoint" / "model.safetensors")


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "name"), [("joint", "SIGHUP"), ("frozen", "SIGUSR1")])
def test_grpo_goes_on_to_the_bit(setting: str, name: str, tmp_path: Path):
    network = untrained(tmp_path / "network")
    sizes = ["--branches", "2", "--training.groups", "8"]
    words = ["--checkpoint", str(network), *GRPO, *sizes, "--setting", setting]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert called(script("grpo", *words, "--folder", str(whole)))[0] == 0
    command = script("grpo", *words, "--folder", str(cut))
    code, out = called(command, getattr(signal, name), lambda: events(cut))
    assert code == NUMBERS[name] and f"{name}: stopped; iteration" in out, out
    assert called(command)[0] == 0
    same(cut / "grpo.safetensors", whole / "grpo.safetensors")
    same(cut / "checkpoint" / "model.safetensors", whole / "checkpoint" / "model.safetensors")
