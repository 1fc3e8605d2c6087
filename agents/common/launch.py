"""What torchrun tells a process that it starts; here without torch, which takes seconds to import."""

from __future__ import annotations

import os
from collections.abc import Mapping

VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""The variables of its environment."""


def launched() -> Mapping[str, str]:
    """The variables; nothing where the process is alone."""
    said = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    return said if len(said) == len(VARIABLES) and said["WORLD_SIZE"] != "1" else {}


def is_first() -> bool:
    """Whether this process is the one that writes and shows."""
    return launched().get("RANK", "0") == "0"
