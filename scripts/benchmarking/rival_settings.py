"""Settings of the other programs that look for formulas: sets that were tried, and the one of each that is compared.

Which set is best was seen on validation formulas of the task's own levels (``regression_benchmark.py --preset
rivals``), never on a published benchmark; docs/results/formulas.md has the figures.
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
        "100 programs": _GPLEARN | {"population_size": 100, "tournament_size": 5},
        "300 programs": _GPLEARN | {"population_size": 300, "tournament_size": 10},
        "parsimony .01": _GPLEARN | {"parsimony_coefficient": 0.01},
        "no powers": _GPLEARN | {"function_set": "add sub mul div sqrt log sin cos exp".split()},
    },
    "pyoperon": {
        "first": _PYOPERON,
        "100 individuals": _PYOPERON | {"population_size": 100},
        "2,000 individuals": _PYOPERON | {"population_size": 2000},
        "length 20": _PYOPERON | {"max_length": 20},
        "1 iteration": _PYOPERON | {"optimizer_iterations": 1},
        "10 iterations": _PYOPERON | {"optimizer_iterations": 10},
        "no powers": _PYOPERON | {"allowed_symbols": _PYOPERON["allowed_symbols"].replace("pow,", "")},
    },
}
"""Of each program, by what is other than in the first: one thing at a time."""
CHOSEN = {"gplearn": "first", "pyoperon": "first"}
"""The set of each program that is compared with our own ways."""
