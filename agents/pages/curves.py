"""The curves that a run left for TensorBoard, read back and drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from agents.evaluation.figures import BLUE, curriculum_figure, figure_file
from trm_gym.short_repr import short_repr

MIX = "curriculum/"
"""What tags of the mix of levels begin with."""
COLUMNS = 3
_EVENTS = "events.out.tfevents."


@final
@short_repr
@dataclass(frozen=True)
class Curve:
    """One figure over a run."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]


@final
@dataclass(frozen=True)
class Recorded:
    """What a folder of events holds. seconds: from its first event to its last, the pauses between starts left out."""

    curves: Mapping[str, Curve]
    seconds: float


def read_curves(folder: Path) -> Recorded:
    """Every scalar of a folder of events; a run that was begun again is read as one."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # slow to import

    points: dict[str, dict[int, float]] = {}
    seconds = 0.0
    for file in sorted(folder.glob(f"{_EVENTS}*"), key=lambda path: path.name):
        found = EventAccumulator(str(file), size_guidance={"scalars": 0})
        found.Reload()
        times = [event.wall_time for tag in found.Tags()["scalars"] for event in found.Scalars(tag)]
        began = re.match(rf"{re.escape(_EVENTS)}(\d+)", file.name)
        seconds += max(times) - min([*times, *([float(began[1])] if began else [])]) if times else 0.0
        for tag in found.Tags()["scalars"]:
            events = found.Scalars(tag)
            kept = {step: value for step, value in points.get(tag, {}).items() if events and step < events[0].step}
            points[tag] = kept | {event.step: event.value for event in events}
    curves = {tag: Curve(np.array([*at]), np.array([*at.values()], float)) for tag, at in sorted(points.items())}
    return Recorded(curves, seconds)


def thinned(curve: Curve, points: int) -> Curve:
    """Means over windows of equal length, at most so many: a curve of single updates is mostly noise."""
    size = -(-len(curve.steps) // points)
    starts = np.arange(0, len(curve.steps), size)
    counts = np.diff(np.append(starts, len(curve.steps)))
    steps, values = (np.add.reduceat(part, starts) / counts for part in (curve.steps, curve.values))
    return Curve(steps.astype(np.int64), values)


def draw_curves(curves: Mapping[str, Curve], path: Path) -> Path | None:
    """All figures but the mix of levels, a small picture each; None where there are none."""
    shown = {tag: curve for tag, curve in curves.items() if not tag.startswith(MIX)}
    if not shown:
        return None
    rows = -(-len(shown) // COLUMNS)
    with figure_file(path, 10.4, 2.1 * rows) as figure:
        panels = np.ravel(figure.subplots(rows, COLUMNS, squeeze=False))
        for axes in panels[len(shown) :]:
            axes.set_axis_off()
        for axes, (tag, curve) in zip(panels, shown.items(), strict=False):
            axes.plot(curve.steps, curve.values, color=BLUE, lw=1.4, marker="." if len(curve.steps) < 3 else "")
            axes.set_title(tag, size=9)
            axes.tick_params(labelsize=8)
    return path


def draw_mix(curves: Mapping[str, Curve], path: Path) -> Path | None:
    """How the mix of levels moved; None where it was not recorded."""
    mix = {tag.removeprefix(MIX): curve.values for tag, curve in curves.items() if tag.startswith(MIX)}
    if not mix or len({len(values) for values in mix.values()}) != 1:
        return None
    return curriculum_figure(np.stack([*mix.values()], 1), list(mix), path)
