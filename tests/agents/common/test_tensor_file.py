"""Files of tensors that are read again and again, and types that only other programs write."""

from __future__ import annotations

import gc
import json
import struct
import sys
from pathlib import Path

import pytest
import torch

from agents.common.tensor_file import CheckpointError, load_tensors, save_tensors

TENSORS, TIMES = 50, 10


def test_reading_again_and_again_leaves_no_memory_behind(tmp_path: Path):
    path = tmp_path / "many.safetensors"
    save_tensors(path, {str(number): torch.full((3,), float(number)) for number in range(TENSORS)}, {})
    for _ in range(TIMES):
        load_tensors(path)
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(TIMES):
        load_tensors(path)
    gc.collect()
    assert sys.getallocatedblocks() - before < TENSORS * TIMES // 2, "a block stays of every tensor"


def test_every_kind_of_tensor_comes_back(tmp_path: Path):
    kinds = [torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.uint8, torch.bool]
    tensors = {str(kind): torch.ones((2, 3), dtype=kind) for kind in kinds}
    tensors |= {"none": torch.zeros((0, 4)), "one": torch.tensor(2.5)}
    save_tensors(tmp_path / "kinds.safetensors", tensors, {"said": 1})
    found, note = load_tensors(tmp_path / "kinds.safetensors")
    assert note == {"said": 1} and found.keys() == tensors.keys()
    assert all(
        value.dtype is tensors[name].dtype and torch.equal(value, tensors[name]) for name, value in found.items()
    )


@pytest.mark.parametrize("kind", ["F4", "F8_E8M0", "F8_E4M3", "X32", "C64"])
def test_a_type_that_is_not_ours_is_refused_or_read(kind: str, tmp_path: Path):
    header = json.dumps({"x": {"dtype": kind, "shape": [8], "data_offsets": [0, 8]}}).encode()
    (tmp_path / "x.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    try:
        assert load_tensors(tmp_path / "x.safetensors")[0]["x"].shape == (8,)
    except CheckpointError as error:
        assert "not a readable safetensors file" in str(error) or "is torch.float8" in str(error)
