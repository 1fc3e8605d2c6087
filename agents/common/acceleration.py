"""What makes the network fast on this machine: torch.compile, bfloat16 and threads.

Each of them changes the last digits of what a network computes, and so, after some updates, all of them. So nothing is
decided by a clock unless a person asks for it, and a run writes down what it used (``Numerics``) and keeps to it.
Compiling needs a C++ compiler, so it is tried on a tiny function first.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_type_hints

import torch
from torch.utils.flop_counter import FlopCounterMode

from agents.common.checks import Checked
from agents.common.device import fastest, wait
from agents.common.memory import keep_freed_memory
from agents.common.processes import ALONE, Processes
from agents.common.tensor_file import CheckpointError
from agents.trm import TRM, Inputs
from trm_gym.checks import whole_number
from trm_gym.short_repr import short
from trm_gym.task import Task

Pass = Callable[[torch.device], None]
"""What a run does over and over, on a device; for timing."""
Choice = Literal["auto", "on", "off"]
COMPILE_PAYS_AFTER = 2e12
"""Operations of work, as ``operations`` counts them, below which compiling would cost more than it saves: about a
minute, uncompiled. A number of seconds would let the clock decide what a network learns."""
MOST_THREADS = 1024
"""More of them than any machine of today has; millions would only ever be started."""
BFLOAT16_PAYS_AT = 1.2
"""How many times faster a bfloat16 step must be before it is used."""


@dataclass(frozen=True)
class AccelerationConfig(Checked):
    """What makes the network fast. All of it changes the last digits of results; a run keeps to what it began with."""

    compile: Choice = "auto"
    """Compile the shared network (torch.compile). auto: where there is enough to compute for it to pay."""
    bfloat16: Choice = "off"
    """Run the network under bfloat16 autocast. auto: where a measurement at the start of the run finds it faster, which
    may come out otherwise on another day."""
    threads: int = 0
    """Threads for the arithmetic. 0 is PyTorch's own choice."""

    prefix = "acceleration."

    @property
    def chosen(self) -> dict[str, Any]:
        """What a person has chosen otherwise than it is by default."""
        return {name: value for name, value in vars(self).items() if value != getattr(type(self), name)}

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number(f"{self.prefix}threads", self.threads, 0, MOST_THREADS)


@dataclass(frozen=True)
class Numerics:
    """What decides the last digits of a run beside its settings. The same run under others gives other weights."""

    device: str
    bfloat16: bool
    compiled: bool
    threads: int
    torch: str
    """PyTorch's version; a run may go on under another one."""
    processes: int = 1
    """Processes that share the work."""

    @staticmethod
    def of_note(note: Mapping[str, Any], path: Path) -> Numerics | None:
        """What stands in the note of a state; None in those of before. Raises CheckpointError where it is damaged."""
        if (found := note.get("numerics")) is None:
            return None
        kinds = get_type_hints(Numerics)
        found = {"processes": 1, **found} if isinstance(found, dict) else found  # earlier versions knew of one alone
        if not isinstance(found, dict) or {name: type(value) for name, value in found.items()} != kinds:
            raise CheckpointError(f"{path} is damaged: {short(found)} is no record of a run's numerics; delete it")
        return Numerics(**found)


@dataclass(frozen=True)
class Acceleration:
    """What was decided, and why."""

    device: torch.device
    compiled: bool
    bfloat16: bool
    reason: str
    seconds: float
    """About how long all passes take; less where the network is compiled."""
    threads: int
    processes: int = 1

    @property
    def numerics(self) -> Numerics:
        """What is to be written down with a run."""
        return Numerics(self.device.type, self.bfloat16, self.compiled, self.threads, torch.__version__, self.processes)

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """The context in which to run the network."""
        if not self.bfloat16:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)


def accelerate(
    model: TRM,
    one_pass: Pass,
    count: int,
    config: AccelerationConfig,
    before: Numerics | None = None,
    processes: Processes = ALONE,
) -> Acceleration:
    """Move the network to the fastest device there is and decide what to use there for ``count`` runs of ``one_pass``.

    one_pass: training_pass or solving_pass of this network. before: what the run has used so far, which is used again.
    processes: those that share the work; all decide alike. Raises ValueError where that cannot be had, or ``config``
    forces something else.
    """
    prepare_process()
    device = fastest()
    if before is not None:
        config = _as_before(config, before, device, processes.count)
    if config.threads:
        torch.set_num_threads(config.threads)
    model.to(device)
    plain = _seconds(one_pass, device, bfloat16=False)
    half = _seconds(one_pass, device, bfloat16=True) if config.bfloat16 == "auto" else plain
    ratio = plain / half
    bfloat16 = config.bfloat16 == "on" or (config.bfloat16 == "auto" and ratio > BFLOAT16_PAYS_AT)
    expected = count * (half if bfloat16 else plain)
    wanted = config.compile == "on"
    if config.compile == "auto":
        wanted = count * operations(lambda: one_pass(device)) > COMPILE_PAYS_AFTER
    fault = probe_compiler() if wanted else None
    if config.compile == "on" and fault:
        raise ValueError(f"compile=on, but torch.compile does not work here ({fault}); install g++ or use compile=off")
    if compiled := wanted and not fault:
        model.core.compile()
    reason = f"{plain * 1e3:.0f} ms a pass in float32, bfloat16 {ratio:.2f} times as fast, {expected:.0f} s expected"
    if fault:
        reason += f"; torch.compile does not work here ({fault}), so this runs eager and slower"
    found = Acceleration(device, compiled, bfloat16, reason, expected, torch.get_num_threads(), processes.count)
    processes.check_same("device, bfloat16, compile or threads", note=str(found.numerics))
    return found


