"""Judges formulas by their values at the points shown and at others, inside their box and in one twice as large."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.problems import Problems, Verdicts
from trm_gym.regression.fitting import fit
from trm_gym.regression.points import PRESENT, TARGET, points_of
from trm_gym.regression.programs import CONSTANTS, evaluate, to_programs

_POINTS = 250
_CLOSE = 1e-6
_STEPS = np.array([0.8191725133961645, 0.6710436067037893, 0.5497004779019703])


def verify(problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
    """Verdicts on answers uint8 [B, L]."""
    points = points_of(problems.numbers)
    present = points[..., PRESENT, None] > 0
    inputs = points[..., :TARGET]
    low = np.where(present, inputs, np.inf).min(axis=1)
    high = np.where(present, inputs, -np.inf).max(axis=1)
    cube = (0.5 + np.arange(2 * _POINTS)[:, None] * _STEPS) % 1.0
    wide = np.where(np.arange(2 * _POINTS) < _POINTS, 0.0, 0.5)[:, None]
    places = low[:, None] + (high - low)[:, None] * ((1 + 2 * wide) * cube - wide)
    truth = evaluate(problems.truth, places)
    known = np.isfinite(truth)
    told = np.concatenate([places, np.where(known, truth, 0.0)[..., None], known[..., None]], axis=2)[:, :_POINTS]
    programs = to_programs(answers, fit(answers, told).constants)
    found = evaluate(programs, places)
    with np.errstate(invalid="ignore"):
        close = np.abs(found - truth) <= _CLOSE * np.maximum(np.abs(truth), 1e-9)
    # The very form of the truth is right, whatever constants the points tell.
    form = to_programs(answers, np.zeros((len(answers), CONSTANTS)))
    form = ((form == problems.truth) | (form == 0.0)).all(axis=1) & (form[:, ::2] == problems.truth[:, ::2]).all(axis=1)
    close |= form[:, None]
    solved = (close | ~known).all(axis=1) & known.any(axis=1) & (programs[:, 0] > 0)
    return Verdicts(solved, solved.astype(np.float32))
