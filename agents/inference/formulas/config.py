"""How a formula is looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agents.common.checks import Checked, a_share, above_zero, at_least_one
from trm_gym.checks import SEED_LIMIT, whole_number

Change = Literal["network", "mutation", "both", "circuit"]


@dataclass(frozen=True)
class SearchConfig(Checked):
    """Where a formula is looked for, and for how long."""

    seconds: float = 15.0
    """Processor seconds at most, of all threads together."""
    rounds: int | None = None
    """Rounds of compositions, and of the pool, at most; without a number the time alone ends them."""
    seed: int = 0
    """Of all that is drawn at random."""
    compositions: bool = True
    """Whether all that a few small formulas make is tried first: it finds what fits exactly, without chance."""
    lookup: bool = True
    """Whether parts of drafts are replaced by the small formula that is nearest to what is wanted there."""
    change: Change = "both"
    """What changes drafts of the pool: a network's steps, random mutation, or both by turns; or, by turns with
    mutation, what the circuit that a network is shown offers."""
    pool: int = 200
    """How many drafts the pool keeps."""
    branches: int = 32
    """Drafts that are changed in a round."""
    steps: int = 8
    """Steps of the network in a round."""
    sampled: float = 0.5
    """The share of branches whose tokens are drawn; those of the others are the likeliest."""
    tolerance: float = 1e-9
    """The error, in standard deviations of the target, at which it ends: the formula fits exactly."""

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "seconds", "tolerance")
        at_least_one(self, "pool", "branches", "steps", *([] if self.rounds is None else ["rounds"]))
        a_share(self, "sampled")
        whole_number("seed", self.seed, 0, SEED_LIMIT - 1)
