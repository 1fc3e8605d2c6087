"""The table of what a halting environment shows: the place, the name and the meaning of each entry."""

from __future__ import annotations

import itertools
import re

from gymnasium.spaces import Box

from agents.checkpoint import load_checkpoint
from agents.envs.acts import observation_names
from agents.rollouts.features import feature_count

MEANINGS = {
    "answer_latent": "mean over the positions of the answer latent, by dimension",
    "reasoning_latent": "the same of the reasoning latent",
    "now": "of this step",
    "last": "of the step before; of this one where it is the first",
    "mean": "the mean over all steps so far",
    "budget_used": "steps taken, as a share of the budget",
    "free_cells": "cells that are to be filled, as a share of all",
    "log_price": "logarithm of λ: -1 and 1 at the ends of the prices that heads are taught at",
}
"""What names end in or are, and what that means."""


def rows(checkpoint: str) -> list[tuple[str, str, str]]:
    """The entries of an observation with a shipped network: places, names, meaning; numbered ones in one row."""
    count = feature_count(load_checkpoint(checkpoint).model.config.hidden) + 1
    names = observation_names(Box(-1.0, 1.0, (count,)))
    found, place = [], 0
    for group, members in itertools.groupby(names, key=lambda name: re.sub(r"_[0-9]+$", "", name)):
        count = len(list(members))
        kind = group if group in MEANINGS else group.rpartition("_")[2]
        many = f"`{group}_0` … `{group}_{count - 1}`" if count > 1 else f"`{group}`"
        found.append((f"{place}-{place + count - 1}" if count > 1 else str(place), many, MEANINGS[kind]))
        place += count
    return found
