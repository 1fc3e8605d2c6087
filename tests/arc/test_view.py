"""Pairs drawn for terminals and as pictures."""

from __future__ import annotations

import numpy as np

from trm_gym.arc import ArcTask

TASK = ArcTask(5)
PROBLEMS = TASK.encode(
    {"train": [{"input": [[1, 0], [0, 2]], "output": [[2]]}], "test": [{"input": [[3, 4]], "output": [[4, 3]]}]}
)


def plain(text: str) -> str:
    parts = text.split("\x1b[")
    return parts[0] + "".join(part.partition("m")[2] for part in parts[1:])


def test_terminals_show_pair_below_pair():
    shown = plain(TASK.draw_ansi(PROBLEMS, PROBLEMS.solution[0]))
    assert shown == "1 0   ->  2 \n0 2   ->    \n\n3 4   ->  4 3 "


def test_blank_cells_are_dots():
    lines = plain(TASK.draw_ansi(PROBLEMS, PROBLEMS.start[0])).split("\n")
    assert lines[-5:] == ["3 4   ->  · · · · · ", *["      ->  · · · · · "] * 4]


def test_pictures_show_the_draft_in_colour():
    picture = TASK.draw_rgb(PROBLEMS, PROBLEMS.solution[0], "")
    for colour in ((230, 60, 50), (60, 170, 70), (250, 215, 40)):
        assert (picture == np.array(colour)).all(axis=-1).any()
    assert not (picture == np.array((205, 205, 205))).all(axis=-1).any()
    assert (TASK.draw_rgb(PROBLEMS, PROBLEMS.start[0], "") == np.array((205, 205, 205))).all(axis=-1).any()


def test_the_largest_canvas_is_drawn_without_lines_in_one_size():
    task = ArcTask(30)
    grid = np.arange(900).reshape(30, 30) % 10
    problems = task.encode({"train": [{"input": grid, "output": grid}], "test": [{"input": grid, "output": [[1]]}]})
    shapes = {task.draw_rgb(problems, draft, "").shape for draft in (problems.start[0], problems.solution[0])}
    assert len(shapes) == 1
