"""Pictures of every task: one size, crisp to whoever asks twice, and the draft in them."""

from __future__ import annotations

import numpy as np
import pytest

from trm_gym.registration import TASKS, make_task


@pytest.mark.parametrize("name", [*TASKS, "maze5x5", "maze30x30", "maze65x65"])
def test_pictures_have_one_size_and_show_draft_and_caption(name):
    task = make_task(name)
    problems = task.generate(1, 1, "train", 0)
    before = task.draw_rgb(problems, problems.start[0], "step 0 of 16")
    after = task.draw_rgb(problems, problems.solution[0], "step 1 of 16")
    assert before.dtype == np.uint8
    assert before.ndim == 3
    assert before.shape == after.shape == task.draw_rgb(problems, problems.start[0], "").shape
    assert before.shape[2] == 3
    assert (before != after).any()
    assert (after != task.draw_rgb(problems, problems.solution[0], "step 2 of 16")).any()
    after[:] = 0  # The picture is the caller's own.
