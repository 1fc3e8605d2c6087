"""What the network is shown of its drafts: the circuit as one function, from drafts and points to features."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.regression.circuit.numbers import FINEST, LARGEST
from trm_gym.regression.circuit.slots import FEATURES, read_slots, room
from trm_gym.regression.circuit.telling import CONSTANT_FEATURES, constants_room, read_constants
from trm_gym.regression.feedback import Execution, execute
from trm_gym.regression.layout import SLOTS
from trm_gym.regression.points import PRESENT, TARGET
from trm_gym.regression.programs import CONSTANTS
from trm_gym.short_repr import short_repr

WHOLE = 4 + CONSTANTS
"""Features of a draft as a whole."""


@short_repr
class Reading(NamedTuple):
    """What is read off B drafts. slots: float32 [B, SLOTS, FEATURES], and CONSTANT_FEATURES after them where formulas
    with constants are looked for. whole: float32 [B, WHOLE], the error, how many points there are, and the constants,
    on scales for a network.
    """

    slots: NDArray[np.float32]
    whole: NDArray[np.float32]


def chosen_points(points: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """At most ``most`` of the points that are there, of points float64 [B, N, ROW], spread over their order.

    float64 [B, min(N, most), ROW], those that are there before those that are not, which are all 0.
    """
    present = points[:, :, PRESENT] > 0
    count = present.sum(1)[:, None]
    order = np.argsort(~present, axis=1, kind="stable")
    wide = min(points.shape[1], most)
    place = np.arange(wide)
    spread = np.where(count > wide, place * count // wide, place)
    chosen = np.take_along_axis(points, np.take_along_axis(order, spread, axis=1)[..., None], axis=1)
    return np.where(place[:, None] < count[..., None], chosen, 0.0)


def read_drafts(
    drafts: NDArray[np.uint8], points: NDArray[np.float64], most: int, leaves: int, constants: bool
) -> Reading:
    """Run drafts uint8 [B, L] at ``most`` of the points float64 [B, N, ROW] of each, and read off what they do.

    leaves: formulas of how many are looked for as what would do, 2 or 3. constants: whether those with constants are.
    Branches of a problem often have one draft; what is there twice is read once.
    """
    numbers: dict[bytes, int] = {}
    rows = zip(drafts, points, strict=True)
    same = [numbers.setdefault(draft.tobytes() + shown.tobytes(), len(numbers)) for draft, shown in rows]
    first = np.unique(same, return_index=True)[1]
    reading = _read(drafts[first], points[first], most, leaves, constants)
    return Reading(reading.slots[same], reading.whole[same])


def _read(drafts: NDArray[np.uint8], points: NDArray[np.float64], most: int, leaves: int, constants: bool) -> Reading:
    few = chosen_points(points, most)
    execution = execute(drafts, few)
    features = np.zeros((len(drafts), SLOTS, FEATURES), np.float32)
    read_slots(np.ascontiguousarray(drafts), few, *execution[2:], leaves, room(few.shape[1]), features)
    whole = _whole(execution, points, few)
    if not constants:
        return Reading(features, whole)
    further = np.zeros((len(drafts), SLOTS, CONSTANT_FEATURES), np.float32)
    read_constants(few, execution.used, execution.wanted, features, constants_room(few.shape[1]), further)
    return Reading(np.concatenate([features, further], axis=2), whole)


def _whole(execution: Execution, points: NDArray[np.float64], few: NDArray[np.float64]) -> NDArray[np.float32]:
    error = np.clip(np.nan_to_num(execution.error, nan=LARGEST, posinf=LARGEST), FINEST, LARGEST)
    constants = np.clip(execution.constants, -LARGEST, LARGEST)
    size = np.sqrt((few[:, :, TARGET] ** 2).mean(1))
    columns = [np.log10(error) / 10, error < 1e-6, np.arcsinh(size) / 3, (points[:, :, PRESENT] > 0).mean(1)]
    return np.concatenate([np.stack(columns, axis=1), np.arcsinh(constants) / 3], axis=1).astype(np.float32)
