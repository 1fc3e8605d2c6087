"""Measure how fast this machine runs the suite, each figure beside the bar it is held to. It checks no results.

python scripts/benchmark.py envs     environments, supply of problems, import and first reset
python scripts/benchmark.py tasks    fresh problems and verdicts of math and mazes, beside reasoning-gym where installed
python scripts/benchmark.py sb3      Stable-Baselines3's adapter for native environments, beside its own DummyVecEnv
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Literal

import numpy as np
import torch
import tyro
from gymnasium.spaces import MultiDiscrete
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from rich.console import Console
from rich.table import Table
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from agents.common.cli import main
from agents.halting_env import HaltingEnv, HaltingVectorEnv
from agents.rollout import Unroll
from agents.sb3 import TRMVecEnv
from trm_gym.env import RefinementEnv
from trm_gym.episodes import DEFAULT_STEPS
from trm_gym.registration import TASKS, make_task
from trm_gym.streams import mix
from trm_gym.task import Task
from trm_gym.vector import RefinementVectorEnv

_ACTION_BATCHES = 8


@dataclass(frozen=True)
class Config:
    """What to measure, and how long."""

    subject: Annotated[Literal["envs", "tasks", "sb3"], tyro.conf.Positional]
    """What to measure."""
    task: str = "sudoku9x9"
    """The task whose environments are measured."""
    level: str = "clues30"
    """The level of its problems."""
    slots: int = 1024
    """Slots of the native vector environment."""
    loop_slots: int = 64
    """Slots of Gymnasium's looping vector environment, which it is compared with."""
    seconds: float = 1.0
    """How long one run takes; the best of three counts, since whatever else the machine does only slows them."""


@dataclass(frozen=True)
class Figure:
    """One measurement and the bar that it should reach, or stay below."""

    what: str
    value: float
    unit: str
    bar: float | None = None
    below: bool = False

    @property
    def verdict(self) -> str:
        """Whether the bar is met; empty without one."""
        if self.bar is None:
            return ""
        met = self.value <= self.bar if self.below else self.value >= self.bar
        return "[green]met[/]" if met else "[red]missed[/]"


def measure_envs(config: Config) -> list[Figure]:
    """The figures of the environments."""
    task = make_task(config.task)
    return [
        *throughput(config, task, halting=0.0, length=16, bar=1.5e6),
        *throughput(config, task, halting=1 / 3, length=3, bar=0.7e6),
        generation(config, task),
        Figure("import trm_gym", best(import_seconds, min), "s", 0.5, below=True),
        *(Figure(f"first reset of {name}, nothing cached", cold_reset(name), "s", 5.0, below=True) for name in TASKS),
    ]


def throughput(config: Config, task: Task, halting: float, length: int, bar: float) -> list[Figure]:
    """Steps per second at a mean episode length, native in two autoreset modes, and looped in the same run."""
    figures = []
    for mode in (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP):
        native = RefinementVectorEnv(config.slots, task, config.level, autoreset_mode=mode)
        speed = best(lambda envs=native: steps_per_second(envs, halting, config.seconds), max)
        what = f"{config.task}, {config.slots} slots, episodes of {length} steps, {mode.name}"
        figures.append(Figure(what, speed, "steps/s", bar))
    looped = SyncVectorEnv([lambda: RefinementEnv(task, config.level)] * config.loop_slots)
    slow = best(lambda: steps_per_second(looped, halting, config.seconds), max)
    figures.append(Figure(f"the same by SyncVectorEnv, {config.loop_slots} slots", slow, "steps/s"))
    figures.append(Figure("native NEXT_STEP against SyncVectorEnv", figures[0].value / slow, "times"))
    return figures


