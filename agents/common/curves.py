"""Curves of a run, as TensorBoard shows them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

PATIENCE = 1
"""Seconds after which the thread that writes looks for points by itself."""


def curve_writer(folder: Path, first: int) -> SummaryWriter:
    """A writer of curves in a folder. first: the step that is made next; what stands there from it on is not shown.

    A signal that interrupts the handing over of a point may leave the writing thread asleep, and to close the writer is
    to wait for it: two minutes, where nobody says otherwise.
    """
    from torch.utils.tensorboard import SummaryWriter  # slow to import, and only a run needs it

    return SummaryWriter(folder, purge_step=first, flush_secs=PATIENCE)
