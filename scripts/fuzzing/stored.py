"""What the suite wrote and reads again, after something happened to it: checkpoints, datasets, results, states of runs.

Bytes that changed end in an error, or give what was written. A change that somebody made with care, which no checksum
tells, ends in an error, or in something that can be gone on with.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import functools
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

from agents.checkpoint import Checkpoint, digest, load_checkpoint, save_checkpoint
from agents.common.tensor_file import NotFiniteError, load_tensors, save_tensors
from agents.evaluation import run_store
from agents.evaluation.protocol import RuleSteps, TestOutcomes
from agents.evaluation.records import load_record
from agents.halting.heads import HaltHead, HaltPolicy
from agents.inference.solver import Solver
from agents.rollouts.dataset import DatasetConfig, RolloutStore
from agents.rollouts.features import feature_count
from agents.trm import TRMConfig
from scripts.fuzzing import mangle
from trm_gym import make_task
from trm_gym.sudoku.base_puzzles import base_puzzles

SHAPE = TRMConfig(hidden=8, cycles=1, latent_updates=1, positions="candidates")
PUZZLE = "1.3434.2.14.43.1"
_DATASET = DatasetConfig(problems=6, max_steps=3, branches=2)
_RECORDS = Path(__file__).parents[2] / "docs" / "results" / "records"
_STEPS = np.arange(12, dtype=np.int16)
_RULES = {"always": RuleSteps(_STEPS, np.stack([_STEPS] * 2), np.stack([_STEPS] * 3), tuned=True)}
_OUTCOMES = TestOutcomes(_STEPS.reshape(4, 3) % 2 > 0, np.arange(4), np.ones(4), best_fixed=2, target=0.5)


@functools.cache
def untrained() -> Checkpoint:
    """A network that solves nothing, with heads."""
    width = feature_count(SHAPE.hidden)
    heads = {"grpo": HaltPolicy(width, 4), "bce": HaltHead(width, 4, 1)}
    return dataclasses.replace(Solver.untrained("sudoku4x4", SHAPE).checkpoint, heads=heads)


@functools.cache
def folder(write: Callable[[Path], object]) -> Path:
    """A folder with what ``write`` puts there, made once; gone with the process."""
    made = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    write(made)
    return made


@contextlib.contextmanager
def copied(write: Callable[[Path], object]) -> Iterator[Path]:
    """A copy of that folder, to do damage to."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(shutil.copytree(folder(write), Path(place, "copy")))


def _written(place: Path) -> None:
    """A file of every kind that is told by its content, each as the suite writes it."""
    run_store.save_head(place / "head.safetensors", untrained().heads["grpo"])
    run_store.save_arrays(place / "arrays.npz", {"a": np.arange(100), "b": np.ones((3, 4), np.float32)})
    run_store.save_rule_steps(place / "steps.npz", _RULES)
    run_store.save_outcomes(place / "outcomes.npz", _OUTCOMES)
    _store(place).load_or_collect([0], _DATASET)
    os.rename(next(place.glob("sudoku4x4-*.safetensors")), place / "dataset.safetensors")
    puzzles(place)


def _store(place: Path) -> RolloutStore:
    made = untrained()
    return RolloutStore(place, made.model, digest(made), make_task("sudoku4x4"))


def puzzles(place: Path) -> Any:
    """Base puzzles by way of a file in ``place``."""
    before = os.environ.get("TRM_GYM_CACHE")
    os.environ["TRM_GYM_CACHE"] = str(place)
    try:
        return base_puzzles.__wrapped__(4, 0, "test")._asdict()
    finally:
        if before is None:
            del os.environ["TRM_GYM_CACHE"]
        else:
            os.environ["TRM_GYM_CACHE"] = before


def _again(place: Path, name: str) -> Any:
    """What the suite makes of a file, as trees of arrays."""
    path = place / name
    if name == "dataset.safetensors":
        (key,) = [one.name for one in folder(_named).iterdir()]
        path.rename(place / key)
        return vars(_store(place).load_or_collect([0], _DATASET).unroll)
    if name == "head.safetensors":
        return run_store.load_head(path).state_dict()
    if name == "arrays.npz":
        return run_store.load_arrays(path)
    if name == "steps.npz":
        return {rule: vars(steps) for rule, steps in run_store.load_rule_steps(path).items()}
    return vars(run_store.load_outcomes(path)) if name == "outcomes.npz" else puzzles(place)


def _named(place: Path) -> None:
    """The dataset under the name that its settings give it."""
    _store(place).load_or_collect([0], _DATASET)


@functools.cache
def _sound(name: str) -> Any:
    """What the suite makes of a file to which nothing happened."""
    with copied(_written) as place:
        return _again(place, name)


