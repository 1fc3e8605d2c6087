"""What can only be measured in a process of its own: seconds of compiling, and the most memory that a run takes."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace

import torch

from agents.common.acceleration import Choice, probe_compiler
from scripts.benchmarking.machine import fastest
from scripts.benchmarking.networks import Name, network, training
from scripts.benchmarking.rivals import Shape


def compiling(name: Name, shape: Shape, batch: int, bfloat16: bool, threads: int) -> float:
    """Seconds that compiling adds to a run's start: trying the compiler, and the first update beyond later ones."""
    torch.set_num_threads(threads)
    began = time.perf_counter()
    fault = probe_compiler()
    if fault:
        raise ValueError(f"torch.compile does not work here ({fault}): install g++, or leave the part compiling out")
    tried = time.perf_counter() - began
    with training(network(name, shape, batch), "on", bfloat16) as run:
        began = time.perf_counter()
        run.update()
        first = time.perf_counter() - began
        return tried + first - fastest(run.update, 0.0)


def peak(name: Name, shape: Shape, batch: int, chunk: int, compiled: Choice, bfloat16: bool, threads: int) -> float:
    """The most memory, in gigabytes of 10^9 bytes, that the process has taken after two updates of a run: PyTorch, the
    passes that decide how to run, and compiling included."""
    torch.set_num_threads(threads)
    with training(replace(network(name, shape, batch), chunk=chunk), compiled, bfloat16) as run:
        run.update()
        run.update()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
