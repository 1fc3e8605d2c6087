"""Algorithms of Stable-Baselines3 and sb3-contrib, unmodified, on any of the suite's three grains.

python scripts/train_sb3.py --algorithm ppo --checkpoint sudoku6x6 --level clues8-10    when to stop a network
python scripts/train_sb3.py --grain answer --algorithm a2c --task sudoku4x4             whole answers
python scripts/train_sb3.py --preset cell-maskable-ppo                                  one cell at a time
python scripts/train_sb3.py --preset cell-dqn                                           the same, without masks

Teaches on the train split; measures on another, before and after, by the exact reward without discount.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gymnasium
import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from rich.console import Console
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecMonitor, VecNormalize

from agents.common.checks import Checked, a_share, above_zero, at_least_one
from agents.common.cli import main, save_config
from agents.common.console import Progress
from agents.common.places import Places, writes
from agents.common.signals import ending
from agents.common.tensor_file import save_tensors
from agents.envs.dataset import load_dataset
from agents.envs.halting import HaltingVectorEnv
from agents.envs.play import play
from agents.evaluation.metrics import wilson
from agents.halting.outcomes import returns, solved_at
from agents.rollouts.dataset import RolloutDataset
from agents.rollouts.unroll import Unroll
from agents.sb3.algorithms import check_plays, make_learner
from agents.sb3.curves import curves
from agents.sb3.progress import ShowProgress
from agents.sb3.shaped_reward import ShapedReward
from agents.sb3.vec_env import TRMVecEnv
from trm_gym.atomic_io import atomic_write
from trm_gym.env import RefinementEnv
from trm_gym.reward import Price
from trm_gym.vector import RefinementVectorEnv
from trm_gym.wrappers import EditCells


@dataclass(frozen=True)
class Config(Checked):
    """Teach an algorithm of Stable-Baselines3."""

    grain: Literal["halt", "answer", "cell"] = "halt"
    """What an action is: stop or go on, a whole answer, or one cell of it."""
    algorithm: Literal["ppo", "a2c", "dqn", "recurrent_ppo", "maskable_ppo"] = "ppo"
    """Algorithm that learns. One that cannot take a grain's actions is an error that lists those that can."""
    checkpoint: str = "sudoku6x6"
    """The network that is to be stopped: a folder, or the name of one that comes with the package (halt only)."""
    task: str = "sudoku4x4"
    """The task (answer and cell only; a checkpoint brings its own)."""
    level: str | None = None
    """Level of the problems; the task's default where none is named."""
    timesteps: int = 500_000
    """Steps of the environment to learn from."""
    price: float = 0.1
    """The price of thinking (lambda), of the whole budget."""
    max_steps: int = 16
    """The budget of steps; on the cell grain two edits for each free cell instead."""
    reward: Literal["exact", "graded", "progress", "shaped"] = "exact"
    """What is paid while it learns (answer and cell). The measurement is always exact. shaped (cell only) pays what
    comes nearer to the known solution, for tasks without a partial score."""
    gamma: float = 1.0
    """The discount while it learns. Below 1 it is a second price of time, but on cells, where reward=progress pays a
    right edit at once, 0.5 is what learns. The measurement is never discounted."""
    slots: int = 64
    """Environments side by side."""
    problems: int = 20_000
    """Training problems of the dataset (halt only)."""
    test_problems: int = 5000
    """Problems of the split that is measured on. On the answer and cell grains it is a tenth of them."""
    measured: Literal["validation", "test"] = "test"
    """The split that is measured on: validation as long as settings are being chosen."""
    seed: int = 0
    """Random seed of learner and environments."""
    cache: Path = Path("runs/rollouts")
    """The folder in which graded runs are kept (halt only)."""
    folder: Path | None = None
    """Folder for all results. None: runs/sb3-GRAIN-ALGORITHM-SEED."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_plays(self.grain, self.algorithm)
        at_least_one(self, "timesteps", "max_steps", "slots", "problems", "test_problems")
        if self.reward == "shaped" and self.grain != "cell":
            raise ValueError("shaped rewards are paid for single cells: use --grain cell, or another --reward")
        above_zero(self, "gamma")
        a_share(self, "gamma")
        _ = self.step_cost  # a price that no environment takes is refused at once

    @property
    def step_cost(self) -> float:
        """What one step costs."""
        return Price(self.price, self.max_steps).step_cost


def learner(config: Config, envs: VecEnv) -> BaseAlgorithm:
    """The algorithm, fresh."""
    return make_learner(config.grain, config.algorithm, envs, config.timesteps, config.gamma, config.seed)


def teach(model: BaseAlgorithm, config: Config, folder: Path) -> None:
    """Learn for ``config.timesteps`` steps; curves for TensorBoard, weights as safetensors."""
    with curves(model, folder / "tensorboard"), ending() as asked, Progress(config.timesteps, config.algorithm) as bar:
        model.learn(config.timesteps, callback=ShowProgress(bar, asked))
        told = {"algorithm": config.algorithm} | ({"timesteps": model.num_timesteps} if asked else {})
        tensors = dict(model.policy.state_dict())
        if (seen := model.get_vec_normalize_env()) is not None:  # what a policy sees is scaled by these
            tensors |= {
                f"observations.{name}": torch.as_tensor(getattr(seen.obs_rms, name)) for name in ("mean", "var")
            }
        save_tensors(folder / "policy.safetensors", tensors, told)
        if asked:  # their own states are pickles, which nothing here reads
            kept = f"the weights after step {model.num_timesteps:,} of {config.timesteps:,} are in {folder}"
            asked.end(f"{kept}; the same command learns from the beginning")


def halt(config: Config, folder: Path, console: Console) -> dict[str, Any]:
    """When to stop: learnt on runs of the train split, measured on every run of both splits."""

    def dataset(split: str, problems: int) -> RolloutDataset:
        console.print(f"{problems:,} {split} problems: from {config.cache}, or run now", highlight=False)
        settings = (config.level, split, problems, config.max_steps, config.price)
        with ending():
            return load_dataset(config.checkpoint, *settings, cache=config.cache)

    train, test = dataset("train", config.problems), dataset(config.measured, config.test_problems)
    native = HaltingVectorEnv(config.slots, train, autoreset_mode=AutoresetMode.SAME_STEP)
    # Rewards stay as they are: scaled by a running mean, the price of time would change while it is learnt.
    envs = VecNormalize(VecMonitor(TRMVecEnv(native)), norm_reward=False, gamma=1.0)
    model = learner(config, envs)
    untrained = stopped(model, envs, test.unroll, config.price)
    teach(model, config, folder)
    envs.training = False
    return {
        "untrained": untrained,
        "fixed": fixed(train.unroll, test.unroll, config.price),
        "train": stopped(model, envs, train.unroll, config.price),
        "measured": stopped(model, envs, test.unroll, config.price),
    }


def fixed(train: Unroll, test: Unroll, price: float) -> dict[str, float]:
    """What the best policy that looks at nothing is worth on ``test``: the number of steps that ``train`` pays most."""
    solved = train.solved.numpy()
    paid = [returns(solved, np.full(len(train), step), price).mean() for step in range(1, train.max_steps + 1)]
    solved, steps = test.solved.numpy(), np.full(len(test), int(np.argmax(paid)) + 1)
    return summary(solved_at(solved, steps), steps, returns(solved, steps, price))


def stopped(model: BaseAlgorithm, envs: VecNormalize, runs: Unroll, price: float) -> dict[str, float]:
    """What a model's first choices are worth on every problem."""
    state: Any = None

    def act(seen: np.ndarray) -> np.ndarray:
        nonlocal state
        starts = np.full(len(seen), state is None)
        actions, state = model.predict(np.asarray(envs.normalize_obs(seen)), state, starts, deterministic=True)
        return actions

    steps, solved = play(act, runs, price), runs.solved.numpy()
    return summary(solved_at(solved, steps), steps, returns(solved, steps, price))