def steps_per_second(envs: VectorEnv, halting: float, seconds: float) -> float:
    """Refinement steps per second, autoreset and verification included; resets are not counted as steps.

    halting: the probability of halting at each step. The drafts are noise, drawn beforehand.
    """
    rng = np.random.default_rng(0)
    space = envs.single_action_space
    assert isinstance(space, MultiDiscrete)
    shape = (_ACTION_BATCHES, envs.num_envs, *space.shape)
    actions = rng.integers(0, space.nvec[0], shape)
    actions[..., -1] = rng.random(shape[:2]) < halting
    envs.reset(seed=0)
    envs.step(actions[0])
    restarts_take_a_step = envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    calls, idle, began = 0, 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        ended = envs.step(actions[calls % _ACTION_BATCHES])[2]
        calls += 1
        idle += int(np.count_nonzero(ended))
    steps = calls * envs.num_envs - idle * restarts_take_a_step
    return steps / (time.perf_counter() - began)


def generation(config: Config, task: Task) -> Figure:
    """Fresh unique problems per second, which pretraining may use in place of the bank."""
    level, count = task.level_index(config.level), 256
    task.generate(count, level, "train", 0)

    def once() -> float:
        made, began = 0, time.perf_counter()
        while time.perf_counter() - began < config.seconds:
            made += len(task.generate(count, level, "train", 1 + made))
        return made / (time.perf_counter() - began)

    return Figure(f"fresh unique problems, {config.task} {config.level}", best(once, max), "per s", 2000)


RATES = (
    ("arithmetic", "sum3", None, 500e3, "chain_sum"),
    ("algebra", "linear", 200e3, 500e3, "simple_equations"),
    ("algebra", "both_sides", None, 500e3, None),
    ("algebra", "expand", 20e3, 500e3, "polynomial_multiplication"),
    ("algebra", "collect", 20e3, 500e3, None),
    ("maze11x11", "perfect", 50e3, 200e3, "maze"),
    ("maze11x11", "random", 50e3, 200e3, None),
    ("maze30x30", "hard", 2e3, None, None),
)
"""Task, level, the bars for fresh problems and for verdicts a second, and what reasoning-gym calls its like."""


def measure_tasks(config: Config) -> list[Figure]:
    """Fresh problems of the train split, and verdicts on right answers, on one core."""
    figures = []
    for name, level, fresh, verdicts, relative in RATES:
        task = make_task(name)
        index, count = task.level_index(level), 20_000 if task.length < 200 else 500
        problems = task.generate(count, index, "train", 0)
        keys, levels = mix(1, np.arange(count)), np.full(count, index)
        rate = best(lambda t=task, k=keys, at=levels: per_second(lambda: t.supply(k, at, "train"), len(k), config), max)
        figures.append(Figure(f"fresh problems, {name} {level}", rate, "per s", fresh))
        judged = best(lambda t=task, p=problems: per_second(lambda: t.verify(p, p.solution), len(p), config), max)
        figures.append(Figure(f"verdicts, {name} {level}", judged, "per s", verdicts))
        if relative and find_spec("reasoning_gym"):
            figures.append(Figure(f"reasoning-gym's {relative}", reasoning_gym(relative, config), "per s"))
    return figures


def per_second(work: Callable[[], object], count: int, config: Config) -> float:
    """How many of ``count`` things, done by each call of ``work``, are done in a second."""
    calls, began = 0, time.perf_counter()
    while time.perf_counter() - began < config.seconds:
        work()
        calls += 1
    return calls * count / (time.perf_counter() - began)


def reasoning_gym(name: str, config: Config) -> float:
    """Fresh problems a second of a dataset of reasoning-gym."""
    dataset = import_module("reasoning_gym").create_dataset(name, size=1_000_000, seed=0)
    numbers = iter(range(1_000_000))
    return per_second(lambda: dataset[next(numbers)], 1, config)


