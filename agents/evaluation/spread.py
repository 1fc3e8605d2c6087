"""Graded runs by a cluster's machines: a network on each of their processors, which runs whole groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from agents.checkpoint import load_checkpoint
from agents.common.acceleration import AccelerationConfig, Numerics, accelerate, solving_pass
from agents.common.cluster import Cluster
from agents.rollouts.collect import run_branches
from agents.rollouts.dataset import Groups, Spread
from agents.rollouts.unroll import Unroll
from trm_gym import make_task


@final
class GroupRunner:
    """An actor: a checkpoint's network at a size of its task, which computes by the numerics of whoever asks."""

    def __init__(self, place: str | Path, size: int | None, batch: int, numerics: Mapping[str, Any]) -> None:
        checkpoint = load_checkpoint(place, size=size)
        self._network, self._task, self._batch = checkpoint.model, make_task(checkpoint.task), batch
        one_pass = solving_pass(self._network, self._task, batch)
        accelerate(self._network, one_pass, 1, AccelerationConfig(), before=Numerics(**numerics))

    def run(self, groups: Groups) -> Unroll:
        """The groups' graded runs."""
        return run_branches(self._network, self._task, *groups, batch=self._batch).unroll


def spread_over(cluster: Cluster, place: str | Path, size: int | None, batch: int, title: str) -> Spread:
    """Groups of a checkpoint's network by all machines of a cluster. place: where all of them find the checkpoint."""

    def spread(groups: Sequence[Groups], numerics: Mapping[str, Any]) -> list[Unroll]:
        given = (place, size, batch, dict(numerics))
        return cluster.by_actors(GroupRunner, given, [(some,) for some in groups], title)

    return spread
