"""Problems: what is shown is what the formula gives, a key is a problem, and levels are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.regression.test_base_formulas import rounded
from trm_gym.regression import generator
from trm_gym.regression.base_formulas import level_formulas, nodes_of
from trm_gym.regression.layout import SLOTS, TOKEN
from trm_gym.regression.levels import LEVELS, PARTS, RANGES
from trm_gym.regression.operations import LITERAL
from trm_gym.regression.points import PRESENT, TARGET, points_of
from trm_gym.regression.programs import evaluate
from trm_gym.splits import SPLITS
from trm_gym.streams import mix
from trm_gym.task import BLANK, Problems

LEVEL = {level.name: index for index, level in enumerate(LEVELS)}
every_level = pytest.mark.parametrize("level", range(len(LEVELS)), ids=[level.name for level in LEVELS])


def draw(level: int, count: int = 400, split: str = "train", points: int = 64, seed: int = 1) -> Problems:
    return generator.sample(mix(seed, np.arange(count)), np.full(count, level), split, points)


@every_level
def test_the_points_are_the_formula_s_and_noise_is_as_large_as_said(level):
    problems = draw(level)
    points = points_of(problems.numbers)
    present = points[..., PRESENT] == 1.0
    assert set(np.unique(points[..., PRESENT])) <= {0.0, 1.0} and not points[~present].any()
    assert present.sum(axis=1).min() >= 20 and present.sum(axis=1).max() == 64
    error = np.where(present, evaluate(problems.truth, points) - points[..., TARGET], 0.0)
    scale = np.array([row[here].std() for row, here in zip(points[..., TARGET], present, strict=True)])
    relative = np.sqrt((error**2).sum(axis=1) / present.sum(axis=1)) / scale
    assert np.abs(relative.mean() - LEVELS[level].noise) <= 0.05 * LEVELS[level].noise + 1e-12
    assert np.abs(points[..., TARGET]).max() <= 1e6 * 1.5


@every_level
def test_the_label_is_the_truth_as_short_as_the_level_says(level):
    problems, spec = draw(level), LEVELS[level]
    assert not problems.problem.any() and problems.free.all() and (problems.level == level).all()
    nodes = nodes_of(problems.solution)
    spans = [PARTS[part].parts[part] for part in spec.parts]
    assert nodes.min() >= spans[0][0] and nodes.max() <= spans[-1][1]
    assert np.array_equal(problems.difficulty, nodes)
    assert ((problems.solution[:, SLOTS:] == BLANK) == (problems.solution[:, :SLOTS] == BLANK)).all()
    inside = np.array([RANGES[which] for which in spec.ranges])
    points = points_of(problems.numbers)
    assert points[..., :TARGET].min() >= inside.min() and points[..., :TARGET].max() <= inside.max()


@every_level
def test_a_problem_is_a_function_of_its_key(level, way):
    whole = draw(level, 30)
    part = generator.sample(mix(1, np.arange(30))[7:9], np.full(2, level), "train", 64)
    for name, values in vars(part).items():
        assert np.array_equal(values, getattr(whole, name)[7:9])


def test_constants_are_drawn_for_each_problem_and_stand_in_the_truth():
    problems = draw(LEVEL["constants"], 3000)
    count = (problems.solution[:, :SLOTS] == TOKEN["c"]).sum(axis=1)
    codes, values = problems.truth[:, ::2], problems.truth[:, 1::2]
    drawn = (codes == LITERAL) & ~np.isin(values, np.arange(1.0, 6.0))
    assert np.array_equal(drawn.sum(axis=1), count) and set(count.tolist()) == {1, 2, 3}
    sizes = np.abs(values[drawn])
    assert sizes.min() >= 0.1 and sizes.max() <= 5.0 and 0.3 < (values[drawn] < 0).mean() < 0.6
    assert len(np.unique(values[drawn])) > 0.8 * drawn.sum()


def test_levels_may_be_mixed_in_a_batch():
    levels = np.arange(40) % len(LEVELS)
    keys = mix(3, np.arange(40))
    mixed = generator.sample(keys, levels, "test", 64)
    for level in range(len(LEVELS)):
        mine = levels == level
        alone = generator.sample(keys[mine], levels[mine], "test", 64)
        assert all(np.array_equal(values, getattr(mixed, name)[mine]) for name, values in vars(alone).items())


@pytest.mark.parametrize("points", [8, 20, 512])
def test_a_canvas_may_have_other_room(points):
    problems = draw(LEVEL["nodes5"], 50, points=points)
    counts = points_of(problems.numbers)[..., PRESENT].sum(axis=1)
    assert counts.min() >= min(points, 20) and counts.max() <= points
    assert (counts.max() > 100) == (points == 512)


def test_fresh_problems_are_of_different_formulas_and_too_many_are_refused():
    held = generator.split_size(LEVEL["nodes3"], "train")
    problems = generator.generate(held, LEVEL["nodes3"], "train", 5, 64, "regression")
    assert len(np.unique(problems.truth, axis=0)) == held
    other = generator.generate(held, LEVEL["nodes3"], "train", 6, 64, "regression")
    assert not np.array_equal(problems.numbers, other.numbers)
    with pytest.raises(ValueError, match=f"train split of regression has {held} different problems of level nodes3"):
        generator.generate(held + 1, LEVEL["nodes3"], "train", 5, 64, "regression")


def test_every_formula_of_a_level_is_drawn_and_both_names_of_variables():
    held = len(level_formulas(LEVELS[LEVEL["nodes3"]], "train").drafts)
    problems = draw(LEVEL["nodes3"], 5000)
    first = (problems.solution == TOKEN["y"]).any(axis=1)
    shapes = np.where(problems.solution == TOKEN["y"], TOKEN["x"], problems.solution)
    assert held * 0.8 < len(np.unique(shapes, axis=0)) <= held
    divided = problems.solution[first & (problems.solution[:, 0] == TOKEN["/"])]
    assert {tuple(row[1:3]) for row in divided} == {(TOKEN["x"], TOKEN["y"]), (TOKEN["y"], TOKEN["x"])}


def test_renamed_terms_keep_their_order():
    problems = draw(LEVEL["nodes7"], 4000)
    leaves = (problems.solution[:, :3] > 0).all(axis=1) & ~(problems.solution[:, 3:SLOTS] > 0).any(axis=1)
    sums = problems.solution[leaves & np.isin(problems.solution[:, 0], (TOKEN["+"], TOKEN["*"]))]
    plain = sums[(sums[:, SLOTS + 1] == TOKEN["id"]) & (sums[:, SLOTS + 2] == TOKEN["id"])]
    both = plain[np.isin(plain[:, 1], (TOKEN["x"], TOKEN["y"])) & np.isin(plain[:, 2], (TOKEN["x"], TOKEN["y"]))]
    assert (both[:, 1] <= both[:, 2]).all()


def test_no_function_stands_in_two_splits():
    """What is shown of 100,000 problems, at points of its own for each range, has one split for every function."""
    owners: dict[tuple[int, bytes], str] = {}
    grids = [np.random.default_rng(9).uniform(low, high, (24, 3)) for low, high in RANGES]
    for split, level in ((split, level) for split in SPLITS for level in range(len(LEVELS))):
        count = 100_000 // (len(SPLITS) * len(LEVELS)) + 1
        problems = draw(level, count, split, seed=4)
        points = points_of(problems.numbers)
        for which in LEVELS[level].ranges:
            low, high = RANGES[which]
            inside = ((points[..., :TARGET] >= low - 1e-9) & (points[..., :TARGET] <= high + 1e-9)) | (
                points[..., :TARGET] == 0.0
            )
            mine = inside.all(axis=(1, 2))
            values = evaluate(problems.truth[mine], np.repeat(grids[which][None], mine.sum(), 0))
            for row in rounded(values[np.isfinite(values).all(axis=1)]):
                assert owners.setdefault((which, row.tobytes()), split) == split
    assert len(owners) > 30_000


@pytest.mark.parametrize(("level", "most"), [("nodes7", 50.0), ("wide", 50.0), ("constants", 10.0)])
def test_no_sine_is_taken_of_more_than_points_can_tell(level, most):
    problems = draw(LEVEL[level], 4000)
    turned = np.isin(problems.solution[:, SLOTS], (TOKEN["sin"], TOKEN["cos"]))
    programs = problems.truth[turned].copy()
    last = (programs[:, ::2] > 0).sum(axis=1) - 1
    programs[np.arange(len(programs)), 2 * last] = 0.0  # without the function at the root
    points = points_of(problems.numbers[turned])
    taken = np.where(points[..., PRESENT] > 0, evaluate(programs, points), 0.0)
    assert turned.sum() > 100 and most / 4 < np.abs(taken).max() <= most
