"""Formulas on the canvas: as they are written, or regrouped, always of the same values."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.regression.oracle import random_drafts
from trm_gym.errors import ProblemError
from trm_gym.regression.drafts import cells_text, draft_text, read_draft, used_alone
from trm_gym.regression.formula import to_program
from trm_gym.regression.parsing import parse
from trm_gym.regression.placing import place, place_as_written
from trm_gym.regression.programs import evaluate, to_programs, used_slots

POINTS = np.random.default_rng(1).uniform(1.0, 3.0, (40, 3))


def same(text: str, names: tuple[str, ...] = ()) -> bool:
    """Whether a formula's draft has its values; False where it does not fit."""
    formula = parse(text, names)
    placed = place(formula)
    if placed is None:
        return False
    found = evaluate(to_programs(placed.draft[None], placed.constants[None]), POINTS[None])
    np.testing.assert_allclose(found, evaluate(to_program(formula)[None], POINTS[None]), rtol=1e-9)
    return True


@pytest.mark.parametrize(
    "text",
    [
        "x^6 + x^5 + x^4 + x^3 + x^2 + x",
        "x^9 + 1",
        "-x",
        "-x*y - 3",
        "-(x + y)^2",
        "1/x",
        "1/(x*y*z)",
        "2*3*x + 4 + 5",
        "x/0.25",
        "sin(cos(x))",
        "square(square(x))",
        "x^-2",
        "x^0.5 + x^1.5",
        "tan(x) + 1",
        "cosh(x)",
        "tanh(x/2)",
        "abs(x - 2)",
        "((x - y)/z)^2",
        "(x + y)/(1 + x*y/z^2)",
        "pi*x",
        "0*x + y",
        "x - x",
        "2^x",
        "exp(x)^2",
        "log10(x)",
    ],
)
def test_a_formula_and_its_draft_have_the_same_values(text):
    assert same(text)


@pytest.mark.parametrize("text", ["asin(x/4)", "atan(x)", "+".join(f"sin({n}*x)" for n in range(1, 9))])
def test_what_does_not_fit_has_no_draft(text):
    assert not same(text)


def test_most_formulas_of_the_benchmarks_fit(benchmarks):
    counts = {}
    for name in ("nguyen_keijzer", "ai_feynman_100"):
        lines = (benchmarks / "sr" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        records = [record for record in map(json.loads, lines) if record["nvars"] <= 3]
        fits = sum(same(record["expr"], tuple(record.get("ranges", ()))) for record in records)
        counts[name] = (fits, len(records))
    assert counts == {"nguyen_keijzer": (27, 28), "ai_feynman_100": (48, 52)}


def test_a_draft_is_read_back_as_it_was_written():
    drafts = used_alone(random_drafts(500, 2, ("x", "y", "z", "1", "3", "c")))
    for draft in drafts:
        np.testing.assert_array_equal(read_draft(draft_text(draft)), draft)
        placed = place_as_written(parse(draft_text(draft), constants=True))
        assert placed is not None and np.array_equal(placed.draft, draft)


def test_a_draft_that_is_no_formula_is_told_by_its_cells():
    draft = np.arange(30, dtype=np.uint8) % 24
    assert not used_slots(draft[None]).any() and draft_text(draft) == cells_text(draft)
    np.testing.assert_array_equal(read_draft(draft_text(draft)), draft)
    assert draft_text(np.zeros(30, np.uint8)) == ""
    for text, match in (
        ("[x y]", "30 cells, got 2"),
        (cells_text(draft).replace("square", "cosec"), "'cosec' at cell"),
    ):
        with pytest.raises(ProblemError, match=match):
            read_draft(text)
    with pytest.raises(ProblemError, match="does not fit the canvas"):
        read_draft("asin(x)")
