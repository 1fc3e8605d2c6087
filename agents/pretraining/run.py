"""A run of pretraining in a folder: resumed where it was, with curves, ended well by signals."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8

from agents.checkpoint import CONFIG_FILE, Checkpoint, load_checkpoint, save_checkpoint
from agents.common.acceleration import Numerics
from agents.common.console import Progress, announce
from agents.common.curves import Charts, by_level, shared_curves
from agents.common.finite import kept
from agents.common.kept_states import KEPT, GoingBack, newest_state, scale_note
from agents.common.processes import ALONE, Processes
from agents.common.signals import UNENDED, ending
from agents.common.state_form import check_settings
from agents.common.tensor_file import CheckpointError, NotFiniteError, load_note
from agents.pretraining.config import UNIFORM, PretrainConfig, describe
from agents.pretraining.episodes import episode_picture
from agents.pretraining.trainer import Pretrainer
from trm_gym import make_task
from trm_gym.short_repr import short

PRETRAIN_STATE = "pretrain.safetensors"
PRETRAIN_TAGS = {
    "loss": "train/loss",
    "halt_loss": "train/halt_loss",
    "hint_loss": "train/hint_loss",
    "solved": "rollout/success_rate",
    "steps": "rollout/ep_len_mean",
}
"""TensorBoard tags, by Stable-Baselines3's names."""
EPISODE = "episode"
"""The tag of the picture of a problem of the hardest level, drawn whenever the state is saved."""


def pretrain(
    config: PretrainConfig, folder: Path, keep: int = KEPT, restore: bool = False, processes: Processes = ALONE
) -> Checkpoint:
    """Run pretraining in ``folder``, resuming what stands there; returns the averaged network as a checkpoint.

    keep: how many states are kept; the newest that is whole is gone on from. restore: whether training that comes to
    what is no number goes on from there too, with half the learning rates; else it ends by NotFiniteError.
    A signal ends it after the update that it is at, with the state saved: ``Ended``. processes: those that share each
    batch, in all of which this is called, with one folder.
    """
    state, threads = newest_state(folder / PRETRAIN_STATE), torch.get_num_threads()
    trainer = Pretrainer(config, Numerics.of_note(load_note(state), state) if state else None, processes)
    if state:
        trainer.load(state)
    elif config.start_weights:
        begin_with(trainer, config.start_weights)
    used = f"compiled {trainer.acceleration.compiled}, bfloat16 {trainer.acceleration.bfloat16}"
    print(f"{config.task}: {trainer.model.num_parameters():,} parameters; {used} ({trainer.acceleration.reason})")
    announce("pretrain", trainer.acceleration.seconds * (1 - trainer.updates / config.updates))
    try:
        if trainer.updates < config.updates:
            finish(trainer, folder, keep, restore)
    finally:
        trainer.supply.close()
        torch.set_num_threads(threads)  # what follows must not depend on whether this went before it in one process
    meta: dict[str, Any] = {"numerics": asdict(trainer.acceleration.numerics), "pretraining": describe(config)}
    meta |= scale_note(trainer.optimizers)
    if trainer.seconds is not None:
        meta["pretraining_seconds"] = round(trainer.seconds, 1)
    return Checkpoint(trainer.averaged(), config.task, {}, meta)


def begin_with(trainer: Pretrainer, place: str) -> None:
    """Take the weights of the checkpoint at ``place`` into a fresh trainer; no weight depends on T and n.

    Raises CheckpointError where it is no network of the config's form, or of another task than its in any size.
    """
    config = trainer.config
    made = load_checkpoint(place)
    depth = {"cycles": config.model.cycles, "latent_updates": config.model.latent_updates}
    same = replace(made.model.config, **depth) == config.model
    if not same or type(make_task(made.task)) is not type(trainer.task):
        wanted = "one of the same form (T and n apart), and of the same task in this size or another"
        raise CheckpointError(f"start_weights {short(place)} is a network of {made.task}: {config.task} wants {wanted}")
    if made.task != config.task:
        made = load_checkpoint(place, size=getattr(trainer.task, "size", None))
    trainer.model.load_state_dict(made.model.state_dict())
    trainer.average.weights = {name: value.clone() for name, value in made.model.state_dict().items()}


