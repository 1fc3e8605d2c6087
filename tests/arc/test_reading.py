"""ARC's tasks as people write and print them, and drawings of them."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from trm_gym import make_task
from trm_gym.errors import ProblemError

TASK = make_task("arc10x10")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
ONE = TASK.generate(1, 0, "train", 0)
GIVEN = json.loads(TASK.decode(ONE.problem[0]))


def turned(turn) -> dict:
    """The task with another form of its grids."""
    return {part: [{side: turn(grid) for side, grid in pair.items()} for pair in GIVEN[part]] for part in GIVEN}


@pytest.mark.parametrize(
    "form",
    [
        lambda: "\ufeff" + json.dumps(GIVEN),
        lambda: str(GIVEN),
        lambda: f"task = {GIVEN}",
        lambda: "```json\n" + json.dumps(GIVEN, indent=1) + "\n```",
        lambda: json.dumps([GIVEN]),
        lambda: json.dumps({"007bbfb7": GIVEN}),
        lambda: json.dumps({"data": {"a": GIVEN}}),
        lambda: json.dumps({part.upper(): GIVEN[part] for part in GIVEN}),
        lambda: {**GIVEN, "test": GIVEN["test"][0]},
        lambda: {**GIVEN, "test": [{**GIVEN["test"][0], "output": None}]},
        lambda: {**GIVEN, "test": [{**GIVEN["test"][0], "output": []}]},
        lambda: {part: [tuple(pair.values()) if part == "train" else pair for pair in GIVEN[part]] for part in GIVEN},
        lambda: turned(np.array),
        lambda: turned(lambda grid: np.array(grid, float).tolist()),
        lambda: turned(lambda grid: [[np.int64(cell) for cell in row] for row in grid]),
        lambda: turned(lambda grid: "\n".join(" ".join(map(str, row)) for row in grid)),
        lambda: json.dumps(turned(lambda grid: "\n".join("".join(map(str, row)) for row in grid))),
        lambda: json.dumps(turned(lambda grid: "/".join("".join(map(str, row)) for row in grid))),
        lambda: turned(lambda grid: str(np.array(grid))),
        lambda: turned(lambda grid: [" ".join(map(str, row)) for row in grid]),
    ],
)
def test_ways_of_writing_a_task(form):
    assert np.array_equal(TASK.encode(form()).problem, ONE.problem)


def test_a_drawing_of_any_draft_is_its_problem():
    rng = np.random.default_rng(0)
    for level in range(len(TASK.levels)):
        problems = TASK.generate_at_most(6, level, "test", 1)
        for one in (problems[slice(at, at + 1)] for at in range(len(problems))):
            noise = np.where(one.free[0], rng.integers(0, 12, TASK.length), one.problem[0]).astype(np.uint8)
            for draft in (one.start[0], one.solution[0], noise, np.stack([noise, one.solution[0]])):
                text = COLOURS.sub("", TASK.draw_ansi(one, draft))
                for written in (text, "\n".join(map(str.rstrip, text.split("\n"))), text.replace("->", "→")):
                    assert np.array_equal(TASK.encode(written).problem, one.problem), written
                # A draft is no solution: it must not come to be what answers are held against.
                assert not TASK.verify(TASK.encode(text), one.solution).solved.any()


def test_of_two_drafts_the_later_is_drawn_with_what_it_changed():
    two = np.stack([ONE.start[0], ONE.solution[0]])
    alone, both = TASK.draw_ansi(ONE, ONE.solution[0]), TASK.draw_ansi(ONE, two)
    assert COLOURS.sub("", both) == COLOURS.sub("", alone)
    assert both.count("\x1b[4m") == len(TASK.draft_text(ONE.solution[0]).translate(str.maketrans("", "", "[], ")))
    assert "\x1b[4m" not in alone
    assert not np.array_equal(TASK.draw_rgb(ONE, two, ""), TASK.draw_rgb(ONE, two[::-1].copy(), ""))
    alone, both = TASK.draw_rgb(ONE, two[1], ""), TASK.draw_rgb(ONE, two, "")
    assert 0 < (alone != both).any(2).mean() < 0.1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1 -> 1 0", "a drawing shows at least one pair, an empty line, and the input"),
        ("0 1 -> 1 0\n1 1\n\n2 2 ->", "line 2 has no arrow"),
        ("0 1 -> 1 a\n\n2 2 ->", "'a' in row 1, column 2 is no colour"),
        ("0 1 -> 1\n0 1 -> 1 0\n\n2 2 ->", "row 2 has 2 cells and row 1 has 1"),
        (json.dumps(GIVEN["train"]), "these are pairs without a task around them"),
        (json.dumps([GIVEN, GIVEN]), "2 tasks found: give one"),
        (json.dumps({"a": GIVEN, "b": GIVEN}), "2 tasks found: give one"),
        ("__import__('os').system('true')", "this is no JSON"),
    ],
)
def test_what_is_no_task_is_refused(text, message):
    with pytest.raises(ProblemError, match=message):
        TASK.encode(text)


def test_files_of_many(tmp_path):
    line = json.dumps(GIVEN)
    forms = (f"{line}\n{line}\n", f"[{line},\n{line}]", json.dumps({"a": GIVEN, "b": GIVEN}), f"{GIVEN}\n{GIVEN}")
    for number, text in enumerate(forms):
        path = tmp_path / f"{number}.json"
        path.write_text(text, encoding="utf-16")
        read = TASK.read_file(path)
        assert len(read.problems) == 2 and (read.problems.problem == ONE.problem).all() and not read.skipped
