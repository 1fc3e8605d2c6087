"""Settings of the other programs that look for formulas: sets that were tried, and the one of each that is compared.

They are told apart on validation formulas of the task's own levels (``regression_benchmark.py --preset rivals``), never
on a published benchmark; docs/results/formulas.md has the figures.
"""

from __future__ import annotations

from typing import Any

Settings = dict[str, Any]
_GPLEARN: Settings = {
    "function_set": "add sub mul div sqrt log sin cos exp pow square cube fourth".split(),
    "population_size": 1000,
    "tournament_size": 20,
    "init_depth": (2, 6),
    "const_range": (-5.0, 5.0),
    "parsimony_coefficient": 0.001,
    "p_crossover": 0.7,
    "p_subtree_mutation": 0.1,
    "p_hoist_mutation": 0.05,
    "p_point_mutation": 0.1,
    "metric": "rmse",
    "low_memory": True,
}
_PYOPERON: Settings = {
    "allowed_symbols": "add,sub,mul,div,pow,square,sqrt,sin,cos,exp,log,constant,variable",
    "objectives": ["rmse", "length"],
    "population_size": 500,
    "optimizer_iterations": 3,
    "max_length": 30,
    "n_threads": 1,
    "epsilon": 0.0,
    "max_evaluations": 10**9,
    "model_selection_criterion": "mean_squared_error",
}
TRIED: dict[str, dict[str, Settings]] = {
    "gplearn": {
        "first": _GPLEARN,
        "300 programs": _GPLEARN | {"population_size": 300, "tournament_size": 10},
    },
    "pyoperon": {
        "first": _PYOPERON,
        "1 iteration": _PYOPERON | {"optimizer_iterations": 1},
        "length 20": _PYOPERON | {"max_length": 20},
        "no powers": _PYOPERON | {"allowed_symbols": _PYOPERON["allowed_symbols"].replace("pow,", "")},
    },
}
"""Of each program, by what is other than in the first."""
CHOSEN = {"gplearn": "first", "pyoperon": "first"}
"""The set of each program that is compared with our own ways."""
