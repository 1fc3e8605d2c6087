"""Work of many parts in one folder, some of which may stand from another day: all of them under the same numerics.

A script's ``run`` says so by ``@same_numerics(folder_of)``; its config has an ``acceleration``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

import torch

from agents.common.acceleration import AccelerationConfig, Choice, check_choices
from agents.common.device import fastest
from agents.common.signals import ending
from agents.common.tensor_file import CheckpointError
from trm_gym.atomic_io import atomic_write
from trm_gym.json_files import read_json

FILE = "numerics.json"
"""What a folder's parts are made with."""
Config = TypeVar("Config")


def same_numerics(folder_of: Callable[[Any], Path]) -> Callable[[Callable[[Config], None]], Callable[[Config], None]]:
    """Let a script's ``run`` go on with the choices that its folder began with; a signal ends it between two parts."""

    def keeping(run: Callable[[Config], None]) -> Callable[[Config], None]:
        @functools.wraps(run)
        def kept(config: Any) -> None:
            with kept_choices(folder_of(config), config.acceleration) as acceleration, ending():
                run(dataclasses.replace(config, acceleration=acceleration))

        return kept

    return keeping


@contextlib.contextmanager
def kept_choices(folder: Path, config: AccelerationConfig) -> Iterator[AccelerationConfig]:
    """The choices for work in ``folder``: those that stand there, or ``config``'s, which are then written down.

    The number of threads is set within it. Raises ValueError where ``config`` forces what is not there, CheckpointError
    where the record cannot be read.
    """
    place, before = folder / FILE, torch.get_num_threads()
    now = {"device": fastest().type, **dataclasses.asdict(config)}
    now["threads"] = config.threads or before
    if place.exists():
        then = _read(place, now)
        unforced = {name for name in ("bfloat16", "compile") if now[name] == "auto"} | ({"threads"} - _forced(config))
        check_choices({name: (value, then[name]) for name, value in now.items() if name not in unforced})
        now = then
    else:
        atomic_write(place, json.dumps(now, indent=2) + "\n")
    torch.set_num_threads(now["threads"])
    try:
        yield AccelerationConfig(now["compile"], now["bfloat16"], now["threads"])
    finally:
        torch.set_num_threads(before)


def _forced(config: AccelerationConfig) -> set[str]:
    return {"threads"} if config.threads else set()


def _read(place: Path, like: dict[str, Any]) -> dict[str, Any]:
    """The record of a folder. Raises CheckpointError."""
    try:
        found = read_json(place)
        kinds = {name: type(value) for name, value in like.items()}
        sound = {name: type(value) for name, value in found.items()} == kinds
        if not sound or {found["compile"], found["bfloat16"]} - set(get_args(Choice)) or found["threads"] < 1:
            raise ValueError(f"{found!r:.200} is no record of a run's numerics")
        return found
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{place} cannot be read ({error}): delete it, and what was made with it") from error
