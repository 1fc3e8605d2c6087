"""The main job: teach a network's halting head by GRPO when to stop, and show how well it stops.

``python scripts/grpo.py --preset sudoku6x6`` pretrains a network (or takes ``--checkpoint``), teaches the head on
levels that a curriculum chooses, and on the same drafts the heads it is compared with, and evaluates them all. The same
command goes on with an interrupted run. By ``torchrun scripts/grpo.py`` processes share the groups.
"""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
import torch
from rich.console import Console

from agents.checkpoint import CONFIG_FILE, Checkpoint, save_checkpoint
from agents.common.acceleration import AccelerationConfig, Numerics, accelerate, solving_pass
from agents.common.checks import at_least_one
from agents.common.cli import main, save_config
from agents.common.console import Progress, announce
from agents.common.curves import by_level, shared_curves
from agents.common.finite import kept, told
from agents.common.kept_states import GoingBack, KeptStates, newest_state, noted_scale, save_state, scale_note
from agents.common.launch import is_first
from agents.common.places import Places, writes
from agents.common.processes import ALONE, Processes, joined
from agents.common.signals import UNENDED, TimeLimit, ending
from agents.common.state_form import check_form, check_settings, restoring
from agents.common.tensor_file import load_note, load_tensors
from agents.common.tensors import Tensors, nest, unnest
from agents.evaluation.evaluate import evaluate_checkpoint, unmeasured
from agents.evaluation.figures import curriculum_figure
from agents.evaluation.protocol import EvaluationConfig
from agents.halting.restart_head import Head, RestartPolicy
from agents.inference.showing import draw_level
from agents.learners.config import LearnerConfig
from agents.learners.curves import SHOWN, charts, log
from agents.learners.grpo import Grpo
from agents.learners.joint import JointConfig, JointGrpo, check_joint
from agents.learners.registry import LEARNERS, SMALLER, check_learners, make_learner, train_head
from agents.pretraining.config import PretrainConfig, describe
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.run import start_from
from agents.rollouts.collect import Rollout, as_tensors, new_problems, run_branches
from agents.rollouts.dataset import RolloutDataset, read_unroll
from agents.rollouts.groups import RESTARTING, BranchesConfig
from agents.rollouts.unroll import BATCH, Unroll, unroll
from curricula import CurriculumName, make_curriculum
from trm_gym import make_task

STATE_FILE = "grpo.safetensors"
COMPARED = ("bce", "two_heads", "expected")
"""Heads that are taught on the same drafts, to be compared with."""


