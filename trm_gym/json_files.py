"""JSON files that the suite wrote and people may have edited: read with limits, one kind of error."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from trm_gym.files import check_regular

MOST_BYTES = 2**26
"""What a file may hold; the largest that the suite writes have a few hundred thousand bytes."""


def read_json(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The object in a JSON file.

    Raises OSError where there is no file that can be read, ValueError where it is too large or holds no object.
    """
    check_regular(path)
    if (size := os.stat(path).st_size) > MOST_BYTES:
        raise ValueError(f"it holds {size:,} bytes, and {MOST_BYTES:,} are the most")
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("its brackets are nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"it holds no JSON object, but a {type(found).__name__}")
    return found
