"""Minari collects a network's refinement: `make ecosystem-minari`. What is read back is played again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import trm_gym
from tests.ecosystems.page import run_block

minari = pytest.importorskip("minari", reason='minari is not installed: pip install -e ".[minari]"')
pytestmark = pytest.mark.filterwarnings("default")  # others' warnings are not ours to mend


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    run_block("Minari")
    dataset = minari.load_dataset("trm/sudoku6x6/grpo-v0")
    assert dataset.total_episodes == 10
    env, task = dataset.recover_environment(), trm_gym.make_task("sudoku6x6")
    lengths, solved = [], []
    for seed, episode in enumerate(dataset.iterate_episodes()):
        seen, actions = episode.observations, episode.actions
        assert np.array_equal(env.reset(seed=seed)[0]["problem"], seen["problem"][0])
        for step, action in enumerate(actions):
            shown, reward, ended, truncated, _ = env.step(action)
            assert reward == episode.rewards[step] and ended == episode.terminations[step] and not truncated
            assert np.array_equal(shown["answer"], seen["answer"][step + 1])
        problems = task.encode(seen["problem"][0])
        right = task.verify(problems, seen["answer"][-1:].astype(np.uint8)).solved[0]
        assert sum(episode.rewards) == pytest.approx(right - 0.1 * len(actions) / 16)
        assert episode.terminations.tolist() == [False] * (len(actions) - 1) + [True]
        lengths.append(len(actions))
        solved.append(right)
    assert len(set(lengths)) > 1 and any(solved)
