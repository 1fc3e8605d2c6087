"""What do rewards teach that labels do not? A network goes on learning by either, for the same processor time.

``python scripts/compare_rewards.py`` starts from one network. ``supervised`` runs the same problems and learns from
labels alone; the others have rewards beside them. Labels of --unlabelled levels are shown to nobody. Measured on test
problems: right greedily, right with several branches of which the draft is taken that fits best what is shown, and
cells that answers have. Every run is a folder that is never done twice.
"""

from __future__ import annotations

import copy
import dataclasses
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint, digest, load_checkpoint
from agents.common.checks import Checked, above_zero, at_least_one
from agents.common.cli import main, save_config
from agents.common.console import Progress
from agents.common.places import Places, writes
from agents.evaluation.metrics import paired_bootstrap
from agents.evaluation.records import write_tables
from agents.evaluation.run_store import CachedRun
from agents.evaluation.tables import difference
from agents.learners.answers import AnswersConfig
from agents.learners.config import LearnerConfig
from agents.learners.grpo import Grpo
from agents.learners.joint import JointConfig, JointGrpo
from agents.rollouts.collect import Rollout, new_problems, run_branches, run_problems
from agents.rollouts.features import feature_count
from agents.rollouts.groups import BranchesConfig
from agents.rollouts.unroll import draw
from curricula import make_curriculum
from trm_gym import make_task
from trm_gym.task import Problems, Task

SCORE = AnswersConfig(worth="score", credit="every_step")
WAYS: dict[str, dict[str, Any]] = {
    "supervised": {"reward": 0.0, "answers": SCORE},
    "rewards": {"answers": SCORE},
    "best": {"answers": dataclasses.replace(SCORE, best=0.25)},
    "mixed": {"answers": dataclasses.replace(SCORE, worth="solved", mixed=True)},
    "halting": {"answers": dataclasses.replace(SCORE, credit="halting")},
}
"""Ways of learning, as changes of the joint setting; the first is what the others are held against."""


