"""Settings of supervised pretraining."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from agents.common.acceleration import AccelerationConfig
from agents.common.checks import at_least_one
from agents.pretraining.optim import OptimConfig
from agents.pretraining.supervision import Loss
from agents.trm import TRMConfig


@dataclass(frozen=True)
class PretrainConfig:
    """Pretraining of a TRM by supervision."""

    task: str = "sudoku6x6"
    """Name of the task."""
    levels: tuple[str, ...] = ("clues12",)
    """Levels to train on, in equal shares."""
    model: TRMConfig = field(default_factory=TRMConfig)
    """Shape of the network."""
    optim: OptimConfig = field(default_factory=OptimConfig)
    """How weights are moved."""
    acceleration: AccelerationConfig = field(default_factory=AccelerationConfig)
    """What makes it fast."""
    updates: int = 500
    """Updates of the weights, each after one refinement step of every slot."""
    batch: int = 64
    """Slots: problems that are being refined side by side."""
    chunk: int = 0
    """Problems that are worked on at a time within an update, a divisor of batch; what is learnt is the same, in less
    memory. 0 is all at once."""
    max_steps: int = 12
    """Steps after which a slot takes a new problem even if it has not halted."""
    explore: float = 0.25
    """Share of problems that go on for a random number of steps, however sure the halt head is (published: 0.1)."""
    explore_draw: Literal["episode", "step"] = "episode"
    """When that is drawn: once for a problem, or anew after each of its steps (the published code)."""
    loss: Loss = "softmax"
    """What makes probabilities of token logits: softmax, or stablemax (published)."""
    consistency: float = 0.0
    """Weight of the divergence of a step's answer from that of the step before it; 0 is off."""
    depths: tuple[tuple[int, int], ...] = ()
    """Stages of (T, n) that share the updates equally, such as 1 2 2 4 3 6; the last is the model's own. () is off."""
    start_noise: float = 0.0
    """Standard deviation of the noise on a problem's first carry, in that of the carry itself; 0 is off."""
    starts: int = 1
    """K noisy starts of each problem, of which only the one with the best answer is taught it (winner takes all)."""
    halt_weight: float = 0.5
    """Weight of the halt head's loss (published: 0.5)."""
    average: float = 0.99
    """Decay of the weights' moving average, which is what the checkpoint holds."""
    fixed_set: int = 0
    """Problems of a fixed set that is drawn again and again (published: 1,000); 0 draws fresh ones without end."""
    augment: bool = False
    """Whether a problem of the fixed set comes under another symmetry of its task each time (published)."""
    seed: int = 0
    """Seed of the initial weights and of the stream of problems."""
    save_every: int = 200
    """Updates between two resumable states."""

    def __post_init__(self) -> None:
        at_least_one(self, "updates", "batch", "max_steps", "save_every", "starts")
        for name in ("start_noise", "consistency"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}; 0 is off")
        if self.chunk and (self.chunk < 0 or self.batch % self.chunk or self.consistency):
            raise ValueError(
                f"chunk must divide batch={self.batch}, without consistency={self.consistency:g}; got {self.chunk}"
            )
        if self.starts > 1 and not self.start_noise:
            raise ValueError(
                f"starts={self.starts} are all the same without noise: set start_noise, for instance to 0.3"
            )
        if self.fixed_set < 0 or (self.augment and not self.fixed_set):
            raise ValueError(
                f"fixed_set must be 0 (fresh problems) or more, got {self.fixed_set}; augment needs one above 0"
            )
        whole = (self.model.cycles, self.model.latent_updates)
        if self.depths and (self.depths[-1] != whole or min(min(stage) for stage in self.depths) < 1):
            raise ValueError(f"depths {self.depths} must be (T, n) of at least 1, the last {whole} as the model has it")