def summary(solved: np.ndarray, steps: np.ndarray, worth: np.ndarray) -> dict[str, float]:
    """Means over problems of what came of each, all [n]; the share of right ones with its 95% interval."""
    accuracy, low, high = wilson(int(solved.sum()), len(solved))
    means = {"steps": float(steps.mean()), "return": float(worth.mean())}
    return {"accuracy": accuracy, "low": low, "high": high, **means, "n": len(solved)}


def answer(config: Config, folder: Path, console: Console) -> dict[str, Any]:
    """Whole answers."""

    def envs(slots: int, split: str, reward: str) -> VecEnv:
        task, cost, mode = config.task, config.step_cost, AutoresetMode.SAME_STEP
        native = RefinementVectorEnv(
            slots, task, config.level, split, config.max_steps, cost, reward, autoreset_mode=mode
        )
        return VecMonitor(TRMVecEnv(native))

    return drafted(config, folder, envs)


def cell(config: Config, folder: Path, console: Console) -> dict[str, Any]:
    """One cell at a time."""

    def made(split: str, reward: str) -> gymnasium.Env:
        paid, wrap = ("exact", ShapedReward) if reward == "shaped" else (reward, lambda env: env)
        env = RefinementEnv(config.task, config.level, split, config.max_steps, config.step_cost, paid)
        return wrap(EditCells(env))

    def envs(slots: int, split: str, reward: str) -> VecEnv:
        return VecMonitor(DummyVecEnv([lambda: made(split, reward)] * slots))

    return drafted(config, folder, envs)


