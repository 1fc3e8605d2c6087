"""The search for a formula: what it finds of points with and without noise, and what it keeps."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from agents.inference.formulas import search as searching
from agents.inference.formulas.config import SearchConfig
from agents.inference.formulas.front import Front
from agents.inference.formulas.lookup import Lookup
from agents.inference.formulas.neater import neater
from agents.inference.formulas.pool import Pool
from agents.inference.formulas.search import search
from trm_gym.errors import ProblemError
from trm_gym.regression.compositions import Candidate, size_of, values_of
from trm_gym.regression.export import plain_text
from trm_gym.regression.formula import Formula
from trm_gym.regression.layout import LENGTH, SLOTS, TOKEN
from trm_gym.regression.parsing import parse
from trm_gym.regression.small_formulas import SmallFormulas


def points_of(text: str, variables: int = 2, noise: float = 0.0, count: int = 60) -> np.ndarray:
    rng = np.random.default_rng(1)
    inputs = rng.uniform(0.5, 3.0, (count, variables))
    target = values_of(parse(text), inputs)
    return np.column_stack([inputs, target + noise * target.std() * rng.normal(size=count)])


def test_a_formula_without_noise_is_found_exactly():
    found = search(points_of("2.5 * x / (1 + y^2)"), SearchConfig(seconds=30))
    assert found.exact and found.best is not None and found.rounds == 0
    fresh = np.random.default_rng(2).uniform(0.1, 4.0, (100, 2))
    assert np.allclose(values_of(found.best.formula, fresh), 2.5 * fresh[:, 0] / (1 + fresh[:, 1] ** 2), rtol=1e-9)


def test_the_pool_alone_finds_a_formula_by_looking_parts_up():
    config = SearchConfig(seconds=60, rounds=20, compositions=False, change="mutation")
    found = search(points_of("x * sin(y) + y"), config)
    assert found.exact and found.drafts > 0


def test_of_noisy_points_the_simple_formula_is_believed():
    config = SearchConfig(seconds=60, rounds=1, compositions=False)
    found = search(points_of("sin(x) + y^2", noise=0.01), config)
    assert found.best is not None and not found.exact
    assert sorted(plain_text(part) for part in found.best.formula.parts) == ["sin(x)", "y^2"]


@pytest.mark.parametrize("text", ["4 * x - 5", "x^2 / 3 + 2", "log(x / (x + y^2))", "(exp(x) - 3)^2 / 4"])
def test_small_formulas_and_their_plain_numbers_are_found_in_noise(text):
    found = search(points_of(text, noise=0.01), SearchConfig(seconds=60, rounds=3, change="mutation"))
    assert found.best is not None and not found.exact
    fresh = np.random.default_rng(2).uniform(0.5, 4.0, (100, 2))
    assert np.allclose(values_of(found.best.formula, fresh), values_of(parse(text), fresh), rtol=1e-9)


def test_rounds_and_a_seed_say_what_is_found():
    config = SearchConfig(seconds=60, rounds=1, seed=3, compositions=False)
    one, other = (search(points_of("x^y + sin(y)", noise=0.1), config) for _ in range(2))
    assert one.candidates == other.candidates


def test_weights_count():
    points = points_of("x + y")
    points[-6:, -1] += 5.0
    weights = np.where(np.arange(60) < 54, 1.0, 1e-9)
    config = SearchConfig(seconds=30, rounds=1)
    assert min(one.error for one in search(points, config, weights=weights).candidates) < 1e-3
    assert min(one.error for one in search(points, config).candidates) > 1e-2


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="there is no network"):
        search(points_of("x"), SearchConfig(change="network"))
    with pytest.raises(ProblemError, match="rows"):
        search(points_of("x")[:3], SearchConfig())
    with pytest.raises(ValueError, match="seconds must be above 0"):
        SearchConfig(seconds=0)


def test_the_front_keeps_what_no_shorter_formula_is_as_good_as():
    front = Front(50, 1e-9)
    x = Formula("x")
    assert front.add(Candidate(0, 5, 0.1, x)) and not front.add(Candidate(0, 6, 0.1, x))
    assert front.add(Candidate(0, 3, 0.2, x)) and front.add(Candidate(0, 9, 0.05, x))
    assert front.add(Candidate(0, 4, 0.05, x)), "which also takes the place of both that are longer"
    assert [one.size for one in front.candidates] == [3, 4] and not front.exact
    assert not front.add(Candidate(0, 1, float("nan"), x))


def test_of_two_formulas_of_one_length_the_front_keeps_the_plainer_where_it_is_nearly_as_good():
    plain, fitted, third = (parse(text) for text in ("4 * x - 5", "3.99883 * x - 4.98123", "x * 7/3"))
    for first, second in ((plain, fitted), (fitted, plain)):
        front = Front(50, 1e-9)
        front.add(Candidate(0, 5, 0.0113 if first is plain else 0.0112, first))
        front.add(Candidate(0, 5, 0.0113 if second is plain else 0.0112, second))
        assert [one.formula for one in front.candidates] == [plain] and front.best is not None
    assert front.add(Candidate(0, 5, 0.005, third)), "what leaves half as much is worth a fraction"
    assert front.add(Candidate(0, 5, 1e-12, fitted)) and front.exact


def test_numbers_become_plain_where_they_are_near_and_summands_may_go():
    made = {plain_text(one) for one in neater(parse("0.3338 * x^2 + 2.0005"))}
    assert {"0.333333 * x^2 + 2", "0.333333 * x^2", "0.3338 * x^2 + 2"} <= made
    assert plain_text(parse("0.3338 * x^2 + 2.0005")) not in made


def test_the_pool_keeps_the_best_and_each_once():
    pool, drafts = Pool(3), np.zeros((5, LENGTH), np.uint8)
    drafts[:, 0], drafts[:, SLOTS] = TOKEN["x"], [TOKEN[name] for name in ("id", "sin", "cos", "exp", "log")]
    errors = np.array([0.5, 0.1, np.inf, 0.1, 0.3])
    pool.add(drafts, np.zeros((5, 8)), errors)
    assert pool.errors.tolist() == [0.1, 0.3, 0.5]
    pool.add(drafts[2:3], np.zeros((1, 8)), np.array([0.2]))
    assert pool.errors.tolist() == [0.1, 0.2, 0.3] and pool.drafts[1, SLOTS] == TOKEN["cos"]


def test_what_is_looked_up_is_nearest_up_to_factor_and_summand():
    inputs = points_of("x")[:, :2]
    lookup = Lookup(SmallFormulas(inputs, 3_000))
    huge = 1e200 * inputs[:, 1] ** 2
    wanted = np.stack([3 * np.sin(inputs[:, 0]) - 2, inputs[:, 0] * inputs[:, 1], np.full(60, np.nan), huge])
    wanted[0, ::5] = np.nan
    first, second, third, fourth = lookup.nearest(wanted)
    assert first is not None and second is not None and third is None and fourth is not None
    assert np.allclose(values_of(fourth, inputs), huge)
    assert np.allclose(values_of(first, inputs), 3 * np.sin(inputs[:, 0]) - 2)
    assert np.allclose(values_of(second, inputs), wanted[1])


@pytest.mark.parametrize(
    ("text", "plain"), [("1.98 * x + 0.03", "2 * x"), ("0.97 * sin(x)", "sin(x)"), ("x^1.22", "x^1.2"), ("x^1.07", "x")]
)
def test_plainer_numbers(text: str, plain: str):
    found = [plain_text(one) for one in neater(parse(text))]
    assert (found[0] if found else "") == plain


def test_sizes_count_operators_functions_and_leaves():
    assert size_of(parse("sin(x) + 2 * y")) == 6


def test_of_inputs_that_hardly_vary_no_formula_is_looked_up():
    lookup = Lookup(SmallFormulas(np.ones((12, 1)), 1_000))
    assert lookup.nearest(np.arange(24.0).reshape(2, 12)) == [None, None]


def test_the_clock_starts_with_all_kernels_there():
    code = """
