"""Send a long stream of problems through the engine: results in order, memory flat, a bad problem harms no other.

python scripts/endurance.py                                  # a million problems of arithmetic, about ten minutes
python scripts/endurance.py --checkpoint sudoku6x6 --level clues8-10 --problems 100000

Not a measure of speed (throughput.py is): what is checked is that nothing piles up, goes missing or changes places.
"""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from agents.checkpoint import load_checkpoint
from agents.common.acceleration import AccelerationConfig, accelerate, solving_pass
from agents.common.checks import Checked, at_least_one
from agents.common.cli import main
from agents.common.console import Progress, announce
from agents.common.places import Places, writes
from agents.halting.registry import rule_of
from agents.inference.engine import Engine
from scripts.enduring.held import memory
from scripts.enduring.stream import Stream
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write
from trm_gym.task import Task


@dataclass(frozen=True)
class Config(Checked):
    """Run a long stream of problems, some of them bad, and watch order, verdicts and memory."""

    checkpoint: str = "arithmetic"
    """A folder with a checkpoint, or the name of one that comes with the package."""
    level: str = "chain"
    """Level of the problems."""
    rule: str = "grpo"
    """When to stop: a halting rule with its setting, such as grpo, verifier or confidence:0.9 (see solve.py)."""
    problems: int = 1_000_000
    """Problems in the stream."""
    bad_every: int = 997
    """Every problem whose number this divides is replaced by a text that is no problem."""
    slots: int = 128
    """Problems side by side."""
    max_steps: int = 16
    """The budget of steps."""
    acceleration: AccelerationConfig = dataclasses.field(default_factory=lambda: AccelerationConfig(threads=1))
    """What makes the network fast."""
    seed: int = 0
    """Seed of the problems."""
    json: Path | None = None
    """File for the figures, as JSON."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems", "bad_every", "slots", "max_steps")


@dataclass
class Record:
    """What a stream came to. faults: results out of order, errors where none was due, and the other way round."""

    problems: int = 0
    bad: int = 0
    solved: int = 0
    steps: int = 0
    faults: int = 0
    seconds: float = 0.0
    memory: list[float] = dataclasses.field(default_factory=list)
    """Megabytes in use after each twentieth of the stream; empty where the system does not tell."""


def endure(engine: Engine, task: Task, config: Config) -> Record:
    """Run the stream and count."""
    record, began = Record(), time.perf_counter()
    stream = Stream(task, task.level_index(config.level), config.problems, config.bad_every, config.seed)
    marks = {config.problems * part // 20 for part in range(1, 21)}
    with Progress(config.problems, "stream") as bar:
        for number, result in enumerate(engine.run(stream)):
            record.faults += stream.is_fault(number, result)
            record.problems += 1
            record.bad += result.error is not None
            record.solved += result.solved
            record.steps += result.steps
            if record.problems in marks and (held := memory()) is not None:
                record.memory.append(round(held, 1))
            bar.update(record.problems, faults=record.faults)
    record.faults += config.problems - record.problems
    record.seconds = time.perf_counter() - began
    return record


@writes(lambda config: Places(files=[config.json], reads=[config.checkpoint]))
def run(config: Config) -> None:
    """Load, run, show; ends with code 1 where there was a fault."""
    checkpoint = load_checkpoint(config.checkpoint)
    task = make_task(checkpoint.task)
    one_pass = solving_pass(checkpoint.model, task, config.slots)
    found = accelerate(checkpoint.model, one_pass, config.problems // config.slots, config.acceleration)
    rule = rule_of(config.rule, checkpoint.heads)
    announce("stream, at one step a problem", found.seconds)
    with found.autocast():
        record = endure(Engine(checkpoint.model, task, rule, config.slots, config.max_steps), task, config)
    right, console = record.problems - record.bad, Console()
    console.print(
        f"{record.problems:,} problems, {record.bad:,} of them bad, in {record.seconds:.0f} s: {record.faults} faults; "
        f"{100 * record.solved / max(1, right):.2f}% right after {record.steps / max(1, right):.2f} steps",
        highlight=False,
    )
    if record.memory:
        console.print(f"megabytes after each twentieth: {', '.join(map(str, record.memory))}", highlight=False)
    if config.json is not None:
        atomic_write(config.json, json.dumps(asdict(record), indent=2) + "\n")
    if record.faults:
        raise SystemExit(1)


if __name__ == "__main__":
    main(run, Config)
