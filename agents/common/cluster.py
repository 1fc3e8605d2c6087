"""Work on the machines of a Ray cluster: pieces that do not depend on one another, each done whole, and kept once.

A piece whose machine is lost is done again on another. Results come back in the order of the pieces, whichever came
first; nothing is asked of a machine but to run what this process gives it.
"""

from __future__ import annotations

import contextlib
import importlib
import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, final

from agents.common.console import Progress

Result = TypeVar("Result")
RETRIES = 8
"""How often a piece is begun again on another machine; one that fails by an error of its own is not."""

KNOCK = 30.0
"""Seconds that a cluster may take to answer the first time."""


@final
class Cluster:
    """The machines, by the module of Ray that reaches them."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray

    @property
    def processors(self) -> int:
        """How many processors all machines have."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def each(self, work: Callable[..., Result], pieces: Sequence[Sequence[Any]], title: str) -> list[Result]:
        """``work(*piece)`` for every piece, a processor each. Raises what ``work`` raises, of the first that does."""
        remote = self._ray.remote(num_cpus=1, max_retries=RETRIES)(work)
        return self._collected([remote.remote(*piece) for piece in pieces], title)

    def by_actors(self, made: type, given: Sequence[Any], pieces: Sequence[Sequence[Any]], title: str) -> list[Any]:
        """``made(*given)`` as an actor on every processor, and what their method ``run`` gives for each piece.

        An actor has one piece at a time. That of an actor that is lost is the next of the others; one that Ray made
        anew would wait for a processor which they never give free. Only where all are lost a new one waits for a
        machine. Raises what ``run`` raises, and Ray's error of a piece whose actors were lost more than RETRIES times.
        """
        kind = self._ray.remote(num_cpus=1)(made)
        idle = [kind.remote(*given) for _ in range(min(self.processors, len(pieces)))]
        waiting, tries, found = deque(range(len(pieces))), [0] * len(pieces), dict[int, Any]()
        busy: dict[Any, tuple[Any, int]] = {}
        with Progress(len(pieces), title) as bar:
            try:
                while len(found) < len(pieces):
                    if not idle and not busy:
                        idle.append(kind.remote(*given))
                    while waiting and idle:
                        actor, place = idle.pop(0), waiting.popleft()
                        busy[actor.run.remote(*pieces[place])] = actor, place
                    while idle:  # with nothing to do it would keep a processor from one that has, and waits for it
                        self._ray.kill(idle.pop())
                    [ready], _ = self._ray.wait([*busy], num_returns=1)
                    actor, place = busy[ready]
                    try:
                        found[place] = self._ray.get(ready)
                        idle.append(actor)
                    except Exception as error:
                        tries[place] += 1
                        if not self._is_loss(error) or tries[place] > RETRIES:
                            raise
                        waiting.appendleft(place)
                        self._ray.kill(actor)
                    del busy[ready]
                    bar.update(len(found))
            finally:
                for actor in (*idle, *(actor for actor, _ in busy.values())):
                    self._ray.kill(actor)
        return [found[place] for place in range(len(pieces))]

    def _is_loss(self, error: Exception) -> bool:
        """Whether a machine was lost, or what stood on it; not what the work, or the making of an actor, raised."""
        kinds = self._ray.exceptions
        own = isinstance(error, kinds.RayTaskError) or getattr(error, "actor_init_failed", False)
        return isinstance(error, kinds.RayError) and not own

    def _collected(self, asked: Sequence[Any], title: str) -> list[Any]:
        """What comes of all that was asked, in its order; each is taken once."""
        places, found = {reference: place for place, reference in enumerate(asked)}, dict[int, Any]()
        with Progress(len(asked), title) as bar:
            while left := [reference for reference, place in places.items() if place not in found]:
                [ready], _ = self._ray.wait(left, num_returns=1)
                found[places[ready]] = self._ray.get(ready)
                bar.update(len(found))
        return [found[place] for place in range(len(asked))]


@contextlib.contextmanager
def machines(address: str | None) -> Iterator[Cluster | None]:
    """The cluster at an address: HOST:PORT, or auto for the one that this machine is of; None where there is none.

    Raises ValueError where Ray is missing, or does not answer.
    """
    if address is None:
        yield None
        return
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        raise ValueError("--ray needs Ray: pip install 'trm-gym[ray]' on every machine of the cluster") from None
    already = ray.is_initialized()
    try:
        if not already:
            _knock(address)
            ray.init(address=address, log_to_driver=False, logging_level="error")
    except (OSError, RuntimeError, ValueError) as error:
        raise ValueError(
            f"no Ray cluster answers at {address} ({' '.join(str(error).split())[:200]}): ray start --head begins one"
        ) from error
    try:
        yield Cluster(ray)
    finally:
        if not already:
            ray.shutdown()


def _knock(address: str) -> None:
    """Raises OSError where nobody listens at HOST:PORT: Ray would try it again for a quarter of an hour."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), KNOCK).close()
