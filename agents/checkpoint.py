"""What a training leaves behind: a folder with weights (safetensors) and their description (JSON); nothing can run.

Training state for resuming is the same kind of file with more tensors in it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from agents.common.acceleration import AccelerationConfig, accelerate, solving_pass
from agents.common.console import announce
from agents.common.renamed import FIELDS, WEIGHTS, current, field_names, renamed_tree
from agents.common.tensor_file import CheckpointError, load_note, load_tensors, save_tensors
from agents.common.tensors import Tensors, nest, unnest
from agents.halting.heads import HaltHead, HaltPolicy
from agents.halting.restart_head import VALUES, Head, RestartPolicy
from agents.rollouts.dataset import RolloutStore, Spread
from agents.rollouts.features import feature_count
from agents.rollouts.forms import Forms
from agents.rollouts.unroll import BATCH
from agents.trm import TRM, TRMConfig
from agents.trm.limits import check_sizes
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write
from trm_gym.json_files import read_json
from trm_gym.short_repr import short, short_repr

SHIPPED = Path(__file__).parent / "checkpoints"
WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"
BOUND = ("format", "task", "model", "heads")
"""What of a description stands in both files, and must be the same. The rest, ``meta``, people may edit."""
FORMAT = 1
POLICY_VALUES = 2
"""Outputs of a policy's value heads."""
RESTART_ACTS = 3
"""Acts of a policy that may start afresh."""


@short_repr
@dataclass(frozen=True)
class Checkpoint:
    """A pretrained network and the halting heads taught on it.

    task: name of the task. heads: by learner. meta: how it was made and what it reached, for people.
    """

    model: TRM
    task: str
    heads: dict[str, Head] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(folder: str | os.PathLike[str], checkpoint: Checkpoint) -> Path:
    """Write ``model.safetensors`` and ``config.json`` into ``folder``; returns it.

    The weights carry the description too, so a save that is interrupted between the two files is told from a whole one
    and loses nothing. They do not carry ``meta``: the same run writes the same weights, however long it took.
    """
    tensors = nest("model", checkpoint.model.state_dict())
    for name, head in checkpoint.heads.items():
        tensors |= nest(f"heads.{name}", head.state_dict())
    config = {
        "format": FORMAT,
        "task": checkpoint.task,
        "model": dataclasses.asdict(checkpoint.model.config),
        "heads": {name: describe_head(head) for name, head in checkpoint.heads.items()},
        "meta": checkpoint.meta,
    }
    save_tensors(Path(folder) / WEIGHTS_FILE, tensors, {key: config[key] for key in BOUND})
    atomic_write(Path(folder) / CONFIG_FILE, json.dumps(config, indent=2) + "\n")
    return Path(folder)


