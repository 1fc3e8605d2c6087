"""TensorBoard's file of events, written by the one who hands the points over: no thread that could fail by itself.

Torch's own writer hands them to a thread. Where the disk is full, that prints a traceback of its own, the run hears of
it a few points later, and nothing names the file. This module imports TensorBoard, which is slow: import it late.
"""

from __future__ import annotations

import itertools
import os
import socket
import time
from pathlib import Path
from typing import Any, final

# Names that are made as the module loads, so that no type checker sees them.
from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # pyright: ignore[reportAttributeAccessIssue]
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.writer import FileWriter

from trm_gym.atomic_io import naming

VERSION = "brain.Event:2"
"""What the first event of a file says of the format."""
_NUMBERS = itertools.count()
"""Of the files of this process, so that two of the same second have two names."""


@final
class EventFile:
    """Events at the end of a new file in ``folder``, which is created; each is in the file when ``add_event`` returns.

    Raises OSError that names the file, or the folder, where it cannot be written to.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.{next(_NUMBERS)}"
        self.path = self._folder / name
        # Unbuffered: what is handed over survives a kill, and an error is one of the point that it befalls.
        self._file = self.path.open("ab", buffering=0)
        self._records = RecordWriter(self)
        self.add_event(Event(wall_time=time.time(), file_version=VERSION))

    def get_logdir(self) -> str:
        """The folder."""
        return str(self._folder)

    def add_event(self, event: Event) -> None:
        """Write an event."""
        self._records.write(event.SerializeToString())

    def write(self, content: bytes) -> None:
        """All bytes of a record; a disk that is nearly full takes a part first, and refuses the rest.

        The file is closed where it fails: what came after half a record could not be read.
        """
        rest = memoryview(content)
        with naming(self.path):
            try:
                while rest:
                    rest = rest[self._file.write(rest) :]
            except OSError:
                self._file.close()
                raise

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        with naming(self.path):
            self._file.close()


@final
class _Summaries(FileWriter):
    """Torch's summaries, into an ``EventFile``."""

    def __init__(self, folder: Path) -> None:
        self.event_writer: Any = EventFile(folder)


@final
class CurveWriter(SummaryWriter):
    """Torch's writer, into an ``EventFile``. purge_step: what stands in the folder from that step on is not shown."""

    def __init__(self, folder: Path, purge_step: int | None = None) -> None:
        self._place = folder
        super().__init__(str(folder), purge_step=purge_step)

    def _get_file_writer(self) -> Any:
        """Where torch looks for its writer of files, and makes it the first time."""
        if self.file_writer is None:
            made: Any = _Summaries(self._place)
            self.file_writer, self.all_writers = made, {made.get_logdir(): made}
            if self.purge_step is not None:
                begins = SessionLog(status=SessionLog.START)
                made.add_event(Event(step=self.purge_step, session_log=begins))
        return self.file_writer
