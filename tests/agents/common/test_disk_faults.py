"""Every call of a save fails once, by every fault of a disk: what stood there stands, and one line says what was wrong.

Saves are those of a state (with the ones before it), of a checkpoint, of a part of a comparison, and of a dataset.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import pytest
import torch

from agents.checkpoint import Checkpoint, digest, load_checkpoint, save_checkpoint
from agents.common.cli import main
from agents.common.kept_states import newest_state, save_state
from agents.common.places import PlaceError, Places, writing
from agents.common.tensor_file import load_note, load_tensors
from agents.evaluation.protocol import TestOutcomes
from agents.evaluation.run_store import CachedRun, load_outcomes, save_outcomes
from agents.rollouts.dataset import DatasetConfig, RolloutStore
from tests.agents.common.test_damaged_files import OUTCOMES
from tests.scripts.checkpoints import untrained
from trm_gym import atomic_io, make_task

CODES = (errno.ENOSPC, errno.EIO, errno.EMFILE)
MANY = 30
"""Calls of a save from which on each fails in one way, in turns."""
CALLS = ("open", "write", "fsync", "replace", "link")


@final
class Disk:
    """Stands for ``os`` and ``Path.open`` in atomic_io; call number ``fails`` ends in an error."""

    def __init__(self, patch: pytest.MonkeyPatch, fails: int = -1, code: int = errno.EIO) -> None:
        self.fails, self.code, self.calls = fails, code, list[str]()
        patch.setattr(atomic_io, "os", self)
        whole = Path.open

        def opened(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            if "w" not in mode:
                return whole(path, mode, *arguments, **options)
            self.call("open", str(path))
            return File(path, self)

        patch.setattr(Path, "open", opened)

    def call(self, name: str, path: str | None = None) -> None:
        self.calls.append(name)
        if len(self.calls) - 1 == self.fails:
            raise OSError(self.code, os.strerror(self.code), path)

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in CALLS:
            return real

        def called(*arguments: Any) -> Any:
            self.call(name)
            return real(*arguments)

        return called


@final
class File(io.FileIO):
    """A file to write to, of which a write may fail when half of it is done."""

    def __init__(self, path: Path, disk: Disk) -> None:
        super().__init__(path, "w")
        self._disk = disk

    def write(self, content: Any, /) -> int:
        try:
            self._disk.call("write")
        except OSError:
            super().write(memoryview(content).cast("B")[: len(memoryview(content).cast("B")) // 2])
            raise
        return super().write(content)


NETWORK: list[Checkpoint] = []


def network() -> Checkpoint:
    return NETWORK[0]


@pytest.fixture(autouse=True, scope="module")
def _network(tmp_path_factory: pytest.TempPathFactory) -> None:
    NETWORK[:] = [load_checkpoint(untrained(tmp_path_factory.mktemp("network")))]


def state(folder: Path, number: int) -> None:
    save_state(folder / "run.safetensors", {"weights": torch.full((50,), float(number))}, {"number": number}, keep=3)


def state_read(folder: Path) -> int:
    place = newest_state(folder / "run.safetensors")
    assert place is not None and load_tensors(place)[0]["weights"][0] == load_note(place)["number"]
    return load_note(place)["number"]


def checkpoint(folder: Path, number: int) -> None:
    model = network().model
    with torch.no_grad():
        next(iter(model.parameters())).fill_(number)
    save_checkpoint(folder, Checkpoint(model, network().task, {}, {"number": number}))


def checkpoint_read(folder: Path) -> int:
    """Of its weights: config.json may be that of the save before, but for what it has to share with them."""
    return int(next(iter(load_checkpoint(folder).model.parameters())).flatten()[0])


def part(folder: Path, number: int) -> None:
    """Of a comparison. A finished one is never written again, so that it is the first that fails or is whole."""
    save_outcomes(folder / f"{number}" / "outcomes.npz", OUTCOMES)
    CachedRun(folder / f"{number}", {"x": 1}).finish()


def part_read(folder: Path) -> int:
    done = [number for number in (1, 2) if CachedRun(folder / f"{number}", {"x": 1}).done]
    for number in done:
        assert isinstance(load_outcomes(folder / f"{number}" / "outcomes.npz"), TestOutcomes)
    return max(done)


def dataset(folder: Path, number: int) -> None:
    store = RolloutStore(folder, network().model, digest(network()), make_task(network().task))
    store.load_or_collect([0], DatasetConfig(problems=2, max_steps=2, seed=number))


def dataset_read(folder: Path) -> int:
    found = list(folder.glob("*.safetensors"))
    assert all(load_tensors(one)[1]["problems"] == 2 for one in found)
    return len(found)


SAVES: dict[str, tuple[Callable[[Path, int], None], Callable[[Path], int]]] = {
    "state": (state, state_read),
    "checkpoint": (checkpoint, checkpoint_read),
    "part": (part, part_read),
    "dataset": (dataset, dataset_read),
}


@dataclass(frozen=True)
class Nothing:
    """No options."""


@pytest.mark.parametrize("kind", SAVES)
def test_a_fault_at_any_call_leaves_the_old_and_one_line(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    save, read = SAVES[kind]
    with monkeypatch.context() as patch:
        (tmp_path / "whole").mkdir()
        save(tmp_path / "whole", 1)
        disk = Disk(patch)
        save(tmp_path / "whole", 2)
    assert read(tmp_path / "whole") == 2 and {"open", "write", "fsync", "replace"} <= set(disk.calls)
    links = [number for number, call in enumerate(disk.calls) if call == "link"]
    silent = {*links, *(number + 1 for number in links)}  # where there is no link there is a copy

    def codes(place: int) -> tuple[int, ...]:
        return CODES if len(disk.calls) < MANY else (CODES[place % len(CODES)],)

    heard = 0
    for place in range(len(disk.calls)):
        for code in codes(place):
            folder = tmp_path / f"{place}-{code}"
            folder.mkdir()
            save(folder, 1)
            with monkeypatch.context() as patch:
                Disk(patch, place, code)
                try:
                    main(lambda _: save(folder, 2), Nothing, args=[])  # noqa: B023  called at once
                except SystemExit as ended:
                    said = capsys.readouterr().err
                    assert ended.code == 2 and re.fullmatch(rf"error: {os.strerror(code)}: .*{folder.name}.*\n", said)
                    heard += 1
                    assert read(folder) in (1, 2)
                else:
                    assert place in silent, "it was not heard of"
                    assert read(folder) == 2
            assert not [path for path in folder.rglob("*") if path.suffix == ".tmp"]
            save(folder, 2)
            assert read(folder) == 2, "the next save"
    assert heard == sum(len(codes(place)) for place in range(len(disk.calls)) if place not in silent)


@pytest.mark.parametrize("code", CODES)
def test_a_lock_that_cannot_be_made_is_one_line(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", fail)
        with pytest.raises(PlaceError, match=os.strerror(code)), writing(Places([tmp_path])):
            pass
    monkeypatch.setattr(os, "pwrite", fail)
    with contextlib.ExitStack() as held:
        held.enter_context(writing(Places([tmp_path])))  # its owner is not told of; it is held all the same
        held.enter_context(pytest.raises(PlaceError, match="in use"))
        held.enter_context(writing(Places([tmp_path])))
    assert not list(tmp_path.iterdir())
