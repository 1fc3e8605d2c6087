"""The extractor for SB3's policies shows what the network makes of an observation."""

from __future__ import annotations

import pytest
import torch
from stable_baselines3.common.preprocessing import preprocess_obs

from agents.checkpoint import load_checkpoint
from agents.rollouts.unroll import refine
from agents.sb3.extractor import TRMExtractor
from trm_gym import RefinementEnv, RefinementVectorEnv, make_task

CELLS = 16 * 5


def test_features_are_what_the_network_shows_after_its_steps():
    task = make_task("sudoku4x4")
    problems = task.generate(3, 1, "train", 0)
    envs = RefinementVectorEnv(3, task)
    seen, _ = envs.reset(seed=0, options={"problems": list(problems.problem)})
    space = envs.single_observation_space
    inputs = preprocess_obs({name: torch.as_tensor(part) for name, part in seen.items()}, space)
    found = TRMExtractor(space, "sudoku4x4", steps=3)(inputs)
    *_, last = refine(load_checkpoint("sudoku4x4").model, task, problems, 3)
    likely = found[:, 2 * CELLS : 3 * CELLS].view(3, 16, 5)
    torch.testing.assert_close(likely, last.output.logits.softmax(-1))
    torch.testing.assert_close(found[:, -2], last.output.halt.sigmoid())
    assert found[:, -1].tolist() == [1.0] * 3
    assert torch.equal(found[:, :CELLS].view(3, 16, 5).argmax(-1), torch.from_numpy(problems.problem).long())


def test_other_environments_are_refused():
    with pytest.raises(ValueError, match="made for sudoku4x4"):
        TRMExtractor(RefinementEnv("sudoku6x6").observation_space, "sudoku4x4")
    with pytest.raises(ValueError, match="at least 1"):
        TRMExtractor(RefinementEnv("sudoku4x4").observation_space, "sudoku4x4", steps=0)


def test_a_network_tied_to_no_size_serves_another():
    space = RefinementEnv("sudoku6x6").observation_space
    assert TRMExtractor(space, "sudoku4x4", size=6).features_dim == 3 * 36 * 7 + 2
