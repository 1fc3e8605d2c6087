"""What is handed lies: each target takes a generator, makes one case of it and plays it.

A case is passed when it ends in a ValueError (which the package's own errors are), in an error of Gymnasium's, or in a
result that is right; what is right, the target asserts.
"""

from __future__ import annotations

import contextlib
import functools
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, cast

import numpy as np
from gymnasium.error import ResetNeeded

from agents.common.cli import load_config
from scripts.fuzzing import mangle
from scripts.fuzzing.halting import halting
from scripts.fuzzing.killed import killed
from scripts.fuzzing.options import command_line, settings
from scripts.fuzzing.reading import files, pasted, right, spoilt
from scripts.fuzzing.runs import run_state, signals
from scripts.fuzzing.stored import checkpoint, damaged, results
from scripts.fuzzing.tried import tried
from trm_gym.env import RefinementEnv
from trm_gym.errors import ProblemError
from trm_gym.registration import TASKS, make_task
from trm_gym.structure import PanelStructure
from trm_gym.vector import RefinementVectorEnv
from trm_gym.wrappers import EditCells, TextObservation

NAMES = (*TASKS, "maze5x5", "maze30x30", "arc10x10")


@functools.cache
def seeds(name: str) -> tuple[str, ...]:
    """Some problems of a task as text."""
    task = make_task(name)
    levels = [task.default_level] if name.startswith("sudoku") else range(len(task.levels))
    batches = [task.generate(4, level, "train", 0) for level in levels]
    texts = [task.problem_text(batch[slice(at, at + 1)]) for batch in batches for at in range(len(batch))]
    if task.numbers:  # a formula stands for its points
        texts += [task.draft_text(row) for batch in batches for row in batch.solution]
    return tuple(texts)


def prepare() -> None:
    """Compile what tasks run on, and build what they draw from, which may take longer than a case may."""
    for name in NAMES:
        task, env = make_task(name), played(name)
        for level in range(len(task.levels)):
            with contextlib.suppress(ValueError):  # a level without problems in this split, a task without a solver
                batch = task.generate_at_most(2, level, "train", 0)
                task.verify(batch, batch.solution)
                env.reset(seed=0, options={"level": level})
                env.step(env.action_space.sample())
                task.solve(batch.problem[0])


def problem(rng: Random) -> None:
    """A person's own problem, in any form."""
    task = make_task(name := rng.choice(NAMES))
    given = mangle.text(rng, seeds(name)) if rng.randrange(2) else mangle.anything(rng, task.length, seeds(name))
    if isinstance(task.structure, PanelStructure) and rng.randrange(2):
        given = mangle.tree(rng, json.loads(rng.choice(seeds(name))))
    right(task, task.encode(given))


def file(rng: Random) -> None:
    """A file of problems, or of one."""
    task = make_task(name := rng.choice(NAMES))
    rows = [json.dumps({"q": text, "id": text, "len": rng.randrange(9), "grid": text}) for text in seeds(name)]
    content = mangle.content(rng, [*seeds(name), *rows, "What is 3 + 4?", "Solve 3*x = 6 for x."])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, rng.choice(("a.txt", "a.jsonl", "a.json")))
        path.write_bytes(content)
        right(task, task.encode(path) if rng.randrange(2) else task.read_file(path).problems)


def solving(rng: Random) -> None:
    """Tokens to solve, and answers to judge."""
    task = make_task(rng.choice(NAMES))
    tokens = np.array([rng.randrange(task.vocab) for _ in range(task.length)], np.uint8)
    if rng.randrange(2):
        solution = task.solve(tokens)
        assert solution.shape == (task.length,)
    else:
        one = task.generate(1, task.default_level, "train", rng.randrange(3))
        answers = mangle.array(rng, task.length)
        if rng.randrange(2):
            answers = one.solution.copy()
            answers[0, [rng.randrange(task.length) for _ in range(rng.randrange(4))]] = rng.randrange(256)
        verdicts = task.verify(one, answers)
        assert ((verdicts.score == 1) == verdicts.solved).all() and not np.isnan(verdicts.score).any()


def making(rng: Random) -> None:
    """Arguments of an environment."""
    settings = {
        "task": rng.choice((*NAMES, "maze0x0", "sudoku10x10", "maze11x12", "")),
        "level": rng.choice((None, 0, 1, "far")),
        "split": rng.choice(("train", "test")),
        "max_steps": rng.choice((1, 16)),
        "step_cost": rng.choice((0.0, 0.1)),
        "reward": rng.choice(("exact", "graded", "progress")),
        "render_mode": rng.choice((None, "ansi")),
        "size": rng.choice((None, 4, 9)),
    }
    settings[rng.choice(list(settings))] = mangle.anything(rng, 4, ["train", "exact"])
    RefinementEnv(**settings)


@functools.cache
def played(name: str) -> RefinementEnv:
    """An environment that goes on from case to case, which no bad input may break."""
    env = RefinementEnv(name)
    env.reset(seed=0)
    return env


@functools.cache
def many(name: str) -> RefinementVectorEnv:
    """The same for three slots."""
    envs = RefinementVectorEnv(3, name)
    envs.reset(seed=0)
    return envs


