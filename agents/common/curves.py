"""Curves of a run, as TensorBoard shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from agents.common.processes import Processes
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


@final
class NoCurves:
    """A writer that writes nothing."""

    def __enter__(self) -> NoCurves:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing is open."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        """Nothing."""

    def add_image(self, tag: str, image: object, global_step: int, dataformats: str = "CHW") -> None:
        """Nothing."""

    def add_histogram(self, tag: str, values: object, global_step: int) -> None:
        """Nothing."""


def shared_curves(
    folder: Path, first: int, processes: Processes, charts: Charts | None = None
) -> SummaryWriter | NoCurves:
    """``curve_writer`` for a run of several processes, of which the first one writes."""
    return curve_writer(folder, first, charts) if processes.first else NoCurves()
