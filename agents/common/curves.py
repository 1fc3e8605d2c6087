"""Curves of a run, as TensorBoard shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trm_gym.task import Task

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

PATIENCE = 1
"""Seconds after which the thread that writes looks for points by itself."""


Charts = Mapping[str, Mapping[str, Sequence[str]]]
"""Curves that are shown in one chart: their tags, by the chart's title, by that of its group."""


def curve_writer(folder: Path, first: int, charts: Charts | None = None) -> SummaryWriter:
    """A writer of curves in a folder. first: the step that is made next; what stands there from it on is not shown.

    charts: the layout of TensorBoard's page of custom scalars.

    A signal that interrupts the handing over of a point may leave the writing thread asleep, and to close the writer is
    to wait for it: two minutes, where nobody says otherwise.
    """
    from torch.utils.tensorboard import SummaryWriter  # slow to import, and only a run needs it

    writer = SummaryWriter(folder, purge_step=first, flush_secs=PATIENCE)
    if charts:
        layout = {group: {title: ["Multiline", [*tags]] for title, tags in of.items()} for group, of in charts.items()}
        writer.add_custom_scalars(layout)
    return writer


def by_level(task: Task, levels: NDArray[np.integer], right: NDArray[np.bool_]) -> dict[str, float]:
    """The share of what is right, bool [n, ...], of each of ``levels``, int [n], by the level's name."""
    return {task.levels[level].name: float(right[levels == level].mean()) for level in np.unique(levels)}
