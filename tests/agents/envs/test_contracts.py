"""What the halting environment promises: a render mode that is none, word of what takes long, one action at a time."""

from __future__ import annotations

from pathlib import Path

import gymnasium
import numpy as np
import pytest

from agents.envs.halting import HaltingEnv, HaltingVectorEnv
from tests.agents.envs.test_halting import BUDGET, small
from tests.agents.synthetic import dataset, varied
from tests.scripts.checkpoints import untrained


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("checkpoints"))


def test_no_picture_is_asked_for(checkpoint):
    for made in (
        gymnasium.make("agents:TRM-Halt-v0", **small(checkpoint), render_mode=None),
        gymnasium.make_vec("agents:TRM-Halt-v0", num_envs=2, **small(checkpoint), render_mode=None),
        HaltingEnv(dataset(varied(3, BUDGET), 0.01), render_mode=None),
    ):
        assert made.render_mode is None
    for mode in ("ansi", "rgb_array", "human"):
        with pytest.raises(ValueError, match=f"unknown render_mode '{mode}': this environment draws nothing"):
            HaltingEnv(dataset(varied(3, BUDGET), 0.01), render_mode=mode)
        with pytest.raises(ValueError, match="this environment draws nothing"):
            gymnasium.make_vec("agents:TRM-Halt-v0", num_envs=2, checkpoint="nowhere", render_mode=mode)


def test_what_making_it_runs_is_said(checkpoint, capfd):
    gymnasium.make("agents:TRM-Halt-v0", **small(checkpoint, problems=11))
    out, said = capfd.readouterr()
    assert "running 11 problems of sudoku4x4, level clues6-8, to play on: " in said and "second" in said and not out
    gymnasium.make("agents:TRM-Halt-v0", **small(checkpoint, problems=11))
    assert not capfd.readouterr().err, "they are there already"


@pytest.mark.parametrize("action", [2, -1, 0.5, None, "1", [1], np.zeros((1, 1), int), True])
def test_one_environment_speaks_of_one_action(action, unchecked):
    env = HaltingEnv(dataset(varied(3, BUDGET), 0.01))
    env.reset(seed=0)
    with pytest.raises(ValueError) as refused:
        env.step(action)
    told = str(refused.value)
    assert told.startswith("an action is 0 (go on) or 1 (stop): ")
    assert not any(word in told for word in ("shape", "(1,)", "environment"))
    envs = HaltingVectorEnv(3, dataset(varied(3, BUDGET), 0.01))
    envs.reset(seed=0)
    with pytest.raises(ValueError, match=r"every environment takes one: expected integers of shape \(3,\)"):
        envs.step(action)
