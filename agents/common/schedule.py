"""Learning rates over a run."""

from __future__ import annotations


def schedule(update: int, updates: int, warmup: int, decay: float) -> float:
    """Factor on the learning rates at ``update`` of ``updates``: linear up, flat, linear down to zero."""
    rise = min(1.0, (update + 1) / max(warmup, 1))
    fall = min(1.0, (1 - update / updates) / max(decay, 1e-9))
    return rise * fall
