"""reasoning-gym both ways: `make ecosystem-reasoning_gym`. What one library holds right, the other does too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import trm_gym
from tests.ecosystems.page import run_block
from trm_gym.dataset import draw
from trm_gym.wrappers import TextObservation

MISSING = 'reasoning-gym is not installed: pip install -e ".[reasoning-gym]"'
reasoning_gym = pytest.importorskip("reasoning_gym", reason=MISSING)
ours = pytest.importorskip("trm_gym.ecosystems.reasoning_gym", reason=MISSING)

COUNT = 100
FIT = {"mini_sudoku": 100, "maze": 100, "simple_equations": 99, "chain_sum": 100}
"""How many of that many items fit on our canvases: one of their equations has numbers of ten digits and more."""


def read(name: str) -> tuple[Any, list[tuple[Any, Any, Any]]]:
    """A data set of theirs, and its items with the tasks and problems that they are here, those that fit."""
    dataset = reasoning_gym.create_dataset(name, seed=1, size=COUNT)
    found = []
    for entry in dataset:
        try:
            found.append((entry, *ours.read_entry(entry)))
        except trm_gym.ProblemError:
            continue
    return dataset, found


@pytest.mark.parametrize("task_name", trm_gym.TASKS)
def test_our_problems_are_theirs_to_draw_and_ours_to_score(task_name: str):
    dataset = reasoning_gym.create_dataset("trm_gym", task=task_name, split="test", seed=5, size=12)
    task = trm_gym.make_task(task_name)
    problems = draw(task, None, "test", 12, 5)
    for i, entry in enumerate(dataset):
        assert entry["question"].endswith(task.problem_text(problems[i : i + 1]))
        assert dataset.score_answer(entry["answer"], entry) == 1.0
        wrong = entry["answer"][::-1] + "9"
        assert [dataset.score_answer(answer, entry) for answer in ("", None, wrong)] == [0.0, 0.0, 0.0]
    assert len(dataset) == 12


def test_another_right_answer_counts_too():
    """Scored by rules and not by comparison: of a maze with several shortest ways, any is taken."""
    dataset = reasoning_gym.create_dataset("trm_gym", task="maze11x11", level="random", seed=0, size=30)
    task, others = trm_gym.make_task("maze11x11"), 0
    for entry in dataset:
        problems = task.encode(entry["question"].split("\n\n", 1)[1])
        preference = np.random.default_rng(0).normal(size=(1, task.length, task.vocab)).astype(np.float32)
        other = task.draft_text(task.nearest(problems, preference)[0])
        others += other != entry["answer"]
        assert dataset.score_answer(other, entry) == 1.0
    assert others > 5


def test_any_of_our_data_sets_scores_an_item_as_the_environment_pays():
    """Also one of another seed, as reasoning-gym's endless data sets want it."""
    parts = [reasoning_gym.create_dataset("trm_gym", task="algebra", seed=seed, size=5) for seed in (0, 1000)]
    entry = parts[1][3]
    assert [part.score_answer(entry["answer"], entry) for part in parts] == [1.0, 1.0]
    problem = entry["question"].split("\n\n", 1)[1]
    env = TextObservation(trm_gym.RefinementEnv("algebra", step_cost=0.0))
    for answer in (entry["answer"], "7", "no idea"):
        env.reset(options={"problem": problem})
        assert parts[0].score_answer(answer, entry) == env.step(f"{answer} halt")[1]


@pytest.mark.parametrize("name", FIT)
def test_their_problems_are_ours_and_our_solutions_theirs(name: str):
    dataset, found = read(name)
    assert len(found) == FIT[name]
    for entry, task, problems in found:
        answer = ours.answer_of(entry, problems.solution[0])
        assert answer == entry["answer"] and dataset.score_answer(answer, entry) == 1.0
        assert task.verify(problems, problems.solution).solved.all()


def test_the_page():
    left = run_block("reasoning-gym")
    assert left["solved"] == [1.0] * len(left["solved"]) and len(left["solved"]) == 10


def test_an_item_of_another_data_set_is_refused():
    entry = reasoning_gym.create_dataset("gcd", seed=0, size=1)[0]
    with pytest.raises(ValueError, match="'gcd' are no problems of ours: use one of mini_sudoku"):
        ours.read_entry(entry)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"task": "chess"}, "unknown task 'chess'"),
        ({"split": "dev"}, "dev"),
        ({"size": 0}, "size"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        reasoning_gym.create_dataset("trm_gym", **settings)
