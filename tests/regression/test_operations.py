"""Each operation against mpmath: values, slopes, inverses, and what lies outside its domain."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from tests.regression.oracle import PRECISE, OutsideError, mp_function, mp_power
from trm_gym.jit import lazy_kernel
from trm_gym.regression.inverses import left_inverse, right_inverse, unary_inverse
from trm_gym.regression.layout import BINARY, TOKEN, UNARY
from trm_gym.regression.operations import (
    CODES,
    FUNCTIONS,
    FURTHER,
    LITERAL,
    left_slope,
    power,
    right_slope,
    unary,
    unary_slope,
)

NUMBERS = [-800.0, -30.5, -3.0, -2.0, -1.0, -0.7, -1e-9, 0.0, 1e-9, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 7.25, 31.0]
NUMBERS += [800.0]


@lazy_kernel
def _unary(arguments, code, values):
    for at in range(len(arguments)):
        values[0][at] = unary(code, arguments[at])
        values[1][at] = unary_slope(code, arguments[at], values[0][at])


@lazy_kernel
def _binary(left, right, code, values):
    for at in range(len(left)):
        value = values[0][at]
        values[1][at] = power(left[at], right[at])
        values[2][at] = left_slope(code, left[at], right[at], value)
        values[3][at] = right_slope(code, left[at], right[at], value)


@lazy_kernel
def _unary_inverses(wanted, present, code, values):
    for at in range(len(wanted)):
        values[at] = unary_inverse(code, wanted[at], present[at])


@lazy_kernel
def _inverses(wanted, left, right, code, values):
    for at in range(len(wanted)):
        values[0][at] = left_inverse(code, wanted[at], left[at], right[at])
        values[1][at] = right_inverse(code, wanted[at], left[at])


def functions(numbers: list[float], name: str) -> tuple[np.ndarray, np.ndarray]:
    """The values of a function at numbers, and its slopes."""
    values = np.empty((2, len(numbers)))
    _unary(np.array(numbers), FUNCTIONS.get(name, TOKEN["id"]), values)
    return values[0], values[1]


@pytest.mark.parametrize("name", [*UNARY, *FURTHER])
def test_functions_are_what_mpmath_has(name, way):
    values, slopes = functions(NUMBERS, name)
    for number, value, slope in zip(NUMBERS, values, slopes, strict=True):
        try:
            wanted = mp_function(name, PRECISE.mpf(number))
        except OutsideError:
            assert math.isnan(value)
            continue
        if abs(wanted) > 1e300:
            assert value == math.copysign(math.inf, wanted)
            continue
        assert value == pytest.approx(float(wanted), rel=1e-13)
        if name in UNARY and not (name == "sqrt" and number == 0):
            assert slope == pytest.approx(
                float(PRECISE.diff(lambda a: mp_function(name, a), PRECISE.mpf(number))), rel=1e-12, abs=1e-12
            )


@pytest.mark.parametrize("name", [*UNARY, *FURTHER])
def test_what_is_no_number_stays_none(name, way):
    assert math.isnan(functions([math.nan], name)[0][0])


def test_no_number_to_any_power_is_none(way):
    for left, right in ((math.nan, 0.0), (math.nan, 2.0), (1.0, math.nan), (-1.0, math.nan)):
        values = np.zeros((4, 1))
        _binary(np.array([left]), np.array([right]), TOKEN["^"], values)
        assert math.isnan(values[1, 0])


@pytest.mark.parametrize("number", [math.inf, -math.inf])
def test_infinities_are_no_angles_and_no_errors(number, way):
    for name in ("sin", "cos", "tan"):
        assert math.isnan(functions([number], name)[0][0])
    assert functions([number], "exp")[0][0] == (math.inf if number > 0 else 0.0)


def test_what_is_no_function_is_nothing(way):
    values = np.zeros((2, 1))
    _unary(np.ones(1), CODES, values)
    assert math.isnan(values[0, 0])
    assert sorted(FUNCTIONS.values()) == [*range(TOKEN["square"], LITERAL), *range(LITERAL + 1, CODES)]


def pairs() -> tuple[np.ndarray, np.ndarray]:
    """Every two of NUMBERS."""
    left, right = np.meshgrid(NUMBERS, NUMBERS)
    return left.ravel(), right.ravel()


def test_powers_are_what_mpmath_has(way):
    left, right = pairs()
    values = np.zeros((4, len(left)))
    _binary(left, right, TOKEN["^"], values)
    for one, other, value in zip(left, right, values[1], strict=True):
        try:
            wanted = mp_power(PRECISE.mpf(one), PRECISE.mpf(other))
        except OutsideError:
            assert math.isnan(value)
            continue
        if abs(wanted) > 1e300:
            assert abs(value) > 1e299
        else:
            assert value == pytest.approx(float(wanted), rel=1e-11, abs=1e-300), (one, other)


@pytest.mark.parametrize("sign", BINARY)
def test_slopes_by_operands(sign, way):
    left, right = pairs()
    keep = (np.abs(left) < 20) & (np.abs(right) < 20) & (left != 0) & (right != 0)
    keep &= (left > 0) | (sign != "^")
    left, right = left[keep], right[keep]
    join = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        "^": lambda a, b: a**b,
    }[sign]
    values = np.empty((4, len(left)))
    values[0] = join(left, right)
    _binary(left, right, TOKEN[sign], values)
    for at in range(len(left)):
        for side in (0, 1):
            wanted = PRECISE.diff(join, (mpmath.mpf(left[at]), mpmath.mpf(right[at])), (1 - side, side))
            assert values[2 + side, at] == pytest.approx(float(wanted), rel=1e-9, abs=1e-9)


def test_the_exponent_of_a_negative_number_cannot_be_moved(way):
    values = np.array([[9.0], [0], [0], [0]])
    _binary(np.array([-3.0]), np.array([2.0]), TOKEN["^"], values)
    assert list(values[:, 0]) == [9.0, 9.0, -6.0, 0.0]


@pytest.mark.parametrize("name", UNARY)
def test_inverses_give_the_argument_back(name, way):
    rng = np.random.default_rng(3)
    arguments = rng.uniform(-12 if name in ("sin", "cos") else -3, 12 if name in ("sin", "cos") else 3, 200)
    wanted = functions(list(arguments), name)[0]
    arguments, wanted = arguments[~np.isnan(wanted)], wanted[~np.isnan(wanted)]
    found = np.empty(len(wanted))
    # The present argument is near the true one, so that the branch is the true one.
    _unary_inverses(wanted, arguments * 1.0001, FUNCTIONS.get(name, TOKEN["id"]), found)
    np.testing.assert_allclose(found, arguments, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "wanted", "present", "found"),
    [
        ("square", 4.0, -0.1, -2.0),
        ("square", 4.0, math.nan, 2.0),
        ("square", -1.0, 1.0, math.nan),
        ("fourth", 16.0, -5.0, -2.0),
        ("cube", -8.0, 1.0, -2.0),
        ("sqrt", -1.0, 1.0, math.nan),
        ("exp", 0.0, 1.0, math.nan),
        ("log", 1e5, 1.0, math.inf),
        ("sin", 1.5, 0.0, math.nan),
        ("sin", 0.0, 3.0, math.pi),
        ("sin", 1.0, 100.0, math.pi / 2 + 32 * math.pi),
        ("sin", 0.5, math.nan, math.pi / 6),
        ("cos", 0.0, -1.0, -math.pi / 2),
        ("cos", 1.0, 5.0, 2 * math.pi),
    ],
)
def test_the_nearest_inverse(name, wanted, present, found, way):
    values = np.empty(1)
    _unary_inverses(np.array([wanted]), np.array([present]), FUNCTIONS[name], values)
    assert values[0] == pytest.approx(found, rel=1e-14, nan_ok=True)


@pytest.mark.parametrize("sign", BINARY)
def test_operands_are_given_back(sign, way):
    left, right = pairs()
    keep = (np.abs(left) < 20) & (np.abs(right) < 20) & (np.abs(left) > 0.1) & (np.abs(right) > 0.1)
    keep &= (sign != "^") | ((left > 0) & (left != 1))
    left, right = left[keep], right[keep]
    wanted = {"+": left + right, "-": left - right, "*": left * right, "/": left / right}.get(sign)
    wanted = np.abs(left) ** right if wanted is None else wanted
    values = np.empty((2, len(left)))
    _inverses(wanted, left, right, TOKEN[sign], values)
    np.testing.assert_allclose(values[0], left, rtol=1e-12)
    np.testing.assert_allclose(values[1], right, rtol=1e-12)


@pytest.mark.parametrize(
    ("sign", "wanted", "left", "right", "found"),
    [
        ("*", 3.0, 0.0, 0.0, (math.nan, math.nan)),
        ("/", 3.0, 2.0, 0.0, (math.nan, 2.0 / 3.0)),
        ("/", 0.0, 2.0, 4.0, (0.0, math.nan)),
        ("^", -8.0, 5.0, 3.0, (-2.0, math.nan)),
        ("^", 9.0, -1.0, 2.0, (-3.0, math.nan)),
        ("^", 9.0, 1.0, 2.0, (3.0, math.nan)),
        ("^", -9.0, 3.0, 2.0, (math.nan, math.nan)),
        ("^", 5.0, 3.0, 0.0, (math.nan, math.log(5) / math.log(3))),
        ("^", -0.125, -3.0, -3.0, (-2.0, math.nan)),
    ],
)
def test_operands_that_cannot_be_or_are_one_of_several(sign, wanted, left, right, found, way):
    values = np.empty((2, 1))
    _inverses(np.array([wanted]), np.array([left]), np.array([right]), TOKEN[sign], values)
    assert tuple(values[:, 0]) == pytest.approx(found, rel=1e-14, nan_ok=True)