def finish(trainer: Pretrainer, folder: Path, keep: int, restore: bool) -> None:
    """The updates that are left, with curves for TensorBoard, and states to resume from."""
    config, first, earlier, processes = trainer.config, trainer.updates, trainer.seconds, trainer.processes
    started, back = time.perf_counter(), GoingBack(folder / PRETRAIN_STATE, trainer.load, trainer.optimizers, restore)
    # Points of a run that was killed after its last state are made again, and shown once.
    curves = folder / "tensorboard" / "pretrain"
    bar = Progress(config.updates, "pretrain", done=first)
    with ending() as asked, shared_curves(curves, first + 1, processes, charts(config)) as writer, bar:
        while trainer.updates < config.updates:
            with back, kept(folder / PRETRAIN_STATE, trainer.batch, processes.first):
                metrics = trainer.update()
            if back.went:
                continue
            spent = time.perf_counter() - started
            trainer.seconds = None if earlier is None else earlier + spent
            bar.update(trainer.updates, **metrics)
            if trainer.updates % 10 == 0:
                log(writer, trainer, metrics)
                writer.add_scalar("time/updates_per_second", (trainer.updates - first) / spent, trainer.updates)
            asked.share(processes.most)
            if asked or trainer.updates % config.save_every == 0 or trainer.updates == config.updates:
                trainer.save(folder / PRETRAIN_STATE, keep)
                with contextlib.suppress(NotFiniteError):  # the next update tells what is no number
                    if processes.first:
                        writer.add_image(EPISODE, episode(trainer), trainer.updates, dataformats="HWC")
            if asked:
                asked.end(f"update {trainer.updates} of {config.updates} is saved in {folder}; {UNENDED}")


def charts(config: PretrainConfig) -> Charts:
    """What of the curves is shown together."""
    levels = dict.fromkeys(config.levels)
    mixture = {"mix of the curriculum": [f"curriculum/{level}" for level in levels]}
    return {
        "training": {
            "losses": [PRETRAIN_TAGS["loss"], PRETRAIN_TAGS["halt_loss"]],
            "right drafts": [PRETRAIN_TAGS["solved"]],
        },
        "levels": {
            "right drafts": [f"{PRETRAIN_TAGS['solved']}/{level}" for level in levels],
            **({} if config.curriculum == UNIFORM else mixture),
        },
    }


def log(writer: Any, trainer: Pretrainer, metrics: Mapping[str, float]) -> None:
    """An update's figures for TensorBoard."""
    for name, value in metrics.items():
        writer.add_scalar(PRETRAIN_TAGS[name], value, trainer.updates)
    for level, share in by_level(trainer.task, *trainer.graded).items():
        writer.add_scalar(f"{PRETRAIN_TAGS['solved']}/{level}", share, trainer.updates)
    for level, share in trainer.supply.mixture.items():
        writer.add_scalar(f"curriculum/{level}", share, trainer.updates)


def episode(trainer: Pretrainer) -> UInt8[np.ndarray, "h w 3"]:
    """How the averaged network refines a problem of the hardest level; the same one all the run long."""
    task, config = trainer.task, trainer.config
    level = max(task.level_index(name) for name in config.levels)
    problem = task.generate(1, level, "train", 0)
    return episode_picture(trainer.averaged(), task, problem, config.max_steps)


def start_from(
    checkpoint: str | None,
    config: PretrainConfig,
    folder: Path,
    keep: int = KEPT,
    restore: bool = False,
    processes: Processes = ALONE,
) -> Checkpoint:
    """The network to start from: the checkpoint given, or the one pretrained in ``folder``, if need be now.

    keep, restore, processes: see ``pretrain``.
    """
    if checkpoint is not None:
        return load_checkpoint(checkpoint, config.task)
    place = folder / "pretrained"
    if (place / CONFIG_FILE).exists():
        start = load_checkpoint(place, config.task)
        check_settings(f"{place} was pretrained", start.meta.get("pretraining"), describe(config))
        return start
    made = pretrain(config, folder, keep, restore, processes)
    if processes.first:
        save_checkpoint(place, made)
    processes.most(0)  # the others wait until it is there
    return load_checkpoint(place)
