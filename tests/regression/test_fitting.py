"""Constants of drafts, against NumPy's and SciPy's least squares and against the constants that made the points."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from scipy.optimize import least_squares

from tests.regression.oracle import constant_slots, draft_of, expression, random_drafts
from trm_gym import lazy_kernel as lazy
from trm_gym.jit import lazy_kernel
from trm_gym.lazy_kernel import LazyKernel
from trm_gym.regression._search.slopes import find_varying, run_slopes
from trm_gym.regression.fitting import fit
from trm_gym.regression.layout import SLOTS, TOKEN, VARIABLES
from trm_gym.regression.programs import CONSTANTS, load_columns, read_draft, read_numbers, run_draft, slot_values

LINE = draft_of((0, "+", "id"), (1, "*", "id"), (2, "c", "id"), (3, "c", "id"), (4, "x", "id"))
PLANE = draft_of(
    (0, "+", "id"),
    (1, "*", "id"),
    (2, "-", "id"),
    (3, "c", "id"),
    (4, "x", "sin"),
    (5, "/", "id"),
    (6, "c", "id"),
    (11, "c", "id"),
    (12, "y", "exp"),
)
"""c sin x + (c / exp y - c), linear in all of them."""
FAMILIES = {
    "c*x+c": LINE,
    "c*exp(c*x)": draft_of((0, "*", "id"), (1, "c", "id"), (2, "*", "exp"), (5, "c", "id"), (6, "x", "id")),
    "c*sin(c*x)+c": draft_of(
        (0, "+", "id"), (1, "*", "id"), (2, "c", "id"), (3, "c", "id"), (4, "*", "sin"), (9, "c", "id"), (10, "x", "id")
    ),
    "sin(c*x+c)": draft_of((0, "+", "sin"), (1, "*", "id"), (2, "c", "id"), (3, "c", "id"), (4, "x", "id")),
    "x/(c+x)": draft_of((0, "/", "id"), (1, "x", "id"), (2, "+", "id"), (5, "c", "id"), (6, "x", "id")),
    "(c+x)/(c+y)": draft_of(
        (0, "/", "id"), (1, "+", "id"), (2, "+", "id"), (3, "c", "id"), (4, "x", "id"), (5, "c", "id"), (6, "y", "id")
    ),
    "c*x/(c*y+c)": draft_of(
        *((0, "/", "id"), (1, "*", "id"), (2, "+", "id"), (3, "c", "id"), (4, "x", "id")),
        *((5, "*", "id"), (6, "c", "id"), (11, "c", "id"), (12, "y", "id")),
    ),
    "c*x^c": draft_of((0, "*", "id"), (1, "c", "id"), (2, "^", "id"), (5, "x", "id"), (6, "c", "id")),
    "c^x": draft_of((0, "^", "id"), (1, "c", "id"), (2, "x", "id")),
    "sqrt(c*x+c)": draft_of((0, "+", "sqrt"), (1, "*", "id"), (2, "c", "id"), (3, "c", "id"), (4, "x", "id")),
    "log(x+c)": draft_of((0, "+", "log"), (1, "x", "id"), (2, "c", "id")),
    "(x-c)^2+y": draft_of((0, "+", "id"), (1, "-", "square"), (2, "y", "id"), (3, "x", "id"), (4, "c", "id")),
}
RANGES = np.array([(-1, 1), (0, 2), (-2, 2), (0.1, 4), (1, 5), (-5, 5)])


def points_from(inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Points float64 [B, N, 5] of variables [B, N, 3] and targets [B, N], all of them there."""
    return np.concatenate([inputs, targets[..., None], np.ones_like(targets)[..., None]], axis=-1)