def same(ours: Any, theirs: Any) -> bool:
    """Whether two trees of arrays, tensors and numbers are the same."""
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(value, theirs[key]) for key, value in ours.items())
    return np.array_equal(np.asarray(ours), np.asarray(theirs))


def damaged(rng: Random) -> None:
    """Bytes of a file that changed: an error, or what was written; datasets and puzzles are made anew."""
    names = sorted(path.name for path in folder(_written).iterdir())
    with tempfile.TemporaryDirectory() as made, _quiet():
        path = (place := Path(made)) / (name := rng.choice(names))
        path.write_bytes(mangle.damaged(rng, (folder(_written) / name).read_bytes()))
        with naming(path):
            again = _again(place, name)
        assert same(again, _sound(name)), f"{name} is not what was written"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the log's warnings of what is made anew."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def naming(*paths: Path) -> Iterator[None]:
    """An error in here must name one of the files."""
    try:
        yield
    except ValueError as error:
        assert any(str(path) in str(error) for path in paths), f"it does not say which file: {error}"
        raise


def tampered(rng: Random, tensors: dict[str, Any], note: dict[str, Any]) -> None:
    """Change named tensors and the note about them, in place."""
    for _ in range(rng.randrange(3)):
        name = rng.choice(sorted(tensors))
        with contextlib.suppress(RuntimeError, ValueError, TypeError, OverflowError):
            made = torch.as_tensor(mangle.array(rng, tensors[name].numel()))
            made = made.real if made.is_complex() else made  # which no such file can hold
            near = tensors[name] * rng.choice((-1, 0, 1, 1000)) + rng.choice((0, 1, -1))
            changed = made, made.reshape(tensors[name].shape), tensors[name].flatten(), tensors[name].double(), near
            tensors[name] = rng.choice(changed)
        if rng.randrange(4) == 0:
            del tensors[name]
        if rng.randrange(8) == 0:
            tensors[rng.choice(("x", f"{name}.x", "optimizers.0.99.x"))] = torch.ones(2)
    if note and rng.randrange(2):
        name = rng.choice([*note, "x"])
        if isinstance(note.get(name), dict):
            mangle.tree(rng, note[name])
        else:
            note[name] = rng.choice((mangle.numeral(rng), "1", None, [], {}))


def rewritten(path: Path, rng: Random) -> None:
    """Tamper with a file of tensors, the checksum made anew. Raises ValueError for what no such file can hold."""
    tensors, note = load_tensors(path)
    tampered(rng, tensors, note)
    try:
        save_tensors(path, tensors, note)
    except TypeError as error:
        raise ValueError(f"this is no JSON: {error}") from None


def checkpoint(rng: Random) -> None:
    """A checkpoint of which bytes, weights or the description changed; what loads solves or says why not."""
    with copied(_checkpoint) as place:
        text, weights = place / "config.json", place / "model.safetensors"
        kind = rng.randrange(4)
        if kind == 0:
            weights.write_bytes(mangle.damaged(rng, weights.read_bytes()))
        elif kind == 1:
            text.write_bytes(mangle.damaged(rng, text.read_bytes()))
        elif kind == 2:
            rewritten(weights, rng)
        else:
            whole = json.loads(text.read_text())
            part = rng.choice((whole, whole["model"], whole["heads"]))
            if rng.randrange(2):
                part[rng.choice(list(part))] = mangle.numeral(rng)
            else:
                mangle.tree(rng, part)
            text.write_text(json.dumps(whole, default=str))
        with naming(place):
            read = load_checkpoint(place)
        if kind == 0:
            assert digest(read) == digest(untrained()), "the network is not what was written"
        try:
            Solver(read).solve(PUZZLE, max_steps=2, rule=rng.choice((None, "bce", "always")))
        except NotFiniteError:
            return


def _checkpoint(place: Path) -> None:
    save_checkpoint(place, untrained())


def results(rng: Random) -> None:
    """Records of results and of finished runs, which are text that people may edit."""
    with tempfile.TemporaryDirectory() as place:
        name = rng.choice(("curricula", "sb3", "soak"))
        path = Path(place, f"{name}.json")
        whole = (_RECORDS / path.name).read_bytes()
        if rng.randrange(2):
            path.write_bytes(mangle.damaged(rng, whole))
        else:
            path.write_text(json.dumps(mangle.tree(rng, json.loads(whole)), default=str), encoding="utf-8")
        if rng.randrange(2):
            with naming(path):
                assert load_record(path).name == name
            return
        (Path(place) / "run.json").write_bytes(path.read_bytes())
        with naming(Path(place)):
            assert "settings" in run_store.CachedRun(Path(place), {}).read()