def drafted(config: Config, folder: Path, envs: Callable[[int, str, str], VecEnv]) -> dict[str, Any]:
    """Learn on the train split, then play it and the split that is measured on, one episode per slot."""
    model = learner(config, envs(config.slots, "train", config.reward))
    count = -(-config.test_problems // 10)

    def measured(split: str) -> dict[str, float]:
        return played(model, envs(count, split, "exact"), config)

    untrained = measured(config.measured)
    teach(model, config, folder)
    return {"untrained": untrained, "train": measured("train"), "measured": measured(config.measured)}


def played(model: BaseAlgorithm, envs: VecEnv, config: Config) -> dict[str, float]:
    """What a model's first choices are worth in the first episode of every slot."""
    envs.seed(config.seed)
    seen: Any = envs.reset()
    last: dict[int, dict[str, Any]] = {}
    masked = config.algorithm == "maskable_ppo"
    while len(last) < envs.num_envs:
        extra: Any = {"action_masks": np.stack(envs.env_method("action_masks"))} if masked else {}
        actions, _ = model.predict(seen, deterministic=True, **extra)
        seen, _, ended, infos = envs.step(actions)
        for slot in np.flatnonzero(ended).tolist():
            last.setdefault(slot, infos[slot])
    return summary(
        np.array([info["solved"] for info in last.values()]),
        np.array([info["episode"]["l"] for info in last.values()]),
        np.array([info["episode"]["r"] for info in last.values()]),
    )


GRAINS = {"halt": halt, "answer": answer, "cell": cell}


MEASUREMENTS = {
    "untrained": "{}, before learning",
    "fixed": "{}, best fixed number of steps",
    "train": "train",
    "measured": "{}",
}
"""Everything that is measured, in words."""


def sentence(found: dict[str, float]) -> str:
    """A measurement as it is printed."""
    return (
        f"{found['accuracy']:.1%} right (95% interval {found['low']:.1%} to {found['high']:.1%}) after "
        f"{found['steps']:.2f} steps, return {found['return']:.3f}, {found['n']:,} problems"
    )


MASKED = Config("cell", "maskable_ppo", level="clues10-12", reward="progress", gamma=0.5, timesteps=100_000)
PRESETS = {
    "halt": Config(),
    "answer": Config("answer", level="clues10-12", reward="graded"),
    "cell-maskable-ppo": MASKED,
    "cell-dqn": dataclasses.replace(MASKED, algorithm="dqn", timesteps=150_000),
}
"""Starting points. On cells a right edit is paid at once, so that a discount costs little there."""


def folder_of(config: Config) -> Path:
    """Where everything goes."""
    return config.folder or Path("runs") / f"sb3-{config.grain}-{config.algorithm}-{config.seed}"


@writes(lambda config: Places([folder_of(config)]))
def run(config: Config) -> None:
    """Teach, measure, write what came of it."""
    folder = folder_of(config)
    save_config(config, folder / "config.yaml")
    console = Console()
    began = time.perf_counter()
    found = GRAINS[config.grain](config, folder, console)
    result = {"grain": config.grain, "algorithm": config.algorithm, "price": config.price, **found}
    result["seconds"] = time.perf_counter() - began
    atomic_write(folder / "result.json", json.dumps(result, indent=2) + "\n")
    for name, words in MEASUREMENTS.items():
        if name in found:
            console.print(f"{words.format(config.measured)}: {sentence(found[name])}", highlight=False)
    console.print(f"result, curves and weights: {folder}", highlight=False)


if __name__ == "__main__":
    main(run, Config, PRESETS, first="algorithm grain checkpoint task level timesteps price reward gamma folder")