def _as_before(config: AccelerationConfig, before: Numerics, device: torch.device, count: int) -> AccelerationConfig:
    """``config`` with what the run has used so far. Raises ValueError where it forces something else."""
    if count != before.processes:
        raise ValueError(
            f"this run began with {before.processes} processes, which decides its numbers: start it with as many, not "
            f"with {count} (torchrun --nproc-per-node), or begin anew in another folder"
        )
    forced = {
        "device": (device.type, before.device),
        "bfloat16": (config.bfloat16, "on" if before.bfloat16 else "off"),
        "compile": (config.compile, "on" if before.compiled else "off"),
        "threads": (config.threads or before.threads, before.threads),
    }
    check_choices({name: (now, then) for name, (now, then) in forced.items() if now != "auto"})
    return AccelerationConfig("on" if before.compiled else "off", "on" if before.bfloat16 else "off", before.threads)


def check_choices(choices: Mapping[str, tuple[object, object]]) -> None:
    """Raise ValueError where a choice, by its name, is now another than it was at the start of a run: (now, then)."""
    for name, (now, then) in choices.items():
        if now != then:
            raise ValueError(
                f"this run began with {name}={then}, which decides its numbers, and cannot go on with {name}={now}: "
                f"use acceleration.{name}={then}, or begin anew in another folder"
            )


def operations(work: Callable[[], object]) -> int:
    """Operations of the products of matrices in a piece of work, as PyTorch counts them, without compiling it."""
    # Where nothing has been compiled yet, there is no need to load the compiler.
    loaded = "torch._dynamo" in sys.modules
    eager = torch.compiler.set_stance("force_eager") if loaded else contextlib.nullcontext()
    with eager, FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def training_pass(model: TRM, task: Task, batch: int) -> Pass:
    """One step forward and backward on ``batch`` blank problems of a task."""

    def run(device: torch.device) -> None:
        _, output = model(model.initial_carry(batch), Inputs.blank(batch, task, device))
        (output.logits.float().mean() + output.halt.float().mean()).backward()
        model.zero_grad(set_to_none=True)

    return run


def solving_pass(model: TRM, task: Task, batch: int) -> Pass:
    """One step forward on ``batch`` blank problems of a task."""

    @torch.no_grad()
    def run(device: torch.device) -> None:
        model(model.initial_carry(batch), Inputs.blank(batch, task, device))

    return run


@functools.cache
def prepare_process() -> None:
    """Settle how memory is kept and how threads wait, for a process that runs networks. Results stay the same.

    Whatever runs or trains one calls it (``accelerate``, ``take_step``); only the first call does anything.
    """
    keep_freed_memory()
    sleep_at_barriers()


@functools.cache
def sleep_at_barriers() -> bool:
    """Let a thread that waits for others sleep after a microsecond, not spin for milliseconds; whether it will.

    GNU's OpenMP, which PyTorch's Linux wheels bring, spins up to 300,000 rounds at every barrier. Where other programs
    run too, the thread that is waited for has no processor while the waiting one spins on it, and a pass takes several
    times as long. The variable GOMP_SPINCOUNT would end that, but is read when PyTorch is imported, before our code.
    At run time this is left (libgomp's manual, GOMP_SPINCOUNT): with more OpenMP threads in a process than processors,
    none spins more than 1,000 rounds. So one sleeping thread keeps that many of OpenMP's, asleep as well.
    """
    if {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():  # a person has decided
        return False
    try:
        library = ctypes.CDLL(None)
        parallel, nothing = library.GOMP_parallel, library.free
        processors = len(os.sched_getaffinity(0))
    except (OSError, AttributeError, TypeError):  # another OpenMP, or another system
        return False
    started = threading.Event()

    def keep_threads() -> None:
        parallel(nothing, None, ctypes.c_uint(processors + 1), ctypes.c_uint(0))  # free(NULL) in each
        started.set()
        threading.Event().wait()  # they end with the thread that started them

    threading.Thread(target=keep_threads, name="sleep_at_barriers", daemon=True).start()
    return started.wait()


def probe_compiler() -> str | None:
    """None where torch.compile works, otherwise why not (usually: no C++ compiler)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.compile(_probe)(torch.ones(8))
    except Exception as error:  # whatever the toolchain throws, the answer is the same: run without it
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:120] if str(error).strip() else ''}"
    return None


def _probe(x: torch.Tensor) -> torch.Tensor:
    return (x * 2 + 1).sin()


def _seconds(one_pass: Pass, device: torch.device, bfloat16: bool) -> float:
    """The faster of two passes after a first one that warms caches."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            one_pass(device)
        wait(device)
        times.append(time.perf_counter() - start)
    return min(times[1:])
