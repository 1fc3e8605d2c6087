"""Streams of events in turn: one thread takes an event of each, so that a long run keeps nobody waiting for long."""

from __future__ import annotations

import gc
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import final

from agents.common.memory import give_back_memory
from agents.viewer.events import Event

MOST = 16
"""Streams at the same time."""
SECONDS = 300.0
"""How long a stream may take, from its beginning."""

Give = Callable[[Event | None], None]
"""What is done with an event, on the thread of the rounds; None says that there are no more."""


class BusyError(RuntimeError):
    """There are as many streams as there may be."""


@final
class Ticket:
    """A stream's place among the others."""

    def __init__(self, events: Iterator[Event], give: Give, until: float) -> None:
        self.events, self.give, self.until = events, give, until
        self.cancelled = False

    def cancel(self) -> None:
        """No more of it: it ends before its next event."""
        self.cancelled = True


@final
class Rounds:
    """The thread, and the streams that it serves. most: of them; seconds: for one."""

    def __init__(self, most: int = MOST, seconds: float = SECONDS) -> None:
        self._most, self._seconds = most, seconds
        self._tickets: list[Ticket] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="rounds", daemon=True)
        self._thread.start()

    def add(self, events: Iterator[Event], give: Give) -> Ticket:
        """Serve a stream too. Raises BusyError where there are too many."""
        ticket = Ticket(events, give, time.monotonic() + self._seconds)
        with self._changed:
            if self._closed or len(self._tickets) >= self._most:
                raise BusyError(f"{len(self._tickets)} runs are going on, and no more are taken: try again in a minute")
            self._tickets.append(ticket)
            self._changed.notify()
        return ticket

    def close(self) -> None:
        """End all streams, and the thread."""
        with self._changed:
            self._closed = True
            for ticket in self._tickets:
                ticket.cancel()
            self._changed.notify()
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._tickets or self._closed)
                if self._closed and not self._tickets:
                    return
            if not self._round():
                gc.collect()  # a page may stay open for days
                give_back_memory()

    def _round(self) -> bool:
        """Give the next event of every stream; whether there may be more of any. Holds no stream that has ended."""
        with self._changed:
            turn = list(self._tickets)
        ended = [ticket for ticket in turn if not self._next(ticket)]
        with self._changed:
            self._tickets = [ticket for ticket in self._tickets if ticket not in ended]
            more = bool(self._tickets)
        for ticket in ended:
            ticket.give(None)
        return more

    def _next(self, ticket: Ticket) -> bool:
        """Give the next event of a stream; whether there may be more."""
        if ticket.cancelled:
            return False
        if time.monotonic() > ticket.until:
            ticket.give(Event("fault", {"message": f"ended after {self._seconds:g} seconds: ask for fewer steps"}))
            return False
        try:
            event = next(ticket.events, None)
        except Exception as error:  # whatever breaks one run, the others go on
            traceback.print_exc()
            ticket.give(Event("fault", {"message": str(error) or type(error).__name__}))
            return False
        if event is not None:
            ticket.give(event)
        return event is not None
