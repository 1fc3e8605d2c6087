"""Runs that real signals end at real moments: the exit code tells which, what stands there loads, and a run goes on.

A run is a process of its own, forked from this one, which has everything imported: it begins at once. When a signal
arrives is a matter of the clock, so that a case is not the same twice.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, NoReturn

import torch

from agents.common.acceleration import AccelerationConfig
from agents.common.cli import main
from agents.common.places import Places, writing
from agents.common.tensor_file import load_tensors
from agents.inference.batch_file import solve_file
from agents.inference.solver import Solver
from agents.learners.config import LearnerConfig
from agents.pretraining.config import PretrainConfig
from agents.pretraining.run import PRETRAIN_STATE, pretrain
from scripts import grpo
from scripts.fuzzing.stored import PUZZLE, SHAPE, same, untrained

PATIENCE = 30.0
"""Seconds that a run may take beyond its signals."""
_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
_PLAIN = AccelerationConfig(compile="off", bfloat16="off", threads=1)
_PRETRAIN = PretrainConfig(
    *("sudoku4x4", ("clues6-8",), SHAPE), acceleration=_PLAIN, updates=30, batch=4, max_steps=3, save_every=7
)
_TRAINING = LearnerConfig(iterations=10, groups=4, passes=1)
_GRPO = dataclasses.replace(
    grpo.PRESETS["sudoku4x4"], branches=2, max_steps=2, training=_TRAINING, acceleration=_PLAIN, save_every=3
)
_PUZZLES = 60


@dataclass(frozen=True)
class _Nothing:
    """No options."""


class Job(NamedTuple):
    """What a process does in a folder, and the file that comes of it."""

    work: Callable[[Path], object]
    file: str


def _teach(place: Path) -> None:
    grpo.Training(_GRPO, place, untrained()).run()


def _solve(place: Path) -> None:
    solve_file(Solver(untrained()), place.with_suffix(".txt"), place / "out.jsonl", "always", 4, 0.1)


JOBS: dict[str, Job] = {
    "pretrain": Job(lambda place: pretrain(_PRETRAIN, place), PRETRAIN_STATE),
    "grpo": Job(_teach, grpo.STATE_FILE),
    "solve": Job(_solve, "out.jsonl"),
}


def _child(job: Job, place: Path, ready: int) -> NoReturn:
    """What the forked process does; it never returns."""
    code = 99
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  as long as the process
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: None)  # before and after the work there is nothing to lose
        torch.set_num_threads(1)  # a pool of threads does not survive a fork

        def work(_: Any) -> None:
            os.write(ready, b"1")
            with writing(Places([place])):
                job.work(place)

        warnings.simplefilter("ignore")
        main(work, _Nothing, args=[])
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 98
    except KeyboardInterrupt:
        code = 130
    finally:
        os._exit(code)


def process(job: Job, place: Path, signals: Sequence[tuple[float, int]] = ()) -> int:
    """Run a job in a process of its own, and send it signals, each so many seconds after the one before; exit code."""
    hear, ready = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the threads that stay behind
        child = os.fork()
    if not child:
        os.close(hear)
        _child(job, place, ready)
    try:
        os.close(ready)
        os.read(hear, 1)
        for wait, number in signals:
            time.sleep(wait)
            os.kill(child, number)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if (found := os.waitpid(child, os.WNOHANG))[0]:
                child = 0
                return os.waitstatus_to_exitcode(found[1])
            time.sleep(0.002)
        raise AssertionError(f"it goes on {PATIENCE} s after the signals {signals}")
    finally:
        os.close(hear)
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _content(path: Path) -> Any:
    """What is in a file of results; how long it took is left out."""
    if path.suffix == ".jsonl":
        return path.read_text()
    tensors, note = load_tensors(path)
    return {"tensors": tensors, "note": str({**note, "seconds": 0})}


@functools.cache
def _whole(name: str) -> tuple[Any, float]:
    """What comes of a job that nobody ends, and the seconds that it takes."""

    with tempfile.TemporaryDirectory() as folder:
        place = _place(folder)
        began = time.monotonic()
        assert process(JOBS[name], place) == 0
        return _content(place / JOBS[name].file), time.monotonic() - began


def _place(folder: str) -> Path:
    Path(folder, "run.txt").write_text(f"{PUZZLE}\n" * _PUZZLES)
    return Path(folder, "run")


def killed(rng: Random) -> None:
    """One case: a job is ended up to three times, then it is left alone, and gives what it would have given."""
    if not hasattr(os, "fork"):
        return
    name = rng.choice(sorted(JOBS))
    job, (whole, seconds) = JOBS[name], _whole(name)
    with tempfile.TemporaryDirectory() as folder:
        place = _place(folder)
        for _ in range(rng.randrange(1, 4)):
            signals = [(rng.uniform(0, seconds), rng.choice(_NUMBERS))]
            if rng.randrange(4) == 0:
                signals.append((rng.uniform(0, 0.02), rng.choice(_NUMBERS)))
            with contextlib.suppress(ProcessLookupError):
                code = process(job, place, signals)
                right = {0} | {-number if number == signal.SIGKILL else 128 + number for _, number in signals}
                assert code in right, f"{name}: exit code {code} after {signals}"
            if (state := place / job.file).exists():
                assert code or same(_content(state), whole), f"{name} ended with code 0 before its end"
        assert process(job, place) == 0, f"{name} does not go on"
        assert same(_content(place / job.file), whole), f"{name}: another result after {signals}"
        left = [path.name for path in place.rglob("*") if path.suffix in (".tmp", ".lock", ".partial")]
        assert not left, f"{name} leaves {left}"
