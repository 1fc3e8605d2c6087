"""What grids of runs, caches and files of answers keep, damaged in many ways: an error that names the file, or it is
made anew."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from agents.checkpoint import CONFIG_FILE, load_checkpoint
from agents.common import same_numerics
from agents.common.acceleration import AccelerationConfig
from agents.common.tensor_file import CheckpointError
from agents.evaluation.protocol import RuleSteps, TestOutcomes
from agents.evaluation.run_store import CachedRun, load_outcomes, load_rule_steps, save_outcomes, save_rule_steps
from agents.inference.batch_file import _whole_lines
from scripts.fuzzing import mangle
from tests.scripts.checkpoints import untrained
from trm_gym import json_files, kept_arrays
from trm_gym.kept_arrays import read_arrays, write_arrays

STEPS = np.arange(6, dtype=np.int16)
OUTCOMES = TestOutcomes(np.ones((6, 3), bool), np.zeros(6, np.int64), np.ones(6, np.float32), best_fixed=2, target=0.5)
TEXTS = ["", "[]", "3", "null", '"settings"', "{", "{}", "{" * 9000, "[" * 9000, '{"settings": ', "\0" * 50, "NaN"]


def read_outcomes(path: Path) -> object:
    return {name: np.asarray(value).tolist() for name, value in vars(load_outcomes(path)).items()}


def read_steps(path: Path) -> object:
    return {name: [part.tolist() for part in (one.point, one.prices)] for name, one in load_rule_steps(path).items()}


KINDS: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "outcomes": (lambda path: save_outcomes(path, OUTCOMES), read_outcomes),
    "steps": (
        lambda path: save_rule_steps(path, {"a": RuleSteps(STEPS, np.stack([STEPS]), np.stack([STEPS] * 2), True)}),
        read_steps,
    ),
    "cache": (
        lambda path: write_arrays(path, {"a": np.arange(300)}),
        lambda path: (read_arrays(path, ("a",), lambda _: True) or {"a": STEPS})["a"].tolist(),
    ),
}
ANEW = STEPS.tolist()
"""What stands for a cache that is made anew."""


@pytest.mark.filterwarnings("ignore:Reading `.np")
@pytest.mark.parametrize("kind", KINDS)
def test_bytes_that_changed(kind: str, tmp_path: Path):
    write, read = KINDS[kind]
    path = tmp_path / "one.npz"
    write(path)
    whole, sound = path.read_bytes(), read(path)
    ends = {"refused": 0, "anew": 0, "as before": 0}
    for seed in range(300):
        path.write_bytes(mangle.damaged(Random(seed), whole))
        try:
            found = read(path)
        except CheckpointError as error:
            assert str(path) in str(error)
            ends["refused"] += 1
        else:
            assert found in (sound, ANEW) if kind == "cache" else found == sound
            ends["anew" if found == ANEW else "as before"] += 1
    assert ends["anew" if kind == "cache" else "refused"] > 200, ends


def bomb(path: Path) -> None:
    """A small file that says that it holds more than any memory."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)})
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.npy", header.getvalue())


@pytest.mark.parametrize("read", [load_outcomes, load_rule_steps])
def test_arrays_of_another_kind_or_shape(read: Callable[[Path], object], tmp_path: Path):
    """Though they have no checksum, as those of versions before."""
    path = tmp_path / "one.npz"
    parts = {"solved": np.ones((6, 3), bool), "level": STEPS, "difficulty": np.ones(6), "best_fixed": np.array(2)}
    parts |= {"target": np.array(0.5)}
    if read is load_rule_steps:
        parts = {"a/point": STEPS, "a/prices": np.stack([STEPS]), "a/curve": np.stack([STEPS]), "a/tuned": np.array(1)}
    np.savez_compressed(path, **parts)  # pyright: ignore[reportArgumentType]
    read(path)
    for name, value in parts.items():
        others = [np.array("x"), value[..., None].repeat(2, -1), value * 1j, np.array([np.nan] * 7), np.zeros((0, 0))]
        for other in (*others, None):
            changed = {**parts, name: other}
            np.savez_compressed(path, **{key: one for key, one in changed.items() if one is not None})
            if name == "a/tuned" and other is not None and other.size == 1:
                continue
            with pytest.raises(CheckpointError, match=r"one\.npz"):
                read(path)
    bomb(path)
    with pytest.raises(CheckpointError, match=r"one\.npz"):
        read(path)


def test_limits_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "one.npz"
    save_outcomes(path, OUTCOMES)
    monkeypatch.setattr(kept_arrays, "MOST_BYTES", 99)
    with pytest.raises(CheckpointError, match="more than 99 bytes"):
        load_outcomes(path)
    monkeypatch.setattr(json_files, "MOST_BYTES", 99)
    (tmp_path / "run.json").write_text(json.dumps({"settings": "x" * 100}))
    with pytest.raises(CheckpointError, match=r"run\.json.*116 bytes, and 99 are the most"):
        CachedRun(tmp_path, {})


@pytest.mark.parametrize("text", TEXTS)
def test_records_of_runs_and_numerics_and_checkpoints(text: str, tmp_path: Path):
    network = untrained(tmp_path)
    for path, read in {
        tmp_path / "run.json": lambda: CachedRun(tmp_path, {}),
        tmp_path / same_numerics.FILE: lambda: same_numerics.kept_choices(tmp_path, AccelerationConfig()).__enter__(),
        network / CONFIG_FILE: lambda: load_checkpoint(network),
    }.items():
        path.write_text(text)
        with pytest.raises(CheckpointError, match=path.name):
            read()


def test_a_record_that_is_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "run.json")
    with pytest.raises(CheckpointError, match="pipe or a device"):
        CachedRun(tmp_path, {})


@pytest.mark.parametrize(
    "damage", [b'{"index": 2', b"\0" * 99 + b"\n", b'{"index": 7}\n', b"[2]\n", b"\xff\n", b"[" * 9999]
)
def test_answers_after_which_the_power_failed(damage: bytes, tmp_path: Path):
    """Those before the damage are kept, nothing after it is."""
    path = tmp_path / "partial"
    good = b'{"index": 0}\n{"index": 1}\n'
    path.write_bytes(good + damage + b'{"index": 3}\n')
    assert _whole_lines(path, range(4)) == 2 and path.read_bytes() == good
    assert _whole_lines(tmp_path / "none", range(4)) == 0


def test_what_dead_processes_left_of_a_cache_is_removed(tmp_path: Path):
    left = tmp_path / f".one.npz.{2**22 + 1}.tmp"
    left.write_bytes(b"half")
    write_arrays(tmp_path / "one.npz", {"a": np.arange(3)})
    assert not left.exists()
