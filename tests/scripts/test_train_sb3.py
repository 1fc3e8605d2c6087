"""scripts/train_sb3.py: every algorithm plays its grain, PPO learns to stop, and refusals say what to do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.vec_env import VecMonitor, VecNormalize

from agents.common.cli import load_config, main
from agents.common.tensor_file import load_tensors
from agents.envs.halting import HaltingVectorEnv
from agents.sb3.algorithms import PLAYED
from agents.sb3.vec_env import TRMVecEnv
from scripts.train_sb3 import PRESETS, Config, fixed, learner, run, stopped
from tests.agents.synthetic import dataset, made_up, varied
from tests.scripts.checkpoints import untrained

SMALL = "--timesteps 400 --slots 4 --max-steps 3 --problems 20 --test-problems 20 --folder run".split()


@pytest.fixture
def teach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The script in an empty folder, run with these words; its result."""
    monkeypatch.chdir(tmp_path)
    place = str(untrained(tmp_path))

    def call(*words: str) -> dict:
        main(run, Config, PRESETS, args=["--checkpoint", place, *SMALL, *words])
        return json.loads((tmp_path / "run" / "result.json").read_text())

    return call


@pytest.mark.parametrize("algorithm", PLAYED["halt"])
def test_each_stops_a_network(teach, tmp_path: Path, algorithm: str):
    result = teach("--algorithm", algorithm, "--level", "clues6-8")
    assert result["algorithm"] == algorithm and result["measured"]["n"] == 20 and 1 <= result["measured"]["steps"] <= 3
    for measured in ("untrained", "fixed", "train", "measured"):
        found = result[measured]
        assert found["return"] == pytest.approx(found["accuracy"] - 0.1 * found["steps"] / 3)
        assert 0 <= found["low"] <= found["accuracy"] <= found["high"] <= 1
    assert load_config(tmp_path / "run" / "config.yaml", Config()).algorithm == algorithm
    assert any((tmp_path / "run" / "tensorboard").iterdir())
    weights, note = load_tensors(tmp_path / "run" / "policy.safetensors")
    assert weights and note == {"algorithm": algorithm}


@pytest.mark.parametrize("algorithm", PLAYED["answer"])
@pytest.mark.parametrize(("task", "level"), [("sudoku4x4", "clues10-12"), ("arithmetic", "sum2")])
def test_each_writes_answers(teach, algorithm: str, task: str, level: str):
    result = teach("--grain", "answer", "--algorithm", algorithm, "--task", task, "--level", level)
    assert result["measured"]["n"] == 2 and 1 <= result["measured"]["steps"] <= 3


@pytest.mark.parametrize("algorithm", PLAYED["cell"])
def test_each_edits_cells(teach, algorithm: str):
    pytest.importorskip("trm_gym.wrappers")
    result = teach("--grain", "cell", "--algorithm", algorithm, "--level", "clues10-12")
    assert result["measured"]["n"] == 2 and 0 <= result["measured"]["steps"] <= 12


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_play(teach, capsys: pytest.CaptureFixture[str], preset: str):
    result = teach("--preset", preset, "--level", "clues10-12")
    assert {"untrained", "train", "measured"} <= set(result)
    assert "test, before learning: " in capsys.readouterr().out


def test_the_best_fixed_number_of_steps_is_chosen_on_the_train_split():
    """In train all drafts are right from step 3 on, in test from step 2 on: step 3 costs 3/8 of the price."""
    train, test = made_up(np.full(50, 3)), made_up(np.full(40, 2))
    found = fixed(train, test, 0.4)
    assert found["accuracy"] == 1 and found["steps"] == 3 and found["n"] == 40
    assert found["return"] == pytest.approx(1 - 0.4 * 3 / 8)


def test_ppo_learns_to_stop():
    """A fresh policy stops by its bias alone; a taught one comes close to the best there is, on problems held out."""
    price = 0.4
    config = Config(timesteps=25_000, slots=64)
    train, test = varied(400, seed=0), varied(400, seed=1)
    native = HaltingVectorEnv(
        config.slots, dataset(train, price / train.max_steps), autoreset_mode=AutoresetMode.SAME_STEP
    )
    envs = VecNormalize(VecMonitor(TRMVecEnv(native)), norm_reward=False, gamma=1.0)
    model = learner(config, envs)
    before = stopped(model, envs, test, price)["return"]
    model.learn(config.timesteps)
    envs.training = False
    after = stopped(model, envs, test, price)["return"]
    right = test.solved.any(1)
    first = test.solved.int().argmax(1) + 1
    best = (right.float() - price / 8 * torch.where(right, first, 1)).mean().item()
    assert before < best - 0.15 and after > best - 0.05


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--grain", "answer", "--algorithm", "dqn"], "dqn does not play the answer grain: use one of ppo, a2c"),
        (["--gamma", "1.5"], "gamma must be from 0 to 1"),
        (["--timesteps", "0"], "timesteps must be at least 1"),
        (["--checkpoint", "nowhere"], "no checkpoint at nowhere"),
        (["--level", "hard"], "unknown level 'hard'"),
    ],
)
def test_bad_settings_end_in_one_line(teach, capsys: pytest.CaptureFixture[str], words: list[str], match: str):
    with pytest.raises(SystemExit) as stopped:
        teach(*words)
    assert stopped.value.code == 2
    assert match in capsys.readouterr().err


def test_a_guide_helps_where_a_task_has_no_score_of_half_an_answer(teach, capsys: pytest.CaptureFixture[str]):
    words = "--grain cell --algorithm maskable_ppo --task arithmetic --level sum2 --measured validation".split()
    result = teach(*words, "--reward", "shaped")
    assert result["measured"]["n"] == 2
    assert "validation, before learning: " in capsys.readouterr().out
    with pytest.raises(ValueError, match="use --grain cell"):
        Config("answer", reward="shaped")
