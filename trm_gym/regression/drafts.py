"""Drafts as text and back: formulas as they are written, and cells in brackets where a draft is no formula."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.errors import ProblemError
from trm_gym.regression import export
from trm_gym.regression.formula import of_draft
from trm_gym.regression.layout import LENGTH, SIGNS, SLOTS, TOKEN
from trm_gym.regression.parsing import parse
from trm_gym.regression.placing import place, place_as_written
from trm_gym.regression.programs import used_slots

_DOT = "."


def draft_text(draft: NDArray[np.uint8]) -> str:
    """The formula of a draft uint8 [L]; nothing for a blank one; the cells in brackets where it is none."""
    if not draft.any():
        return ""
    formula = of_draft(draft)
    return cells_text(draft) if formula is None else export.draft_text(formula)


def cells_text(draft: NDArray[np.uint8]) -> str:
    """The cells of a draft uint8 [L] one by one, a dot for a blank."""
    signs = [SIGNS[token] or _DOT for token in draft]
    return f"[{' '.join(signs[:SLOTS])} | {' '.join(signs[SLOTS:])}]"


def read_draft(text: str) -> NDArray[np.uint8]:
    """The draft uint8 [L] of a text, what does not count BLANK. Raises ProblemError, with what is wrong.

    A formula stands as it is written where that fits, else in another form of the same value.
    """
    if text.lstrip().startswith("["):
        return _read_cells(text)
    formula = parse(text, constants=True)
    placed = place_as_written(formula) or place(formula)
    if placed is None:
        raise ProblemError(f"the formula does not fit the canvas of {SLOTS} slots: write a shorter one")
    return placed.draft


def _read_cells(text: str) -> NDArray[np.uint8]:
    signs = text.strip().strip("[]").replace("|", " ").split()
    if len(signs) != LENGTH:
        raise ProblemError(f"a draft has {LENGTH} cells, got {len(signs)}")
    known = TOKEN | {_DOT: 0}
    for cell, sign in enumerate(signs, start=1):
        if sign not in known:
            raise ProblemError(f"{sign[:20]!r} at cell {cell} is no sign: use {' '.join(known).strip()}")
    return np.array([known[sign] for sign in signs], np.uint8)


def used_alone(drafts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Drafts uint8 [B, L] with BLANK in the cells that do not count."""
    return drafts * np.tile(used_slots(drafts), 2)
