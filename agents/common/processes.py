"""Several processes that train one network, as torchrun starts them. One process alone is the same, without messages.

Every process holds the whole run (weights, optimiser, curriculum, problems, random streams) and computes its share of a
batch; what the others need of it is exchanged. So every process goes through the same numbers, the first one writes and
shows, and all of them go on from what it wrote.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar, final

import torch
from torch import Tensor, distributed
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from agents.common.device import backend, of_messages, take_card
from agents.common.launch import is_first, launched

PATIENCE = datetime.timedelta(minutes=10)
"""How long a process waits for the others, of which one may be writing a state."""
Item = TypeVar("Item")


@final
class ProcessLostError(ValueError):
    """Another process of the run does not answer any longer."""


@final
class Processes:
    """The processes of a run, and which of them this is."""

    def __init__(self, rank: int = 0, count: int = 1) -> None:
        self.rank, self.count = rank, count

    @property
    def first(self) -> bool:
        """Whether this is the one that writes and shows."""
        return self.rank == 0

    def share(self, what: str, items: Sequence[Item]) -> Sequence[Item]:
        """This process's part of what is to be done, as many for each, one after another.

        what: how a person calls them. Raises ValueError where they cannot be shared.
        """
        each, rest = divmod(len(items), self.count)
        if rest or not each:
            raise ValueError(f"{len(items)} {what} cannot be shared by {self.count} processes: use a multiple of that")
        return items[each * self.rank : each * (self.rank + 1)]

    def gather(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Each tensor with the rows of all processes, in their order. All have as many rows, of the same form."""
        if self.count == 1:
            return list(tensors)
        own = torch.cat([_bytes(one) for one in tensors])
        device = _device()
        found = [torch.empty_like(own, device=device) for _ in range(self.count)]
        with _answering():
            distributed.all_gather(found, own.to(device))
        whole, begin = [], 0
        for one in tensors:
            part = slice(begin, begin := begin + one.numel() * one.element_size())
            rows = [message[part].clone().view(one.dtype).view(one.shape).to(one.device) for message in found]
            whole.append(torch.cat(rows))
        return whole

    def sum_gradients(self, weights: Mapping[str, Tensor], broken: bool = False) -> None:
        """Every weight's gradient becomes the sum of those of all processes; one that nobody has stays so.

        broken: this process has come to what is no number, and so then have all.
        """
        if self.count == 1:
            return
        there = torch.tensor([1.0 if one.grad is not None else 0.0 for one in weights.values()])
        parts = [torch.zeros_like(one) if one.grad is None else one.grad for one in weights.values()]
        flat = torch.cat([there.to(_device()), *(part.flatten().to(_device(), torch.float32) for part in parts)])
        if broken:
            flat.fill_(torch.nan)
        with _answering():
            distributed.all_reduce(flat)
        there, *sums = flat.split([len(parts), *(part.numel() for part in parts)])
        for weight, summed, count in zip(weights.values(), sums, there.tolist(), strict=True):
            if count:
                weight.grad = summed.view(weight.shape).to(weight.device, weight.dtype)

    def most(self, number: int) -> int:
        """The largest of all processes' numbers."""
        if self.count == 1:
            return number
        found = torch.tensor([number], device=_device())
        with _answering():
            distributed.all_reduce(found, distributed.ReduceOp.MAX)
        return int(found)

    def check_same(self, what: str, tensors: Sequence[Tensor] = (), note: str = "") -> None:
        """Raise ValueError where not all processes have the same numbers and the same note."""
        if self.count == 1:
            return
        digest = hashlib.blake2b(note.encode(), digest_size=8)
        for one in tensors:
            digest.update(_bytes(one).numpy().data)
        word = torch.tensor([int.from_bytes(digest.digest(), "little", signed=True)])
        if len(set(self.gather([word])[0].tolist())) > 1:
            raise ValueError(f"the processes of this run differ in {what}: start all of them with the same settings")


ALONE = Processes()


@contextlib.contextmanager
def joined() -> Iterator[Processes]:
    """The processes that torchrun has started, until they part; all but the first print nothing meanwhile.

    Raises ProcessLostError where the others do not come, or while they work do not answer.
    """
    if not (said := launched()):
        yield ALONE
        return
    take_card(int(os.environ.get("LOCAL_RANK", said["RANK"])))
    with _answering():
        # The store outlives a restart by torchrun, with the addresses of processes that are gone.
        store, rank, world = next(rendezvous("env://", timeout=PATIENCE))
        store = PrefixStore(f"restart-{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
        distributed.init_process_group(backend(), store=store, rank=rank, world_size=world, timeout=PATIENCE)
    try:
        with contextlib.ExitStack() as quiet:
            if not is_first():
                nowhere = quiet.enter_context(open(os.devnull, "w", encoding="utf-8"))
                quiet.enter_context(contextlib.redirect_stdout(nowhere))
            yield Processes(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def _device() -> torch.device:
    """Where messages are: graphics cards send their own."""
    return of_messages(distributed.get_backend())


def _bytes(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().contiguous().flatten().view(torch.uint8)


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    """A process that is gone while a message is under way is told in one error."""
    try:
        yield
    except RuntimeError as error:
        said = " ".join(str(error).split())[:200]
        raise ProcessLostError(
            f"another process of this run does not answer ({said}): the last saved state stands; start the run again, "
            "or let torchrun do so (--max-restarts)"
        ) from error
