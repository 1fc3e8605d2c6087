"""What is left of targets once parts are taken from them, for many at a time."""

from __future__ import annotations

from trm_gym.jit import kernel
from trm_gym.regression._search.meeting import rest


@kernel
def rests(form, targets, parts, left):
    """Write the ``rest`` of every row of targets [K, N] for the same row of parts [K, N] into ``left`` [K, N]."""
    for row in range(len(targets)):
        for at in range(targets.shape[1]):
            left[row, at] = rest(form, targets[row, at], parts[row, at])
