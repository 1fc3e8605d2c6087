"""Semantic backpropagation: what is wanted of a part makes the whole equal the target, by mpmath and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.regression.oracle import OutsideError, draft_of, precise, random_drafts
from trm_gym.regression.feedback import Execution, execute
from trm_gym.regression.layout import LENGTH, SLOTS, TOKEN
from trm_gym.regression.programs import slot_values

pytestmark = pytest.mark.usefixtures("way")
LEAVES = ("x", "y", "x", "y", "z", "2", "3")
NO_CONSTANTS = np.zeros((1, 8))


def at(draft: np.ndarray, rows: list[tuple[float, ...]]) -> Execution:
    """One draft at points (x, y, z, target, present)."""
    return execute(draft[None], np.array([rows], dtype=np.float64))


def shown(inputs: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Inputs [B, N, 3] and targets [B, N] as points that are all there."""
    return np.concatenate([inputs, target[..., None], np.ones_like(target)[..., None]], axis=-1)


def test_what_is_wanted_makes_the_whole_right():
    rng = np.random.default_rng(0)
    drafts = random_drafts(60, 1, LEAVES)
    points = shown(rng.uniform(-2, 2, (60, 4, 3)), rng.uniform(-2, 2, (60, 4)))
    found = execute(drafts, points)
    checked = 0
    for index, slot, point in np.argwhere(np.isfinite(found.wanted)):
        whole = wanted_whole(drafts[index], points[index, point], slot, float(found.wanted[index, slot, point]))
        if whole is not None:
            assert whole == pytest.approx(points[index, point, 3], rel=1e-6, abs=1e-6)
            checked += slot > 0
    assert checked > 300


def wanted_whole(draft: np.ndarray, point: np.ndarray, slot: int, wanted: float) -> float | None:
    """The formula's value where ``wanted`` stands at ``slot``; None where rounding is blown up or nothing is known."""
    around = draft.copy()
    around[slot], around[SLOTS + slot] = TOKEN["c"], TOKEN["id"]
    try:
        whole = [float(precise(around, np.array([c]), point)) for c in (wanted, wanted * (1 + 1e-12) + 1e-14)]
    except OutsideError:
        return None
    return whole[0] if abs(whole[0] - whole[1]) < 1e-8 else None


def test_a_right_formula_wants_what_is_there():
    drafts = random_drafts(200, 2, LEAVES)
    inputs = np.random.default_rng(1).uniform(-2, 2, (200, 6, 3))
    values = slot_values(drafts, np.zeros((200, 8)), inputs)
    with np.errstate(invalid="ignore"):
        right = (abs(values[:, 0]) < 1e6).all(1) & (np.ptp(values[:, 0], axis=1) > 1e-3)
    found = execute(drafts[right], shown(inputs[right], values[right, 0]))
    compared = np.isfinite(found.wanted) & (abs(found.value) < 1e3) & (abs(found.value) > 1e-3)
    far = abs(found.wanted - found.value)[compared] > 1e-5 * abs(found.value)[compared]
    # Where much is lost on the way (asin near 1, a small part of a large sum) little can be said.
    assert compared.sum() > 1500 and far.mean() < 0.02
    assert (found.error < 1e-9).all()


@pytest.mark.parametrize(
    ("slot", "true"),
    [
        (1, ((1, "*", "exp"), (3, "x", "id"), (4, "y", "id"))),
        (3, ((3, "x", "cube"),)),
        (4, ((4, "x", "id"),)),
        (2, ((2, "/", "id"), (5, "2", "id"), (6, "x", "id"))),
        (6, ((6, "y", "sqrt"),)),
    ],
)
def test_a_wrong_part_is_shown_the_true_one(slot, true):
    present = [
        (0, "-", "id"),
        *((1, "/", "exp"), (3, "x", "id"), (4, "y", "cube")),
        *((2, "+", "id"), (5, "x", "id"), (6, "3", "id")),
    ]
    kept = [part for part in present if part[0] not in (slot, 2 * slot + 1, 2 * slot + 2)]
    truth = draft_of(*kept, *true)
    inputs = np.random.default_rng(2).uniform(0.9, 2, (1, 5, 3))
    values = slot_values(truth[None], NO_CONSTANTS, inputs)
    found = execute(draft_of(*present)[None], shown(inputs, values[:, 0]))
    np.testing.assert_allclose(found.wanted[0, slot], values[0, slot], rtol=1e-8)
    assert abs(found.wanted[0, slot] - found.value[0, slot]).max() > 1e-2


