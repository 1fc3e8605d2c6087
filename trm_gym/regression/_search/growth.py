"""Base formulas: all short ones and many longer, no two of which are the same on a range that both are shown on.

Formulas grow by their number of nodes. Short ones are gone through, every one; longer ones are drawn, a grammar saying
how often each operation stands. What is the same by its values as a shorter one, or one met before, is left out. So no
part of a formula can be written with fewer nodes, as far as all short formulas are known.
"""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import kernel
from trm_gym.regression._search.fitted_forms import independent, typical, without
from trm_gym.regression._search.pool import Joins, Pool
from trm_gym.regression._search.renaming import in_order
from trm_gym.regression._search.values import STEEPEST, STEEPEST_FITTED, Traits, all_count, traits
from trm_gym.regression.layout import CONSTANT, LENGTH, NUMBERS, TOKEN, UNARY, VARIABLES
from trm_gym.regression.levels import RANGES, Family
from trm_gym.regression.operations import IDENTITY
from trm_gym.streams import mix
from trm_gym.task import BLANK

_SEED = 20_261_129

_LEAF, _JOIN = 0.5, 0.5
_LEAVES = {"x": 0.3, "y": 0.2, "z": 0.2, "1": 0.12, "2": 0.1, "3": 0.05, "4": 0.03, "5": 0.03, "c": 3.0}
_BASES = {"*": 0.32, "+": 0.33, "-": 0.17, "/": 0.15, "^": 0.03}
_POWERS = {"square": 0.24, "cube": 0.1, "fourth": 0.05, "sqrt": 0.13}
_UNARIES = _POWERS | {"sin": 0.14, "cos": 0.12, "exp": 0.12, "log": 0.1}
_PLAIN = 0.7
"""What share of leaves, and of joins, no function is taken of."""

_FUNCTIONS = np.array([TOKEN[name] for name in _UNARIES])
_OPERATORS = np.array([TOKEN[sign] for sign in _BASES])


class Grown(NamedTuple):
    """N base formulas, shorter ones first.

    drafts: uint8 [N, L]. nodes: int64 [N]. shown: int64 [N], bit r is set where it may be shown on range r. hashes:
    uint64 [N], the same for all ways to write a formula, whatever its variables are called.
    """

    drafts: NDArray[np.uint8]
    nodes: NDArray[np.int64]
    shown: NDArray[np.int64]
    hashes: NDArray[np.uint64]


@kernel
def _claim(words, table, new):
    """Mark in ``new`` the words, uint64 [B], that are not in the hash table yet, and put them in; 0 is none."""
    last = np.uint64(len(table) - 1)
    for index in range(len(words)):
        word = words[index]
        place = word & last
        while table[place] != 0 and table[place] != word:
            place = (place + np.uint64(1)) & last
        new[index] = word != 0 and table[place] == 0
        table[place] = word