@dataclass(frozen=True, kw_only=True)
class Config(BranchesConfig, TimeLimit, KeptStates):
    """Teach a network when to stop."""

    checkpoint: str | None = None
    """A pretrained network to start from: a folder, or the name of one that comes with the package."""
    levels: tuple[str, ...]
    """Levels to learn halting on, from easy to hard."""
    learner: str = "grpo"
    """The learner that teaches the halting head: grpo, reinforce, rloo, pondernet, expected, bce, two_heads; and
    grpo_restarts, which also says when to start afresh (--branches 6 --branching restarts, for mazes forms)."""
    setting: Literal["frozen", "joint"] = "frozen"
    """Whether the network stays as it is (frozen), or goes on learning beside its halting head (joint)."""
    curriculum: CurriculumName = "learnability"
    """How levels are chosen. fixed: by --mixture, or one after another; hardest_first: one easier after another."""
    mixture: tuple[float, ...] = ()
    """A weight for each level. Only for --curriculum fixed."""
    seed: int = 0
    """Random seed of the run. Pretraining has a seed of its own."""
    folder: Path | None = None
    """Folder for all results. None: runs/LEARNER-TASK-SETTING-SEED."""
    save_every: int = 20
    """Iterations between two resumable states."""
    training: LearnerConfig = field(default_factory=LearnerConfig)
    """How the halting head is taught."""
    joint: JointConfig = field(default_factory=JointConfig)
    """How the network is taught in the joint setting."""
    evaluation: EvaluationConfig
    """The evaluation at the end: one table per level, at the budget that halting was learnt at."""
    pretrain: PretrainConfig
    """How the network is pretrained where no checkpoint is given."""
    acceleration: AccelerationConfig = field(default_factory=lambda: AccelerationConfig(bfloat16="off"))
    """What makes rollouts fast. The numbers that halting heads see stay in float32."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "save_every")
        check_learners([self.learner], self.training)
        if LEARNERS[self.learner].acts > 2 and (self.branches < 2 or self.branching not in RESTARTING):
            raise ValueError(f"{self.learner} learns on several starts: --branches 6 --branching restarts (or forms)")
        check_joint(self.setting, self.learner, self.branches, self.joint)
        if not self.evaluation.level:
            raise ValueError("name at least one level for the evaluation (--evaluation.level)")
        if self.mixture and self.curriculum != "fixed":
            raise ValueError(f"--mixture is for --curriculum fixed, not for {self.curriculum}")


def preset(task: str, levels: tuple[str, ...], tested: tuple[str, ...], **settings: Any) -> Config:
    """The settings for a task: learnt on ``levels``, evaluated on ``tested``."""
    return Config(levels=levels, pretrain=PRETRAIN[task], evaluation=EvaluationConfig(level=tested), **settings)


SHORT = LearnerConfig(iterations=40)
PRESETS = {
    "sudoku6x6": preset("sudoku6x6", ("clues13", "clues12", "clues11", "clues10", "clues9", "clues8"), ("clues8-10",)),
    "sudoku4x4": preset("sudoku4x4", ("clues10-12", "clues6-8", "clues4-5"), ("clues6-8",), training=SHORT),
    "sudoku9x9": preset("sudoku9x9", ("clues30", "clues26", "minimal", "search"), ("clues30", "search")),
    "arithmetic": preset("arithmetic", ("sum3", "sum6", "chain", "carry"), ("carry", "sum6"), training=SHORT),
    "algebra": preset(
        "algebra", ("long_shift", "both_sides", "collect", "expand"), ("long_shift", "both_sides"), training=SHORT
    ),
    "maze": preset("maze11x11", ("random", "perfect", "far"), ("perfect", "far"), training=SHORT),
    "regression": preset("regression", ("nodes5", "nodes7", "nodes9", "constants"), ("nodes7",), training=SHORT),
}
"""The first is the default."""


@final
class Training:
    """Everything that a run moves, and how it is kept."""

    def __init__(self, config: Config, folder: Path, start: Checkpoint, processes: Processes = ALONE) -> None:
        self.config, self.folder, self.processes = config, folder, processes
        self.network, self.before = start.model, start.heads
        self.task = make_task(start.task)
        levels = [self.task.level_index(name) for name in config.levels]
        problems = config.training.iterations * config.training.groups
        self.curriculum = make_curriculum(config.curriculum, levels, problems, config.mixture)
        runs = config.training.groups * config.branches
        passes = config.training.iterations * config.max_steps * -(-runs // BATCH)
        one_pass = solving_pass(self.network, self.task, min(BATCH, runs))
        state = newest_state(folder / STATE_FILE)
        before = Numerics.of_note(load_note(state), state) if state else None
        self.numerics = accelerate(self.network, one_pass, passes, config.acceleration, before, processes).numerics
        self.rng = np.random.default_rng(config.seed)
        problems = self.task.generate(1, self.curriculum.levels[0], "train", 0)
        features = unroll(self.network, self.task, problems, 1).features.shape[-1]
        if config.setting == "joint":
            grpo = Grpo(config.training, features, config.seed)
            self.learner = JointGrpo(config.joint, grpo, self.network, self.task)
        else:
            self.learner = make_learner(config.learner, config.training, features, config.seed)
        # Answers are actions only where they are learnt; elsewhere a draft is the network's first choice.
        self.temperature = 1.0 if config.setting == "joint" else 0.0
        self.dataset: Unroll | None = None
        self.mixtures: list[np.ndarray] = []
        self.batch: Tensors = {}
        if state:
            self.load(state)

    def run(self) -> None:
        """Learn for the iterations that are left."""
        state, learner = self.folder / STATE_FILE, self.config.learner
        if (first := len(self.mixtures)) == (iterations := self.config.training.iterations):
            return
        lead, place = self.processes.first, self.folder / "tensorboard" / learner
        back = GoingBack(state, self.load, self.learner, self.config.restores)
        shown, bar = charts(self.config.levels), Progress(iterations, learner, done=first)
        with ending() as asked, shared_curves(place, first, self.processes, shown) as writer, bar:
            while (iteration := len(self.mixtures)) < iterations:
                started = time.perf_counter()
                self.mixtures.append(self.curriculum.mixture)
                levels = self.curriculum.sample(self.config.training.groups, self.rng)
                with back, kept(state, lambda: self.batch, lead), told(lambda: f"iteration {iteration + 1}", SMALLER):
                    rollout = self.collect(levels)
                    metrics = self.learner.update(rollout, self.dataset)
                if back.went:
                    continue
                self.curriculum.update(levels, metrics.solved, metrics.return_variance)
                mixture = dict(zip(self.config.levels, self.mixtures[-1].tolist(), strict=True))
                log(writer, iteration, metrics, by_level(self.task, levels, rollout.solved), mixture)
                bar.update(iteration + 1, **{name: metrics.scalars[name] for name in SHOWN})
                asked.share(self.processes.most)
                if asked or (iteration + 1) % self.config.save_every == 0 or iteration + 1 == iterations:
                    self.save(state)
                if asked:
                    asked.end(f"iteration {iteration + 1} of {iterations} is saved in {self.folder}; {UNENDED}")
                if iteration == first:
                    announce(self.config.learner, (iterations - first) * (time.perf_counter() - started))

    def collect(self, levels: np.ndarray) -> Rollout:
        """Problems made anew, run; they join the dataset where the network that made their drafts stays."""
        problems = new_problems(self.task, levels, self.rng)
        self.batch = nest("problems", as_tensors(problems))
        how = (self.config, self.rng, self.temperature)
        rollout = run_branches(self.network, self.task, problems, *how, processes=self.processes)
        self.batch = rollout.tensors()
        if self.config.setting == "frozen":
            self.dataset = Unroll.concatenate([self.dataset, rollout.unroll] if self.dataset else [rollout.unroll])
        return rollout

    def heads(self) -> dict[str, Head]:
        """The head, and in the frozen setting those that it is compared with, taught on the same drafts."""
        config = self.config
        heads: dict[str, Head] = {config.learner: self.learner.head.eval().requires_grad_(False)}
        if isinstance(self.learner.head, RestartPolicy):
            self.learner.head.taught_on(config.branches, config.deviation)
            heads = self.before | heads  # those of two acts stay: they decide under --no-restarts
        if self.dataset:
            same = RolloutDataset(self.dataset, config.branches, config.step_cost)
            heads |= {n: train_head(n, same, config.training, config.seed) for n in COMPARED if n not in heads}
        return heads

    def save(self, path: Path) -> None:
        """Write all that is needed to go on as if nothing had happened."""
        tensors = nest("learner", self.learner.state_dict())
        self.processes.check_same("what they have learnt", list(tensors.values()))
        if not self.processes.first:
            return
        tensors["mixtures"] = torch.from_numpy(np.stack(self.mixtures))
        tensors |= nest("dataset", vars(self.dataset)) if self.dataset else {}
        note = {
            "settings": settings(self.config),
            "curriculum": self.curriculum.state_dict(),
            "rng": self.rng.bit_generator.state,
            "numerics": dataclasses.asdict(self.numerics),
            **scale_note(self.learner),
        }
        save_state(path, tensors, note, self.config.keep)

    def load(self, path: Path) -> None:
        """Go on from what ``save`` wrote. Raises CheckpointError where it belongs to another configuration."""
        tensors, note = load_tensors(path)
        check_settings(f"{path} was written", note.get("settings"), settings(self.config))
        with restoring(path):
            mixtures = tensors["mixtures"]
            check_form(unnest("learner", tensors), self.learner.state_dict())
            if mixtures.shape[1:] != self.curriculum.mixture.shape or len(mixtures) > self.config.training.iterations:
                raise ValueError(f"mixtures of shape {tuple(mixtures.shape)}")
            self.learner.scale = noted_scale(note)
            self.learner.load_state_dict(unnest("learner", tensors))
            self.mixtures = list(mixtures.numpy())
            self.curriculum.load_state_dict(note["curriculum"])
            self.rng.bit_generator.state = note["rng"]
            if self.config.setting == "frozen":
                runs = len(mixtures) * self.config.training.groups * self.config.branches
                self.dataset = read_unroll(unnest("dataset", tensors), runs, self.config.max_steps)


def settings(config: Config) -> dict[str, Any]:
    """The settings that decide what is learnt, as JSON gives them back."""
    plain = dataclasses.asdict(config)
    for name in "acceleration evaluation folder hour_price keep max_minutes on_divergence save_every".split():
        del plain[name]
    plain["pretrain"] = None if config.checkpoint else describe(config.pretrain)
    return json.loads(json.dumps(plain))


def folder_of(config: Config) -> Path:
    """Where everything goes."""
    task = make_task(config.pretrain.task).name
    return config.folder or Path("runs") / f"{config.learner}-{task}-{config.setting}-{config.seed}"


def places(config: Config) -> Places:
    """The run's folder, whose checkpoint must not be the one that it starts from."""
    folder = folder_of(config)
    return Places() if not is_first() else Places([folder], [folder / "checkpoint" / CONFIG_FILE], [config.checkpoint])


