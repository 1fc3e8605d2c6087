"""Where networks run and messages are: the one door to what only graphics cards have (CUDA, nccl)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

CPU, CARD = "cpu", "cuda"
_chosen: list[str] = []
"""Kinds of devices that work is kept to, the innermost last."""


def there() -> bool:
    """Whether this machine has a graphics card that PyTorch can use."""
    return torch.cuda.is_available()


def fastest() -> torch.device:
    """The fastest device there is: a graphics card where PyTorch can use one, else the processor."""
    return torch.device(_chosen[-1] if _chosen else CARD if there() else CPU)


@contextlib.contextmanager
def kept_to(kind: str) -> Iterator[None]:
    """Within it, ``fastest`` is a device of this kind, whatever else there is."""
    _chosen.append(kind)
    try:
        yield
    finally:
        _chosen.pop()


def wait(device: torch.device) -> None:
    """Until all that was asked of a device is done; the processor is never behind."""
    if device.type == CARD:
        torch.cuda.synchronize()


def take_card(number: int) -> None:
    """Let this process use the card of this number, where it uses one at all; others of the machine take others."""
    if fastest().type == CARD:
        torch.cuda.set_device(number)


def backend() -> str:
    """What carries messages between processes: nccl among cards, gloo among processors."""
    return "nccl" if fastest().type == CARD else "gloo"


def of_messages(carried_by: str) -> torch.device:
    """Where messages are that this backend carries: cards send their own."""
    return torch.device(CARD if carried_by == "nccl" else CPU)
