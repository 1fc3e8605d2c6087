"""What an update of pretraining costs where processes share it, and a model of many machines, checked on a few.

Processor time is measured, not seconds on the clock, so that a machine with other work on it gives the same figures.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from torch import distributed

from agents.common.acceleration import AccelerationConfig, prepare_process
from agents.common.checks import Checked, above_zero, at_least, at_least_one
from agents.common.processes import Processes
from agents.evaluation.tables import markdown_table
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.trainer import Pretrainer
from scripts.benchmarking.forked import forked

PATIENCE = 1800.0
"""Seconds that a measurement may take on a machine that is busy."""
MACHINES = (1, 2, 4, 8, 16, 32, 64)
"""Of which the model tells."""
SHARED, MESSAGES = ("_learn",), ("sum_gradients", "gather")
"""Methods of a trainer that compute a process's share of the batch, and of Processes that exchange."""


@dataclass(frozen=True)
class Sharing(Checked):
    """What is measured of shared updates, and what the model assumes."""

    preset: str = "sudoku6x6"
    """The preset of pretraining."""
    batch: int = 64
    """Problems of an update, shared by all processes."""
    counts: tuple[int, ...] = (1, 2, 4)
    """Numbers of local processes."""
    updates: int = 6
    """Updates that are measured, after two that warm up. The median counts."""
    bandwidth: float = 1.0
    """Gigabytes a second between two machines. 10 gigabit Ethernet carries about 1."""
    latency: float = 50.0
    """Microseconds of a message between two machines."""
    core_price: float = 0.01
    """Price of a core's hour; that of a core of a spot machine is about 0.01 dollars."""

    prefix = "--sharing."

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "batch", "counts", "updates")
        above_zero(self, "bandwidth")
        at_least(0, self, "latency", "core_price")
        if self.preset not in PRETRAIN:
            raise ValueError(f"unknown preset {self.preset!r}: use one of {', '.join(PRETRAIN)}")
        if 1 not in self.counts:
            raise ValueError("--sharing.counts must hold 1, which the others are compared with")


@dataclass
class Cost:
    """Processor seconds of an update in a process: of its share, of messages, of all; how many messages, and bytes."""

    share: float = 0.0
    message: float = 0.0
    whole: float = 0.0
    count: float = 0.0
    size: float = 0.0

    @property
    def rest(self) -> float:
        """What every process does in full."""
        return self.whole - self.share - self.message


@contextlib.contextmanager
def told(cost: Cost) -> Iterator[None]:
    """Within it, what shares and messages take is added to ``cost``."""

    def timed(owner: Any, name: str, field: str, clock: Callable[[], float]) -> None:
        plain = getattr(owner, name)

        def run(*args: Any, **kwargs: Any) -> Any:
            began = clock()
            try:
                return plain(*args, **kwargs)
            finally:
                setattr(cost, field, getattr(cost, field) + clock() - began)

        setattr(owner, name, run)
        stack.callback(setattr, owner, name, plain)

    def sized(name: str, place: int) -> None:
        plain = getattr(distributed, name)

        def run(*args: Any, **kwargs: Any) -> Any:
            cost.count += 1
            cost.size += args[place].numel() * args[place].element_size()
            return plain(*args, **kwargs)

        setattr(distributed, name, run)
        stack.callback(setattr, distributed, name, plain)

    with contextlib.ExitStack() as stack:
        for name in SHARED:
            timed(Pretrainer, name, "share", time.thread_time)
        for name in MESSAGES:
            timed(Processes, name, "message", time.process_time)  # threads of gloo's own carry them
        sized("all_reduce", 0)
        sized("all_gather", 1)
        yield


