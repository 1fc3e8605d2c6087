"""A scikit-learn estimator that finds a formula."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from trm_gym.extras import require

require("sklearn", "sklearn")

from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, check_random_state, validate_data

from agents.inference.formulas.config import SearchConfig
from agents.inference.formulas.progress import formula_bar
from agents.inference.formulas.search import search
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write
from trm_gym.checks import LARGEST, real_number, whole_number
from trm_gym.regression.compositions import Candidate, values_of
from trm_gym.regression.export import latex, plain_text, python, to_sympy
from trm_gym.regression.formula import variables_of
from trm_gym.regression.layout import VARIABLES
from trm_gym.regression.parsing import parse
from trm_gym.regression.points import FEWEST
from trm_gym.short_repr import short

if TYPE_CHECKING:
    import sympy

_FORMAT = 1
_JOBS = 1024


@final
class RefineRegressor(RegressorMixin, BaseEstimator):
    """Finds a formula of up to three columns; of more, the three whose ranks the target follows most are taken.

    time_limit: processor seconds at most. max_rounds: rounds of compositions and of the pool of drafts at most; with a
    number, the same data and ``random_state`` give the same formula, if the time suffices. network: a checkpoint's
    folder or name whose network changes drafts beside random mutation; none by default. n_jobs: is kept for pipelines;
    a search runs on one core. random_state: a seed. verbose: whether a bar shows the best formula so far.
    """

    n_features_in_: int
    feature_names_in_: NDArray[np.object_]

    # scikit-learn wants nothing refused before ``fit``, so these are checked there.
    def __init__(
        self,
        time_limit: Any = 10.0,
        max_rounds: Any = None,
        network: Any = None,
        n_jobs: Any = None,
        random_state: Any = None,
        verbose: Any = False,
    ) -> None:
        self.time_limit = time_limit
        self.max_rounds = max_rounds
        self.network = network
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> RefineRegressor:
        """Find formulas of the columns of X [N, C] for y [N]; sample_weight [N]: how much each row counts.

        columns_ says which columns are the variables x, y, z: all, or of more than three those whose ranks rise or fall
        most with y's. One of which y is an even function, or which matters in a product alone, may be left out: a
        warning says so. Of fewer than eight distinct rows, and where the columns do not vary, the formula is y's mean,
        with a warning. Raises ValueError for other shapes, numbers that are not finite or beyond 1e30, and weights
        below 0.
        """
        shown, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        inputs, target = np.asarray(shown, dtype=np.float64), np.asarray(target, dtype=np.float64)
        for name, values in (("X", inputs), ("y", target)):
            if np.abs(values).max(initial=0.0) > LARGEST:
                raise ValueError(f"{name} holds numbers beyond {LARGEST:g}: scale it")
        inputs, target, weights = _distinct(inputs, target, sample_weight)
        self.columns_ = _columns(inputs, target)
        if left := inputs.shape[1] - len(self.columns_):
            told = f"{left} of {inputs.shape[1]} columns are left out: columns_ says which are kept"
            warnings.warn(told, UserWarning, stacklevel=2)
        seconds = real_number("time_limit", self.time_limit, above=0)
        if self.n_jobs is not None and whole_number("n_jobs", self.n_jobs, -_JOBS, _JOBS) == 0:
            raise ValueError("n_jobs must be None or a whole number other than 0")
        rounds = None if self.max_rounds is None else whole_number("max_rounds", self.max_rounds)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        if len(target) < FEWEST or np.ptp(target) == 0.0 or not np.ptp(inputs[:, self.columns_], axis=0).any():
            self.candidates_, self.best_ = (_mean(target, weights),), 0
            if self.candidates_[0].error:
                fewest = f"a formula takes {FEWEST} distinct rows at least, and inputs that vary: here it is y's mean"
                warnings.warn(fewest, UserWarning, stacklevel=2)
            return self
        config = SearchConfig(seconds=seconds, rounds=rounds, seed=seed)
        with formula_bar(seconds, self.verbose) as watch:
            found = search(np.column_stack([inputs[:, self.columns_], target]), config, self._network(), watch, weights)
        self.candidates_, best = found.candidates, found.best
        self.best_ = self.candidates_.index(best) if best is not None else -1
        if best is None:
            self.candidates_, self.best_ = (_mean(target, weights),), 0
        return self

    def _network(self) -> Any:
        if self.network is None:
            return None
        from agents.inference.own_problem import solver_for

        return solver_for(make_task("regression"), self.network).checkpoint.model

    def predict(self, X: Any) -> NDArray[np.float64]:
        """The formula's values at X, float64 [N]; 0 where it has none, and the nearest float where that is infinite."""
        check_is_fitted(self)
        inputs = np.asarray(validate_data(self, X, dtype=np.float64, reset=False), dtype=np.float64)
        values = np.broadcast_to(values_of(self.get_best().formula, inputs[:, self.columns_]), len(inputs))
        return np.nan_to_num(values)

    def get_best(self) -> Candidate:
        """The formula to believe: the one with the shortest description of the points."""
        check_is_fitted(self)
        return self.candidates_[self.best_]

    @property
    def equations_(self) -> Any:
        """The best formula of each length: a DataFrame where pandas is there, else a list of mappings."""
        check_is_fitted(self)
        rows = [
            {"size": one.size, "error": one.error, "formula": plain_text(one.formula), "best": place == self.best_}
            for place, one in enumerate(self.candidates_)
        ]
        try:
            import pandas  # pyright: ignore[reportMissingImports]
        except ImportError:
            return rows
        return pandas.DataFrame(rows)

    def sympy(self) -> sympy.Expr:
        """The formula in SymPy."""
        return to_sympy(self.get_best().formula)

    def latex(self) -> str:
        """The formula as LaTeX, without dollar signs."""
        return latex(self.get_best().formula)

    def latex_table(self) -> str:
        """All of ``equations_`` as a table in LaTeX."""
        check_is_fitted(self)
        rows = [f"{one.size} & {one.error:.3g} & ${latex(one.formula)}$ \\\\" for one in self.candidates_]
        return "\n".join([r"\begin{tabular}{rrl}", r"size & error & formula \\ \hline", *rows, r"\end{tabular}"])

    def to_python(self) -> Callable[..., NDArray[np.float64]]:
        """A function of the columns in ``columns_``, arrays of one length, that gives the formula's values.

        ``source`` is its Python. It raises ValueError for another number of columns.
        """
        formula, wanted = self.get_best().formula, self.columns_.tolist()

        def function(*columns: Any) -> NDArray[np.float64]:
            if len(columns) != len(wanted):
                raise ValueError(f"{len(columns)} columns were given: give {len(wanted)}, those at {wanted} of X")
            return values_of(formula, np.column_stack([np.asarray(one, dtype=np.float64) for one in columns]))

        names = ", ".join(VARIABLES[: len(self.columns_)])
        function.source = f"lambda {names}: {python(formula)}"  # pyright: ignore[reportFunctionMemberAccess]
        return function

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write what was found as JSON; ``load`` reads it. Nothing in it can run."""
        check_is_fitted(self)
        formulas = [
            {"gaps": one.gaps, "size": one.size, "error": one.error, "formula": python(one.formula)}
            for one in self.candidates_
        ]
        names = getattr(self, "feature_names_in_", None)
        kept = {
            "format": _FORMAT,
            "columns": self.n_features_in_,
            "names": None if names is None else list(names),
            "variables": self.columns_.tolist(),
            "best": self.best_,
            "formulas": formulas,
        }
        atomic_write(path, json.dumps(kept, indent=1))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> RefineRegressor:
        """A regressor as ``save`` wrote it. Raises ValueError for another file."""
        try:
            kept = json.loads(Path(path).read_text(encoding="utf-8"))
            if kept["format"] != _FORMAT:
                raise ValueError(f"it has the format {short(kept['format'])}, not {_FORMAT}")
            found = cls()
            found.n_features_in_ = whole_number("columns", kept["columns"], 1)
            last = found.n_features_in_ - 1
            found.columns_ = np.array([whole_number("variables", one, 0, last) for one in kept["variables"]])
            if not 1 <= len(found.columns_) <= len(VARIABLES):
                raise ValueError(f"it has {len(found.columns_)} variables, not 1 to {len(VARIABLES)}")
            if len(np.unique(found.columns_)) < len(found.columns_):
                raise ValueError(f"variables name a column twice: {short(kept['variables'])}")
            if kept["names"] is not None:
                if not isinstance(kept["names"], list) or len(kept["names"]) != found.n_features_in_:
                    raise ValueError(f"names are those of {found.n_features_in_} columns, not {short(kept['names'])}")
                found.feature_names_in_ = np.array([str(name) for name in kept["names"]], dtype=object)
            found.candidates_ = tuple(_candidate(one, len(found.columns_)) for one in kept["formulas"])
            found.best_ = whole_number("best", kept["best"], 0, len(found.candidates_) - 1)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{path} holds no formulas that RefineRegressor.save wrote: {error}") from None
        return found


def _candidate(kept: Mapping[str, Any], inputs: int) -> Candidate:
    """A formula of so many variables as it is kept in a file. Raises ValueError, KeyError and TypeError for another."""
    formula = parse(kept["formula"])
    if unknown := variables_of(formula) - set(VARIABLES[:inputs]):
        raise ValueError(f"a formula has {', '.join(sorted(unknown))}, of which there is no column")
    gaps, size = (whole_number(name, kept[name], 0) for name in ("gaps", "size"))
    return Candidate(gaps, size, real_number("error", kept["error"], 0.0, math.inf), formula)


def _mean(target: NDArray[np.float64], weights: NDArray[np.float64]) -> Candidate:
    """The mean of the rows, each counted by its weight, as a formula; 0 where there are none."""
    mean = float(np.average(target, weights=weights)) if len(target) else 0.0
    return Candidate(0, 1, 1.0 if len(target) and np.ptp(target) else 0.0, parse(repr(mean)))


def _distinct(
    inputs: NDArray[np.float64], target: NDArray[np.float64], weights: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The distinct rows in order, with the sums of their weights: a row twice is one of twice the weight."""
    counted = (
        np.ones(len(target)) if weights is None else _check_sample_weight(weights, inputs, ensure_non_negative=True)
    )
    rows, place = np.unique(np.column_stack([inputs, target]), axis=0, return_inverse=True)
    totals = np.bincount(place.ravel(), weights=counted).astype(np.float64)
    kept = totals > 0.0
    return rows[kept, :-1], rows[kept, -1], totals[kept]


def _columns(inputs: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.int64]:
    """All columns, or of more than there are variables those whose ranks go most with the target's, in their order."""
    if inputs.shape[1] <= len(VARIABLES):
        return np.arange(inputs.shape[1])
    ranks = np.apply_along_axis(_ranks, 0, np.column_stack([inputs, target]))
    ranks -= ranks.mean(axis=0)
    lengths = np.maximum(np.linalg.norm(ranks[:, :-1], axis=0), 1.0)
    likeness = np.abs(ranks[:, :-1].T @ ranks[:, -1]) / lengths
    return np.sort(np.argsort(-likeness, kind="stable")[: len(VARIABLES)])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rank of each of the values; those that are equal have the mean of theirs, so that none follows the rows."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place.ravel()]
