"""What tests of formulas share."""

from __future__ import annotations

import pytest

from trm_gym import lazy_kernel as lazy
from trm_gym.lazy_kernel import LazyKernel


@pytest.fixture(params=["interpreted", "compiled"])
def way(request, monkeypatch):
    """What holds for compiled kernels holds for kernels that Python runs."""
    monkeypatch.setattr(lazy, "INTERPRETED_SECONDS", 0.0)
    if request.param == "interpreted":
        call = lambda self, *arguments: self.interpret(*arguments, seconds=60.0)  # noqa: E731
        monkeypatch.setattr(LazyKernel, "__call__", call)
