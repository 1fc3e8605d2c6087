"""Settings of supervised pretraining."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agents.common.acceleration import AccelerationConfig
from agents.common.checks import Checked, a_share, above_zero, at_least, at_least_one
from agents.pretraining.optim import OptimConfig
from agents.pretraining.supervision import AnswerLoss
from agents.trm import TRMConfig
from curricula import CurriculumName

UNIFORM = "uniform"
"""The curriculum of equal shares."""
LATER = ("drafts", "curriculum", "start_weights", "hints", "step_noise")
"""Settings that there were not always: by default they are left out, as in states of before there were any."""


@dataclass(frozen=True)
class TrainingExtras(Checked):
    """Research options of pretraining, off by default; no shipped network uses one."""

    consistency: float = 0.0
    """Weight of the KL divergence of a step's answer from that of the step before. 0 is off."""
    depths: tuple[tuple[int, int], ...] = ()
    """Stages of growing depth as pairs (T, n), such as 1 2 2 4 3 6. The updates are shared equally. The last stage must
    be the depth of the model."""
    starts: int = 1
    """Noisy starts of each problem. Only the one with the best answer is trained (winner takes all)."""

    prefix = "extras."

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "starts")
        at_least(0, self, "consistency")


@dataclass(frozen=True)
class DraftsConfig(Checked):
    """Which drafts a network that sees them is shown in pretraining; its own most probable ones by default."""

    start_corrupted: float = 0.0
    """Share of problems that begin with a spoilt solution, not with a blank draft."""
    next_corrupted: float = 0.0
    """Share of steps after which a problem goes on from a spoilt solution."""
    sampled: float = 0.0
    """Share of steps after which the next draft is drawn by the network's probabilities."""

    prefix = "drafts."

    def __post_init__(self) -> None:
        super().__post_init__()
        a_share(self, "start_corrupted", "next_corrupted", "sampled")
        if self.next_corrupted + self.sampled > 1:
            raise ValueError(
                f"drafts.next_corrupted={self.next_corrupted:g} and drafts.sampled={self.sampled:g} are shares of the "
                "same drafts: together at most 1"
            )


@dataclass(frozen=True)
class HintsConfig(Checked):
    """Training on what is known on the way to the solution, for tasks that tell it; off by default."""

    weight: float = 0.0
    """Weight of the loss of the hints, beside that of the answers. 0 is off."""
    speed: float = 3.0
    """Cells that news is to travel in one step: 3 is one for each application of the network in a cycle of n = 2."""
    wait: int = 0
    """Most steps for which a problem waits before it shows where news comes from, a maze its goal. Half of the problems
    wait, so that cells which have heard nothing learn to stay so. 0: none waits."""

    prefix = "hints."

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(0, self, "weight", "wait")
        above_zero(self, "speed")


@dataclass(frozen=True)
class PretrainConfig(Checked):
    """Pretraining of a TRM by supervision."""

    task: str = "sudoku6x6"
    """Task that the network learns."""
    levels: tuple[str, ...] = ("clues12",)
    """Levels to train on, from easy to hard. One that is named twice has two shares."""
    model: TRMConfig = field(default_factory=TRMConfig)
    """The network."""
    optim: OptimConfig = field(default_factory=OptimConfig)
    """Optimisers of the weights."""
    acceleration: AccelerationConfig = field(default_factory=AccelerationConfig)
    """Speed on this machine. It decides the last digits of what is learnt; a run keeps to what it began with."""
    updates: int = 500
    """Updates of the weights. Each follows one refinement step of the whole batch."""
    batch: int = 64
    """Problems that are refined side by side."""
    chunk: int = 0
    """Problems whose gradient is computed at a time, a divisor of batch. Less memory, the same gradient. 0 is the whole
    batch."""
    max_steps: int = 12
    """Steps after which a problem is replaced by a new one, halted or not."""
    explore: float = 0.25
    """Share of problems that go on for a random number of steps, whatever the halt head says. Published: 0.1."""
    explore_draw: Literal["episode", "step"] = "episode"
    """When exploration is drawn: once per problem (episode), or after each step, as published."""
    loss: AnswerLoss = "softmax"
    """Function that turns token logits into probabilities: softmax, or stablemax, as published."""
    start_noise: float = 0.0
    """Noise on the first carry of a problem, as a multiple of the carry's standard deviation. 0 is off."""
    step_noise: float = 0.0
    """Noise on the carry before every step, as a multiple of its standard deviation. 0 is off."""
    average: float = 0.99
    """Decay of the moving average of the weights. The checkpoint holds the average."""
    fixed_set: int = 0
    """Size of a fixed training set that is drawn from again and again. Published: 1,000. 0 makes new problems without
    end."""
    augment: bool = False
    """Show each problem of the fixed set under a new symmetry of its task every time, as published."""
    curriculum: CurriculumName = "uniform"
    """How the level of each new problem is chosen: in equal shares (uniform), or by how problems of the levels have
    gone so far. Others than uniform take each level once."""
    drafts: DraftsConfig = field(default_factory=DraftsConfig)
    """Drafts that a network which sees them is shown."""
    hints: HintsConfig = field(default_factory=HintsConfig)
    """What is known on the way to the solution, as a task tells it."""
    start_weights: str = ""
    """A checkpoint's folder, or the name of one that comes with the package, whose weights training begins with. It
    may be of another size of the task, and of other T and n. Empty: weights are drawn at random."""
    seed: int = 0
    """Seed of the initial weights and of the problems."""
    save_every: int = 200
    """Updates between two saved states, from which an interrupted run goes on."""
    extras: TrainingExtras = field(default_factory=TrainingExtras)
    """Research options, off by default."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "updates", "batch", "max_steps", "save_every")
        at_least(0, self, "chunk", "fixed_set", "start_noise", "step_noise")
        a_share(self, "explore", "average")
        consistency, starts, depths = self.extras.consistency, self.extras.starts, self.extras.depths
        if self.chunk and (self.batch % self.chunk or consistency):
            raise ValueError(
                f"chunk must divide batch={self.batch}, without extras.consistency={consistency:g}; got {self.chunk}"
            )
        if starts > 1 and not self.start_noise:
            raise ValueError(
                f"extras.starts={starts} are all the same without noise: set start_noise, for instance to 0.3"
            )
        if self.fixed_set and self.curriculum != UNIFORM:
            raise ValueError(f"--curriculum {self.curriculum} chooses among fresh problems: leave fixed_set at 0")
        if self.augment and not self.fixed_set:
            raise ValueError("augment shows the problems of a fixed set: give fixed_set above 0")
        whole = (self.model.cycles, self.model.latent_updates)
        if depths and (depths[-1] != whole or min(min(stage) for stage in depths) < 1):
            raise ValueError(
                f"extras.depths {depths} must be (T, n) of at least 1, the last {whole} as the model has it"
            )


def describe(config: PretrainConfig) -> dict[str, Any]:
    """The settings that decide the outcome, as JSON gives them back: how fast it runs is none of them."""
    settings: Mapping[str, Any] = dataclasses.asdict(config)
    deciding = {name: value for name, value in settings.items() if name not in ("acceleration", "save_every")}
    for name in LATER:
        if getattr(config, name) == getattr(PretrainConfig(), name):
            del deciding[name]
    return json.loads(json.dumps(deciding))
