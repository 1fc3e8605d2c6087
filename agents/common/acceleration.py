"""What makes the network fast on this machine: torch.compile and bfloat16, each used where a measurement says it pays.

bfloat16 is several times faster where the processor multiplies it in hardware and several times slower where not, so
it is timed. Compiling costs tens of seconds and needs a C++ compiler, so it is tried on a tiny function first.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch

from agents.trm import TRM

Pass = Callable[[torch.device], None]
"""What a run does over and over, on a device; for timing."""
Choice = Literal["auto", "on", "off"]
COMPILE_PAYS_AFTER = 60.0
"""Seconds of work, uncompiled, below which compiling would cost more than it saves."""
MALLOC_OPTIONS = ((-3, 32 << 20), (-1, (1 << 31) - 1), (-2, 256 << 20))
"""glibc's M_MMAP_THRESHOLD (32 MiB is its largest), M_TRIM_THRESHOLD and M_TOP_PAD, in bytes."""
BFLOAT16_PAYS_AT = 1.2
"""How many times faster a bfloat16 step must be before it is used."""


@dataclass(frozen=True)
class AccelerationConfig:
    """What makes the network fast. ``auto`` decides at the start of a run by timing it."""

    compile: Choice = "auto"
    """Compile the shared network (torch.compile)."""
    bfloat16: Choice = "auto"
    """Run the network under bfloat16 autocast."""
    threads: int = 0
    """Threads for the arithmetic. 0 is PyTorch's own choice."""


@dataclass(frozen=True)
class Acceleration:
    """What was decided, and why."""

    device: torch.device
    compiled: bool
    bfloat16: bool
    reason: str
    seconds: float
    """About how long all passes take; less where the network is compiled."""

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """The context in which to run the network."""
        if not self.bfloat16:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)


def accelerate(model: TRM, one_pass: Pass, count: int, config: AccelerationConfig) -> Acceleration:
    """Move the network to the fastest device there is and decide what to use there for ``count`` runs of ``one_pass``.

    one_pass: training_pass or solving_pass of this network.
    """
    prepare_process()
    if config.threads:
        torch.set_num_threads(config.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device)
    plain = _seconds(one_pass, device, bfloat16=False)
    half = _seconds(one_pass, device, bfloat16=True) if config.bfloat16 == "auto" else plain
    ratio = plain / half
    bfloat16 = config.bfloat16 == "on" or (config.bfloat16 == "auto" and ratio > BFLOAT16_PAYS_AT)
    expected = count * (half if bfloat16 else plain)
    wanted = config.compile == "on" or (config.compile == "auto" and expected > COMPILE_PAYS_AFTER)
    fault = probe_compiler() if wanted else None
    if config.compile == "on" and fault:
        raise ValueError(f"compile=on, but torch.compile does not work here ({fault}); install g++ or use compile=off")
    compiled = wanted and not fault
    if compiled:
        model.core.compile()
    reason = f"{plain * 1e3:.0f} ms a pass in float32, bfloat16 {ratio:.2f} times as fast, {expected:.0f} s expected"
    if fault:
        reason += f"; torch.compile does not work here ({fault}), so this runs eager and slower"
    return Acceleration(device, compiled, bfloat16, reason, expected)


def training_pass(model: TRM, length: int, batch: int) -> Pass:
    """One step forward and backward on ``batch`` blank problems of ``length`` cells."""

    def run(device: torch.device) -> None:
        _, output = model(model.initial_carry(batch), torch.zeros(batch, length, dtype=torch.long, device=device))
        (output.logits.float().mean() + output.halt.float().mean()).backward()
        model.zero_grad(set_to_none=True)

    return run


def solving_pass(model: TRM, length: int, batch: int) -> Pass:
    """One step forward on ``batch`` blank problems of ``length`` cells."""

    @torch.no_grad()
    def run(device: torch.device) -> None:
        model(model.initial_carry(batch), torch.zeros(batch, length, dtype=torch.long, device=device))

    return run


def keep_freed_memory() -> bool:
    """Tell glibc's allocator to keep what is freed instead of giving it back; whether it took the advice.

    A step allocates and frees tensors of some megabytes by the dozen. By default each comes from the system anew and
    is paid for in page faults, which on two cores took longer than the arithmetic.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # another C library has its own ways
        return False
    return min(mallopt(option, value) for option, value in MALLOC_OPTIONS) == 1


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
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return min(times[1:])
