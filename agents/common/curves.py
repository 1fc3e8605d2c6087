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
    from agents.common.event_file import CurveWriter

Charts = Mapping[str, Mapping[str, Sequence[str]]]
"""Curves that are shown in one chart: their tags, by the chart's title, by that of its group."""


def curve_writer(folder: Path, first: int | None = None, charts: Charts | None = None) -> CurveWriter:
    """A writer of curves in a folder. first: the step that is made next; what stands there from it on is not shown.

    charts: the layout of TensorBoard's page of custom scalars.

    It and whoever writes a point raise OSError, with the name of the file, where the disk is full or faulty.
    """
    from agents.common.event_file import CurveWriter  # slow to import, and only a run needs it

    writer = CurveWriter(folder, first)
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
) -> CurveWriter | NoCurves:
    """``curve_writer`` for a run of several processes, of which the first one writes."""
    return curve_writer(folder, first, charts) if processes.first else NoCurves()
