"""Tiny runs of what goes on where it was, each in a process of its own, which signals end at any moment.

A process is forked from this one, which has everything imported: it begins at once.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import os
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn

import torch

from agents.checkpoint import digest, save_checkpoint
from agents.common.acceleration import AccelerationConfig
from agents.common.cli import main, parse
from agents.common.places import Places, writing
from agents.common.tensor_file import load_tensors
from agents.inference.batch_file import Part, solve_file
from agents.inference.solver import Solver
from agents.learners.config import LearnerConfig
from agents.pretraining.config import PretrainConfig
from agents.pretraining.run import PRETRAIN_STATE, pretrain
from agents.rollouts.dataset import DatasetConfig, RolloutStore
from scripts import compare, grpo
from scripts.fuzzing.stored import PUZZLE, SHAPE, folder, puzzles, same, untrained
from trm_gym import make_task
from trm_gym.json_files import read_json
from trm_gym.kept_arrays import UNREADABLE, open_arrays

PATIENCE = 120.0
"""Seconds that a run may take beyond its signals."""
_PLAIN = AccelerationConfig(compile="off", bfloat16="off", threads=1)
_PRETRAIN = PretrainConfig(
    *("sudoku4x4", ("clues6-8",), SHAPE), acceleration=_PLAIN, updates=30, batch=4, max_steps=3, save_every=7
)
_TRAINING = LearnerConfig(iterations=10, groups=4, passes=1)
_GRPO = dataclasses.replace(
    grpo.PRESETS["sudoku4x4"], branches=2, max_steps=2, training=_TRAINING, acceleration=_PLAIN, save_every=3
)
_COMPARE = """
    --preset sudoku6x6 --pretrain.task sudoku4x4 --learn clues6-8 --evaluation.level clues6-8 --evaluation.problems 20
    --evaluation.validation 20 --evaluation.max-steps 3 --evaluation.resamples 50 --dataset.problems 12
    --dataset.max-steps 3 --training.iterations 2 --training.groups 4 --training.passes 1 --acceleration.compile off
    --acceleration.threads 1 --seeds 1 --learners grpo bce
""".split()
_PUZZLES = 60


@dataclass(frozen=True)
class _Nothing:
    """No options."""


class Job(NamedTuple):
    """What a process does in a folder, and which files below it are its results."""

    work: Callable[[Path], object]
    results: Sequence[str]


def _pretrain(place: Path) -> None:
    save_checkpoint(place / "checkpoint", pretrain(_PRETRAIN, place))


def _teach(place: Path, setting: Literal["frozen", "joint"]) -> None:
    training = grpo.Training(dataclasses.replace(_GRPO, setting=setting), place, untrained())
    training.run()
    save_checkpoint(place / "checkpoint", dataclasses.replace(untrained(), heads=training.heads()))


def _compare(place: Path) -> None:
    words = [*_COMPARE, "--checkpoints", str(folder(saved)), "--folder", str(place / "grid")]
    compare.run(parse(compare.Config, compare.PRESETS, words))


def saved(place: Path) -> None:
    """The untrained network as a folder."""
    save_checkpoint(place, untrained())


def _solve(place: Path) -> None:
    data = place.with_suffix(".txt")
    numbers = range(len(data.read_text(encoding="utf-8").splitlines()))
    solve_file([Part(Solver(untrained()), "always", 4, numbers)], data, place / "out.jsonl", 0.1)


def _banks(place: Path) -> None:
    network = untrained()
    store = RolloutStore(place, network.model, digest(network), make_task(network.task))
    for seed in range(8):
        store.load_or_collect([seed % 2], DatasetConfig(problems=12, max_steps=4, seed=seed))
    puzzles(place)


_STATE = ("checkpoint/model.safetensors",)
JOBS: dict[str, Job] = {
    "pretrain": Job(_pretrain, (PRETRAIN_STATE, *_STATE)),
    "grpo frozen": Job(functools.partial(_teach, setting="frozen"), (grpo.STATE_FILE, *_STATE)),
    "grpo joint": Job(functools.partial(_teach, setting="joint"), (grpo.STATE_FILE, *_STATE)),
    "compare": Job(_compare, ("**/run.json", "**/report.json", "**/*.npz", "**/*.safetensors", "**/*.md")),
    "solve --data": Job(_solve, ("out.jsonl",)),
    "banks": Job(_banks, ("*.safetensors", "*.npz")),
}


def read(path: Path) -> Any:
    """What is in a file of results; how long it took is left out. Raises one of ``UNREADABLE`` where it is torn."""
    if path.suffix == ".safetensors":
        tensors, note = load_tensors(path)
        return {"tensors": tensors, "note": str({**note, "seconds": 0})}
    if path.suffix == ".npz":
        return open_arrays(path)
    return str({**read_json(path), "seconds": 0}) if path.suffix == ".json" else path.read_text(encoding="utf-8")


def content(place: Path, job: Job) -> dict[str, Any]:
    """What is in every file of a job's results, by its path below ``place``."""
    found = {path for pattern in job.results for path in place.glob(pattern)}
    return {path.relative_to(place).as_posix(): read(path) for path in sorted(found)}


def started(folder: Path | str) -> Path:
    """Where a job goes in a folder, with the problems that it reads beside it."""
    Path(folder, "run.txt").write_text(f"{PUZZLE}\n" * _PUZZLES)
    return Path(folder, "run")


def torn(place: Path, job: Job) -> list[str]:
    """Which files of a job's results are neither whole nor absent."""
    found = []
    for path in {path for pattern in job.results for path in place.glob(pattern)}:
        try:
            read(path)
        except UNREADABLE:
            found.append(path.name)
    return found


def left(place: Path) -> list[str]:
    """What a run that is over must not leave."""
    return [path.name for path in place.rglob("*") if path.suffix in (".tmp", ".lock", ".partial")]


@functools.cache
def undisturbed(name: str) -> tuple[dict[str, Any], float]:
    """What comes of a job that nobody ends, and the seconds that it takes."""
    found = []
    for _ in range(2):  # the first one warms caches
        with tempfile.TemporaryDirectory() as folder:
            place = started(folder)
            began = time.monotonic()
            assert process(JOBS[name], place) == 0
            found.append((content(place, JOBS[name]), time.monotonic() - began))
    assert same(found[0][0], found[1][0]), f"{name} does not come to the same twice"
    return found[1]


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


@functools.cache
def _import_what_runs_import() -> None:
    """So that forked processes have it and begin at once."""
    for name in ("torch._dynamo", "torch.utils.tensorboard"):
        importlib.import_module(name)


def process(job: Job, place: Path, signals: Sequence[tuple[float, int]] = ()) -> int:
    """Run a job in a process of its own, and send it signals, each so many seconds after the one before; exit code."""
    _import_what_runs_import()
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
