"""A command that asks for more memory than there is says so in one line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from agents.common.cli import main


@dataclass(frozen=True)
class Nothing:
    """No settings."""


def _allocate(library: str) -> None:
    """Ask for more memory than there is, which must be known before any of it is touched."""
    if library == "numpy":
        np.empty(2**60, np.uint8)
    elif library == "torch":
        torch.empty(2**60, dtype=torch.uint8)
    else:
        torch.empty(1).expand(2**40, 2**40).clone()


@pytest.mark.parametrize("library", ["numpy", "torch", "sizes beyond every address"])
def test_too_little_memory_is_one_line(capsys, library):
    """As a batch, slots or problems by the billion ask for it."""

    def run(config: Nothing) -> None:
        _allocate(library)

    with pytest.raises(SystemExit) as end:
        main(run, Nothing, args=[])
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert said.startswith("error: out of memory (")
    assert said.endswith("): use smaller numbers (batch, slots, problems, width)\n")
    assert said.count("\n") == 1


def test_other_faults_of_the_libraries_keep_their_traceback():
    def run(config: Nothing) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError):
        main(run, Nothing, args=[])
