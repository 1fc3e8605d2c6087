"""Curves are written by the run itself: at once, without a thread; a full disk ends it with one line about the file."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import io
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import pytest
import torch
from stable_baselines3 import A2C
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents.checkpoint import load_checkpoint
from agents.common.cli import main
from agents.common.curves import curve_writer
from agents.common.kept_states import newest_state
from agents.common.tensor_file import load_note, load_tensors
from agents.inference.showing import draw_thinking
from agents.pages.curves import read_curves
from agents.pretraining.run import PRETRAIN_STATE, pretrain
from agents.sb3.curves import curves
from tests.agents.pretraining.test_trainer import TINY
from tests.scripts.checkpoints import untrained
from trm_gym import make_task

RUN = dataclasses.replace(TINY, updates=40, save_every=15)


@final
class Disk(io.FileIO):
    """A file of events on a disk that takes ``room`` writes, then half of one, then none."""

    room = 0
    code = errno.ENOSPC

    def write(self, content: Any, /) -> int:
        Disk.room -= 1
        if Disk.room < -1:
            raise OSError(self.code, os.strerror(self.code))
        return super().write(content if Disk.room >= 0 else memoryview(content)[: len(content) // 2])


@contextlib.contextmanager
def full_disk(room: int, code: int) -> Iterator[None]:
    """Files of events are on a disk that takes so many writes, and then fails by that code; others are as ever."""
    whole = Path.open

    def opened(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        return Disk(path, mode) if "tfevents" in path.name else whole(path, mode, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("room", room), ("code", code)):
            patch.setattr(Disk, name, value)
        patch.setattr(Path, "open", opened)
        yield


@dataclass(frozen=True)
class Nothing:
    """No options."""


def ended(
    work: Callable[[], object], folder: Path, capfd: pytest.CaptureFixture[str], room: int, code: int = errno.ENOSPC
) -> None:
    """On that disk, run as a script is, it ends with one line, which names the file of events below ``folder``."""
    capfd.readouterr()
    with full_disk(room, code), pytest.raises(SystemExit) as raised:
        main(lambda _: work(), Nothing, args=[])
    said = capfd.readouterr().err
    [file] = folder.rglob("events.*")
    advice = ". Make room, then give the same command again" if code != errno.EIO else ""
    assert said == f"error: {os.strerror(code)}: {file}{advice}\n" and raised.value.code == 2


def test_a_point_is_in_the_file_when_it_was_handed_over(tmp_path: Path):
    threads = threading.active_count()
    with curve_writer(tmp_path, 1, {"group": {"chart": ["a"]}}) as writer:
        assert threading.active_count() == threads, "no other thread writes, so that none can fail or sleep"
        for step in range(3):
            writer.add_scalar("a", step / 2, step)
            assert read_curves(tmp_path).curves["a"].values.tolist() == [one / 2 for one in range(step + 1)]
        writer.add_image("picture", np.zeros((4, 4, 3), np.uint8), 1, dataformats="HWC")
        writer.add_histogram("many", np.arange(4), 1)
    events = EventAccumulator(str(tmp_path)).Reload()
    assert events.Images("picture") and events.Histograms("many")
    assert "custom_scalars__config__" in events.Tags()["tensors"]
    with curve_writer(tmp_path, 1) as writer:
        writer.add_scalar("a", 9.0, 1)
    points = EventAccumulator(str(tmp_path)).Reload().Scalars("a")
    assert [(one.step, one.value) for one in points] == [(0, 0.0), (1, 9.0)], "what stood there from step 1 on is gone"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    """The last state of a run whose disk has room."""
    folder = tmp_path_factory.mktemp("whole")
    pretrain(RUN, folder)
    return load_tensors(folder / PRETRAIN_STATE)[0]


ROOMS = [*((room, errno.ENOSPC) for room in (0, 1, 6, 14, 30)), (6, errno.EDQUOT), (14, errno.EIO)]


@pytest.mark.parametrize(("room", "code"), ROOMS)
def test_pretraining_ends_well_and_goes_on(
    room: int, code: int, whole: dict[str, torch.Tensor], tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    """Room for no event, for the first one, for points before the first state and before the second, and after it."""
    ended(lambda: pretrain(RUN, tmp_path), tmp_path, capfd, room, code)
    state = newest_state(tmp_path / PRETRAIN_STATE)
    assert (load_note(state)["updates"] if state else 0) == {14: 15, 30: 30}.get(room, 0)
    pretrain(RUN, tmp_path)
    after = load_tensors(tmp_path / PRETRAIN_STATE)[0]
    assert after.keys() == whole.keys() and all(torch.equal(after[name], whole[name]) for name in whole)


def test_pictures_of_thinking_end_well(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    network = load_checkpoint(untrained(tmp_path))
    problems = make_task(network.task).generate(2, 0, "test", 0)
    ended(lambda: draw_thinking(network, problems, tmp_path / "out", 2, 0.1), tmp_path / "out", capfd, 3)


def test_algorithms_of_others_end_well(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    model = A2C("MlpPolicy", "CartPole-v1", device="cpu")

    def learn() -> None:
        with curves(model, tmp_path):
            model.learn(2000)

    ended(learn, tmp_path, capfd, 3)