import sys
import numpy as np
from numba.core.dispatcher import Dispatcher
from agents.inference.formulas.config import SearchConfig
from agents.inference.formulas.search import make_ready, search
from trm_gym.lazy_kernel import LazyKernel

def loaded():
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("trm_gym")]
    values = [value for module in modules for value in vars(module).values()]
    kernels = {id(value): value for value in values if isinstance(value, (Dispatcher, LazyKernel))}
    names = (getattr(one, "_compiled", one) for one in kernels.values())
    return {one.py_func.__qualname__: len(one.overloads) for one in names if one.overloads}

config = SearchConfig(seconds=60, rounds=4, change="mutation")
make_ready(config)
before, rng = loaded(), np.random.default_rng(0)
inputs = rng.uniform(0.5, 3, (40, 2))
found = search(np.column_stack([inputs, np.sin(3 * inputs[:, 0]) / inputs[:, 1] + rng.normal(size=40) / 9]), config)
assert found.rounds == 4 and before == loaded(), (found.rounds, before, loaded())
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_fresh_installation_is_told_why_it_waits(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setattr(searching, "_ready", set())
    monkeypatch.setattr(searching, "is_compiled", lambda: False)
    for _ in range(2):
        search(points_of("x + y"), SearchConfig(seconds=30))
    assert [record.message for record in caplog.records if "compiled, once" in record.message] == [
        "the search is compiled, once for this installation: some 20 s, which no time limit counts"
    ]
