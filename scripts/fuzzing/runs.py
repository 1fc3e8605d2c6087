"""Runs that are gone on with: their states after somebody changed them, and signals at any moment."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import functools
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple, cast

from torch import Tensor

from agents.common.acceleration import AccelerationConfig
from agents.common.signals import Ended, ending, interruptible
from agents.common.tensor_file import NotFiniteError
from agents.learners.config import LearnerConfig
from agents.pretraining.config import PretrainConfig
from agents.pretraining.trainer import Pretrainer
from scripts import grpo
from scripts.fuzzing import mangle
from scripts.fuzzing.stored import SHAPE, folder, naming, rewritten, same, untrained

_PLAIN = AccelerationConfig(compile="off", bfloat16="off")
_PRETRAIN = PretrainConfig("sudoku4x4", ("clues6-8",), SHAPE, acceleration=_PLAIN, updates=5, batch=2, max_steps=2)
_TRAINING = LearnerConfig(iterations=3, groups=4, passes=1)
_GRPO = dataclasses.replace(grpo.PRESETS["sudoku4x4"], branches=2, max_steps=2, training=_TRAINING, acceleration=_PLAIN)


class Run(NamedTuple):
    """A run that goes on from case to case, and the tensors, the state and the next piece of work of it."""

    tensors: Callable[[], dict[str, Tensor]]
    load: Callable[[Path], None]
    save: Callable[[Path], None]
    go_on: Callable[[], object]
    done: Callable[[], int]
    most: int


@functools.cache
def _pretraining() -> Run:
    """Pretraining after an update."""
    with _without_warnings():
        trainer = Pretrainer(_PRETRAIN)
        trainer.update()
    return Run(
        trainer.tensors, trainer.load, trainer.save, trainer.update, lambda: trainer.updates, trainer.config.updates
    )


@functools.cache
def _teaching(setting: Literal["frozen", "joint"]) -> Run:
    """GRPO after an iteration."""
    start = dataclasses.replace(untrained(), model=copy.deepcopy(untrained().model))
    with _without_warnings():
        training = grpo.Training(dataclasses.replace(_GRPO, setting=setting), Path("nowhere"), start)

    def iteration() -> None:
        training.mixtures.append(training.curriculum.mixture)
        levels = training.curriculum.sample(training.config.training.groups, training.rng)
        training.learner.update(training.collect(levels), training.dataset)

    iteration()
    done, most = (lambda: len(training.mixtures)), training.config.training.iterations
    return Run(training.learner.state_dict, training.load, training.save, iteration, done, most)


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Without those of PyTorch, when it first makes an optimiser."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


_RUNS: dict[str, Callable[[], Run]] = {
    "pretrain": _pretraining,
    "frozen": functools.partial(_teaching, "frozen"),
    "joint": functools.partial(_teaching, "joint"),
}


def _states(place: Path) -> None:
    for name, run in _RUNS.items():
        run().save(place / name)


def run_state(rng: Random) -> None:
    """The state of a run: bytes that changed, or a tensor or an entry of its note that is another."""
    run = _RUNS[name := rng.choice(sorted(_RUNS))]()
    good = folder(_states) / name
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, name)
        shutil.copy(good, path)
        if by_chance := rng.randrange(2) == 0:
            path.write_bytes(mangle.damaged(rng, path.read_bytes()))
        else:
            rewritten(path, rng)
        run.load(good)
        before = {key: value.clone() for key, value in run.tensors().items()}
        try:
            with naming(path):
                run.load(path)
            assert not by_chance or same(run.tensors(), before), "it is not what was written"
            assert 0 <= run.done() <= run.most
            with contextlib.suppress(NotFiniteError):
                run.go_on()
        finally:
            run.load(good)


def signals(rng: Random) -> None:
    """Signals at any moment: the first lets work finish, a second ends it, and handlers are as before."""
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    usual = [signal.signal(number, signal.default_int_handler) for number in numbers]  # our own go on listening
    try:
        _signalled(rng, numbers)
    finally:
        for number, handler in zip(numbers, usual, strict=True):
            signal.signal(number, handler)


def _signalled(rng: Random, numbers: list[signal.Signals]) -> None:
    """One case, where no signal but one's own is awaited."""
    before = [signal.getsignal(number) for number in numbers]
    at, first, done = sorted(rng.randrange(6) for _ in range(rng.randrange(3))), None, 0
    code = None
    try:
        with interruptible(), ending() as asked:
            for piece in range(5):
                for _ in range(at.count(piece)):
                    number = rng.choice(numbers)
                    first = first or number
                    with _quiet():
                        signal.raise_signal(number)
                done = piece + 1
                if asked:
                    asked.end("saved")
    except KeyboardInterrupt:
        code = 130
    except Ended as ended:
        code = ended.code
    assert [signal.getsignal(number) for number in numbers] == before
    heard = sum(moment < 5 for moment in at)
    assert (code is None) == (heard == 0) and (heard or done == 5)
    if heard == 1:
        assert code == 128 + cast(int, first) and done == at[0] + 1, "what was under way is finished"
    if heard:
        raise ValueError(f"ended with {code}, as asked")


@contextlib.contextmanager
def _quiet() -> Any:
    """Nothing is shown of what a handler writes past Python."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
