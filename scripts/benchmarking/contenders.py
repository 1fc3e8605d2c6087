"""Networks that learn a task each in a way of its own: ours, the published one, and those of others.

All take the same training problems, and answer the same ones. What another package needs is imported when a network of
its is made, since a process that trains one pays for its imports.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint
from agents.common.acceleration import AccelerationConfig
from agents.inference.engine import Engine
from agents.pretraining.config import PretrainConfig
from agents.pretraining.presets import PRETRAIN, PUBLISHED
from agents.pretraining.trainer import Pretrainer
from agents.rollouts.unroll import BATCH
from agents.trm.model import new_model
from scripts.benchmarking.contender import STEPS, Answering, Contender
from scripts.throughput import Config as Throughput
from scripts.throughput import chosen, last_drafts
from trm_gym import make_task
from trm_gym.task import Problems, Task

Name = Literal["ours", "transformer", "published-128-short", "recursive-model", "published-128", "published-512"]
TaskName = Literal["sudoku4x4", "sudoku6x6", "sudoku9x9"]
LEVEL: dict[TaskName, str] = {"sudoku4x4": "clues6-8", "sudoku6x6": "clues12", "sudoku9x9": "clues30"}
"""The level that all are measured on."""


def lessons(task: TaskName, seed: int) -> PretrainConfig:
    """The training problems of all contenders, as the settings of a supply: those of the task's preset."""
    return PretrainConfig(task, PRETRAIN[task].levels, seed=seed)


@final
class Recursive(Contender):
    """A network that this package trains."""

    def __init__(self, config: PretrainConfig, level: str, halts: bool) -> None:
        self._trainer, self._level, self._halts = Pretrainer(config), level, halts
        self.weights = self._trainer.model.num_parameters()

    def train(self, enough: Callable[[], bool]) -> None:
        config = self._trainer.config
        while not (self.ended or enough()):
            self._trainer.update()
            self.samples += config.batch
            self.ended = self._trainer.updates == config.updates

    def answers(self, problems: Problems) -> NDArray[np.uint8]:
        with self._trainer.acceleration.autocast():
            return last_drafts(self._trainer.averaged(), problems, STEPS)

    def halting(self, validation: int) -> Answering | None:
        if not self._halts:
            return None
        trainer, task = self._trainer, self._trainer.task
        checkpoint = Checkpoint(trainer.averaged(), task.name)
        asked = Throughput(level=self._level, rule="q", validation=validation, max_steps=STEPS)
        rule, _ = chosen(checkpoint, task, asked)

        def answers(problems: Problems) -> NDArray[np.uint8]:
            results = Engine(checkpoint.model, task, rule, BATCH, STEPS).run([problems])
            return np.stack([result.answer for result in results if result.answer is not None])

        return answers

    def close(self) -> None:
        self._trainer.supply.close()


def ours(task: TaskName, seed: int) -> Contender:
    """The preset of the task, as it is."""
    config = replace(PRETRAIN[task], seed=seed, acceleration=AccelerationConfig(threads=1))
    return Recursive(config, LEVEL[task], halts=True)


def published_config(task: TaskName, seed: int, hidden: int) -> PretrainConfig:
    """The published network of that width with its optimiser and recipe; bfloat16, as there, where it pays.

    A batch's gradient is computed in chunks: the same one, in less memory.
    """
    given, speed = lessons(task, seed), AccelerationConfig(bfloat16="auto", threads=1)
    model = replace(PUBLISHED.model, hidden=hidden)
    return replace(
        PUBLISHED, task=task, levels=given.levels, seed=seed, model=model, chunk=BATCH, acceleration=speed, save_every=1
    )


def published(hidden: int, task: TaskName, seed: int) -> Contender:
    """The published network in its recipe, which is one for days: 2,000 updates of 768 pass before the rate is full."""
    return Recursive(published_config(task, seed, hidden), LEVEL[task], halts=False)


def published_short(task: TaskName, seed: int) -> Contender:
    """The published network and optimiser, with what a person would change who has minutes: batches of 64, 100 updates
    of warm-up, ten times the rate, and a shorter average."""
    whole = published_config(task, seed, 128)
    optim = replace(whole.optim, atan2_lr=1e-3, warmup=100)
    return Recursive(replace(whole, batch=64, chunk=0, average=0.99, optim=optim), LEVEL[task], halts=False)


def transformer(task: TaskName, seed: int) -> Contender:
    """A transformer with as many weights as the preset's network."""
    from scripts.benchmarking.other_contenders import PlainTransformer

    return PlainTransformer(
        lessons(task, seed), new_model(PRETRAIN[task].model, make_task(task), seed).num_parameters()
    )


def recursive_model(task: TaskName, seed: int) -> Contender:
    """The package tiny-recursive-model."""
    from scripts.benchmarking.other_contenders import RecursiveModel

    return RecursiveModel(lessons(task, seed))


CONTENDERS: dict[Name, Callable[[TaskName, int], Contender]] = {
    "ours": ours,
    "transformer": transformer,
    "published-128-short": published_short,
    "recursive-model": recursive_model,
    "published-128": functools.partial(published, 128),
    "published-512": functools.partial(published, 512),
}
"""By name, made for a task and a seed. What is likeliest to learn comes first."""


def right(task: Task, problems: Problems, answers: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which problems are solved, bool [n]; of the answers only the free cells are looked at."""
    return task.verify(problems, np.where(problems.free, answers, problems.problem)).solved
