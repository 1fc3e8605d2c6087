"""The circuit without a network: at every step the best of its offers is written down.

A control. What it finds, the look-ups find; what a network finds beyond that is the network's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from trm_gym.regression.circuit import search, telling
from trm_gym.regression.circuit.leaves import FUNCTIONS, LEAVES
from trm_gym.regression.circuit.numbers import CODE
from trm_gym.regression.circuit.pairs import KINDS, NAME, OFFER
from trm_gym.regression.circuit.reading import read_drafts
from trm_gym.regression.circuit.slots import AFFINE, EQUAL, EXACT, FEATURES, OFFERS
from trm_gym.regression.fitting import fit
from trm_gym.regression.layout import FIRST_BOTTOM, FIRST_UNARY, LENGTH, SLOTS, TOKEN, VARIABLES
from trm_gym.regression.operations import IDENTITY
from trm_gym.regression.programs import FIRST_VARIABLE, used_slots

RIGHT = 1e-9
"""The error, in standard deviations of the targets, of a draft that is taken for right."""
Slots = dict[int, tuple[int, int]]
"""Base token and function of slots."""


def refine_alone(points: NDArray[np.float64], steps: int, most: int, leaves: int, constants: bool) -> NDArray[np.uint8]:
    """The draft after each step of one problem, uint8 [steps, L], from nothing. points: float64 [N, ROW].

    At each step all offers at all slots that count are fitted to the points. Of those that are exact the shortest is
    the answer; otherwise the one that is off least is written down, of drafts that have not been there yet. most,
    leaves, constants: see ``reading.read_drafts``.
    """
    draft, drafts, seen = np.zeros(LENGTH, np.uint8), np.zeros((steps, LENGTH), np.uint8), set()
    for step in range(steps):
        reading = read_drafts(draft[None], points[None], most, leaves, constants).slots[0]
        offered = [written(draft, offer) for offer in all_offers(reading, draft)]
        offered = [one for one in offered if one.tobytes() not in seen]
        if offered:
            draft, error = _best(np.unique(np.array(offered), axis=0), points)
            seen.add(draft.tobytes())
            if error < RIGHT:
                drafts[step:] = draft
                break
        drafts[step] = draft
    return drafts


def _best(drafts: NDArray[np.uint8], points: NDArray[np.float64]) -> tuple[NDArray[np.uint8], float]:
    """The draft that is off least, with its error; of those that are right the shortest."""
    errors = fit(drafts, np.broadcast_to(points, (len(drafts), *points.shape))).error
    lengths = (used_slots(drafts) * (1 + (drafts[:, SLOTS:] != IDENTITY))).sum(axis=1)
    best = np.lexsort((lengths, np.maximum(errors, RIGHT)))[0]
    return drafts[best], float(errors[best])


def written(draft: NDArray[np.uint8], offer: Slots) -> NDArray[np.uint8]:
    """A draft uint8 [L] with an offer in it."""
    found = draft.copy()
    for slot, (base, function) in offer.items():
        found[slot], found[SLOTS + slot] = base, function
    return found


def all_offers(reading: NDArray[np.float32], draft: NDArray[np.uint8]) -> Iterator[Slots]:
    """What the features float32 [SLOTS, F] of a draft uint8 [L] offer for the root and all other slots that count."""
    counts = used_slots(draft[None])[0]
    counts[0] = True
    for slot in np.flatnonzero(counts).tolist():
        yield from offers(reading, slot)


def offers(reading: NDArray[np.float32], slot: int) -> Iterator[Slots]:
    """What the features float32 [SLOTS, F] of a draft offer for a slot: what fits exactly, else what is nearest."""
    exact = _told(reading, slot, EXACT, search.TOLD, search.ORIGINS)
    if not exact and reading.shape[1] > FEATURES:
        exact = _told(reading, slot, FEATURES, telling.TOLD, telling.ORIGINS)
    if exact:
        yield exact
        return
    row = reading[slot]
    for at in (EQUAL, AFFINE):
        if row[at : at + LEAVES].any():
            leaf = int(row[at : at + LEAVES].argmax())
            yield {slot: (FIRST_VARIABLE + leaf // FUNCTIONS, FIRST_UNARY + leaf % FUNCTIONS)}
    for kind in range(KINDS if slot < FIRST_BOTTOM else 0):
        offer = row[OFFERS + kind * OFFER :][:OFFER]
        if offer[0]:
            yield _joined(offer, kind, slot)


def _told(reading: NDArray[np.float32], slot: int, first: int, told: int, origins: int) -> Slots:
    """What a slot and those below it were told to write for the slot to be what is wanted; empty where nothing fits."""
    found: Slots = {}
    level = [slot]
    for origin in range(origins):
        for place in level:
            row = reading[place, first + origin * told :][:told]
            if row[0]:
                bases = told - 1 - FUNCTIONS
                found[place] = 1 + int(row[1 : 1 + bases].argmax()), FIRST_UNARY + int(row[1 + bases :].argmax())
        level = [below for place in level for below in (2 * place + 1, 2 * place + 2) if below < SLOTS]
    return found if slot in found else {}


def _joined(offer: NDArray[np.float32], kind: int, slot: int) -> Slots:
    """The best sum (0) or product (1) of one or two leaves under a function: of its coefficients the signs alone."""
    function, row = FIRST_UNARY + int(offer[2 : 2 + FUNCTIONS].argmax()), offer[2 + FUNCTIONS :]
    one, other = row[: NAME + CODE], row[NAME + CODE :][: NAME + CODE]
    signs = ("+", "-") if kind == 0 else ("*", "/")
    if not offer[1]:
        base, plain = _leaf(one)
        return {slot: (base, function if function != IDENTITY else plain)}
    first_minus, minus = one[NAME + 1] < 0, other[NAME + 1] < 0
    if first_minus and not minus:
        one, other, minus = other, one, first_minus
    return {slot: (TOKEN[signs[int(minus)]], function), 2 * slot + 1: _leaf(one), 2 * slot + 2: _leaf(other)}


def _leaf(named: NDArray[np.float32]) -> tuple[int, int]:
    """The tokens of a leaf as ``pairs.write_leaf`` names it."""
    variable = int(named[FUNCTIONS : FUNCTIONS + len(VARIABLES)].argmax())
    return FIRST_VARIABLE + variable, FIRST_UNARY + int(named[:FUNCTIONS].argmax())
