"""A person's own task: every form that is read, and every fault with its own message."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.arc.oracle import pairs
from trm_gym.arc import ArcTask
from trm_gym.errors import ProblemError

TASK = ArcTask(5)
SHOWN = [{"input": [[1, 0], [0, 2]], "output": [[2], [0]]}, {"input": [[9]], "output": [[8, 7, 6]]}]
ASKED = {"input": [[3, 0], [0, 4]], "output": [[4], [0]]}
OWN = {"train": SHOWN, "test": [ASKED]}


def test_every_form_of_a_task(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(OWN))
    arrays = {part: [{side: np.array(grid) for side, grid in pair.items()} for pair in OWN[part]] for part in OWN}
    for form in (OWN, json.dumps(OWN), json.dumps(OWN, indent=1), path, str(path), f" {path}\n", arrays):
        problems = TASK.encode(form)
        found = pairs(problems.solution[0], 5)
        for (given, answer), pair in zip(found, [*SHOWN, ASKED], strict=True):
            assert given.tolist() == pair["input"]
            assert answer.tolist() == pair["output"]
        assert problems.level.tolist() == [-1]
        assert problems.free.sum() == 25
        assert not problems.problem[problems.free].any()
        assert TASK.verify(problems, problems.solution).solved[0]
        assert json.loads(TASK.decode(problems.solution[0])) == OWN


def test_three_demonstrations_are_shown():
    pair = {"input": [[5]], "output": [[6]]}
    problems = TASK.encode({"train": [*SHOWN, ASKED, pair, pair], "test": [pair]})
    assert len(pairs(problems.solution[0], 5)) == 4
    assert problems.problem.shape == (1, TASK.length)


def test_a_test_without_output_is_read_and_drafts_are_written():
    problems = TASK.encode({"train": SHOWN, "test": [{"input": [[3, 0], [0, 4]]}]})
    assert json.loads(TASK.decode(problems.problem[0])) == {"train": SHOWN, "test": [{"input": [[3, 0], [0, 4]]}]}
    draft = problems.problem[0].copy()
    draft[-25:] = 1
    assert json.loads(TASK.decode(draft))["test"][0]["output"] == []
    draft[-25:-23] = 0, 7
    assert json.loads(TASK.decode(draft))["test"][0]["output"] == [[None, 5]]


def task(**changes) -> dict:
    return {**OWN, **changes}


def shown(grid: object) -> dict:
    return task(train=[{"input": grid, "output": [[1]]}])


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ("", "this is no JSON"),
        ("[", r"this is no JSON .*: an ARC task is \{\"train\""),
        ("[" * 100_000, "this is no JSON"),
        ("[1]", r"an ARC task is .*, as JSON or a mapping, not \[1\]"),
        (None, "not None"),
        ([[1, 2]], r"not \[\[1, 2\]\]"),
        ({}, "no list of pairs under 'train'"),
        (task(train=[]), "no list of pairs under 'train'"),
        (task(train="pairs"), "no list of pairs under 'train'"),
        (task(test=[]), "no list of pairs under 'test'"),
        (task(train=[1]), "train pair 1 has no 'input'"),
        (task(train=[*SHOWN, {"output": [[1]]}]), "train pair 3 has no 'input'"),
        (task(train=[{"input": [[1]]}]), "train pair 1 has no 'output': a demonstration shows"),
        (task(test=[ASKED, ASKED]), "the task has 2 test pairs, and a problem asks for one grid: leave one in 'test'"),
        (shown([]), r"the input of train pair 1 is \[\]: expected a list of rows"),
        (shown("12a"), "'a' in row 1, column 3 is no colour"),
        (shown([1, 2]), "row 1 is 1: expected a list of colours 0 to 9"),
        (shown([[]]), r"row 1 is \[\]: expected a list of colours"),
        (shown([{}]), "row 1 is {}: expected a list of colours"),
        (shown([[1, 2], [3]]), "row 2 has 1 cells and row 1 has 2: make all rows equally long"),
        (shown([[1, 10]]), "10 in row 1, column 2 is no colour: use 0 to 9"),
        (shown([[1, -1]]), "-1 in row 1, column 2 is no colour"),
        (shown([[1.5]]), "1.5 in row 1, column 1 is no colour"),
        (shown([[True]]), "True in row 1, column 1 is no colour"),
        (shown([[None]]), "None in row 1, column 1 is no colour"),
        (shown([[1] * 6]), "the input of train pair 1 is 1x6, too large for a canvas of 5x5: make it with size=6"),
        (shown([[1]] * 31), "is 31x1, too large for a canvas of 5x5: 30x30 is the most"),
        (task(test=[{"input": [[1]], "output": [[11]]}]), "the output of test pair 1: 11 in row 1, column 1"),
        ("nowhere.json", "cannot read nowhere.json: No such file"),
        ("nowhere.txt", "cannot read nowhere.txt: No such file"),
        ("1" * 20_000_001, "longer than 20,000,000 characters"),
    ],
)
def test_every_fault_has_its_own_message(problem, message):
    with pytest.raises(ProblemError, match=message):
        TASK.encode(problem)


def test_files_of_many_tasks(tmp_path):
    path = tmp_path / "many.json"
    path.write_text(json.dumps({"a": OWN, "b": shown([[1] * 6]), "c": task(test=[ASKED, ASKED]), "d": 3}))
    outside = TASK.read_file(path)
    assert len(outside.problems) == 3
    assert len(outside.skipped) == 2
    assert f"{path}: b: the input of train pair 1 is 1x6" in outside.skipped[0]
    assert f"{path}: d: an ARC task is" in outside.skipped[1]
    path.write_text(json.dumps(OWN))
    assert len(TASK.read_file(path).problems) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [("{}", "it is empty"), ('{"a": 1}', "the first fault: .* a: an ARC task is"), ("", "this is no JSON")],
)
def test_files_that_hold_no_task(tmp_path, text, message):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ProblemError, match=message):
        TASK.read_file(path)


def test_arckits_own_tasks_can_be_handed_in(corpus):
    known = corpus["training"]["25ff71a9"]
    found = pairs(TASK.encode({**known.to_dict(), "test": known.to_dict()["test"][:1]}).solution[0], 5)
    for pair, expected in zip(found, [*known.train[:3], known.test[0]], strict=True):
        assert np.array_equal(pair[0], expected[0])
        assert np.array_equal(pair[1], expected[1])
