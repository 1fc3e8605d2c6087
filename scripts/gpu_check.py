"""Does a graphics card compute what the processor does? In float32, in bfloat16, compiled, as a graph, and by nccl.

python scripts/gpu_check.py                       # under ten minutes; exit code 1 where something differs
python scripts/gpu_check.py --device cpu          # the same checks, of the processor against itself

On a machine without a card it says so in one line, and ends with code 2.
"""

from __future__ import annotations

import copy
import dataclasses
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from rich.console import Console
from torch import Tensor, distributed, multiprocessing
from torch.multiprocessing.spawn import start_processes

from agents.checkpoint import Checkpoint, load_checkpoint
from agents.common.acceleration import AccelerationConfig, accelerate, solving_pass
from agents.common.checks import Checked, at_least_one
from agents.common.cli import main
from agents.common.device import CARD, CPU, backend, kept_to, of_messages, there, wait
from agents.common.processes import joined
from agents.evaluation.tables import markdown_table
from agents.pretraining.config import PretrainConfig
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.trainer import Pretrainer
from agents.rollouts.unroll import Unroll, unroll
from agents.trm import Inputs
from trm_gym import make_task
from trm_gym.task import Problems

PLAIN = AccelerationConfig(compile="off", bfloat16="off")
FAST = dataclasses.replace(PLAIN, compile="on")
DRAFTS, CONFIDENCE, HALF, LOSSES, EXACT = 0.002, 1e-3, 0.02, 0.02, 1e-4
"""How far apart: shares of drafts that are judged otherwise, and confidences, in float32; solved problems in bfloat16;
losses of training, relative; a step of the network run again in another way, relative."""
STEPS = 8
"""Of every problem."""


@dataclass(frozen=True)
class Config(Checked):
    """Compare a device with the processor."""

    device: Literal["cuda", "cpu"] = "cuda"
    """What is compared with the processor."""
    checkpoint: str = "sudoku6x6"
    """A folder with a checkpoint, or the name of one that comes with the package."""
    problems: int = 1024
    """Problems that are solved on both."""
    updates: int = 20
    """Updates of pretraining on both."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems", "updates")


@dataclass(frozen=True)
class Finding:
    """What a check came to: how far from the processor's, and how far it may be."""

    what: str
    distance: float
    bar: float
    said: str = ""

    @property
    def sound(self) -> bool:
        """Whether it is near enough; a NaN is not."""
        return self.distance <= self.bar


def distance(found: Tensor, wanted: Tensor) -> float:
    """The largest difference, as a share of the largest number that was wanted."""
    found, wanted = found.detach().float().cpu(), wanted.detach().float().cpu()
    return float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-12))


def solved_on(kind: str, checkpoint: Checkpoint, problems: Problems, how: AccelerationConfig) -> Unroll:
    """The problems' graded runs, on a device and in a way."""
    model, task = copy.deepcopy(checkpoint.model), make_task(checkpoint.task)
    with kept_to(kind):
        used = accelerate(model, solving_pass(model, task, 32), 1, how)
        with used.autocast():
            return unroll(model, task, problems, STEPS)


def solving(config: Config) -> Iterator[Finding]:
    """The same problems on both, in float32, in bfloat16 and compiled."""
    checkpoint = load_checkpoint(config.checkpoint)
    task = make_task(checkpoint.task)
    problems = task.generate_at_most(config.problems, task.default_level, "test", 0)
    wanted = solved_on(CPU, checkpoint, problems, PLAIN)
    said = f"{len(problems)} problems, {100 * wanted.solved[:, -1].float().mean():.1f}% solved by the processor"
    found = solved_on(config.device, checkpoint, problems, PLAIN)
    yield Finding("float32, verdicts", float((found.solved != wanted.solved).float().mean()), DRAFTS, said)
    yield Finding("float32, confidence", float((found.confidence - wanted.confidence).abs().mean()), CONFIDENCE)
    half = solved_on(config.device, checkpoint, problems, dataclasses.replace(PLAIN, bfloat16="on"))
    apart = half.solved[:, -1].float().mean() - wanted.solved[:, -1].float().mean()
    yield Finding("bfloat16, solved", abs(float(apart)), HALF)
    fast = solved_on(config.device, checkpoint, problems, FAST)
    yield Finding("compiled, verdicts", float((fast.solved != wanted.solved).float().mean()), DRAFTS)


