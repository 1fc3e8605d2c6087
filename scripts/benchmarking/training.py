"""Networks in training and solving: beside other programs of the same network, by mixer, compiling, memory.

A sample is one supervision step of one problem: forward, loss, backward, its share of the update. Operations are those
of the products of matrices in it; the machine's own rate is that of the best product measured beside it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from rich.console import Console
from rich.table import Table

from agents.common.acceleration import Choice, operations, prepare_process, solving_pass, training_pass
from agents.common.checks import Checked, above_zero, at_least, at_least_one
from agents.pretraining.config import PretrainConfig
from agents.pretraining.trainer import Pretrainer
from agents.trm.model import new_model
from scripts.benchmarking.machine import PARTS, Machine, fastest, measure_machine, split_time
from scripts.benchmarking.measuring import Figure, printed
from scripts.benchmarking.networks import Name, compared, network, training
from scripts.benchmarking.rivals import Shape, Work, has_recursive_model, published, recursive_model
from trm_gym import make_task

Part = Literal["compare", "mixers", "compiling", "memory"]
FLOAT32_BAR, BFLOAT16_BAR = 5.0, 3.0
"""How many times faster than the published step in eager float32 and bfloat16 ours is to be, on two cores."""
COLD_BAR, WARM_BAR = 30.0, 5.0
"""Seconds that compiling may take."""
MEMORY_BAR = 4.0
"""Gigabytes."""
FEWEST = 2
"""Problems side by side that are timed before more are."""


@dataclass(frozen=True)
class Training(Checked):
    """What of training to measure."""

    parts: tuple[Part, ...] = get_args(Part)
    """Parts of the measurement: other programs beside ours, mixers, seconds of compiling, and memory."""
    mixers: tuple[Name, ...] = get_args(Name)
    """Mixers to measure in the parts mixers and compiling: units and conv at their presets, the others as compared."""
    hidden: int = 128
    """Width of a latent in the compared network."""
    cycles: int = 3
    """T of the compared network, its cycles in a step: at least 2."""
    latent_updates: int = 6
    """n of the compared network, its updates of the reasoning latent in a cycle."""
    batch: int = 64
    """Problems side by side; presets bring their own."""
    chunk: int = 0
    """Problems that our network works on at a time when compared with other programs. 0 is all of them."""
    memory_hidden: int = 256
    """Width of a latent in the network whose memory is measured."""
    memory_batch: int = 256
    """Problems side by side where memory is measured."""
    memory_chunk: int = 32
    """Problems worked on at a time where memory is measured. 0 is all of them."""
    compile: Choice = "on"
    """Compile our networks (torch.compile); its time is a figure of its own."""
    seconds: float = 10.0
    """Seconds of measuring for one figure, after a warm-up. There are at least two passes; the fastest counts."""
    longest: float = 30.0
    """Seconds that an update may take. A slower program is measured with fewer problems side by side."""
    threads: int = 0
    """Threads for the arithmetic. 0 is PyTorch's own choice."""

    prefix = "--training."

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(0, self, "chunk", "memory_chunk", "seconds", "threads")
        above_zero(self, "longest")
        at_least_one(self, "hidden", "latent_updates", "batch", "memory_hidden", "memory_batch")
        if self.cycles < 2:
            raise ValueError(f"--training.cycles must be at least 2, as tiny-recursive-model has it; got {self.cycles}")

    @property
    def shape(self) -> Shape:
        """The sizes of the compared network."""
        return Shape(hidden=self.hidden, cycles=self.cycles, latent_updates=self.latent_updates)


def measure_training(config: Training) -> list[Figure]:
    """Print each part's tables; returns the figures that have a bar."""
    prepare_process()
    if config.threads:
        torch.set_num_threads(config.threads)
    console = Console()
    rows = 16 * config.shape.positions  # enough for the full rate, and few enough for one that is poor
    shapes = ((rows, config.hidden, 8 * config.hidden), (rows, 4 * config.hidden, config.hidden), (1024, 1024, 1024))
    machine = measure_machine(shapes, config.seconds / 10)
    console.print(str(machine), highlight=False)
    figures = []
    for part in config.parts:
        figures += MEASURES[part](config, machine, console)
    return figures


def compare(config: Training, machine: Machine, console: Console) -> list[Figure]:
    """Ours beside the others, in one configuration."""
    shape, batch = config.shape, config.batch
    table = speeds(f"9x9, d={shape.hidden}, T={shape.cycles}, n={shape.latent_updates}, mlp mixer, batch {batch}")
    chosen = replace(compared(shape, batch), chunk=config.chunk)
    each, _ = costs(chosen)
    with training(chosen, config.compile, machine.bfloat16_pays) as run:
        run.update()
        ours = batch / fastest(run.update, config.seconds)
        add(table, f"ours, {how(run)}", ours, machine.shares(ours * each), split_time(run.update))
    others: dict[str, tuple[Callable[[int], Work], float | None]] = {
        "published step, eager float32": (lambda count: published(shape, torch.float32, count), FLOAT32_BAR),
        "published step, eager bfloat16": (lambda count: published(shape, torch.bfloat16, count), BFLOAT16_BAR),
    }
    if has_recursive_model():
        others["tiny-recursive-model, eager float32"] = (lambda count: recursive_model(shape, count), None)
    figures = []
    for name, (make, bar) in others.items():
        rate, count = samples_per_second(make, config)
        fewer = "" if count == batch else f", batch {count}"
        add(table, name + fewer, rate, machine.shares(rate * each))
        figures.append(Figure(f"ours against {name}", ours / rate, "times", bar))
    console.print(table)
    if not has_recursive_model():
        console.print("tiny-recursive-model is left out: it is not installed (pip install tiny-recursive-model)")
    return figures