@dataclass(frozen=True, kw_only=True)
class Config(Checked):
    """Compare rewards and labels at equal processor time."""

    checkpoint: str = "regression"
    """The network to start from: a folder, or the name of one that comes with the package."""
    levels: tuple[str, ...] = ("nodes9", "three_variables", "constants", "noise1")
    """Levels to learn from, in equal shares, and to be measured on."""
    ways: tuple[str, ...] = ("supervised", "rewards", "best")
    """Ways of learning, some of: supervised, rewards (every step's score beside the other branches'), best (of these
    the best quarter), mixed (right or wrong, groups of both alone), halting (scores at halting steps)."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds of each."""
    seconds: float = 240.0
    """Processor time of each run."""
    rollout: BranchesConfig = field(default_factory=lambda: BranchesConfig(branches=8, max_steps=8))
    """How problems are run while learning."""
    training: LearnerConfig = field(default_factory=lambda: LearnerConfig(groups=16, passes=4))
    """How the halting head is taught beside."""
    joint: JointConfig = field(default_factory=lambda: JointConfig(lr=2e-4, anchor=0.3))
    """How the network is taught."""
    problems: int = 1000
    """Test problems of each level."""
    branches: int = 32
    """Branches of which the best is taken; drafts are sampled in all of them."""
    branch_problems: int = 200
    """Test problems of each level that are run in branches."""
    max_steps: int = 16
    """The budget of steps on test problems."""
    folder: Path | None = None
    """Folder for all results; runs/rewards-TASK by default."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems", "branches", "branch_problems", "max_steps")
        above_zero(self, "seconds")
        if unknown := [name for name in self.ways if name not in WAYS]:
            raise ValueError(f"unknown way {unknown[0]!r}: use some of {', '.join(WAYS)}")
        if not (self.levels and self.ways and self.seeds):
            raise ValueError("name at least one level, way and seed")


def learn(start: Checkpoint, way: str, seed: int, config: Config) -> tuple[Checkpoint, int]:
    """A copy of the network that has learnt for the time given, and its iterations."""
    task, network = make_task(start.task), copy.deepcopy(start.model)
    curriculum = make_curriculum("uniform", [task.level_index(name) for name in config.levels])
    rng, iterations = np.random.default_rng(seed), 0
    grpo = Grpo(config.training, feature_count(network.config.hidden), seed)
    learner = JointGrpo(dataclasses.replace(config.joint, **WAYS[way]), grpo, network, task)
    began = time.process_time()
    with Progress(round(config.seconds), f"{way}, seed {seed}") as bar:
        while (spent := time.process_time() - began) < config.seconds:
            levels = curriculum.sample(config.training.groups, rng)
            rollout = run_branches(network, task, new_problems(task, levels, rng), config.rollout, rng, 1.0)
            metrics = learner.update(rollout)
            iterations += 1
            bar.update(min(round(spent), round(config.seconds)), solved=metrics.scalars["solved_at_full_depth"])
    return dataclasses.replace(start, model=network.requires_grad_(False), heads={}), iterations


def fit_seen(task: Task, problems: Problems, rollout: Rollout) -> NDArray[np.bool_]:
    """Whether the draft of all branches and steps that agrees best with what is shown is right, bool [P].

    Of a task whose answers are right by its rules, or not, the verifier chooses.
    """
    steps = [np.ascontiguousarray(drafts) for drafts in rollout.drafts.numpy().swapaxes(0, 1)]
    if task.tells_misfit:
        worth = [-task.misfit(rollout.problems, drafts) for drafts in steps]
    else:
        worth = [task.verify(rollout.problems, drafts).score for drafts in steps]
    best = np.stack(worth, axis=1).reshape(len(problems), -1).argmax(1)
    return rollout.unroll.solved.numpy().reshape(len(problems), -1)[np.arange(len(problems)), best]


def measure(checkpoint: Checkpoint, config: Config) -> dict[str, dict[str, list[float]]]:
    """Of each level: right greedily, right of several branches, and how many cells the answers have, by problem."""
    task, found = make_task(checkpoint.task), {}
    for name in config.levels:
        problems = draw(task, [task.level_index(name)], config.problems, "test", 0)
        rng = np.random.default_rng(0)
        greedy = run_problems(checkpoint.model, task, problems, 1, config.max_steps, 0.0, rng)
        some = problems[: config.branch_problems]
        noisy = run_problems(checkpoint.model, task, some, config.branches, config.max_steps, 0.0, rng, 0.3, 1.0)
        last = greedy.drafts[:, -1].numpy()
        found[name] = {
            "greedy": greedy.unroll.solved[:, -1].int().tolist(),
            "branches": fit_seen(task, some, noisy).astype(int).tolist(),
            "cells": task.counted(problems, last).sum(1).tolist(),
        }
    return found


def figure(runs: list[dict[str, Any]], level: str, name: str) -> NDArray[np.float64]:
    """A figure of each problem, a row for each seed."""
    return np.array([run["measured"][level][name] for run in runs], dtype=np.float64)


def table(start: dict[str, Any], found: dict[str, list[dict[str, Any]]], levels: tuple[str, ...]) -> dict[str, Any]:
    """Shares right in percent, and what each way is worth beside the first; paired over problems."""
    header = ["level", "learnt by", "right", "minus supervised (95%)", "of branches", "minus supervised (95%)", "cells"]
    rows, first = [], next(iter(found.values()))
    for level in levels:
        for way, runs in {"nothing more": [start], **found}.items():
            cells: list[str] = []
            for name in ("greedy", "branches"):
                mine, theirs = (100 * figure(some, level, name) for some in (runs, first))
                mine = np.broadcast_to(mine, theirs.shape)
                gap = paired_bootstrap(mine, theirs) if runs is not first else None
                cells += [f"{mine.mean():.1f}", difference(gap, 1) if gap else ""]
            rows.append([level, way, *cells, f"{figure(runs, level, 'cells').mean():.1f}"])
    return {"header": header, "rows": rows}


def folder_of(config: Config) -> Path:
    """Where everything goes."""
    return config.folder or Path("runs") / f"rewards-{load_checkpoint(config.checkpoint).task}"


@writes(lambda config: Places([folder_of(config)]))
def run(config: Config) -> None:
    """Every way at every seed, one seed after another; the table as far as it has come."""
    folder, start = folder_of(config), load_checkpoint(config.checkpoint)
    save_config(config, folder / "config.yaml")
    skipped = ("ways", "seeds", "folder", "checkpoint")
    settings = {name: value for name, value in dataclasses.asdict(config).items() if name not in skipped}
    settings["network"] = digest(start)
    before = CachedRun(folder / "start", settings)
    if not before.done:
        before.finish(measured=measure(start, config))
    found: dict[str, list[dict[str, Any]]] = {}
    text = ""
    for seed in config.seeds:
        for way in config.ways:
            cached = CachedRun(
                folder / way / f"seed-{seed}", settings | {"way": dataclasses.asdict(JointConfig(**WAYS[way]))}
            )
            if not cached.done:
                torch.manual_seed(seed)
                learnt, iterations = learn(start, way, seed, config)
                cached.finish(iterations=iterations, measured=measure(learnt, config))
            found.setdefault(way, []).append(cached.read())
        text = write_tables(folder, [table(before.read(), found, config.levels)])
    print(f"{text}\ntable and runs: {folder}")


if __name__ == "__main__":
    main(run, Config)