def measure_sb3(config: Config) -> list[Figure]:
    """SB3's steps per second on native vector environments and on its DummyVecEnv of the scalar one, in one run."""
    task, bank = make_task(config.task), noise_bank()
    grains = {
        "halting": (
            lambda: HaltingVectorEnv(config.slots, bank, autoreset_mode=AutoresetMode.SAME_STEP),
            lambda: HaltingEnv(bank),
        ),
        f"answers, {config.task} {config.level}": (
            lambda: RefinementVectorEnv(config.slots, task, config.level, autoreset_mode=AutoresetMode.SAME_STEP),
            lambda: RefinementEnv(task, config.level),
        ),
    }
    figures = []
    for name, (native, scalar) in grains.items():
        adapted, looped = TRMVecEnv(native()), DummyVecEnv([scalar] * config.loop_slots)
        fast, slow = (best(lambda envs=envs: sb3_steps(envs, config), max) for envs in (adapted, looped))
        bar = 100e3 if name == "halting" else None
        figures.append(Figure(f"{name}: TRMVecEnv, {config.slots} slots", fast, "steps/s", bar))
        figures.append(Figure(f"{name}: DummyVecEnv, {config.loop_slots} slots", slow, "steps/s"))
        figures.append(Figure(f"{name}: TRMVecEnv against DummyVecEnv", fast / slow, "times", 20))
    return figures


def sb3_steps(envs: VecEnv, config: Config) -> float:
    """Steps per second, a third of them the last of their episodes. The actions are noise, drawn beforehand."""
    rng = np.random.default_rng(0)
    space = envs.action_space
    shape = (_ACTION_BATCHES, envs.num_envs, *(space.shape or ()))
    actions = rng.integers(0, space.nvec[0] if isinstance(space, MultiDiscrete) else 2, shape)
    halts = rng.random(shape[:2]) < 1 / 3
    if isinstance(space, MultiDiscrete):
        actions[..., -1] = halts
    else:
        actions = halts.astype(np.int64)
    batches = itertools.cycle(actions)
    envs.reset()
    return per_second(lambda: envs.step(next(batches)), envs.num_envs, config)


def noise_bank(problems: int = 2000, features: int = 99) -> Unroll:
    """A bank of noise, of the size that a halting head meets: speed does not depend on what is in it."""
    rng = np.random.default_rng(0)
    noise = torch.from_numpy(rng.standard_normal((problems, DEFAULT_STEPS, features), dtype=np.float32))
    plain = noise[..., 0]
    return Unroll(noise, plain > 0, plain, plain, plain, plain, torch.zeros(problems, dtype=torch.long), plain[:, 0])


def import_seconds() -> float:
    """The time that ``import trm_gym`` takes in a new interpreter."""
    return timed("import trm_gym")


def cold_reset(name: str) -> float:
    """Import, construction and first reset where neither compiled code nor problems are cached."""
    with tempfile.TemporaryDirectory() as folder:
        code = f"import gymnasium; gymnasium.make('trm_gym:{TASKS[name].env_id}').reset(seed=0)"
        return timed(code, TRM_GYM_CACHE=folder, NUMBA_CACHE_DIR=folder)


def timed(code: str, **variables: str) -> float:
    """Seconds that ``code`` takes in a new interpreter with these environment variables; its start not counted."""
    wrapped = f"import time; began = time.perf_counter(); {code}; print(time.perf_counter() - began)"
    run = subprocess.run(
        [sys.executable, "-c", wrapped], env={**os.environ, **variables}, stdout=subprocess.PIPE, check=True, text=True
    )
    return float(run.stdout.split()[-1])


def best(measure: Callable[[], float], choose: Callable[[list[float]], float]) -> float:
    """The best of three measurements."""
    return choose([measure() for _ in range(3)])


def show(figures: list[Figure]) -> None:
    """Print the figures as a table."""
    table = Table("measured", "figure", "unit", "bar", "")
    for column in (1, 3):
        table.columns[column].justify = "right"
    for figure in figures:
        bar = "" if figure.bar is None else f"{'<=' if figure.below else '>='} {figure.bar:,.6g}"
        value = f"{figure.value:,.0f}" if figure.value >= 1000 else f"{figure.value:.2f}"
        table.add_row(figure.what, value, figure.unit, bar, figure.verdict)
    Console().print(table)


SUBJECTS = {"envs": measure_envs, "tasks": measure_tasks, "sb3": measure_sb3}


def run(config: Config) -> None:
    """Measure the subject and show the figures."""
    show(SUBJECTS[config.subject](config))


if __name__ == "__main__":
    main(run, Config)
