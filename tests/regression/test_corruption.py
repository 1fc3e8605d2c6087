"""Drafts to mend: always formulas, near their labels or far from them, each a function of its key."""

from __future__ import annotations

import numpy as np

from trm_gym.regression import generator
from trm_gym.regression.corruption import corrupt
from trm_gym.regression.layout import SLOTS, TOKEN
from trm_gym.regression.levels import LEVELS
from trm_gym.regression.programs import used_slots
from trm_gym.streams import mix

LEVEL = {level.name: index for index, level in enumerate(LEVELS)}


def problems_of(level: str, count: int = 3000):
    return generator.sample(mix(2, np.arange(count)), np.full(count, LEVEL[level]), "train", 64)


def test_every_draft_is_a_formula_of_the_problem_s_variables():
    for level in ("nodes3", "nodes7", "three_variables", "constants"):
        problems = problems_of(level)
        drafts = corrupt(problems, mix(3, np.arange(3000)))
        assert used_slots(drafts)[:, 0].all()
        for name in "yz":
            known = (problems.solution[:, :SLOTS] == TOKEN[name]).any(axis=1)
            used = ((drafts[:, :SLOTS] == TOKEN[name]) & used_slots(drafts)).any(axis=1)
            assert not (used & ~known).any() and (level in ("nodes3", "constants") or used.any() or not known.any())


def test_small_pruned_and_regrown_drafts_are_all_there():
    problems = problems_of("nodes7")
    drafts = corrupt(problems, mix(3, np.arange(3000)))
    used, known = used_slots(drafts), used_slots(problems.solution)
    cells = np.tile(used | known, 2)
    changed = ((drafts != problems.solution) & cells).sum(axis=1)
    assert 0.02 < (changed == 0).mean() < 0.2 and (changed == 1).mean() > 0.1 and (changed > 8).mean() > 0.1
    assert (used.sum(axis=1) < known.sum(axis=1)).mean() > 0.2 and (used.sum(axis=1) > known.sum(axis=1)).mean() > 0.1
    assert (used.sum(axis=1) == 1).mean() > 0.03, "some are cut down to a leaf"
    assert (drafts[:, :SLOTS][used] == TOKEN["c"]).mean() < 0.02


def test_constants_are_met_where_the_label_has_some():
    drafts = corrupt(problems_of("constants"), mix(3, np.arange(3000)))
    assert ((drafts[:, :SLOTS] == TOKEN["c"]) & used_slots(drafts)).any(axis=1).mean() > 0.5


def test_a_draft_is_a_function_of_its_key_and_the_label_stays(way):
    problems = problems_of("nodes5", 40)
    before, keys = problems.solution.copy(), mix(3, np.arange(40))
    drafts = corrupt(problems, keys)
    np.testing.assert_array_equal(problems.solution, before)
    np.testing.assert_array_equal(corrupt(problems[5:9], keys[5:9]), drafts[5:9])
    assert not np.array_equal(corrupt(problems, mix(4, np.arange(40))), drafts)


def test_a_problem_without_a_label_gets_a_random_formula():
    problems = problems_of("nodes9", 500)
    problems.solution[:] = 0
    drafts = corrupt(problems, mix(3, np.arange(500)))
    used = used_slots(drafts)
    assert used[:, 0].all() and len(np.unique(drafts * np.tile(used, 2), axis=0)) > 200
