"""Pretraining by several processes: the numbers of one, a state that every loss leaves whole, errors that all share."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed

from agents.common.finite import DIVERGED
from agents.common.processes import ALONE, Processes
from agents.common.tensor_file import NotFiniteError, load_note, load_tensors
from agents.common.tensors import Tensors
from agents.pretraining.config import PretrainConfig
from agents.pretraining.optim import OptimConfig
from agents.pretraining.run import PRETRAIN_STATE, pretrain
from agents.pretraining.trainer import Pretrainer
from scripts.benchmarking.forked import forked
from tests.agents.common.test_signals import same
from tests.agents.pretraining.test_trainer import TINY

UPDATES = 50
# Muon makes much of the last digits: after 50 updates, those of another order of sums are 5e-4 in the loss.
OPTIM = OptimConfig(core="adamw", adamw_lr=1e-3)
CONFIG = dataclasses.replace(TINY, optim=OPTIM, updates=UPDATES, batch=8, max_steps=4, start_noise=0.2, save_every=10)


Said = list[dict[str, float]]


def trained(config: PretrainConfig, processes: Processes = ALONE, place: Path | None = None) -> tuple[Said, Tensors]:
    """What every update said, and all that is saved after the last one, to ``place`` if there is one."""
    trainer = Pretrainer(config, processes=processes)
    said = [trainer.update() for _ in range(config.updates)]
    if place is not None:
        trainer.save(place)
    trainer.supply.close()
    return said, trainer.tensors()


@pytest.mark.parametrize("count", [2, 4])
def test_the_same_batch_gives_the_same_losses(count: int, tmp_path: Path, unchecked):
    """Those of a run alone to 1e-5; of one that adds up as many gradients, each from its chunk, bit for bit for two."""

    def work(processes: Processes) -> None:
        said, _ = trained(CONFIG, processes, tmp_path / "state")
        (tmp_path / f"said{processes.rank}").write_text(json.dumps(said))

    assert forked(count, work, tmp_path / "log") == [0] * count, read(tmp_path / "log")
    (together,) = {(tmp_path / f"said{rank}").read_text() for rank in range(count)}
    alone, whole = trained(CONFIG)
    assert len(alone) == UPDATES
    for ours, theirs in zip(alone, json.loads(together), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5, rel=0)
    found = load_tensors(tmp_path / "state")[0]
    assert whole.keys() == found.keys()
    for name, value in whole.items():
        assert torch.allclose(value.float(), found[name].float(), atol=1e-4), name
    if count == 2:
        assert trained(dataclasses.replace(CONFIG, chunk=4))[0] == json.loads(together)


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


SHORT = dataclasses.replace(CONFIG, updates=14, save_every=5)


def training(folder: Path, config: PretrainConfig = SHORT) -> Callable[[Processes], object]:
    return lambda processes: pretrain(config, folder, processes=processes)


def lost(work: Callable[[Processes], object], rank: int, update: int, where: str) -> Callable[[Processes], object]:
    """The same, but for a process that is gone before, in or after the sum of an update's gradients."""
    calls = itertools.count()

    def sum_gradients(processes: Processes, weights: dict[str, Tensor], broken: bool = False) -> None:
        fails = processes.rank == rank and next(calls) == update
        if fails and where == "before":
            os._exit(9)
        if fails and where == "in":
            distributed.all_reduce(torch.zeros(sum(1 + one.numel() for one in weights.values())), async_op=True)
            os._exit(9)
        whole(processes, weights, broken)
        if fails:
            os._exit(9)

    def with_a_loss(processes: Processes) -> None:
        setattr(Processes, "sum_gradients", sum_gradients)  # noqa: B010  in the forked process alone
        work(processes)

    whole = Processes.sum_gradients
    return with_a_loss


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last state of a run that loses nothing."""
    folder = tmp_path_factory.mktemp("whole")
    assert forked(2, training(folder), folder / "log") == [0, 0], read(folder / "log")
    return folder / PRETRAIN_STATE


@pytest.mark.parametrize(("rank", "update", "where"), [(1, 8, "before"), (0, 5, "in"), (1, 11, "after")])
def test_a_lost_process_ends_the_run_and_it_goes_on_to_the_bit(
    rank: int, update: int, where: str, tmp_path: Path, undisturbed: Path, unchecked
):
    log, place = tmp_path / "log", tmp_path / "cut"
    codes = forked(2, lost(training(place), rank, update, where), log)
    assert codes[rank] == 9 and codes[1 - rank] == 1
    assert "ProcessLostError: another process of this run does not answer" in read(log)
    assert load_note(place / PRETRAIN_STATE)["updates"] == update // 5 * 5
    assert forked(2, training(place), log) == [0, 0], read(log)
    same(place / PRETRAIN_STATE, undisturbed)


def test_what_is_no_number_in_one_process_ends_all(tmp_path: Path, unchecked):
    def work(processes: Processes) -> None:
        if processes.rank == 1:
            setattr(Pretrainer, "_learn", fail)  # noqa: B010  in the forked process alone
        training(tmp_path)(processes)

    def fail(trainer: Pretrainer, rows: slice) -> None:
        raise NotFiniteError("the loss is nan")

    assert forked(2, work, tmp_path / "log") == [1, 1]
    told = read(tmp_path / "log")
    assert "NotFiniteError: update 1: the loss is nan" in told and "NotFiniteError: update 1: the gradient of" in told
    assert list(tmp_path.glob("*.safetensors")) == [tmp_path / DIVERGED]


def test_a_signal_to_one_process_ends_all_at_one_update(tmp_path: Path, unchecked):
    def work(processes: Processes) -> None:
        if processes.rank == 1:
            setattr(Pretrainer, "update", signalled)  # noqa: B010  in the forked process alone
        training(tmp_path)(processes)

    def signalled(trainer: Pretrainer) -> dict[str, float]:
        if trainer.updates == 3:
            signal.raise_signal(signal.SIGTERM)
        return whole(trainer)

    whole = Pretrainer.update
    assert forked(2, work, tmp_path / "log") == [143, 143], read(tmp_path / "log")
    assert load_note(tmp_path / PRETRAIN_STATE)["updates"] == 4


def test_what_several_processes_cannot_do(tmp_path: Path, unchecked):
    trainer = Pretrainer(CONFIG)
    trainer.save(tmp_path / PRETRAIN_STATE)
    trainer.supply.close()
    log = tmp_path / "log"
    assert forked(2, training(tmp_path), log) == [1, 1]
    assert "this run began with 1 processes, which decides its numbers: start it with as many" in read(log)
    with pytest.raises(ValueError, match=r"8 problems \(batch\) cannot be shared by 3 processes: use a multiple"):
        Pretrainer(CONFIG, processes=Processes(0, 3))
    with pytest.raises(ValueError, match="2 chunks of a batch cannot be shared by 4 processes"):
        Pretrainer(dataclasses.replace(CONFIG, chunk=4), processes=Processes(0, 4))