@final
class _Known:
    """Words that were met. most: how many there may be."""

    def __init__(self, most: int) -> None:
        self._table = np.zeros(1 << (2 * most).bit_length(), np.uint64)

    def claim(self, words: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of ``words`` uint64 [B] come for the first time, bool [B]; 0 never does."""
        new = np.empty(len(words), np.bool_)
        _claim(words, self._table, new)
        return new


def grow(family: Family) -> Grown:
    """The base formulas of a family."""
    pool, most = Pool(), 100_000 + sum(family.draws.values())
    owned, held, ranged = _Known(most), _Known(most), [_Known(most) for _ in RANGES]
    parts = []
    for nodes in range(1, family.most + 1):
        joins, drafts = _made(pool, nodes, family)
        found = traits(drafts, typical(drafts), 1)
        new = owned.claim(np.where(found.shown > 0, found.own, np.uint64(0)))
        if joins is not None:
            # By their tokens, so that terms of the same length have an order that a draft tells by itself.
            new = np.flatnonzero(new)[np.argsort(drafts[new].view(f"S{LENGTH}")[:, 0], kind="stable")]
            joins = joins.at(new)
            pool.add(joins, drafts[new], _weights(pool, joins))
        drafts = in_order(drafts[new])
        drafts = drafts[np.unique(drafts, axis=0, return_index=True)[1]]
        parts.append(_base(drafts[_belongs(drafts, family)], nodes, family, held, ranged))
    return Grown(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _base(drafts: NDArray[np.uint8], nodes: int, family: Family, held: _Known, ranged: list[_Known]) -> Grown:
    """Those of drafts uint8 [B, L] that become base formulas."""
    steepest = STEEPEST_FITTED if family.constants else STEEPEST
    found = traits(drafts, typical(drafts), family.variables, steepest)
    shown = _claimed(found, held, ranged)
    kept, hashes = (shown > 0) & all_count(drafts, typical(drafts), shown), found.family
    if family.constants:
        count = (drafts == TOKEN[CONSTANT]).sum(axis=1)
        kept &= independent(drafts, count, shown)
        hashes = traits(drafts, without(drafts), family.variables).family
    return Grown(drafts[kept], np.full(kept.sum(), nodes), shown[kept], hashes[kept])


def _belongs(drafts: NDArray[np.uint8], family: Family) -> NDArray[np.bool_]:
    """Which drafts uint8 [B, L] have the variables and constants that all formulas of a family have, bool [B]."""
    wanted = [VARIABLES[2]] * (family.variables > 2) + [CONSTANT] * family.constants
    return np.all([(drafts == TOKEN[sign]).any(axis=1) for sign in [VARIABLES[0], *wanted]], axis=0)


def _made(pool: Pool, nodes: int, family: Family) -> tuple[Joins | None, NDArray[np.uint8]]:
    """The formulas of so many ``nodes`` as drafts uint8 [B, L], and how they are made of those of the pool.

    Variables are put into the pool at once, and numbers and constants, which are no formulas by themselves.
    """
    if nodes > 1:
        joins = _drawn(pool, nodes, family.draws[nodes]) if nodes in family.draws else _all(pool, nodes)
        joins = joins.at(pool.kept(joins))
        return joins, pool.build(joins)
    leaves = [*VARIABLES[: family.variables], *NUMBERS, *([CONSTANT] if family.constants else [])]
    number = np.arange(len(leaves)) >= family.variables
    weights = np.array([_LEAVES[sign] for sign in leaves])
    pool.add_leaves(np.array([TOKEN[sign] for sign in leaves], np.uint8), number, _LEAF * weights)
    return None, pool.drafts[: family.variables]


def _claimed(found: Traits, held: _Known, ranged: list[_Known]) -> NDArray[np.int64]:
    """The ranges, as bits int64 [B], on which formulas can be shown and no other before them is the same."""
    shown = np.where(found.family > 0, found.shown, 0)
    shown *= held.claim(np.where(shown > 0, found.family, np.uint64(0)))
    for place, known in enumerate(ranged):
        words = np.where(shown >> place & 1, found.ranged[:, place], np.uint64(0))
        shown &= ~((~known.claim(words)).astype(np.int64) << place)
    return shown


def _weights(pool: Pool, joins: Joins) -> NDArray[np.float64]:
    """How often a grammar would make formulas, float64 [B]."""
    function = np.zeros(len(UNARY) + IDENTITY)
    function[_FUNCTIONS] = (1 - _PLAIN) * np.array(list(_UNARIES.values()))
    function[IDENTITY] = _PLAIN
    operator = np.ones(_OPERATORS.max() + 1)
    operator[_OPERATORS] = _JOIN * np.array(list(_BASES.values()))
    right = np.where(joins.base == BLANK, 1.0, pool.weight[joins.right])
    return function[joins.unary] * operator[joins.base] * pool.weight[joins.left] * right


def _all(pool: Pool, nodes: int) -> Joins:
    """Every way to make formulas of so many ``nodes``."""
    parts = []
    if nodes == 2:
        variables = np.flatnonzero(~pool.number[pool.of(1)])
        unary, left = (part.ravel() for part in np.meshgrid(_FUNCTIONS, variables, indexing="ij"))
        parts.append(Joins(unary, np.full(unary.shape, BLANK), left, left))
    for functions, inside in ((np.array([IDENTITY]), nodes - 1), (_FUNCTIONS, nodes - 2)):
        for first in range(1, inside):
            lefts, rights = (np.arange(len(pool.nodes))[pool.of(size)] for size in (first, inside - first))
            grid = np.meshgrid(functions, _OPERATORS, lefts, rights, indexing="ij")
            parts.append(Joins(*(part.ravel() for part in grid)))
    return Joins(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _drawn(pool: Pool, nodes: int, count: int) -> Joins:
    """``count`` ways to make formulas of so many ``nodes``, drawn as a grammar makes them, less those that repeat."""
    shares = [mix(_SEED, nodes, np.arange(count), stream).astype(np.float64) / 2.0**64 for stream in range(6)]
    masses = [pool.weight[pool.of(size)].sum() for size in range(nodes)]
    options = [(nodes - 1, first, _PLAIN) for first in range(1, nodes - 1)]
    options += [(nodes - 2, first, 1 - _PLAIN) for first in range(1, nodes - 2)]
    chances = [share * masses[first] * masses[inside - first] for inside, first, share in options]
    option = _pick(np.array(chances), shares[0])
    unary, base = np.full(count, IDENTITY), _OPERATORS[_pick(np.array(list(_BASES.values())), shares[1])]
    left, right = np.empty(count, np.int64), np.empty(count, np.int64)
    for place, (inside, first, _) in enumerate(options):
        here = np.flatnonzero(option == place)
        if inside == nodes - 2:
            unary[here] = _FUNCTIONS[_pick(np.array(list(_UNARIES.values())), shares[2][here])]
        for side, size, share in ((left, first, shares[3]), (right, inside - first, shares[4])):
            side[here] = pool.of(size).start + _pick(pool.weight[pool.of(size)], share[here])
    code = ((unary * 32 + base) * len(pool.nodes) + left) * len(pool.nodes) + right
    return Joins(unary, base, left, right).at(np.unique(code, return_index=True)[1])


def _pick(weights: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices int64 [B] drawn by ``weights`` float64 [K], from ``shares`` float64 [B] in [0, 1)."""
    sums = np.cumsum(weights)
    return np.minimum(np.searchsorted(sums, shares * sums[-1], side="right"), len(weights) - 1)
