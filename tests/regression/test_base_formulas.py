"""Base formulas: what they are by their values, the shortest way to write them, and that no two are the same."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import sympy

from tests.regression.oracle import expression, random_drafts
from trm_gym.regression import base_formulas as bases
from trm_gym.regression._search.growth import grow
from trm_gym.regression._search.values import traits
from trm_gym.regression.drafts import read_draft
from trm_gym.regression.layout import BINARY, NUMBERS, SLOTS, TOKEN, UNARY
from trm_gym.regression.levels import FAMILIES, LEVELS, PARTS, RANGES
from trm_gym.regression.operations import IDENTITY
from trm_gym.regression.programs import CONSTANTS, slot_values
from trm_gym.splits import SPLITS, split_of

SHORT = ("nodes3", "nodes5")
FAMILY = replace(FAMILIES[0], parts={part: FAMILIES[0].parts[part] for part in SHORT})


def values(drafts: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Float64 [B, N] at points float64 [N, 3]."""
    inputs = np.repeat(points[None], len(drafts), 0)
    return slot_values(drafts, np.ones((len(drafts), CONSTANTS)), inputs)[:, 0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache, no formulas that come with the package, and nothing remembered, before and after."""
    monkeypatch.setenv("TRM_GYM_CACHE", str(tmp_path / "new"))
    monkeypatch.setattr(bases, "SHIPPED_FORMULAS", tmp_path / "none")
    monkeypatch.setitem(PARTS, "nodes5", FAMILY)
    bases.base_formulas.cache_clear()
    yield tmp_path / "new"
    bases.base_formulas.cache_clear()


def same(one: bases.BaseFormulas, other: bases.BaseFormulas) -> bool:
    return all(map(np.array_equal, one, other))


def test_those_that_come_with_the_package_are_what_would_be_made():
    grown = grow(FAMILY)
    for part in SHORT:
        fewest, most = FAMILY.parts[part]
        mine = (grown.nodes >= fewest) & (grown.nodes <= most)
        made = bases.BaseFormulas(grown.drafts[mine], grown.shown[mine], split_of(grown.hashes[mine]))
        assert same(bases.base_formulas(part), made)


def test_they_are_read_back_as_they_were_made(folder):
    made = bases.base_formulas("nodes5")
    bases.base_formulas.cache_clear()
    assert same(bases.base_formulas("nodes5"), made) and len(made.drafts) > 1000
    assert {path.name for path in folder.iterdir()} == {f"regression-{part}-1.npz" for part in SHORT}
    path = folder / "regression-nodes5-1.npz"
    path.write_bytes(path.read_bytes()[:-200])
    bases.base_formulas.cache_clear()
    assert same(bases.base_formulas("nodes5"), made)


def short_functions() -> list[np.ndarray]:
    """Values float64 [N] of every formula of up to 3 nodes in x and y, without the suite's own operations."""
    x, y = POINTS[:, 0], POINTS[:, 1]
    functions = [np.square, lambda a: a**3, lambda a: a**4, np.sqrt, np.sin, np.cos, np.exp, np.log]
    leaves = [x, y, *(np.full(len(x), float(number)) for number in range(1, 6))]
    joins = [np.add, np.subtract, np.multiply, np.divide, np.power]
    return [x, y] + [f(a) for f in functions for a in (x, y)] + [j(a, b) for j in joins for a in leaves for b in leaves]


POINTS = np.random.default_rng(0).uniform(0.1, 4.0, (40, 3))


def test_no_short_function_is_missing_and_none_is_there_twice():
    known = {tuple(row) for row in np.round(values(bases.base_formulas("nodes3").drafts, POINTS), 7)}
    assert len(known) == len(bases.base_formulas("nodes3").drafts)
    swapped = POINTS[:, [1, 0, 2]]
    known |= {tuple(row) for row in np.round(values(bases.base_formulas("nodes3").drafts, swapped), 7)}
    x, y = POINTS[:, 0], POINTS[:, 1]
    known |= {tuple(np.round(part, 7)) for part in (x, y)}
    functions = [one for one in short_functions() if np.ptp(one) > 1e-3 * np.abs(one).max()]
    assert {tuple(np.round(one, 7)) for one in functions} == known


def rounded(found: np.ndarray) -> np.ndarray:
    """To 33 bits: enough to tell formulas apart, and not to tell one from itself written otherwise."""
    mantissa, exponent = np.frexp(np.where(np.isfinite(found), found, 0.0))
    return np.where(np.isfinite(found), np.ldexp(np.round(mantissa * 2.0**33), exponent - 33), np.nan)


def differ(drafts: np.ndarray, span: tuple[float, float]) -> bool:
    """Whether two formulas differ at some of many points, by whatever names."""
    points = np.random.default_rng(0).uniform(*span, (5000, 3))
    first, second = values(drafts, points)
    return all(not np.allclose(first, one, rtol=1e-6) for one in (second, values(drafts, points[:, [1, 0, 2]])[1]))


@pytest.mark.parametrize("which", range(len(RANGES)))
def test_no_two_are_the_same_on_a_range_that_shows_both(which):
    parts = [bases.base_formulas(part) for part in ("nodes3", "nodes5", "nodes7")]
    drafts, shown = (np.concatenate(columns) for columns in list(zip(*parts, strict=True))[:2])
    drafts = drafts[shown >> which & 1 > 0]
    low, high = RANGES[which]
    points = np.random.default_rng(which).uniform(low, high, (40, 3))
    both = [values(drafts, points), values(drafts, points[:, [1, 0, 2]])]
    known: dict[bytes, int] = {}
    for found in both:
        for place, row in enumerate(rounded(found)):
            other = known.setdefault(row.tobytes(), place)
            if other != place:  # Under other names it may be itself again, as x + y is; any other differs somewhere.
                assert differ(drafts[[place, other]], RANGES[which])


def test_every_value_is_finite_where_a_range_shows_a_formula():
    formulas = bases.base_formulas("nodes7")
    for which, (low, high) in enumerate(RANGES):
        drafts = formulas.drafts[formulas.shown >> which & 1 > 0][:3000]
        found = values(drafts, np.random.default_rng(which).uniform(low, high, (50, 3)))
        usable = np.isfinite(found) & (np.abs(found) <= 1e6)
        assert usable.mean() > 0.99 and (usable.mean(axis=1) > 0.5).mean() > 0.999


def test_the_order_of_terms_and_other_names_change_no_hash():
    drafts = random_drafts(900, 0, ("x", "y", "2", "3"), 0.4)
    joined = np.isin(drafts[:, 0], (TOKEN["+"], TOKEN["*"]))
    drafts = drafts[joined]
    other = drafts.copy()
    one, two = (np.array([_under(side, slot) for slot in range(SLOTS // 2)]) for side in (1, 2))
    for cells in (0, SLOTS):
        other[:, cells + one], other[:, cells + two] = drafts[:, cells + two], drafts[:, cells + one]
    ones = np.ones((len(drafts), CONSTANTS))
    first, second = traits(drafts, ones, 2), traits(other, ones, 2)
    told = (first.own > 0) & (second.own > 0)
    assert told.sum() > 50 and np.array_equal(first.own[told], second.own[told])
    renamed = drafts.copy()
    for sign, name in (("x", "y"), ("y", "x")):
        renamed[drafts == TOKEN[sign]] = TOKEN[name]
    third = traits(renamed, ones, 2)
    told &= (first.family > 0) & (third.family > 0)
    assert np.array_equal(first.family[told], third.family[told])


def _under(root: int, slot: int) -> int:
    """Where a slot stands below another root."""
    return root * 2 ** ((slot + 1).bit_length() - 1) + slot


def test_parts_hold_what_they_say_and_the_shortest_comes_first():
    for level in LEVELS[:4]:
        (part,) = level.parts
        nodes = bases.base_formulas(part).nodes
        assert (nodes.min(), nodes.max()) == PARTS[part].parts[part]
    drafts = bases.base_formulas("nodes5").drafts
    twice = (drafts[:, 1] == drafts[:, 2]) & (drafts[:, SLOTS + 1 : SLOTS + 3] == IDENTITY).all(axis=1)
    twice &= ((drafts[:, :SLOTS] > 0).sum(axis=1) == 3) & (drafts[:, SLOTS] == IDENTITY)
    assert not (twice & np.isin(drafts[:, 0], (TOKEN["*"], TOKEN["-"], TOKEN["/"]))).any(), "a square is written so"
    for base, function in itertools.product(BINARY, UNARY):
        fits = (drafts[:, 0] == TOKEN[base]) & (drafts[:, SLOTS] == TOKEN[function])
        numbers = np.isin(drafts[:, 1], [TOKEN[n] for n in NUMBERS]) & np.isin(
            drafts[:, 2], [TOKEN[n] for n in NUMBERS]
        )
        assert not (fits & numbers).any(), "numbers are folded"


def test_four_fifths_are_for_training():
    split = bases.base_formulas("nodes7").split
    shares = np.bincount(split) / len(split)
    assert len(shares) == len(SPLITS) and np.allclose(shares, (0.8, 0.1, 0.1), atol=0.01)


def kept_forms() -> set[bytes]:
    return {draft.tobytes() for draft in bases.base_formulas("constants").drafts}


@pytest.mark.parametrize(
    ("kept", "left_out"),
    [
        ("(c * x) + c", "c - (c * x)"),
        ("(c * x) + c", "c * (x + c)"),
        ("x + c", "x - c"),
        ("c * x", "x / c"),
        ("c * sqrt(x)", "sqrt(c * x)"),
        ("exp(c * x)", "c ^ x"),
        ("c * exp(x)", "exp(x + c)"),
        ("sin(x + c)", "cos(x + c)"),
        ("sin(x + c)", "sin(c - x)"),
        ("x ^ c", "square(x ^ c)"),
        ("x ^ c", "square(x) ^ c"),
        ("square(x + c)", "square(c - x)"),
        ("log(x) + c", "log(c * x)"),
        ("c * x", "c * (2 * x)"),
        ("x + c", "(x + 2) + c"),
    ],
)
def test_of_forms_with_the_same_functions_one_is_kept(kept, left_out):
    known = kept_forms()
    drafts = [read_draft(text).tobytes() for text in (kept, left_out)]
    assert drafts[0] in known and drafts[1] not in known


def test_each_constant_says_what_no_other_does():
    """The slopes by the constants, by SymPy, are independent at points of the range that shows a formula."""
    formulas = bases.base_formulas("constants")
    rng = np.random.default_rng(3)
    for index in rng.choice(len(formulas.drafts), 40, replace=False):
        exact = expression(formulas.drafts[index])
        constants = sorted((one for one in exact.free_symbols if str(one).startswith("c")), key=str)
        assert constants
        which = int(formulas.shown[index]).bit_length() - 1
        points = rng.uniform(*RANGES[which], (60, 2))
        values = dict(zip(constants, rng.uniform(0.3, 3.0, len(constants)), strict=True))
        slopes = [sympy.diff(exact, one).subs(list(values.items())) for one in constants]
        columns = [sympy.lambdify(sympy.symbols("x y"), slope, "numpy") for slope in slopes]
        with np.errstate(all="ignore"):
            matrix = np.stack([np.broadcast_to(np.asarray(of(*points.T)), (60,)) for of in columns], axis=1)
        matrix = matrix[np.isreal(matrix).all(axis=1) & np.isfinite(matrix).all(axis=1)].astype(np.float64)
        if len(matrix) > 10:
            matrix = matrix / np.linalg.norm(matrix, axis=0)
            assert np.linalg.svd(matrix, compute_uv=False).min() > 1e-7, exact


def test_no_constant_stands_within_two_functions():
    known = kept_forms()
    for inside, outside in (("exp(c * x)", "sin(exp(c * x) + x)"), ("x / (x + c)", "sqrt(x / (x + c))")):
        assert read_draft(inside).tobytes() in known and read_draft(outside).tobytes() not in known


def test_formulas_that_differ_by_constants_alone_share_a_split():
    formulas = bases.base_formulas("constants")
    place = {draft.tobytes(): index for index, draft in enumerate(formulas.drafts)}
    families = (("c * x", "x + c", "(c * x) + c"), ("c * sin(x)", "sin(x) + c", "sin(c * x)", "(c * sin(c * x)) + c"))
    for texts in families:
        known = [place[draft] for text in texts if (draft := read_draft(text).tobytes()) in place]
        assert len(known) >= 3 and len(set(formulas.split[known].tolist())) == 1


def test_formulas_of_three_variables_have_all_of_them():
    drafts = bases.base_formulas("three_variables").drafts
    for name in "xyz":
        assert (drafts == TOKEN[name]).any(axis=1).all()
    assert len(drafts) > 30_000


@pytest.mark.parametrize("part", list(PARTS))
def test_every_variable_of_a_formula_counts(part):
    """SymPy cancels what cancels, such as the x of x - (y + x)."""
    drafts = bases.base_formulas(part).drafts
    names = np.array([TOKEN[name] for name in "xyz"])
    for index in np.random.default_rng(1).choice(len(drafts), min(len(drafts), 200), replace=False):
        symbols = {str(one) for one in sympy.expand(expression(drafts[index])).free_symbols} - {"c0", "c1", "c2"}
        assert symbols == {"xyz"[at] for at in np.flatnonzero(np.isin(names, drafts[index, :SLOTS]))}
