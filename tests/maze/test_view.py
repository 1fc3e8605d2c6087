"""Mazes drawn for terminals and as pictures."""

from __future__ import annotations

import numpy as np

from scripts.oracles.maze import ON
from trm_gym.maze import MazeTask


def test_cells_of_a_picture_are_crisp():
    task = MazeTask(65)
    problems = task.generate(1, 1, "train", 0)
    picture = task.draw_rgb(problems, problems.solution[0], "")
    colours = np.unique(picture[20 : 16 + 7 * 65, 20 : 16 + 7 * 65].reshape(-1, 3), axis=0)
    assert len(colours) <= 5, "walls, open cells, the path, start and goal, and no shades between"


def test_terminals_show_walls_ends_and_the_path():
    task = MazeTask(5)
    problems = task.encode("S..#G/.#.#./...#./.#.../.....")
    lines = task.draw_ansi(problems, problems.solution[0]).splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("\x1b[1;32mS \x1b[0m\x1b[34m● \x1b[0m\x1b[34m● \x1b[0m██")
    assert "\x1b[31m" not in "".join(lines)
    assert task.draw_ansi(problems, problems.start[0]).splitlines()[1] == "· ██· ██· "


def test_a_path_that_ends_or_forks_is_red():
    task = MazeTask(5)
    problems = task.encode("S..#G/.#.#./...#./.#.../.....")
    draft = problems.solution[0].copy()
    draft[np.flatnonzero(draft == ON)[2]] = 4
    assert task.draw_ansi(problems, draft).count("\x1b[31m● ") == 2
