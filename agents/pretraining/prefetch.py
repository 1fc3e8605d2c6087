"""Problems for supervision, made in a thread beside the training so that it never waits."""

from __future__ import annotations

import queue
import threading
from typing import final

from agents.pretraining.sources import CHUNK_SIZE, Source
from trm_gym.task import Problems


@final
class Prefetcher:
    """The problems of a source, one chunk after the other.

    Chunks are made ahead; generators release the interpreter lock, so they run beside the training. ``taken`` is all
    there is to resume from.
    """

    def __init__(self, source: Source, taken: int = 0) -> None:
        self._source, self.taken = source, taken
        self._left: Problems | None = None
        self._ready: queue.Queue[Problems | BaseException] = queue.Queue(maxsize=2)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._produce, args=(taken // CHUNK_SIZE,), daemon=True)
        self._thread.start()
        self._skip = taken % CHUNK_SIZE

    def take(self, count: int) -> Problems:
        """The next ``count`` problems."""
        parts: list[Problems] = []
        self.taken += count
        while count:
            if self._left is None or not len(self._left):
                self._left = self._next()
            parts.append(self._left[:count])
            self._left = self._left[count:]
            count -= len(parts[-1])
        return Problems.concatenate(parts)

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        while not self._ready.empty():
            self._ready.get_nowait()
        self._thread.join()

    def _next(self) -> Problems:
        chunk = self._ready.get()
        if isinstance(chunk, BaseException):
            raise chunk
        skip, self._skip = self._skip, 0
        return chunk[skip:]

    def _produce(self, index: int) -> None:
        try:
            while not self._stop.is_set():
                self._put(self._source.chunk(index))
                index += 1
        except BaseException as error:  # handed to the trainer, which raises it where a person sees it
            self._put(error)

    def _put(self, item: Problems | BaseException) -> None:
        while not self._stop.is_set():
            try:
                return self._ready.put(item, timeout=0.2)
            except queue.Full:
                continue
