"""The circuit without a network, on formulas known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.regression.test_circuit import points
from trm_gym.regression.circuit.alone import refine_alone
from trm_gym.regression.fitting import fit


def off(function, steps: int = 3, constants: bool = False) -> list[float]:
    """The error of the draft after each step."""
    shown = points(function)[0]
    drafts = refine_alone(shown, steps, 24, 3, constants)
    return fit(drafts, np.broadcast_to(shown, (steps, *shown.shape))).error.tolist()


@pytest.mark.parametrize("function", [lambda x, y, z: np.sin(x * y) + z, lambda x, y, z: (x - y) ** 2])
def test_what_is_looked_up_is_written_down_at_once(function):
    assert max(off(function)) < 1e-9


def test_constants_are_found_where_they_are_looked_for():
    function = lambda x, y, z: 2.7 * np.sin(x) + 0.31  # noqa: E731
    assert max(off(function, constants=True)) < 1e-9
    assert off(function, steps=1)[0] > 1e-6


def test_a_longer_formula_takes_several_steps():
    errors = off(lambda x, y, z: np.exp(x) * np.sin(y) + np.log(z) + np.sqrt(y), steps=16)
    assert errors[0] > 1e-6
    assert min(errors) < min(0.3, errors[0])
    assert len(set(errors)) > 3