def training(config: Config) -> Iterator[Finding]:
    """The losses of the first updates of pretraining on both."""
    preset = PRETRAIN["sudoku4x4"]
    made = dataclasses.replace(preset, updates=config.updates, batch=32, acceleration=PLAIN)
    wanted, found = (losses(made, kind) for kind in (CPU, config.device))
    yield Finding("training, losses", distance(found, wanted), LOSSES, f"{config.updates} updates, {made.task}")


def losses(made: PretrainConfig, kind: str) -> Tensor:
    """The loss of every update."""
    with kept_to(kind):
        trainer = Pretrainer(made)
        try:
            return torch.tensor([trainer.update()["loss"] for _ in range(made.updates)])
        finally:
            trainer.supply.close()


def graph(config: Config) -> Iterator[Finding]:
    """A step of the network, recorded as a CUDA graph and played on other numbers; without a card, called again."""
    checkpoint, device = load_checkpoint(config.checkpoint), torch.device(config.device)
    model, task = copy.deepcopy(checkpoint.model).to(device), make_task(checkpoint.task)
    inputs, carry = Inputs.blank(32, task, device), model.initial_carry(32)
    noise = torch.Generator().manual_seed(0)
    others = [part + 0.1 * torch.randn(part.shape, generator=noise).to(part) for part in carry]
    with torch.no_grad():
        wanted = model(type(carry)(*others), inputs)[1].logits
        if device.type == CPU:
            found = model(type(carry)(*others), inputs)[1].logits
        else:
            held = type(carry)(*(part.clone() for part in carry))
            side = torch.cuda.Stream()  # what is recorded must have run before, on a stream of its own
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                model(held, inputs)
            torch.cuda.current_stream().wait_stream(side)
            recorded = torch.cuda.CUDAGraph()
            with torch.cuda.graph(recorded):
                found = model(held, inputs)[1].logits
            for part, other in zip(held, others, strict=True):
                part.copy_(other)
            recorded.replay()
            wait(device)
    yield Finding("graph, a step", distance(found, wanted), EXACT)


def messages(config: Config) -> Iterator[Finding]:
    """The sum of gradients of two processes, a card each; of one with itself where there is one card."""
    count = min(2, torch.cuda.device_count()) if config.device == CARD else 2
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    results = multiprocessing.get_context("spawn").SimpleQueue()
    start_processes(exchanged, (count, port, config.device, results), nprocs=count, start_method="spawn")
    wanted = sum(torch.arange(1000.0) * (rank + 1) for rank in range(count))
    with kept_to(config.device):
        said = f"{backend()}, {count} process{'es' * (count > 1)}"
    yield Finding(
        "messages, sum of gradients", distance(torch.tensor(results.get()), torch.as_tensor(wanted)), 0.0, said
    )


def exchanged(rank: int, count: int, port: int, kind: str, results: multiprocessing.SimpleQueue) -> None:
    """In a process of its own: give a gradient; the first process puts the sum of all into ``results``."""
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    gradient = torch.arange(1000.0) * (rank + 1)
    with kept_to(kind):
        if count > 1:
            with joined() as processes:
                weight = torch.nn.Parameter(torch.zeros(1000, device=of_messages(backend())))
                weight.grad = gradient.to(weight.device)
                processes.sum_gradients({"weight": weight})
                gradient = weight.grad.cpu()
        else:  # a run of one process sends no messages
            distributed.init_process_group(backend(), rank=0, world_size=1)
            sent = gradient.to(of_messages(backend()))
            distributed.all_reduce(sent)
            gradient = sent.cpu()
            distributed.destroy_process_group()
    if rank == 0:
        results.put(gradient.tolist())


CHECKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (solving, training, graph, messages)


def run(config: Config) -> None:
    """Check one thing after another and show; exit code 1 where a device computes otherwise."""
    if config.device == CARD and not there():
        raise ValueError("there is no graphics card that PyTorch can use here: nothing was checked")
    name = torch.cuda.get_device_name() if config.device == CARD else "the processor"
    began, findings = time.monotonic(), [finding for check in CHECKS for finding in check(config)]
    rows = [
        (one.what, f"{one.distance:.2g}", f"{one.bar:g}", "yes" if one.sound else "NO", one.said) for one in findings
    ]
    text = markdown_table((f"{name} and the processor", "apart", "at most", "as it should be", "of"), rows)
    Console().print(text, highlight=False, markup=False, soft_wrap=True)
    print(f"{len(findings)} checks in {time.monotonic() - began:.0f} s, PyTorch {torch.__version__}")
    if not all(one.sound for one in findings):
        raise SystemExit(1)


if __name__ == "__main__":
    main(run, Config)
