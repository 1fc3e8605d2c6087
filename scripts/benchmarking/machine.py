"""What the machine does by itself, and which part of that a piece of work reaches."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch.profiler import ProfilerActivity, profile

from agents.common.acceleration import BFLOAT16_PAYS_AT
from scripts.benchmarking.rivals import Work

PRODUCTS = ("mm", "linear", "convolution", "attention")
OPTIMISER = ("optimizer", "atan2", "_fused", "_foreach", "lerp")
PARTS = ("products", "compiled", "optimiser", "the rest")
"""What the time of a pass is split into: products of matrices, other compiled code, what moves weights and their
average, and Python, verdicts, losses and all else that runs uncompiled."""


@dataclass(frozen=True)
class Machine:
    """The best rates of products of matrices here, in operations per second, and the threads that reach them."""

    float32: float
    bfloat16: float
    threads: int

    @property
    def bfloat16_pays(self) -> bool:
        """Whether networks are to be run in bfloat16: only where the processor multiplies it in hardware."""
        return self.bfloat16 > BFLOAT16_PAYS_AT * self.float32

    def shares(self, rate: float) -> tuple[str, str]:
        """``rate``, operations per second, as shares of both rates."""
        return f"{rate / self.float32:.0%}", f"{rate / self.bfloat16:.0%}"

    def __str__(self) -> str:
        rates = f"float32 {self.float32 / 1e9:.1f}, bfloat16 {self.bfloat16 / 1e9:.1f} billion operations a second"
        verdict = "pays" if self.bfloat16_pays else "does not pay"
        return f"products of matrices alone, threads: {self.threads}: {rates}; bfloat16 {verdict} here"


def measure_machine(shapes: Iterable[tuple[int, int, int]], seconds: float) -> Machine:
    """The machine's rates over products [rows, inner] x [inner, columns] of these shapes, ``seconds`` for each."""
    shapes = list(shapes)

    def best(dtype: torch.dtype) -> float:
        return max(product_rate(shape, dtype, seconds) for shape in shapes)

    return Machine(best(torch.float32), best(torch.bfloat16), torch.get_num_threads())


def product_rate(shape: tuple[int, int, int], dtype: torch.dtype, seconds: float) -> float:
    """Operations per second of one product."""
    rows, inner, columns = shape
    left, right = torch.randn(rows, inner).to(dtype), torch.randn(inner, columns).to(dtype)
    return 2 * rows * inner * columns / fastest(lambda: torch.mm(left, right), seconds)


def fastest(work: Work, seconds: float) -> float:
    """The shortest time of one pass, of all that fit into ``seconds`` and at least two: what else the machine does only
    slows them."""
    times, began = [], time.perf_counter()
    while len(times) < 2 or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def split_time(work: Work) -> list[float]:
    """The share of each of PARTS in the time of a pass; the profiler's own time is in the rest."""
    with profile(activities=[ProfilerActivity.CPU]) as found:
        began = time.perf_counter()
        work()
        whole = 1e6 * (time.perf_counter() - began)
    spent = [0.0, 0.0, 0.0]
    for event in found.key_averages():
        name = event.key.lower()
        for place, words in enumerate((PRODUCTS, ("compiled",), OPTIMISER)):
            if any(word in name for word in words):
                spent[place] += event.self_cpu_time_total
                break
    return [part / whole for part in spent] + [max(0.0, 1 - sum(spent) / whole)]
