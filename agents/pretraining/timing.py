"""How much pretraining a time is enough for, on this machine."""

from __future__ import annotations

import json
import time
from pathlib import Path

from agents.pretraining.config import PretrainConfig
from agents.pretraining.trainer import Pretrainer
from trm_gym.atomic_io import atomic_write
from trm_gym.checks import whole_number
from trm_gym.json_files import read_json

WARM, TIMED = 3, 8
"""Updates before the clock is looked at, and between two looks."""


def updates_within(config: PretrainConfig, minutes: float, path: Path) -> int:
    """As many updates as take so many minutes here, timed once and kept in ``path``, so that a run can go on.

    Raises ValueError where what is kept cannot be read.
    """
    if not path.exists():
        trainer = Pretrainer(config)
        for _ in range(WARM):
            trainer.update()
        started = time.perf_counter()
        for _ in range(TIMED):
            trainer.update()
        rate = TIMED / (time.perf_counter() - started)
        trainer.supply.close()
        atomic_write(path, json.dumps({"updates": max(1, round(60 * minutes * rate))}))
    try:
        return whole_number("updates", read_json(path).get("updates"), 1)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read ({error}): delete it, and the time is taken anew") from error
