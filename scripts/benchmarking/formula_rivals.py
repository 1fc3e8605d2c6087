"""Other programs that look for formulas, generation by generation, each formula handed over to a ``Trace``.

Both have all that drafts are made of: + - * / ^, square, cube, fourth (pyoperon: by powers), sqrt, sin, cos, exp, log.
Their settings stand in ``rival_settings``. What each hands over is treated like our own: numbers near plain ones are
made these where the fit allows it, and the formula to believe is chosen by ``Front``. That is done on nobody's time.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from scripts.benchmarking.recovery import Trace
from scripts.benchmarking.rival_settings import CHOSEN, TRIED, Settings
from trm_gym.errors import ProblemError
from trm_gym.regression.compositions import values_of
from trm_gym.regression.formula import Formula, number
from trm_gym.regression.layout import VARIABLES
from trm_gym.regression.parsing import parse

_SLICE, _RESTART = 10, 30
"""Generations of pyoperon between two looks, and looks after which it begins anew."""
_NEAR = 1e-5
"""The error below which the numbers of a formula are fitted in double precision: pyoperon computes in single."""


class Given(Protocol):
    """What a rival is given; see ``formula_ways.Looking``."""

    @property
    def table(self) -> NDArray[np.float64]: ...
    @property
    def seed(self) -> int: ...
    @property
    def trace(self) -> Trace: ...


def missing() -> list[str]:
    """The programs that are not there."""
    return [program for program in CHOSEN if find_spec(program) is None]


def gplearn(one: Given, settings: Settings) -> None:
    """gplearn, a generation at a time; the two best programs of each, with numbers near plain ones made these."""
    genetic, functions = import_module("gplearn.genetic"), import_module("gplearn.functions")

    def exponential(a: Any) -> Any:
        return np.exp(np.clip(a, -50.0, 50.0))

    def power(a: Any, b: Any) -> Any:
        with np.errstate(all="ignore"):
            found = np.abs(a) ** b
        return np.where(np.isfinite(found) & (np.abs(found) < 1e12), found, 1.0)

    def to_the(exponent: int) -> Any:
        return lambda a: np.clip(a, -1e9, 1e9) ** exponent

    def make(name: str, function: Any, arity: int) -> Any:
        return functions.make_function(function=function, name=name, arity=arity, wrap=False)

    own = {"exp": make("exp", exponential, 1), "pow": make("pow", power, 2)}
    own |= {name: make(name, to_the(exponent), 1) for name, exponent in _POWERS.items()}
    regressor = genetic.SymbolicRegressor(
        generations=0,
        warm_start=True,
        random_state=one.seed,
        **settings | {"function_set": [own.get(name, name) for name in settings["function_set"]]},
    )
    inputs, target = one.table[:, :-1], one.table[:, -1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while not one.trace.over:
            regressor.set_params(generations=regressor.generations + 1)
            regressor.fit(inputs, target)
            one.trace.verdicts += settings["population_size"]
            best = sorted(regressor._programs[-1], key=lambda program: (program.raw_fitness_, program.length_))
            for program in best[:2]:
                one.trace.offer(of_prefix(program.program))


_POWERS = {"square": 2, "cube": 3, "fourth": 4}
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


def of_prefix(program: Sequence[Any]) -> Formula:
    """The formula of a program of gplearn: functions with a name and an arity, columns as ints, numbers as floats.

    Its square root and logarithm are of absolute values, as is the base of our power. Its quotient is 1 where the
    divisor is nearly 0; that is left out.
    """
    pieces = iter(program)

    def next_one() -> Formula:
        piece = next(pieces)
        if isinstance(piece, (int, np.integer)):
            return Formula(VARIABLES[int(piece)])
        if isinstance(piece, (float, np.floating)):
            return number(float(piece))
        parts = [next_one() for _ in range(piece.arity)]
        if piece.name in ("sqrt", "log", "pow"):
            parts[0] = Formula("abs", (parts[0],))
        return Formula("^" if piece.name == "pow" else _SIGNS.get(piece.name, piece.name), tuple(parts))

    return next_one()


def pyoperon(one: Given, settings: Settings) -> None:
    """pyoperon, some generations at a time, from a new population now and then; all of its front, fitted anew."""
    operon, estimators = import_module("pyoperon"), import_module("pyoperon.sklearn")
    inputs, target = one.table[:, :-1], one.table[:, -1]
    look, seen = 0, set()
    while not one.trace.over:
        if look % _RESTART == 0:
            regressor = estimators.SymbolicRegressor(generations=_SLICE, warm_start=True, **settings)
        regressor.set_params(random_state=1 + look + 100_000 * one.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            regressor.fit(inputs, target)
        look += 1
        one.trace.verdicts += _SLICE * settings["population_size"]
        for found in regressor.pareto_front_:
            text = operon.InfixFormatter.Format(found["tree"], regressor.variables_, 17)
            if text not in seen:
                seen.add(text)
                for formula in _read(text, regressor.variables_, one):
                    one.trace.offer(formula)


def _read(text: str, names: Mapping[Any, str], one: Given) -> Iterator[Formula]:
    """A formula as pyoperon writes it, and with its numbers fitted in double precision where it is near."""
    try:
        formula = parse(text, list(names.values()))
    except ProblemError:
        return
    yield formula
    with one.trace.paused():
        fitted = refitted(formula, one.table)
    if fitted is not None:
        yield fitted


def refitted(formula: Formula, table: NDArray[np.float64]) -> Formula | None:
    """A formula with its numbers fitted to points float64 [N, 2 to 4] from where they are; None where it is far off."""
    inputs, target = table[:, :-1], table[:, -1]
    start = np.array(list(_numbers(formula)))

    spread = target.std()

    def off(values: NDArray[np.float64]) -> NDArray[np.float64]:
        left = (values_of(_with(formula, iter(values.tolist())), inputs) - target) / spread
        return np.where(np.isfinite(left), left, 1e6)

    if not len(start) or not np.sqrt(np.mean(off(start) ** 2)) < _NEAR:
        return None
    precise = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15, "max_nfev": 20}
    fitted = least_squares(off, start, x_scale=np.maximum(np.abs(start), 1e-3), **precise)
    return _with(formula, iter(fitted.x.tolist()))


def _numbers(formula: Formula) -> Iterator[float]:
    """The numbers of a formula but for whole exponents, from left to right."""
    if formula.value is not None:
        yield formula.value
    for place, part in enumerate(formula.parts):
        if not _kept(formula, place):
            yield from _numbers(part)


def _kept(formula: Formula, place: int) -> bool:
    value = formula.parts[place].value
    return formula.sign == "^" and place == 1 and value is not None and value == int(value)


def _with(formula: Formula, values: Iterator[float]) -> Formula:
    """A formula with other numbers in the places of ``_numbers``."""
    if formula.value is not None:
        return number(next(values))
    parts = tuple(part if _kept(formula, place) else _with(part, values) for place, part in enumerate(formula.parts))
    return Formula(formula.sign, parts)


_RIVALS = {"gplearn": gplearn, "pyoperon": pyoperon}


def _set(program: str, name: str) -> Callable[[Given], None]:
    return functools.partial(_RIVALS[program], settings=TRIED[program][name])


RIVALS = {program: _set(program, name) for program, name in CHOSEN.items()}
"""Each program under the settings that were chosen for it."""
SETS = {f"{program}, {name}": _set(program, name) for program, sets in TRIED.items() for name in sets}
"""Each program under every set of settings that was tried."""
