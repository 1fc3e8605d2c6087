"""Problems in files, whatever the task."""

from __future__ import annotations

import numpy as np
import pytest

from trm_gym.errors import ProblemError
from trm_gym.registration import TASKS, make_task


@pytest.mark.parametrize("name", TASKS)
def test_a_path_in_any_form_stands_for_the_problem_in_the_file(name, tmp_path):
    task, path = make_task(name), tmp_path / "mine.txt"
    problem = task.generate(1, 1, "test", 0).problem[0]
    path.write_text(task.decode(problem) + "\n", encoding="utf-8")
    for form in (path, str(path), f" {path}\n"):
        assert np.array_equal(task.encode(form).problem[0], problem)


@pytest.mark.parametrize("name", TASKS)
def test_a_file_that_cannot_be_read_is_named(name, tmp_path):
    task, path = make_task(name), tmp_path / "mine.txt"
    for read in (task.encode, task.read_file):
        with pytest.raises(ProblemError, match=r"cannot read .*mine\.txt: No such file"):
            read(path)
    path.write_bytes(b"\xff\xfe\x00")
    for read in (task.encode, task.read_file):
        with pytest.raises(ProblemError, match=r"mine\.txt.*: not a text file"):
            read(path)
    with pytest.raises(ProblemError, match="cannot read"):
        task.encode("\0.txt")
    with pytest.raises(ProblemError, match="cannot read"):
        task.encode(tmp_path)