def hidden(drafts: np.ndarray, seed: int, count: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Those of the drafts that vary and stay finite with constants drawn for them: drafts, constants, points."""
    rng = np.random.default_rng(seed)
    ranges = RANGES[rng.integers(0, len(RANGES), len(drafts))][:, None, :, None]
    inputs = ranges[:, :, 0] + (ranges[:, :, 1] - ranges[:, :, 0]) * rng.random((len(drafts), count, 3))
    sizes = np.exp(rng.uniform(np.log(0.3), np.log(5), (len(drafts), CONSTANTS)))
    constants = (sizes * np.where(rng.random(sizes.shape) < 0.65, 1.0, -1.0)).round(2)
    targets = slot_values(drafts, constants, inputs)[:, 0]
    largest = np.abs(np.where(np.isfinite(targets), targets, np.inf)).max(axis=1)
    keep = largest < 1e6
    keep[keep] = targets[keep].std(axis=1) > 1e-3 * (1 + np.abs(targets[keep]).mean(axis=1))
    return drafts[keep], constants[keep], points_from(inputs[keep], targets[keep])


@lazy_kernel
def _slopes(drafts, constants, points, used, varying, numbers, columns, rows, slopes):
    read_draft(drafts, 0, used)
    read_numbers(drafts, 0, used, constants, numbers)
    load_columns(points, 0, 0, points.shape[1], columns)
    run_draft(drafts, 0, used, numbers, columns, rows, points.shape[1])
    find_varying(drafts, 0, used, varying)
    run_slopes(drafts, 0, varying, rows, slopes, points.shape[1])


@pytest.mark.usefixtures("way")
def test_slopes_by_constants_are_sympys():
    symbols, compared = [*VARIABLES, *(f"c{k}" for k in range(CONSTANTS))], 0
    for draft in random_drafts(60, 4, ("x", "y", "c", "c", "2")):
        if not constant_slots(draft) or not (kept := hidden(draft[None], 5, 6))[0].size:
            continue
        constants, points = kept[1:]
        marks, slopes = np.zeros((2, SLOTS), bool), np.zeros((30, 6))
        _slopes(draft[None], constants, points, *marks, np.zeros(SLOTS), np.zeros((3, 6)), np.zeros((30, 6)), slopes)
        for place, slot in enumerate(constant_slots(draft)):
            wanted = sympy.lambdify(symbols, sympy.diff(expression(draft), f"c{place}"), "mpmath")
            for at in range(6):
                value, slope = complex(wanted(*points[0, at, :3], *constants[0])), slopes[slot, at]
                if abs(value) > 1e-9 and np.isfinite(slope):
                    compared += 1
                    assert slope == pytest.approx(value, rel=1e-6) or _is_exponent_of_negative(draft, slot, slope)
    assert compared > 100


def _is_exponent_of_negative(draft: np.ndarray, slot: int, slope: float) -> bool:
    """Whether a constant stands in an exponent, which cannot be moved where the base is negative."""
    above = (slot - 1) // 2
    return slope == 0.0 and slot > 0 and (draft[above] == TOKEN["^"] or _is_exponent_of_negative(draft, above, slope))


@pytest.mark.usefixtures("way")
def test_linear_constants_are_numpys():
    rng = np.random.default_rng(0)
    inputs, weights = rng.uniform(-2, 2, (5, 30, 3)), rng.integers(0, 4, (5, 30)).astype(float)
    points = points_from(inputs, rng.normal(3, 2, (5, 30)))
    points[..., 4] = weights
    found = fit(np.repeat(PLANE[None], 5, axis=0), points)
    for rows, weight, constants, error in zip(points, weights, *found, strict=True):
        columns = np.stack([np.sin(rows[:, 0]), -np.ones(30), np.exp(-rows[:, 1])], axis=1)
        root, y = np.sqrt(weight), rows[:, 3]
        wanted, left = np.linalg.lstsq(columns * root[:, None], y * root, rcond=None)[:2]
        np.testing.assert_allclose(constants[:3], wanted, rtol=1e-9)
        spread = weight @ (y - np.average(y, weights=weight)) ** 2
        assert error == pytest.approx(np.sqrt(left[0] / spread), rel=1e-12)
        assert not constants[3:].any()


def test_points_that_are_not_there_do_not_count():
    inputs = np.random.default_rng(1).uniform(-2, 2, (1, 12, 3))
    points = points_from(inputs, 3 * inputs[..., 0] - 2)
    points[0, 8:, 4], points[0, 8:, :4] = 0.0, np.nan
    found = fit(LINE[None], points)
    np.testing.assert_allclose(found.constants[0, :2], [-2, 3], rtol=1e-12)
    assert found.error[0] < 1e-12
    points[..., 4] = 0.0
    assert fit(LINE[None], points).error[0] == np.inf


@pytest.mark.parametrize("name", ["c*exp(c*x)", "c*sin(c*x)+c", "c*x^c", "sqrt(c*x+c)", "c*x/(c*y+c)"])
def test_noisy_points_are_fitted_as_well_as_scipy_does(name):
    draft, rng = FAMILIES[name], np.random.default_rng(6)
    drafts, constants, points = hidden(np.repeat(draft[None], 30, axis=0), 7, 40)
    points[..., 3] += 0.05 * points[..., 3].std(axis=1, keepdims=True) * rng.normal(size=points.shape[:2])
    found, count = fit(drafts, points), len(constant_slots(draft))
    for rows, own, error in zip(points, constants, found.error, strict=True):

        def left(numbers, rows=rows):
            padded = np.pad(numbers, (0, CONSTANTS - count))[None]
            return np.nan_to_num(slot_values(draft[None], padded, rows[None])[0, 0] - rows[:, 3], nan=1e9)

        best = least_squares(left, own[:count], x_scale="jac")
        assert error <= np.sqrt(2 * best.cost / len(rows)) / rows[:, 3].std() * (1 + 1e-6)


@pytest.mark.parametrize("name", FAMILIES)
def test_constants_of_true_structures_are_found(name):
    drafts, _, points = hidden(np.repeat(FAMILIES[name][None], 300, axis=0), 8)
    assert len(drafts) > 80
    assert (fit(drafts, points).error < 1e-7).mean() > 0.95


@pytest.mark.parametrize("scale", [1e-3, 0.01, 100.0, 1e4])
@pytest.mark.parametrize("name", ["c*exp(c*x)", "c*sin(c*x)+c", "sin(c*x+c)", "c*x/(c*y+c)"])
def test_constants_are_found_whatever_x_is_measured_in(name, scale):
    drafts, _, points = hidden(np.repeat(FAMILIES[name][None], 300, axis=0), 13)
    points[..., :3] *= scale
    assert (fit(drafts, points).error < 1e-7).mean() > 0.9


def test_constants_of_random_formulas_are_found():
    drafts = random_drafts(12000, 9, ("x", "y", "c", "c", "1", "2"), 0.45)
    drafts = drafts[[bool(constant_slots(draft)) for draft in drafts]]
    drafts, _, points = hidden(drafts, 10)
    found = fit(drafts, points)
    assert len(drafts) > 1200 and (found.error < 1e-7).mean() > 0.94
    # What the constants give is what the error says.
    values = slot_values(drafts, found.constants, points)[:, 0]
    left = np.sqrt(((values - points[..., 3]) ** 2).mean(axis=1)) / points[..., 3].std(axis=1)
    fits = found.error < 1e3
    np.testing.assert_allclose(left[fits], found.error[fits], rtol=1e-6, atol=1e-13)
    assert fits.mean() > 0.99


@pytest.mark.usefixtures("way")
def test_drafts_without_constants_have_their_error():
    draft = draft_of((0, "*", "sin"), (1, "x", "id"), (2, "3", "id"))
    points = points_from(np.random.default_rng(2).uniform(-2, 2, (1, 9, 3)), np.arange(9.0)[None])
    found = fit(draft[None], points)
    y = points[0, :, 3]
    wanted = np.sqrt(((np.sin(3 * points[0, :, 0]) - y) ** 2).mean()) / y.std()
    assert found.error[0] == pytest.approx(wanted, rel=1e-12) and not found.constants.any()


@pytest.mark.parametrize(("target", "value"), [(5.0, 0.0), (4.0, np.inf)])
def test_targets_that_are_all_the_same(target, value):
    points = points_from(np.zeros((1, 8, 3)), np.full((1, 8), target))
    assert fit(draft_of((0, "5", "id"))[None], points).error[0] == value


def test_what_is_no_formula_or_not_finite_does_not_fit():
    log = draft_of((0, "x", "log"))
    points = points_from(np.linspace(1, 2, 24).reshape(1, 8, 3), np.arange(8.0)[None])
    assert fit(np.zeros_like(log)[None], points).error[0] == np.inf
    assert np.isfinite(fit(log[None], points).error[0])
    points[0, 5, 0] = -1.0
    assert fit(log[None], points).error[0] == np.inf


def test_constants_that_take_each_others_place():
    twice = draft_of((0, "+", "id"), (1, "c", "id"), (2, "*", "id"), (5, "c", "id"), (6, "c", "exp"))
    points = points_from(np.zeros((1, 8, 3)), np.linspace(1, 3, 8)[None])
    assert fit(twice[None], points).error[0] == pytest.approx(1.0, rel=1e-9)


def test_interpreted_is_what_is_compiled(monkeypatch):
    drafts, _, points = hidden(random_drafts(300, 11, ("x", "y", "c", "c", "2"), 0.5), 12)
    points[::3] = np.roll(points[::3], 1, axis=0)
    monkeypatch.setattr(lazy, "INTERPRETED_SECONDS", 0.0)
    compiled = fit(drafts, points)
    monkeypatch.setattr(LazyKernel, "__call__", lambda self, *arguments: self.interpret(*arguments, seconds=60.0))
    for one, other in zip(compiled, fit(drafts, points), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("drafts", "points", "told"),
    [
        (np.zeros((2, 30)), np.zeros((2, 8, 5)), "drafts must be uint8"),
        (np.zeros((2, 30), np.uint8), np.zeros((2, 8, 4)), r"points must be float64 of shape \[2, N, 5\], not"),
        (np.zeros((2, 30), np.uint8), np.zeros((3, 8, 5)), r"points must be float64 of shape \[2, N, 5\], not"),
        (np.zeros((2, 30), np.uint8), np.zeros((2, 8, 5), np.float32), "points must be float64"),
    ],
)
def test_other_shapes_and_types_are_refused(drafts, points, told):
    with pytest.raises(ValueError, match=told):
        fit(drafts, points)
