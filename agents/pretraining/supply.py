"""Fresh problems for supervision, made in a thread beside the training so that it never waits."""

from __future__ import annotations

import queue
import threading
from typing import final

import numpy as np

from trm_gym.streams import mix
from trm_gym.task import Problems, Task

CHUNK = 512


@final
class Supply:
    """An endless stream of fresh problems of the train split, a pure function of (levels, seed).

    Chunk i holds problems of one level drawn for it; the generators release the interpreter lock, so they run beside
    the training. A finite task's chunk holds at most what its split has. ``taken`` is all there is to resume from.
    """

    def __init__(self, task: Task, levels: tuple[str, ...], seed: int, taken: int = 0) -> None:
        self._task, self._seed = task, seed
        self._levels = [task.level_index(level) for level in levels]
        if not self._levels:
            raise ValueError("levels is empty: name at least one level to train on")
        self.taken = taken
        self._left: Problems | None = None
        self._ready: queue.Queue[Problems | BaseException] = queue.Queue(maxsize=2)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._produce, args=(taken // CHUNK,), daemon=True)
        self._thread.start()
        self._skip = taken % CHUNK

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
                self._put(self._chunk(index))
                index += 1
        except BaseException as error:  # handed to the trainer, which raises it where a person sees it
            self._put(error)

    def _put(self, item: Problems | BaseException) -> None:
        while not self._stop.is_set():
            try:
                return self._ready.put(item, timeout=0.2)
            except queue.Full:
                continue

    def _chunk(self, index: int) -> Problems:
        """Chunk ``index``: a share of every level, shuffled."""
        keys = mix(self._seed, index, np.arange(len(self._levels)))
        count = -(-CHUNK // len(self._levels))
        parts = []
        for level, key in zip(self._levels, keys, strict=True):
            parts.append(self._fresh(level, count, int(key >> np.uint64(1))))
        whole = Problems.concatenate(parts)
        order = np.argsort(mix(self._seed, index, np.arange(len(whole)), 1), kind="stable")[:CHUNK]
        return whole[order]

    def _fresh(self, level: int, count: int, seed: int) -> Problems:
        """``count`` problems of one level; a finite split is drawn from again, under another disguise."""
        held = self._task.split_size(level, "train")
        if held is None or held >= count:
            return self._task.generate(count, level, "train", seed)
        whole, rest = divmod(count, held)
        sizes = [held] * whole + [rest] * (rest > 0)
        seeds = (mix(seed, np.arange(len(sizes))) >> np.uint64(1)).tolist()
        draws = [self._task.generate(size, level, "train", key) for size, key in zip(sizes, seeds, strict=True)]
        return Problems.concatenate(draws)
