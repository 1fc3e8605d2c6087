"""No problem is in two splits, in any guise."""

from __future__ import annotations

import re
from math import gcd

import numpy as np
import pytest

from trm_gym.algebra import AlgebraTask
from trm_gym.algebra._search.invariant import invariant_hash
from trm_gym.algebra._search.reading import read
from trm_gym.algebra.layout import WRITTEN
from trm_gym.algebra.levels import LEVELS
from trm_gym.splits import SPLITS, split_of
from trm_gym.streams import mix
from trm_gym.written.signs import as_text, tokenize

TASK = AlgebraTask()

EQUIVALENT = (
    ("3*x+4=10", "10=3*x+4", "4+3*x=10", "-3*x-4=-10", "6*x+8=20", "3*x/2+2=5", "2*x+x+4=9+1"),
    ("3*x=12", "12=3*x", "-3*x=-12", "-12=-3*x"),
    ("2*x+1=3*x-4", "3*x-4=2*x+1", "-2*x-1=4-3*x", "4*x+2=6*x-8"),
    ("x+y=3,x-2*y=1", "x-2*y=1,x+y=3", "3=y+x,2*y-x=-1", "y+x=3,y-2*x=1", "2*x+2*y=6,3=3*x-6*y", "x+y-3=0,x-2*y=1"),
    ("x^2+5*x+6=0", "-x^2=6+5*x", "(x+2)*(x+3)=0", "expand (x+3)*(x+2)", "expand (-x-3)*(x+2)", "factor 2*x^2+10*x+12"),
    ("collect 1+x+x", "collect x+1+x", "collect -x-1-x", "differentiate 2*x+1"),
    ("evaluate x^2+x at x=3", "evaluate x+x^2 at x=3"),
)
DIFFERENT = (
    ("3*x+4=10", "3*x=6"),
    ("3*x=12", "x=4"),
    ("x+3=5", "x-3=-1"),
    ("x+y=3,x-2*y=1", "x+y=3,x-2*y=2"),
    ("x+y=3,x-2*y=1", "x+y=-3,x-2*y=1"),
    ("x^2+5*x+6=0", "x^2-5*x+6=0"),
    ("evaluate x^2+x at x=3", "evaluate x^2+x at x=4"),
    ("expand x", "expand x^2"),
)


def hashes(*texts: str) -> list[int]:
    return invariant_hash(read(np.stack([tokenize(text, WRITTEN) for text in texts]))).tolist()


@pytest.mark.parametrize("problems", EQUIVALENT)
def test_equivalent_problems_go_together(problems):
    assert len(set(hashes(*problems))) == 1


@pytest.mark.parametrize("problems", DIFFERENT)
def test_different_problems_need_not(problems):
    assert len(set(hashes(*problems))) == len(problems)


def test_what_stands_beside_a_problem_does_not_matter():
    problems = [group[0] for group in EQUIVALENT]
    assert hashes(*problems) == [hashes(problem)[0] for problem in problems]


def form(problem: str) -> object:
    """What equivalent problems of these levels share, by other means than the package's."""
    if problem[:6] in ("expand", "factor"):
        return ("polynomial", *primitive(line(problem.split()[1])))
    left, right = (tuple(line(side)[:2]) for side in problem.split("="))
    numbers = [*left, *right]
    common = gcd(*numbers) or 1
    if (left[0] == 0 and right[1] == 0) or (left[1] == 0 and right[0] == 0):
        common = 1
    scaled = [tuple(number // (sign * common) for number in side) for sign in (1, -1) for side in (left, right)]
    return frozenset((frozenset(scaled[:2]), frozenset(scaled[2:])))


def primitive(numbers: list[int]) -> tuple[int, ...]:
    highest = next(number for number in reversed(numbers) if number)
    return tuple(number // gcd(*numbers) * (1 if highest > 0 else -1) for number in numbers)


def line(text: str) -> list[int]:
    """The coefficients of 1, x, x^2 of a sum of monomials, or of a product of two brackets."""
    if text.startswith("("):
        (b, a, _), (d, c, _) = (line(part) for part in text[1:-1].split(")*("))
        return [b * d, a * d + b * c, a * c]
    numbers = [0, 0, 0]
    for sign, size, power in re.findall(r"([+-]?)(?:(\d+)\*?)?(x\^2|x)?", text):
        if size or power:
            numbers[len(power) and (2 if "^" in power else 1)] += int(sign + (size or "1"))
    return numbers


@pytest.mark.parametrize("names", [("shift", "scale", "linear", "both_sides"), ("expand", "factor")])
def test_no_form_is_in_two_splits(names):
    """Across levels too."""
    parts = []
    for split, count in zip(SPLITS, (8_000, 1_000, 1_000), strict=True):
        found = set()
        for name in names:
            level = TASK.level_index(name)
            fewer = min(count, TASK.split_size(level, split) or count)
            problems = TASK.generate(fewer, level, split, 11).problem[:, :WRITTEN]
            found |= {form(as_text(problem)) for problem in problems}
        parts.append(found)
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]


@pytest.mark.parametrize("level", range(len(LEVELS)), ids=[level.name for level in LEVELS])
def test_supplied_problems_of_the_splits_share_nothing(level):
    parts = []
    for part, (split, count) in enumerate(zip(SPLITS, (8_000, 1_000, 1_000), strict=True)):
        problems = TASK.sample(mix(3, np.arange(count)), np.full(count, level), split)
        codes = invariant_hash(read(problems.problem))
        assert (split_of(codes) == part).all()
        parts.append(np.unique(codes))
    assert len(np.unique(np.concatenate(parts))) == sum(len(part) for part in parts)


def test_a_tenth_of_what_there_is_goes_to_each_held_out_split():
    sizes = [TASK.split_size(0, split) or 0 for split in SPLITS]
    assert np.array(sizes) / sum(sizes) == pytest.approx([0.8, 0.1, 0.1], abs=0.02)