def update_costs(config: Sharing, place: Path, processes: Processes) -> None:
    """Train for some updates and write what the median one cost this process."""
    preset = PRETRAIN[config.preset]
    plain = AccelerationConfig(compile="off", bfloat16="off", threads=1)
    trainer = Pretrainer(dataclasses.replace(preset, batch=config.batch, acceleration=plain), None, processes)
    costs = []
    for update in range(2 + config.updates):
        cost = Cost()
        with told(cost):
            began = time.process_time()
            trainer.update()
            cost.whole = time.process_time() - began
        costs += [cost] if update >= 2 else []
    trainer.supply.close()
    costs.sort(key=lambda one: one.whole)
    found = dataclasses.asdict(costs[len(costs) // 2]) | {"parameters": trainer.model.num_parameters()}
    place.joinpath(f"{processes.rank}.json").write_text(json.dumps(found))


def measured(config: Sharing, count: int) -> tuple[Cost, int]:
    """What an update costs each of so many processes, in the mean, and how many parameters the network has."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        codes = forked(count, partial(update_costs, config, Path(folder)), log, PATIENCE)
        if any(codes):
            raise ValueError(f"a process ended with code {max(codes)}: {log.read_text(encoding='utf-8')[-500:]}")
        parts = [json.loads(path.read_text()) for path in sorted(Path(folder).glob("*.json"))]
    parameters = parts[0].pop("parameters")
    names = [field.name for field in dataclasses.fields(Cost)]
    return Cost(**{name: sum(part[name] for part in parts) / count for name in names}), cast(int, parameters)


def modelled(config: Sharing, alone: Cost, several: Cost, machines: int) -> float:
    """Seconds of an update on so many machines of a core each: share / machines + the rest + messages.

    The rest every process does in full: problems, optimiser, average, curriculum. A message of all is a ring: every
    machine sends and receives 2 (n - 1) / n of its bytes, in 2 (n - 1) turns.
    """
    turns = 2 * (machines - 1)
    wire = several.size * turns / machines / (config.bandwidth * 1e9) + several.count * turns * config.latency * 1e-6
    return alone.share / machines + alone.rest + wire


def compared(costs: Mapping[int, Cost]) -> str:
    """What was measured, as a table, beside what one process foretells of several."""
    alone, rows = costs[1], []
    for count, cost in costs.items():
        own, model = cost.whole - cost.message, alone.share / count + alone.rest
        parts = (cost.share, cost.rest, cost.message)
        sent = (f"{cost.count:.0f}", f"{cost.size / 1e6:.2f}")
        foretold = (f"{1e3 * own:.1f}", f"{1e3 * model:.1f}", f"{100 * (model / own - 1):+.0f}%")
        rows.append((str(count), *(f"{1e3 * part:.1f}" for part in parts), *sent, *foretold))
    head = ("processes", "share", "rest", "messages", "sent", "MB", "share and rest", "by the model", "off by")
    return markdown_table(head, rows)


def foretold(config: Sharing, alone: Cost, several: Cost, updates: int) -> str:
    """The model of many machines, as a table. several: whose messages are those of any number of machines."""
    rows, first = [], modelled(config, alone, several, 1)
    for machines in MACHINES:
        seconds = modelled(config, alone, several, machines)
        hours = machines * seconds * updates / 3600
        speed = (f"{1e3 * seconds:.1f}", f"{config.batch / seconds:,.0f}", f"{first / seconds:.1f}")
        rows.append((str(machines), *speed, f"{hours:.3g}", f"{hours * config.core_price:.2g}"))
    head = ("machines", "ms an update", "problems/s", "times as fast", "core-hours of a run", "their price")
    return markdown_table(head, rows)


def measure_sharing(config: Sharing) -> None:
    """Print what was measured beside what the model says, and the model for more machines."""
    prepare_process()
    torch.set_num_threads(1)
    found = {count: measured(config, count) for count in config.counts}
    costs, updates = {count: cost for count, (cost, _) in found.items()}, PRETRAIN[config.preset].updates
    what = f"{config.preset}, {found[1][1]:,} parameters, batch {config.batch}, gloo, a thread each"
    assumed = f"{config.bandwidth:g} GB/s, {config.latency:g} us, {updates:,} updates, {config.core_price:g} an hour"
    print(f"{what}; processor milliseconds of an update in each process:\n\n{compared(costs)}\n")
    print(f"Model, a core each; {assumed}:\n\n{foretold(config, costs[1], costs[max(costs)], updates)}")
