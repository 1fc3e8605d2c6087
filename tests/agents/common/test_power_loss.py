"""Power is lost while states are saved: whatever reached the disk, a whole state is found.

Every write, sync, link and rename of two saves is recorded. Then the power is cut after each of them: bytes of a file
that was not put on the disk are all there, half there or not at all; and of the names that the folder was not put on
the disk with, any may be missing, whatever the order was.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import final

import pytest
import torch

from agents.common.kept_states import earlier, newest_state, save_state
from agents.common.tensor_file import CheckpointError, load_note, load_tensors
from trm_gym import atomic_io


@final
class Disk:
    """What happens in one folder, in order. inodes: what files hold, by a number that links share."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, synced: bool) -> None:
        self.folder, self.steps = folder, []
        self.synced = synced
        monkeypatch.setattr(atomic_io, "os", self)

    def __getattr__(self, name: str):
        return getattr(os, name)

    def fsync(self, file: int) -> None:
        os.fsync(file)
        status = os.fstat(file)
        if not self.synced:
            return
        if os.path.samestat(status, self.folder.stat()):
            self.steps.append(("folder", None, None))
        else:
            self.steps.append(("synced", status.st_ino, None))

    def replace(self, source: Path, target: Path) -> None:
        content = Path(source).read_bytes()
        self.steps.append(("name", Path(target).name, (os.stat(source).st_ino, content)))
        os.replace(source, target)

    def states(self):
        """All that the disk may hold after a cut at every step: how many saves were through, and names with bytes."""
        for cut in range(len(self.steps) + 1):
            sure, waiting, synced = {}, [], set()
            through = sum(kind == "folder" for kind, _, _ in self.steps[:cut])
            for kind, what, value in self.steps[:cut]:
                if kind == "folder":
                    sure |= dict(waiting)
                    waiting = []
                elif kind == "synced":
                    synced.add(what)
                else:
                    waiting.append((what, value))
            for size in range(len(waiting) + 1):
                for some in itertools.combinations(waiting, size):
                    names = sure | dict(some)
                    for share in (0.0, 0.5, 1.0):
                        yield (
                            through,
                            {
                                name: content if inode in synced else content[: int(share * len(content))]
                                for name, (inode, content) in names.items()
                            },
                        )


def saved(folder: Path) -> None:
    for number in range(4):
        weights = {"weights": torch.full((50,), float(number))}
        save_state(folder / "run.safetensors", weights, {"updates": number}, keep=3)


def found(files: dict[str, bytes], folder: Path) -> int | None:
    """The number of the state that is found on a disk with these files."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    place = newest_state(folder / "run.safetensors")
    return None if place is None else load_note(place)["updates"]


def test_after_any_loss_of_power_a_whole_state_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "run").mkdir()
    with monkeypatch.context() as patch:
        disk = Disk(tmp_path / "run", patch, synced=True)
        saved(disk.folder)
    seen = set()
    for number, (through, files) in enumerate(disk.states()):
        state = found(files, tmp_path / str(number))
        seen.add(state)
        assert (-1 if state is None else state) >= through - 1, "a save that was through is lost"
    assert seen == {None, 0, 1, 2, 3}


def test_without_syncing_it_would_not_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The test above can fail."""
    (tmp_path / "run").mkdir()
    with monkeypatch.context() as patch:
        disk = Disk(tmp_path / "run", patch, synced=False)
        saved(disk.folder)
    with pytest.raises(CheckpointError):
        for number, (_, files) in enumerate(disk.states()):
            found(files, tmp_path / str(number))


def test_the_last_states_are_kept_and_a_damaged_one_falls_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "run.safetensors"
    assert newest_state(path) is None
    saved(tmp_path)
    assert [load_note(earlier(path, age))["updates"] for age in range(3)] == [3, 2, 1]
    assert sorted(tmp_path.iterdir()) == sorted(earlier(path, age) for age in range(3))
    path.write_bytes(path.read_bytes()[:-1])
    assert newest_state(path) == earlier(path, 1) and "going on from the state before it" in capsys.readouterr().err
    assert torch.equal(load_tensors(earlier(path, 1))[0]["weights"], torch.full((50,), 2.0))
    for age in (1, 2):
        earlier(path, age).write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"run\.safetensors is not a readable"):
        newest_state(path)
    save_state(path, {"weights": torch.zeros(2)}, {"updates": 9}, keep=1)
    assert list(tmp_path.iterdir()) == [path]
