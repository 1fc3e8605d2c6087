"""The environments: steps per second, supply of problems, import and first reset."""

from __future__ import annotations

import tempfile
import time

import numpy as np
from gymnasium.spaces import MultiDiscrete
from gymnasium.utils import performance
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

from scripts.benchmarking.measuring import ACTION_BATCHES, Figure, Settings, best, timed
from trm_gym.env import RefinementEnv
from trm_gym.registration import TASKS, make_task
from trm_gym.task import Task
from trm_gym.vector import RefinementVectorEnv


def measure_envs(settings: Settings) -> list[Figure]:
    """The figures of the environments."""
    task = make_task(settings.task)
    return [
        *throughput(settings, task, halting=0.0, length=16, bar=1.5e6),
        *throughput(settings, task, halting=1 / 3, length=3, bar=0.7e6),
        *gymnasiums_own(settings, task),
        generation(settings, task),
        Figure("import trm_gym", best(import_seconds, min), "s", 0.5, below=True),
        *(Figure(f"first reset of {name}, nothing cached", cold_reset(name), "s", 5.0, below=True) for name in TASKS),
    ]


def throughput(settings: Settings, task: Task, halting: float, length: int, bar: float) -> list[Figure]:
    """Steps per second at a mean episode length, native in two autoreset modes, and looped in the same run."""
    figures = []
    for mode in (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP):
        native = RefinementVectorEnv(settings.slots, task, settings.level, autoreset_mode=mode)
        speed = best(lambda envs=native: steps_per_second(envs, halting, settings.seconds), max)
        what = f"{settings.task}, {settings.slots} slots, episodes of {length} steps, {mode.name}"
        figures.append(Figure(what, speed, "steps/s", bar))
    looped = SyncVectorEnv([lambda: RefinementEnv(task, settings.level)] * settings.loop_slots)
    slow = best(lambda: steps_per_second(looped, halting, settings.seconds), max)
    figures.append(Figure(f"the same by SyncVectorEnv, {settings.loop_slots} slots", slow, "steps/s"))
    figures.append(Figure("native NEXT_STEP against SyncVectorEnv", figures[0].value / slow, "times"))
    return figures


def gymnasiums_own(settings: Settings, task: Task) -> list[Figure]:
    """Steps per second as Gymnasium measures them from 1.4 on: the time that its action space takes to draw counts."""
    if not hasattr(performance, "benchmark_vector_step"):
        return []
    figures = []
    for mode in (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP):
        envs = RefinementVectorEnv(settings.slots, task, settings.level, autoreset_mode=mode)
        speed = best(lambda envs=envs: performance.benchmark_vector_step(envs, round(settings.seconds), seed=0), max)
        what = f"by Gymnasium's benchmark_vector_step, drawing of actions included, {settings.slots} slots, {mode.name}"
        figures.append(Figure(what, speed, "steps/s"))
    return figures


def steps_per_second(envs: VectorEnv, halting: float, seconds: float) -> float:
    """Refinement steps per second, autoreset and verification included; resets are not counted as steps.

    halting: the probability of halting at each step. The drafts are noise, drawn beforehand.
    """
    rng = np.random.default_rng(0)
    space = envs.single_action_space
    assert isinstance(space, MultiDiscrete)
    shape = (ACTION_BATCHES, envs.num_envs, *space.shape)
    actions = rng.integers(0, space.nvec[0], shape)
    actions[..., -1] = rng.random(shape[:2]) < halting
    envs.reset(seed=0)
    envs.step(actions[0])
    restarts_take_a_step = envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    calls, idle, began = 0, 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        ended = envs.step(actions[calls % ACTION_BATCHES])[2]
        calls += 1
        idle += int(np.count_nonzero(ended))
    steps = calls * envs.num_envs - idle * restarts_take_a_step
    return steps / (time.perf_counter() - began)


def generation(settings: Settings, task: Task) -> Figure:
    """Fresh unique problems per second, which pretraining may use in place of the bank."""
    level, count = task.level_index(settings.level), 256
    task.generate(count, level, "train", 0)

    def once() -> float:
        made, began = 0, time.perf_counter()
        while time.perf_counter() - began < settings.seconds:
            made += len(task.generate(count, level, "train", 1 + made))
        return made / (time.perf_counter() - began)

    return Figure(f"fresh unique problems, {settings.task} {settings.level}", best(once, max), "per s", 2000)


def import_seconds() -> float:
    """The time that ``import trm_gym`` takes in a new interpreter."""
    return timed("import trm_gym")


def cold_reset(name: str) -> float:
    """Import, construction and first reset where neither compiled code nor problems are cached."""
    with tempfile.TemporaryDirectory() as folder:
        code = f"import gymnasium; gymnasium.make('trm_gym:{TASKS[name].env_id}').reset(seed=0)"
        return timed(code, TRM_GYM_CACHE=folder, NUMBA_CACHE_DIR=folder)
