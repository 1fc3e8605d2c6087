"""Measure what stopping in time saves on the clock: whole budgets, against the engine with a halting rule.

python scripts/throughput.py                                     9x9 with 30 clues, on one core
python scripts/throughput.py --checkpoint maze11x11 --level long

Both ways run the same problems with the same network, after one that warms caches and compiles. The rule's setting
is chosen on validation problems: the most thrifty one that is as accurate there as the whole budget is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from agents.checkpoint import Checkpoint, load_checkpoint
from agents.common.acceleration import Acceleration, AccelerationConfig, Choice, accelerate, solving_pass
from agents.common.checks import Checked, a_share, at_least_one
from agents.common.cli import main
from agents.common.console import announce
from agents.common.places import Places, writes
from agents.evaluation.evaluate import named
from agents.evaluation.protocol import choose
from agents.halting.registry import rule_named
from agents.halting.rules import HaltingRule
from agents.inference.engine import Engine
from agents.rollouts.step import Network, draft_of
from agents.rollouts.unroll import BATCH, unroll
from agents.trm import Inputs
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write
from trm_gym.task import Problems, Task

RATIO_BAR, IDEAL_BAR = 3.0, 0.85
"""How many times faster the engine is to be, and which share of what the saved steps allow."""


@dataclass(frozen=True)
class Config(Checked):
    """Compare seconds, accuracy and steps of always using the budget up and of the engine."""

    checkpoint: str = "sudoku9x9"
    """A folder with a checkpoint, or the name of one that comes with the package."""
    level: str = "clues30"
    """Level of the problems."""
    rule: str = "grpo"
    """The halting rule: a head of the checkpoint, confidence, unchanged, verifier, or another of the tables' rules."""
    problems: int = 2048
    """Test problems; a level with fewer gives all it has."""
    validation: int = 1024
    """Validation problems, on which the rule's setting is chosen."""
    slack: float = 0.0
    """How much less accurate than the whole budget the setting may be on validation problems, in [0, 1]."""
    max_steps: int = 16
    """The budget of steps."""
    slots: int = BATCH
    """Problems side by side."""
    threads: int = 1
    """Threads for the arithmetic."""
    compile: Choice = "on"
    """Compile the network (torch.compile). The time that it takes is no part of the figures."""
    bfloat16: Choice = "off"
    """Run the network under bfloat16 autocast. auto: where a measurement at the start finds it faster."""
    seed: int = 0
    """Seed of the problems."""
    json: Path | None = None
    """File for the figures, as JSON."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        a_share(self, "slack")
        at_least_one(self, "problems", "validation", "max_steps", "slots", "threads")


@dataclass(frozen=True)
class Run:
    """One way of running all problems."""

    problems: int
    seconds: float
    accuracy: float
    steps: float
    """Mean steps of a problem."""


def to_the_end(checkpoint: Checkpoint, task: Task, problems: Problems, config: Config) -> Run:
    """Batch after batch to the budget, as simply as can be: no statistics, one verdict at the end."""
    solved, began = [], time.perf_counter()
    for first in range(0, len(problems), config.slots):
        some = problems[slice(first, first + config.slots)]
        solved.append(task.verify(some, last_drafts(checkpoint.model, some, config.max_steps)).solved)
    seconds = time.perf_counter() - began
    return Run(len(problems), seconds, float(np.concatenate(solved).mean()), config.max_steps)


@torch.inference_mode()
def last_drafts(network: Network, problems: Problems, steps: int) -> NDArray[np.uint8]:
    """The drafts of ``problems`` after so many steps, uint8 [n, L], side by side."""
    carry = network.initial_carry(len(problems))
    draft = torch.from_numpy(problems.start).to(carry.answer.device).long()
    inputs, free = Inputs.of(problems, draft), torch.from_numpy(problems.free).to(draft.device)
    for _ in range(steps):
        carry, output = network(carry, inputs._replace(draft=draft))
        draft = draft_of(output.logits, inputs.problem, free)
    return draft.cpu().numpy().astype(np.uint8)


def engine(checkpoint: Checkpoint, task: Task, problems: Problems, rule: HaltingRule, config: Config) -> Run:
    """The same problems as a stream."""
    began = time.perf_counter()
    results = list(Engine(checkpoint.model, task, rule, config.slots, config.max_steps).run([problems]))
    seconds = time.perf_counter() - began
    solved, steps = zip(*((result.solved, result.steps) for result in results), strict=True)
    return Run(len(problems), seconds, float(np.mean(solved)), float(np.mean(steps)))


def draw(task: Task, config: Config, split: str, count: int) -> Problems:
    """Problems of a split, as many as asked for or as there are."""
    return task.generate_at_most(count, task.level_index(config.level), split, config.seed)


def chosen(checkpoint: Checkpoint, task: Task, config: Config) -> tuple[HaltingRule, dict[str, float]]:
    """The rule with the setting that validation problems choose. Raises ValueError for an unknown rule."""
    rule = rule_named(config.rule, checkpoint.heads)
    graded = unroll(checkpoint.model, task, draw(task, config, "validation", config.validation), config.max_steps)
    target = float(graded.solved[:, -1].float().mean()) - config.slack
    setting = choose(rule, graded, target, ()).point[0]
    return rule.rule(setting.tolist()), named(rule, setting)


def warm(measure: Callable[[Problems], Run], problems: Problems, slots: int) -> None:
    """Run a few problems, so that caches are warm and every shape of batch is compiled."""
    for count in (slots, slots, slots - 1, 1):
        measure(problems[:count])


def show(runs: dict[str, Run]) -> dict[str, float]:
    """Print the comparison; returns its ratios."""
    table = Table("", "seconds", "problems/s", "right, %", "mean steps")
    for name, run in runs.items():
        rate = f"{run.problems / run.seconds:.1f}"
        table.add_row(name, f"{run.seconds:.1f}", rate, f"{100 * run.accuracy:.2f}", f"{run.steps:.2f}")
    whole, saved = runs.values()
    ratio, ideal = whole.seconds / saved.seconds, whole.steps / saved.steps
    console = Console()
    console.print(table)
    console.print(
        f"{ratio:.2f} times as fast (bar: {RATIO_BAR:g}), with {100 * (saved.accuracy - whole.accuracy):+.2f} points; "
        f"the saved steps allow {ideal:.2f}, of which {ratio / ideal:.0%} (bar: {IDEAL_BAR:.0%}) is reached",
        highlight=False,
    )
    return {"ratio": ratio, "ideal": ideal, "share_of_ideal": ratio / ideal}


@writes(lambda config: Places(files=[config.json], reads=[config.checkpoint]))
def run(config: Config) -> None:
    """Choose the setting, warm up, measure both ways, show."""
    checkpoint = load_checkpoint(config.checkpoint)
    task = make_task(checkpoint.task)
    problems = draw(task, config, "test", config.problems)
    acceleration = prepare(checkpoint, task, config)
    with acceleration.autocast():
        rule, setting = chosen(checkpoint, task, config)
        ways: dict[str, Callable[[Problems], Run]] = {
            f"always {config.max_steps}": lambda some: to_the_end(checkpoint, task, some, config),
            f"engine, {config.rule}": lambda some: engine(checkpoint, task, some, rule, config),
        }
        for measure in ways.values():
            warm(measure, problems, config.slots)
        runs = {name: measure(problems) for name, measure in ways.items()}
    ratios = show(runs)
    shown = ", ".join(f"{label} {value:.4g}" for label, value in setting.items()) or "nothing to choose"
    print(f"{config.rule}: {shown} (chosen on validation problems)")
    if config.json is not None:
        found = {"runs": {name: asdict(one) for name, one in runs.items()}, **ratios}
        atomic_write(config.json, json.dumps({**found, "setting": setting}, indent=2) + "\n")


def prepare(checkpoint: Checkpoint, task: Task, config: Config) -> Acceleration:
    """Switch on what is asked for, and say what it is."""
    # Every problem twice: to the end of the budget, and by the engine, which takes no longer.
    passes = (2 * config.problems + config.validation) // config.slots * config.max_steps
    one_pass = solving_pass(checkpoint.model, task, config.slots)
    wanted = AccelerationConfig(config.compile, config.bfloat16, config.threads)
    found = accelerate(checkpoint.model, one_pass, passes, wanted)
    print(f"{task.name} {config.level}, {config.slots} slots: compiled {found.compiled}, bfloat16 {found.bfloat16}")
    announce("both ways, at most", found.seconds)
    return found


if __name__ == "__main__":
    main(run, Config)
