"""RefineRegressor: scikit-learn's own checks, what it tells of a formula, and files of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_estimator

from agents.inference.formulas.regressor import RefineRegressor

RNG = np.random.default_rng(0)
X = RNG.uniform(0.5, 3.0, (60, 2))
Y = 2.5 * X[:, 0] / (1 + X[:, 1] ** 2)


@pytest.fixture(scope="module")
def fitted() -> RefineRegressor:
    return RefineRegressor(time_limit=30, random_state=0).fit(X, Y)


def test_it_predicts_what_it_never_saw(fitted: RefineRegressor):
    fresh = RNG.uniform(0.1, 5.0, (40, 2))
    assert np.allclose(fitted.predict(fresh), 2.5 * fresh[:, 0] / (1 + fresh[:, 1] ** 2))
    assert fitted.score(X, Y) == 1.0


def test_the_formula_in_every_notation(fitted: RefineRegressor):
    import sympy

    x, y = sympy.symbols("x y", real=True)
    assert sympy.simplify(fitted.sympy() - sympy.Rational(5, 2) * x / (1 + y**2)) == 0
    assert r"\frac" in fitted.latex() and fitted.latex() in fitted.latex_table()
    assert np.allclose(fitted.to_python()(X[:, 0], X[:, 1]), Y)
    rows = fitted.equations_
    rows = rows if isinstance(rows, list) else rows.to_dict("records")
    assert [row["best"] for row in rows].count(True) == 1
    assert rows[fitted.best_]["size"] == fitted.get_best().size


def test_saved_and_loaded(fitted: RefineRegressor, tmp_path: Path):
    fitted.save(tmp_path / "found.json")
    assert np.array_equal(RefineRegressor.load(tmp_path / "found.json").predict(X), fitted.predict(X))
    kept = json.loads((tmp_path / "found.json").read_text())
    for bad in (
        {"formulas": [{**kept["formulas"][0], "formula": "__import__('os')"}]},
        {"best": 99},
        {"variables": [7]},
    ):
        (tmp_path / "bad.json").write_text(json.dumps({**kept, **bad}))
        with pytest.raises(ValueError, match="holds no formulas"):
            RefineRegressor.load(tmp_path / "bad.json")


def test_of_many_columns_those_that_matter_are_taken():
    wide = np.column_stack([RNG.normal(size=(60, 3)), X])
    found = RefineRegressor(time_limit=30, random_state=0).fit(wide, X[:, 0] * X[:, 1])
    assert {3, 4} <= set(found.columns_.tolist()) and np.allclose(found.predict(wide), X[:, 0] * X[:, 1])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")  # those of packages that are not here
def test_scikit_learns_own_checks():
    check_estimator(RefineRegressor(time_limit=60, max_rounds=2))
