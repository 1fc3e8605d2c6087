"""Training that comes to what is no number (NaN, infinity) ends at once: what it was, what to do, what is kept."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from agents.common.tensor_file import NotFiniteError, first_not_finite, write_tensors
from agents.common.tensors import Tensors

DIVERGED = "diverged.safetensors"
"""The batch at which training ended so, beside the state from which the run can go on."""


def check_finite(what: str, tensors: Mapping[str, Tensor]) -> None:
    """Raise NotFiniteError, which names ``what`` and the tensor, where one holds what is no finite number."""
    sums = [value.detach().float().sum() for value in tensors.values() if value.is_floating_point()]
    # A sum of all costs a tenth of looking at each number, which is done where it is not finite: it may only be large.
    if sums and not math.isfinite(torch.stack(sums).sum().item()) and (fault := first_not_finite(tensors)):
        raise NotFiniteError(f"{what} {fault}")


def check_gradients(weights: Mapping[str, Tensor]) -> None:
    """Raise NotFiniteError, which names the tensor, where the gradient of a weight is not finite."""
    check_finite("the gradient of", {name: one.grad for name, one in weights.items() if one.grad is not None})


@contextlib.contextmanager
def told(where: Callable[[], str], advice: str = "") -> Iterator[None]:
    """Within it, a NotFiniteError is told with the update (``where``, asked then) and what to do."""
    try:
        yield
    except NotFiniteError as error:
        raise NotFiniteError(f"{where()}: {error}{advice and '. '}{advice}") from error


@contextlib.contextmanager
def kept(state: Path, batch: Callable[[], Tensors], writes: bool = True) -> Iterator[None]:
    """Within it, a NotFiniteError leaves what was learnt from (``batch``) beside ``state``, and tells of both.

    state: the file from which the run can go on, which stays as it is. writes: whether this process writes it.
    """
    try:
        yield
    except NotFiniteError as error:
        place = state.with_name(DIVERGED)
        if writes:
            write_tensors(place, batch(), {"error": str(error)})
        last = f"The last good state is {state}" if state.exists() else "No state had been saved yet"
        raise NotFiniteError(f"{error}. {last}; the batch that did it is in {place}") from error
