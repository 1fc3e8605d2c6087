"""How the rows of a batch are shared: by chunks, whose gradients are added, and by processes, each with some chunks."""

from __future__ import annotations

import torch

from agents.common.processes import Processes
from agents.pretraining.config import PretrainConfig
from agents.pretraining.supervision import StepOutcome
from agents.trm import Carry


def chunks_of(config: PretrainConfig, processes: Processes) -> list[slice]:
    """The rows of a batch that are computed at a time, of all processes. Raises ValueError where they do not share."""
    if processes.count > 1 and config.extras.consistency:
        raise ValueError("extras.consistency looks at a whole batch, which several processes share: use one process")
    each = len(processes.share("problems (batch)", range(config.batch)))
    at_once, rows = (config.chunk or each) * config.extras.starts, config.batch * config.extras.starts
    return [slice(first, first + at_once) for first in range(0, rows, at_once)]


def of_all(outcome: StepOutcome, processes: Processes) -> StepOutcome:
    """What came of the rows of every process; the carry alone stays that of this one's."""
    carry, *others = outcome
    return StepOutcome(carry, *processes.gather(others))


def placed(carry: Carry, rows: slice, whole: Carry) -> Carry:
    """``whole`` with the carry of some rows put in its place."""
    if rows.stop - rows.start == len(whole.answer):
        return carry
    before, after = (Carry(*(part[some] for part in whole)) for some in (slice(rows.start), slice(rows.stop, None)))
    return Carry(*map(torch.cat, zip(before, carry, after, strict=True)))
