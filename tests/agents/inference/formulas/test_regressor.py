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
        {"variables": []},
        {"variables": [0, 0]},
        {"variables": [0, 1, 0, 1]},
        {"format": 2},
        {"formulas": [{**kept["formulas"][0], "formula": "x + z"}]},
        {"formulas": [{**kept["formulas"][0], "error": float("nan")}]},
        {"formulas": [{**kept["formulas"][0], "gaps": float("inf")}]},
        {"names": "ab"},
        {"names": ["a"]},
    ):
        (tmp_path / "bad.json").write_text(json.dumps({**kept, **bad}))
        with pytest.raises(ValueError, match="holds no formulas"):
            RefineRegressor.load(tmp_path / "bad.json")


def test_of_many_columns_those_that_matter_are_taken():
    wide = np.column_stack([RNG.normal(size=(60, 3)), X])
    with pytest.warns(UserWarning, match="2 of 5 columns are left out"):
        found = RefineRegressor(time_limit=30, random_state=0).fit(wide, X[:, 0] * X[:, 1])
    assert {3, 4} <= set(found.columns_.tolist()) and np.allclose(found.predict(wide), X[:, 0] * X[:, 1])
    function = found.to_python()
    np.testing.assert_allclose(function(*wide[:, found.columns_].T), found.predict(wide))
    with pytest.raises(ValueError, match=r"5 columns were given: give 3, those at \["):
        function(*wide.T)


def test_columns_that_hardly_vary_do_not_matter_whatever_the_order_of_rows():
    wide = np.column_stack([X[:, 0], np.ones((60, 3)), np.arange(60) < 2, X[:, 1]])
    with pytest.warns(UserWarning, match="3 of 6 columns are left out"):
        found = RefineRegressor(time_limit=30, random_state=0).fit(wide, 5 * X[:, 0] + X[:, 1])
    assert {0, 5} <= set(found.columns_.tolist())


def test_inputs_that_never_vary_give_the_mean():
    with pytest.warns(UserWarning, match="here it is y's mean"):
        found = RefineRegressor(time_limit=1).fit(np.ones((60, 2)), Y)
    assert np.allclose(found.predict(np.ones((3, 2))), Y.mean()) and found.get_best().error == 1.0


def test_the_mean_counts_every_row_by_its_weight():
    few = np.tile(np.arange(7.0), 20)[:, None]
    with pytest.warns(UserWarning, match="8 distinct rows at least"):
        assert RefineRegressor().fit(few, few[:, 0] ** 2).predict([[0.0]]) == pytest.approx(13.0)
        same = RefineRegressor().fit(np.ones((9, 1)), [1.0] * 8 + [5.0])
        assert same.predict([[1.0]]) == pytest.approx(13 / 9)
        weights = [1.0, 1.0, 1.0, 97.0]
        heavy = RefineRegressor().fit(np.arange(4.0)[:, None], [0.0, 0.0, 0.0, 10.0], sample_weight=weights)
        assert heavy.predict([[1.0]]) == pytest.approx(9.7)
    assert RefineRegressor().fit(few, np.full(140, 2.5)).get_best().error == 0.0


@pytest.mark.parametrize(
    ("inputs", "target", "settings", "match"),
    [
        (X * 1e40, Y, {}, "X holds numbers beyond 1e\\+30"),
        (X, Y * 1e40, {}, "y holds numbers beyond 1e\\+30"),
        (X, Y, {"n_jobs": 0}, "n_jobs must be None or a whole number other than 0"),
        (X, Y, {"n_jobs": "all"}, "n_jobs must be a whole number from -1024 to 1024"),
        (X, Y**2.1, {"network": "sudoku4x4"}, "trained on sudoku4x4, not on regression"),
        (X, Y, {"max_rounds": 0}, "max_rounds must be a whole number from 1 up"),
    ],
)
def test_what_cannot_be_fitted_is_named(inputs, target, settings, match):
    with pytest.raises(ValueError, match=match):
        RefineRegressor(**settings).fit(inputs, target)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")  # those of packages that are not here
@pytest.mark.filterwarnings("ignore:.*(columns are left out|distinct rows at least)")  # of tables that are so small
def test_scikit_learns_own_checks():
    check_estimator(RefineRegressor(time_limit=60, max_rounds=2))
