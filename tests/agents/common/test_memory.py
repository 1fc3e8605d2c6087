"""Freed memory is kept while networks run, and given back afterwards, where the C library is glibc."""

from __future__ import annotations

import subprocess
import sys

import pytest

from agents.common.memory import give_back_memory, keep_freed_memory
from scripts.enduring.held import told

KEEPING = """
from agents.common.memory import give_back_memory, keep_freed_memory
from scripts.enduring.held import memory
assert keep_freed_memory()
give_back_memory()
seen = [memory()]
blocks = [b"." * 2**20 for _ in range(64)]
end = b"." * 2**20  # above the others: what they leave is a hole in the middle
seen.append(memory())
blocks.clear()
seen.append(memory())
assert give_back_memory()
print(*seen, memory())
"""


@pytest.mark.skipif(not (told() and keep_freed_memory()), reason="another C library has its own ways")
def test_what_is_freed_is_kept_until_it_is_given_back():
    answer = subprocess.run([sys.executable, "-c", KEEPING], capture_output=True, text=True, check=True)
    before, full, freed, given = map(float, answer.stdout.split())
    assert full > before + 60 and freed > full - 4 and given < before + 4


def test_another_c_library_has_its_own_ways(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert not keep_freed_memory() and not give_back_memory()
