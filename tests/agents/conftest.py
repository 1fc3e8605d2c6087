"""What the tests of the agents share."""

from __future__ import annotations

import jaxtyping
import pytest


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No shape checks during this test: torch.compile cannot trace through the checker that the import hook puts in."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
