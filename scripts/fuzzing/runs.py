"""What runs are handed: states that lie, settings that make no sense, signals at any moment."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import signal
import tempfile
import warnings
from pathlib import Path
from random import Random
from typing import Any, cast

import torch
import torch._dynamo  # at the first optimiser otherwise, which takes longer than a case may
from torch import Tensor

from agents.common.acceleration import AccelerationConfig
from agents.common.cli import parse
from agents.common.signals import Ended, ending, interruptible
from agents.common.tensor_file import load_tensors, save_tensors
from agents.pretraining.config import PretrainConfig
from agents.pretraining.trainer import Pretrainer
from agents.trm import TRMConfig
from scripts import grpo, pretrain
from scripts.fuzzing import mangle

PRESETS: dict[str, tuple[type[Any], dict[str, Any]]] = {
    "pretrain": (pretrain.Config, dict(pretrain.presets())),
    "grpo": (grpo.Config, dict(grpo.PRESETS)),
}
OPTIONS = (
    *("updates", "batch", "max-steps", "optim.muon-lr", "average", "explore", "model.hidden", "model.cycles", "seed"),
    *("model.mixer", "levels", "training.lr", "price", "branches", "training.policy.price-range", "loss"),
)
VALUES = (
    "0",
    "1",
    "-1",
    "nan",
    "inf",
    "-inf",
    "1e30",
    "1e-3",
    "2.5",
    "True",
    "None",
    "",
    "units",
    "clues12",
    "ä",
    "x=1",
)


@functools.cache
def _pretraining() -> tuple[Pretrainer, dict[str, Tensor], dict[str, Any]]:
    """A run that goes on from case to case, and its state after an update."""
    shape = TRMConfig(hidden=8, cycles=1, latent_updates=1, positions="candidates")
    plain = AccelerationConfig(compile="off", bfloat16="off")
    config = PretrainConfig("sudoku4x4", ("clues6-8",), shape, acceleration=plain, updates=5, batch=2, max_steps=2)
    with warnings.catch_warnings():  # of PyTorch's own, when it first makes an optimiser
        warnings.simplefilter("ignore")
        trainer = Pretrainer(config)
        trainer.update()
    with tempfile.TemporaryDirectory() as folder:
        trainer.save(Path(folder, "state"))
        return trainer, *load_tensors(Path(folder, "state"))


def run_state(rng: Random) -> None:
    """The state of a run of pretraining: a tensor or an entry of its note that is another, or bytes that are."""
    trainer, whole, told = _pretraining()
    tensors, note = dict(whole), dict(told)
    for _ in range(rng.randrange(3)):
        name = rng.choice(sorted(tensors))
        with contextlib.suppress(RuntimeError, ValueError, TypeError, OverflowError):
            made = torch.as_tensor(mangle.array(rng, tensors[name].numel()))
            made = made.real if made.is_complex() else made  # which no such file can hold
            tensors[name] = rng.choice((made, made.reshape(tensors[name].shape), tensors[name].flatten()))
        if rng.randrange(4) == 0:
            del tensors[name]
    if rng.randrange(2):
        name = rng.choice(("updates", "taken", "seconds", "config", "x"))
        note[name] = rng.choice((mangle.number(rng), "1", None, []))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "state")
        save_tensors(path, tensors, note)
        if rng.randrange(4) == 0:
            content = bytearray(path.read_bytes())
            content[rng.randrange(min(len(content), 3000))] = rng.randrange(256)
            path.write_bytes(content[: rng.choice((len(content), rng.randrange(len(content))))])
        trainer.load(path)
    assert 0 <= trainer.updates <= trainer.config.updates


def settings(rng: Random) -> None:
    """Words of a command line; a refusal of the reader is raised here."""
    name = rng.choice(sorted(PRESETS))
    cls, presets = PRESETS[name]
    words = [word for _ in range(rng.randrange(1, 4)) for word in (f"--{rng.choice(OPTIONS)}", rng.choice(VALUES))]
    if rng.randrange(4) == 0:
        words.insert(rng.randrange(len(words)), mangle.text(rng, ["--preset", "--config", "nowhere.yaml"])[:200])
    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            assert isinstance(parse(cls, presets, words), cls)
    except SystemExit as ended:
        if ended.code == 2:
            raise ValueError(told.getvalue()) from ended
        assert ended.code in (0, None), "help is the only other end"


def signals(rng: Random) -> None:
    """Signals at any moment: the first lets work finish, a second ends it, and handlers are as before."""
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
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