def reset(rng: Random) -> None:
    """Seed and options of a reset."""
    name, batch = rng.choice(NAMES), rng.randrange(2)
    env, length = (many(name) if batch else played(name)), make_task(name).length
    wild = functools.partial(mangle.anything, rng, rng.choice((3, length)), seeds(name))
    keys = ("level", "split", "problem", "levels", "problems", "reset_mask", "nonsense")
    known = {"split": "train", "reset_mask": np.array([True, False, True]), "levels": [0, 0, 0], "problems": [None] * 3}
    options = {
        key: known[key] if key in known and rng.randrange(2) else wild() for key in rng.sample(keys, rng.randrange(3))
    }
    seed = cast(Any, rng.choice((None, 3, mangle.number(rng), [1, 2, 3], [None, 1, 2**63], "7", wild())))
    if rng.randrange(2):
        options = {key: value for key, value in options.items() if key not in ("level", "levels", "split")}
    env.reset(seed=seed, options=options if rng.randrange(8) else wild())
    seen = env.reset(seed=1)[0]
    assert env.observation_space.contains(seen), "a bad reset must leave a sound environment"


def action(rng: Random) -> None:
    """Actions of any shape, type and range."""
    name, batch = rng.choice(NAMES), rng.randrange(2)
    env, length = (many(name) if batch else played(name)), make_task(name).length + 1
    given = mangle.array(rng, length) if rng.randrange(2) else mangle.anything(rng, length, ["1"])
    if rng.randrange(3) == 0:
        given = env.action_space.sample()
        given[..., rng.randrange(length)] = rng.choice((0, 1, 2, 99, -1))
    try:
        seen, reward, *_ = env.step(given)
    except ResetNeeded:
        env.reset()
        raise
    assert env.observation_space.contains(seen) and np.isfinite(reward).all()


@functools.cache
def spoken(name: str) -> TextObservation:
    """The same in words."""
    env = TextObservation(RefinementEnv(name))
    env.reset(seed=0)
    return env


@functools.cache
def edited(name: str) -> EditCells:
    """The same one cell at a time."""
    env = EditCells(RefinementEnv(name))
    env.reset(seed=0)
    return env


def words(rng: Random) -> None:
    """What a language model may say: the environment raises nothing, so what it finds wrong is raised here."""
    name = rng.choice(NAMES)
    env = spoken(name)
    drafts = [make_task(name).draft_text(row) for row in env.get_wrapper_attr("problems").solution]
    said = mangle.text(rng, drafts) if rng.randrange(4) else mangle.anything(rng, make_task(name).length, drafts)
    if isinstance(said, str) and rng.randrange(3) == 0:
        said += rng.choice((" halt", "halt", "HALT\n", "halt halt"))
    seen, reward, ended, _, info = env.step(said)
    assert env.observation_space.contains(seen) and np.isfinite(reward)
    if ended:
        env.reset()
    if fault := info.get("parse_error"):
        raise ProblemError(fault)


def edit(rng: Random) -> None:
    """Actions at the grain of cells."""
    name = rng.choice(NAMES)
    env, length = edited(name), make_task(name).length
    given = rng.choice(
        (mangle.number(rng), rng.randrange(length), mangle.array(rng, 1), mangle.anything(rng, 3, ["1"]))
    )
    seen, reward, ended, *_ = env.step(cast(Any, given))
    assert env.observation_space.contains(seen) and np.isfinite(reward)
    if ended:
        env.reset()


def state(rng: Random) -> None:
    """States to go back to."""
    name = rng.choice(NAMES)
    env = rng.choice((played(name), many(name), edited(name)))
    whole = env.get_state()
    for key in rng.sample(sorted(whole), rng.randrange(3)):
        old = whole[key]
        near = old.ravel()[:-1] if isinstance(old, np.ndarray) and rng.randrange(2) else old
        whole[key] = rng.choice((near, mangle.anything(rng, 3, ["exact"]), mangle.array(rng, np.size(old))))
    env.set_state(whole if rng.randrange(8) else cast(Any, mangle.anything(rng, 3, ["state"])))
    assert env.observation_space.contains(env.reset(seed=1)[0]), "a bad state must leave a sound environment"


@dataclass(frozen=True)
class _Inner:
    """A part of a config."""

    rate: float = 0.1
    names: tuple[str, ...] = ("a",)


@dataclass(frozen=True)
class _Config:
    """A config with a field of each kind."""

    steps: int = 3
    out: Path = Path("runs")
    inner: _Inner = field(default_factory=_Inner)


def config(rng: Random) -> None:
    """A YAML file of settings."""
    lines = [
        "steps: 4",
        "inner:\n  rate: 1e-3\n  names: [a, b]",
        "out: there",
        "steps: {a: 1}",
        "&a [*a]",
        "!!python/name:os",
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.yaml")
        path.write_bytes(mangle.content(rng, lines))
        read = load_config(path, _Config())
    assert type(read.steps) is int and isinstance(read.out, Path) and isinstance(read.inner.rate, float)


TARGETS: dict[str, tuple[Callable[[Random], None], int]] = {
    "problem": (problem, 240),
    "file": (file, 70),
    "files": (files, 60),
    "spoilt": (spoilt, 60),
    "pasted": (pasted, 60),
    "solving": (solving, 50),
    "making": (making, 35),
    "reset": (reset, 95),
    "action": (action, 80),
    "words": (words, 50),
    "edit": (edit, 30),
    "state": (state, 40),
    "halting": (halting, 35),
    "config": (config, 25),
    "command_line": (command_line, 10),
    "settings": (settings, 13),
    "checkpoint": (checkpoint, 10),
    "damaged": (damaged, 10),
    "results": (results, 7),
    "run_state": (run_state, 6),
    "tried": (tried, 8),
    "signals": (signals, 5),
    "killed": (killed, 1),
}
"""Each target and how many cases of a thousand are its."""