def digest(checkpoint: Checkpoint) -> str:
    """A hash of all that decides what a checkpoint's network does: task, shape and weights, not its halting heads."""
    found = hashlib.sha256(json.dumps([checkpoint.task, dataclasses.asdict(checkpoint.model.config)]).encode())
    for name, value in sorted(checkpoint.model.state_dict().items()):
        found.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        found.update(value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def rollout_store(
    checkpoint: Checkpoint,
    folder: Path | None,
    acceleration: AccelerationConfig,
    batch: int = BATCH,
    title: str = "",
    console: Console | None = None,
    spread: Spread | None = None,
) -> RolloutStore:
    """The store of a checkpoint's graded runs in ``folder``, None to keep nothing; the network is made fast at need.

    title: what to call the running of problems when it is said how long it will take; without one nothing is said.
    console: where; the standard output if there is none. spread: see ``RolloutStore``.
    """
    model, task = checkpoint.model, make_task(checkpoint.task)

    def speed_up(passes: int) -> Mapping[str, Any]:
        how = accelerate(model, solving_pass(model, task, batch), passes, acceleration)
        if title:
            announce(title, how.seconds, console)
        return dataclasses.asdict(how.numerics)

    return RolloutStore(folder, model, digest(checkpoint), task, speed_up, batch, acceleration.chosen, spread)


def load_checkpoint(place: str | os.PathLike[str], task: str | None = None, size: int | None = None) -> Checkpoint:
    """The checkpoint in a folder, or the shipped one of that name; in evaluation mode.

    task: what it must have been made for, if that matters. size: another size of its task to use it at, which works for
    networks that tie no weight to a size. Raises CheckpointError, saying what is wrong.
    """
    folder = _find(place)
    config, made_for, shape, described, meta = _described(folder)
    if task is not None and made_for != task:
        raise CheckpointError(f"{folder} was trained on {made_for}, not on {task}: choose a checkpoint of {task}")
    tensors, carried = load_tensors(folder / WEIGHTS_FILE)
    if carried and (other := [key for key in BOUND if config.get(key) != carried.get(key)]):
        raise CheckpointError(
            f"{folder / CONFIG_FILE} is not of the save that {WEIGHTS_FILE} is of: they differ in {', '.join(other)}. "
            "A save was interrupted, or the file was edited. Delete it, and what the weights carry is used"
        )
    try:
        built = make_task(made_for, size)
    except ValueError as error:
        used = "" if size is None else f", which is wanted at size {size}"
        raise CheckpointError(f"{folder} was trained on {made_for}{used}: {error}") from error
    try:
        _check_form(shape, described, tensors)
        model = TRM(shape, built.vocab, built.structure)
        heads = {name: make_head(**sizes) for name, sizes in described.items()}
        known = nest("model", model.state_dict()).keys() | {
            key for name, head in heads.items() for key in nest(f"heads.{name}", head.state_dict())
        }
        tensors = {current(name, WEIGHTS, known) or name: value for name, value in tensors.items()}
        model.load_state_dict(unnest("model", tensors))
        for name, head in heads.items():
            head.load_state_dict(unnest(f"heads.{name}", tensors))
            if isinstance(head, RestartPolicy) and head.forms:
                Forms(built, head.starts)
    except (RuntimeError, TypeError, ValueError, OverflowError, MemoryError) as error:
        used = "" if size is None else f" at size {size} (its weights may be tied to the size of {made_for})"
        raise CheckpointError(f"{folder}: weights and config.json do not fit each other{used}: {error}") from error
    for module in (model, *heads.values()):
        module.eval().requires_grad_(False)
    return Checkpoint(model, built.name, heads, meta)


def _described(folder: Path) -> tuple[dict[str, Any], str, TRMConfig, dict[str, Any], dict[str, Any]]:
    """What config.json says of a checkpoint, or the weights where it is not there: all, task, shape, heads, meta."""
    place = folder / CONFIG_FILE if (folder / CONFIG_FILE).exists() else folder / WEIGHTS_FILE
    try:
        config = load_note(place) if place.name == WEIGHTS_FILE else read_json(place)
        fields = renamed_tree({"model": config["model"]}, FIELDS, field_names(TRMConfig, "model."))
        found = (
            config["task"],
            TRMConfig.from_json(fields["model"]),
            dict(config["heads"]),
            dict(config.get("meta", {})),
        )
    except KeyError as error:
        raise CheckpointError(f"{place} does not describe a checkpoint: it has no {error}") from error
    except (OSError, UnicodeDecodeError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{place} does not describe a checkpoint: {error!r}") from error
    if config.get("format") != FORMAT:
        raise CheckpointError(
            f"{folder} has checkpoint format {short(config.get('format'))}, this version reads {FORMAT}"
        )
    return config, *found


def _check_form(shape: TRMConfig, heads: Mapping[str, Mapping[str, int]], tensors: Tensors) -> None:
    """Raise ValueError, before anything is built, where a description cannot be that of the ``tensors``."""
    if odd := [name for name, value in tensors.items() if value.dtype is not torch.float32]:
        raise ValueError(f"{odd[0]} holds {tensors[odd[0]].dtype}, not float32")
    check_sizes(shape, {name: tuple(value.shape) for name, value in unnest("model", tensors).items()})
    for name, head in heads.items():
        check_head(f"heads.{name}", head, unnest(f"heads.{name}", tensors))
        if head["features"] != feature_count(shape.hidden):
            raise ValueError(f"the head {name} sees {head['features']} features, not {feature_count(shape.hidden)}")


def check_head(name: str, sizes: Mapping[str, int], tensors: Tensors) -> None:
    """Raise ValueError where a head of these sizes (``describe_head``) cannot have the ``tensors``."""
    known = {"features", "hidden", "outputs"}
    if set(sizes) - {"acts"} != known or any(type(size) is not int for size in sizes.values()):
        raise ValueError(f"{name} must have features, hidden and outputs, whole numbers, not {sizes}")
    if sizes.get("acts", 2) not in (2, RESTART_ACTS) or ("acts" in sizes and sizes["outputs"]):
        raise ValueError(f"{name} is of no kind that there is: {sizes}")
    values = len(VALUES) if sizes.get("acts") == RESTART_ACTS else POLICY_VALUES
    wanted = (sizes["hidden"], sizes["features"] + 1)
    found = [tuple(value.shape) for key, value in tensors.items() if key.endswith("layers.0.weight")]
    last = [len(value) for key, value in tensors.items() if key.endswith("out.weight") and value.ndim]
    if found != [wanted] or last != [sizes["outputs"] or values]:
        raise ValueError(f"{name} has {sizes}, and weights of {found} and {last}")


def describe_head(head: Head) -> dict[str, int]:
    """The sizes of a head; a policy's outputs are 0, since it has reasons instead. acts: 3 where it may restart."""
    outputs = head.outputs if isinstance(head, HaltHead) else 0
    sizes = {"features": head.features, "hidden": head.hidden, "outputs": outputs}
    return sizes | ({"acts": RESTART_ACTS} if isinstance(head, RestartPolicy) else {})


def make_head(features: int, hidden: int, outputs: int, acts: int = 2) -> Head:
    """A fresh head of the sizes that ``describe_head`` gave."""
    if acts == RESTART_ACTS:
        return RestartPolicy(features, hidden)
    return HaltHead(features, hidden, outputs) if outputs else HaltPolicy(features, hidden)


def shipped() -> list[str]:
    """Names of the checkpoints that come with the package."""
    return sorted(path.parent.name for path in SHIPPED.glob(f"*/{CONFIG_FILE}"))


def _find(place: str | os.PathLike[str]) -> Path:
    """The folder meant by a path or a shipped name."""
    with contextlib.suppress(TypeError, ValueError, OSError):  # at what can be no path there is nothing
        for folder in (Path(place), SHIPPED / str(place)):
            if (folder / CONFIG_FILE).is_file() or (folder / WEIGHTS_FILE).is_file():
                return folder
    raise CheckpointError(f"no checkpoint at {place!s:.200}: {_instead(place)}")


def _instead(place: str | os.PathLike[str]) -> str:
    """What to give, or to do, where there is no checkpoint: a run's folder is often given for its network's."""
    with contextlib.suppress(TypeError, ValueError, OSError):
        if (inner := Path(place) / "checkpoint").joinpath(CONFIG_FILE).is_file():
            return f"give {inner}"
        if Path(place, "config.yaml").is_file() and any(Path(place).glob("*.safetensors")):  # settings and a state
            return "the run there has not ended; the command that began it goes on, and writes one at its end"
    return f"give a folder with {CONFIG_FILE}, or a shipped name ({', '.join(shipped()) or 'none'})"