@writes(places)
def run(config: Config) -> None:
    """Pretrain, teach, compare, show."""
    folder, task = folder_of(config), make_task(config.pretrain.task)
    for level in (*config.levels, *config.evaluation.level):
        task.level_index(level)
    config.forms(task)
    if is_first():
        save_config(config, folder / "config.yaml")
    with joined() as processes:
        start = start_from(config.checkpoint, config.pretrain, folder, config.keep, config.restores, processes)
        training = Training(config, folder, start, processes)
        training.run()
    if not processes.first:
        return
    meta = {config.learner: settings(config), f"{config.learner}_numerics": dataclasses.asdict(training.numerics)}
    meta |= scale_note(training.learner, f"{config.learner}_")
    checkpoint = dataclasses.replace(start, heads=training.heads(), meta=start.meta | meta)
    place = save_checkpoint(folder / "checkpoint", checkpoint)
    curriculum_figure(np.stack(training.mixtures), config.levels, folder / "curriculum.png")
    for level in config.evaluation.level:
        only = dataclasses.replace(config.evaluation, level=(level,), max_steps=config.max_steps)
        Console().print(evaluate_checkpoint(checkpoint, only, folder / f"evaluation-{level}").table(), highlight=False)
        draw_level(place, level, folder / f"thinking-{level}", config.max_steps, config.price)
    Console().print(f"{unmeasured(checkpoint)}checkpoint: {place}; reports and pictures: {folder}", highlight=False)


if __name__ == "__main__":
    main(run, Config, PRESETS, first="checkpoint levels learner setting curriculum price training.iterations folder")