def test_wanted_by_hand():
    draft = draft_of((0, "+", "square"), (1, "x", "sin"), (2, "*", "id"), (5, "y", "id"), (6, "2", "id"))
    found = at(draft, [(0.0, -1.0, 9.0, 9.0, 1.0), (math.pi, 5.0, 9.0, -1.0, 1.0)])
    assert found.before[0, 0] == pytest.approx([-2.0, 10.0])
    assert found.value[0, 0] == pytest.approx([4.0, 100.0])
    # The root of the present value's sign: -3 = sin 0 + 2 y; no square is -1.
    wanted = found.wanted[0, [0, 1, 2, 5, 6]]
    assert wanted[:, 0] == pytest.approx([9.0, -1.0, -3.0, -1.5, 3.0])
    assert wanted[0, 1] == -1.0 and np.isnan(wanted[1:, 1]).all()


def test_angles_are_the_nearest():
    draft = draft_of((0, "+", "sin"), (1, "x", "id"), (2, "1", "id"))
    found = at(draft, [(7.0, 0, 0, math.sin(8.5), 1.0), (7.0, 0, 0, 1.5, 1.0)])
    assert found.wanted[0, 1, 0] == pytest.approx(7.5)
    assert np.isnan(found.wanted[0, 1, 1])


def test_points_that_are_not_there():
    draft = draft_of((0, "/", "id"), (1, "x", "id"), (2, "y", "id"))
    found = at(draft, [(1.0, 2.0, 0.0, 3.0, 1.0), (1.0, 2.0, 0.0, 3.0, 0.0), (1.0, 0.0, 0.0, 3.0, 1.0)])
    assert np.isfinite(found.value[0, :, 0]).tolist() == [slot < 3 for slot in range(SLOTS)]
    assert np.isnan(found.value[0, :, 1]).all() and np.isnan(found.wanted[0, :, 1]).all()
    # 1 / 0: nothing is wanted above the 0, and 1 / 3 in its place.
    assert np.isnan(found.value[0, 0, 2]) and np.isnan(found.wanted[0, 1, 2])
    assert found.wanted[0, 2, 2] == pytest.approx(1 / 3)
    assert found.error[0] == np.inf


def test_infinite_is_never_wanted():
    draft = draft_of((0, "x", "id"), (0, "+", "log"), (1, "x", "id"), (2, "y", "id"))
    found = at(draft, [(1.0, 2.0, 0.0, 1e4, 1.0)])
    assert np.isnan(found.wanted[0, 1:]).all()


def test_no_formula():
    found = at(np.zeros(LENGTH, np.uint8), [(1.0, 2.0, 0.0, 3.0, 1.0)])
    assert not found.used.any() and np.isnan(found.value).all() and found.error[0] == np.inf
    assert found.wanted[0, 0, 0] == 3.0 and np.isnan(found.wanted[0, 1:]).all()


def test_constants_are_fitted():
    draft = draft_of((0, "+", "id"), (1, "*", "id"), (3, "c", "id"), (4, "x", "id"), (2, "c", "id"))
    found = at(draft, [(x, 0, 0, 2 * x - 3, 1.0) for x in (-1.0, 0.0, 1.0, 2.0)])
    assert sorted(found.constants[0, :2].tolist()) == pytest.approx([-3.0, 2.0])
    assert found.error[0] < 1e-9
    np.testing.assert_allclose(found.wanted[0, 3], [2, np.nan, 2, 2])


def test_arrays_of_another_shape():
    points = np.zeros((1, 4, 5))
    with pytest.raises(ValueError, match="drafts must be uint8"):
        execute(np.zeros((1, LENGTH), np.int64), points)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="points must be float64"):
        execute(np.zeros((2, LENGTH), np.uint8), points)
