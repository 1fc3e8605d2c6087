"""The augmentations of a problem: turned and mirrored in one of eight ways, its colours renamed. Each can be undone.

All grids of a problem take the same augmentation. Black (colour 0) keeps its name, since most tasks have it as
background; so does the published training of TRM (arXiv 2510.04871).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trm_gym.arc.layout import COLOUR, COLOURS, VOCAB, as_panels, extent
from trm_gym.short_repr import short_repr
from trm_gym.streams import mix

TURNS = 8
_TURN, _RENAME = 1, 2  # streams
_RENAMED = COLOURS - 1


@short_repr
@dataclass(frozen=True)
class Augmentations:
    """One augmentation for each of B problems.

    turn: int64 [B], 0..7; bit 0: rows become columns; then bit 1: top to bottom; bit 2: left to right.
    tokens: uint8 [B, VOCAB], what each token becomes.
    """

    turn: NDArray[np.int64]
    tokens: NDArray[np.uint8]

    @staticmethod
    def draw(keys: NDArray[np.uint64]) -> Augmentations:
        """A random augmentation for each key, uint64 [B]; a pure function of it."""
        turn = (mix(keys, _TURN) % np.uint64(TURNS)).astype(np.int64)
        renamed = mix(keys[:, None], _RENAME, np.arange(_RENAMED)).argsort(axis=1)
        tokens = np.tile(np.arange(VOCAB, dtype=np.uint8), (len(keys), 1))
        tokens[:, COLOUR + 1 :] = COLOUR + 1 + renamed
        return Augmentations(turn, tokens)

    @property
    def inverse(self) -> Augmentations:
        """What undoes them."""
        # Mirrored after the exchange of rows and columns is exchanged after being mirrored the other way.
        across, down, right = self.turn & 1, self.turn >> 1 & 1, self.turn >> 2
        turn = np.where(across == 1, 1 + 2 * right + 4 * down, self.turn)
        return Augmentations(turn, self.tokens.argsort(axis=1).astype(np.uint8))

    def apply(self, tokens: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
        """Tokens uint8 [B, L] on panels of ``size``, augmented; every grid goes back to its corner."""
        panels = as_panels(tokens, size)
        across = (self.turn & 1 == 1)[:, None, None, None, None]
        panels = np.where(across, panels.swapaxes(-1, -2), panels)
        height, width = extent(panels)
        for bit, side, axis in ((2, height, -2), (4, width, -1)):
            place = np.arange(size)
            mirrored = (self.turn & bit > 0)[:, None, None, None] & (place < side[..., None])
            source = np.where(mirrored, side[..., None] - 1 - place, place)
            panels = np.take_along_axis(panels, np.expand_dims(source, -1 if axis == -2 else -2), axis)
        return np.take_along_axis(self.tokens, panels.reshape(len(tokens), -1), axis=1)