def mixers(config: Training, machine: Machine, console: Console) -> list[Figure]:
    """Every mixer, in training and in solving."""
    table = speeds("mixers, in training and in solving")
    for name in config.mixers:
        chosen = network(name, config.shape, config.batch)
        with training(chosen, config.compile, machine.bfloat16_pays) as run:
            works = {"training": run.update, "solving": solving(run)}
            for (what, work), cost in zip(works.items(), costs(chosen), strict=True):
                work()  # compiles
                rate = chosen.batch / fastest(work, config.seconds)
                label = f"{name}, {chosen.task}, batch {chosen.batch}, {how(run)}, {what}"
                add(table, label, rate, machine.shares(rate * cost), split_time(work))
    console.print(table)
    return []


def compiling(config: Training, machine: Machine, console: Console) -> list[Figure]:
    """Seconds of compiling, with an empty cache and then with a full one."""
    figures = []
    for name in config.mixers:
        given = f"{name!r}, {config.shape}, {config.batch}, {machine.bfloat16_pays}, {machine.threads}"
        code = f"from scripts.benchmarking.fresh import Shape, compiling; print(compiling({given}))"
        with tempfile.TemporaryDirectory() as folder:
            for cache, bar in (("nothing cached", COLD_BAR), ("cached", WARM_BAR)):
                seconds = printed(code, TORCHINDUCTOR_CACHE_DIR=folder)
                figures.append(Figure(f"compiling {name}, {cache}", seconds, "s", bar, below=True))
    return figures


def memory(config: Training, machine: Machine, console: Console) -> list[Figure]:
    """The most memory of a training run."""
    shape = replace(config.shape, hidden=config.memory_hidden)
    batch, chunk = config.memory_batch, config.memory_chunk
    given = f"{shape}, {batch}, {chunk}, {config.compile!r}, {machine.bfloat16_pays}, {machine.threads}"
    code = f"from scripts.benchmarking.fresh import Shape, peak; print(peak('mlp', {given}))"
    what = f"memory of training 9x9, mlp, d={shape.hidden}, batch {batch}" + (f" in chunks of {chunk}" if chunk else "")
    return [Figure(what, printed(code), "GB", MEMORY_BAR, below=True)]


MEASURES = {"compare": compare, "mixers": mixers, "compiling": compiling, "memory": memory}


def samples_per_second(make: Callable[[int], Work], config: Training) -> tuple[float, int]:
    """Samples per second of a program, and how many problems it had side by side.

    make: an update with so many problems.
    """
    few = min(FEWEST, config.batch)
    each = fastest(make(few), 0.0) / few
    count = max(few, min(config.batch, int(config.longest / each)))
    work = make(count)
    if count == config.batch:
        work()
    return count / fastest(work, config.seconds), count


def costs(config: PretrainConfig) -> tuple[float, float]:
    """Operations for one problem, in an update and in a step of solving."""
    task, few, device = make_task(config.task), 2, torch.device("cpu")
    model = new_model(config.model, task, config.seed)
    passes = (training_pass(model, task, few), solving_pass(model, task, few))
    update, solve = (operations(lambda work=work: work(device)) / few for work in passes)
    return update, solve


def solving(run: Pretrainer) -> Work:
    """One step of solving, by a run's network, of as many problems as it trains on."""
    forward = solving_pass(run.model, run.task, run.config.batch)

    def work() -> None:
        with run.acceleration.autocast():
            forward(run.acceleration.device)

    return work


def how(run: Pretrainer) -> str:
    """How a run's network is run."""
    kind = "bfloat16" if run.acceleration.bfloat16 else "float32"
    return f"{'compiled' if run.acceleration.compiled else 'eager'} {kind}"


def speeds(title: str) -> Table:
    """An empty table of speeds, for ``add``."""
    columns = ("what", "samples/s", "of float32", "of bfloat16", *PARTS)
    told = "Of float32 and bfloat16: operations, beside the machine's own rate. Then where the time of a pass goes."
    table = Table(*columns, title=title, caption=told)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def add(table: Table, what: str, rate: float, shares: tuple[str, str], parts: Sequence[float] = ()) -> None:
    """A row: samples per second, shares of the machine's rates, and the split of the time, where it was measured.

    It is told at once too, since a table takes minutes.
    """
    print(f"{what}: {rate:.2f} samples/s", file=sys.stderr)
    table.add_row(what, f"{rate:.2f}", *shares, *(f"{part:.0%}" for part in parts))
