"""The search for a formula: what small formulas make, then a pool of drafts, bettered by a network and by chance."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import final

import numpy as np
from numpy.typing import NDArray

from agents.inference.formulas.changes import looked_up, mutated, offered, stepped
from agents.inference.formulas.config import SearchConfig
from agents.inference.formulas.front import Front
from agents.inference.formulas.lookup import Lookup
from agents.inference.formulas.neater import neater_ones
from agents.inference.formulas.pool import Pool
from agents.rollouts.step import Network
from trm_gym import make_task
from trm_gym.lazy_kernel import no_interpreting
from trm_gym.regression.compositions import Candidate, Compositions
from trm_gym.regression.fitting import fit, is_compiled
from trm_gym.regression.formula import Formula, of_draft
from trm_gym.regression.layout import LENGTH
from trm_gym.regression.placing import place
from trm_gym.regression.points import PRESENT, TARGET, USUAL_MOST, points_of
from trm_gym.regression.reading import read_points
from trm_gym.regression.small_formulas import SmallFormulas
from trm_gym.regression.views import View, functions, parts
from trm_gym.streams import mix
from trm_gym.task import Problems

_COMPOSED = 0.6
"""The share of the time that compositions take at most, where there is a pool to go on with."""
_SHOWN = 8
"""Drafts of a batch that may be among the best formulas of their length."""
_TABLE, _PARTS = 70_000, 120
"""Small formulas that are looked up, and parts that are tried at the root."""
_SIMPLE, _CLOSE = 3, 30
"""Rounds of compositions that come before what is close is looked up, and how many of these of each view."""
_READY_ROWS, _READY_ROUNDS, _READY_TABLE = 12, 3, 500
"""Points, rounds, small formulas of the search that is run for what it compiles: all stages and turns of the pool."""
_ready: set[tuple[str, bool]] = set()
"""What has been run so in this process: what changes drafts, and whether there was a network."""
_log = logging.getLogger(__name__)

Watch = Callable[[Candidate], None]


@final
@dataclass(frozen=True)
class Found:
    """What a search came to.

    best: the formula to believe, None where there is none. candidates: the best of each length. exact: whether one fits
    exactly. rounds: of the pool. drafts: how many formulas were fitted in these. seconds: of the processor.
    """

    best: Candidate | None
    candidates: tuple[Candidate, ...]
    exact: bool
    rounds: int
    drafts: int
    seconds: float


def search(
    points: NDArray[np.float64],
    config: SearchConfig,
    network: Network | None = None,
    watch: Watch | None = None,
    weights: NDArray[np.float64] | None = None,
) -> Found:
    """Look for the formula of points float64 [N, 2 to 4], the target in the last column.

    network: one for the task ``regression``; without it mutation alone changes drafts. watch: is told of every formula
    that is better than all as short. weights: float64 [N], above 0, how much each point counts. Raises ProblemError for
    points that are no problem, ValueError where the network is to change drafts and there is none.
    """
    if config.change == "network" and network is None:
        raise ValueError("change is 'network' and there is no network: give one, or choose change='mutation'")
    points = read_points(points)
    make_ready(config, network)
    counted = np.ones(len(points)) if weights is None else weights / weights.mean()
    running = _Search(points, counted, config, network, watch)
    running.run()
    return running.found()


def make_ready(config: SearchConfig, network: Network | None = None) -> None:
    """Compile what such a search runs, or read it from disk, before its time is counted; at once where that was done.

    A fresh installation compiles for some seconds, once: a warning of the log says so. ``search`` does this itself.
    """
    what = (config.change, network is not None)
    if what in _ready:
        return
    if not is_compiled():
        _log.warning("the search is compiled, once for this installation: some 20 s, which no time limit counts")
    rng = np.random.default_rng(0)
    small = replace(config, seconds=3600.0, rounds=_READY_ROUNDS, compositions=True, lookup=False, branches=2, steps=1)
    points = rng.uniform(1.0, 2.0, (_READY_ROWS, 2))
    with no_interpreting():
        _Search(points, np.ones(_READY_ROWS), small, network, None).ready()
    _ready.add(what)


@final
class _Search:
    """One search while it runs."""

    def __init__(
        self,
        points: NDArray[np.float64],
        weights: NDArray[np.float64],
        config: SearchConfig,
        network: Network | None,
        watch: Watch | None,
    ) -> None:
        self._began = time.process_time()
        self._config, self._network, self._watch = config, network, watch
        some = np.sort(np.argsort(mix(1, np.arange(len(points))), kind="stable")[:USUAL_MOST])
        self._problem: Problems = make_task("regression").encode(points[some])
        self._points = points_of(self._problem.numbers)[0].copy()
        self._points[: len(some), PRESENT] = weights[some]
        self._shown = self._points[self._points[:, PRESENT] > 0]
        self._compositions = Compositions(points[:, :-1], points[:, -1], weights)
        self._front, self._pool = Front(len(points), config.tolerance), Pool(config.pool)
        self._rng = np.random.default_rng(config.seed)
        self._inputs = points.shape[1] - 1
        self._rounds = self._drafts = 0

    def run(self) -> None:
        """All of the search."""
        rounds = islice(self._compositions.rounds(), self._config.rounds)
        if self._config.compositions:
            self._compose(islice(rounds, _SIMPLE))
        lookup = None
        if self._config.lookup and not self._over():
            lookup = Lookup(SmallFormulas(self._shown[:, : self._inputs], _TABLE))
            self._close(lookup)
        if self._config.compositions:
            self._compose(rounds)
        if not self._over():
            self._better(lookup)

    def ready(self) -> None:
        """The same, and what is looked up for the pool of it, in a table that is quickly made."""
        self.run()
        drafts, constants = self._pool.drafts[:2], self._pool.constants[:2]  # arrays of one are laid out otherwise
        lookup = Lookup(SmallFormulas(self._shown[:, : self._inputs], _READY_TABLE))
        self._place(looked_up(lookup, self._shown, drafts, constants, self._rng))

    def _compose(self, rounds: Iterator[list[Candidate]]) -> None:
        """Compositions, until one fits exactly or their share of the time is over."""
        while not self._front.exact and self._spent() <= _COMPOSED * self._config.seconds:
            candidates = next(rounds, None)
            if candidates is None:
                break
            self._keep(candidates)

    def _close(self, lookup: Lookup) -> None:
        """Small formulas that are close to the target, or to what it is a function of: with noise nothing fits."""
        view = View(self._shown[:, TARGET])
        for one in (view, *functions(view)):
            if np.isfinite(one.values).all() and np.ptp(one.values) > 0.0:
                self._place(map(one.whole, lookup.close(one.values, _CLOSE)))
            if self._over():
                break

    def found(self) -> Found:
        """What it has come to by now."""
        front = self._front
        return Found(front.best, tuple(front.candidates), front.exact, self._rounds, self._drafts, self._spent())

    def _spent(self) -> float:
        return time.process_time() - self._began

    def _over(self) -> bool:
        ended = self._config.rounds is not None and self._rounds >= self._config.rounds
        return ended or self._front.exact or self._spent() > self._config.seconds

    def _better(self, lookup: Lookup | None) -> None:
        """Rounds of the pool."""
        config = self._config
        blank = np.zeros((4 * config.branches, LENGTH), np.uint8)
        self._put(mutated(self._problem, blank, self._rng))
        if lookup is not None:
            self._seed(lookup)
        while not self._over():
            self._rounds += 1
            chosen = self._pool.draw(config.branches, self._rng)
            drafts, constants = self._pool.drafts[chosen], self._pool.constants[chosen]
            turn = self._rounds % 2 == 0
            by_network = config.change == "network" or (config.change == "both" and turn)
            if config.change == "circuit" and turn:
                self._put(offered(self._shown, drafts, config.steps, self._rng))
            elif self._network is not None and by_network:
                for made in stepped(self._network, self._problem, drafts, config.steps, config.sampled, self._rng):
                    self._put(made)
                    if self._over():
                        break
            else:
                self._put(np.concatenate([mutated(self._problem, drafts, self._rng) for _ in range(config.steps)]))
            if lookup is not None and not self._over():
                self._place(looked_up(lookup, self._shown, drafts, constants, self._rng))

    def _seed(self, lookup: Lookup) -> None:
        """Formulas that are nearest to the target, to what it is a function of, and to its rests."""
        view = View(self._shown[:, TARGET])
        rows = range(min(_PARTS, len(lookup.table)))
        rests = parts(view, lookup.table.values[: len(rows)], list(map(lookup.table.formula, rows)))
        views = [view, *functions(view)]
        for rest in rests:
            views += [rest, *functions(rest, common=True)]
        for first in range(0, len(views), 64):
            some = views[first : first + 64]
            nearest = lookup.nearest(np.array([one.values for one in some]))
            self._place(one.whole(inside) for one, inside in zip(some, nearest, strict=True) if inside is not None)
            if self._over():
                break

    def _place(self, formulas: Iterable[Formula]) -> None:
        """Judge formulas, and put those into the pool that the canvas has room for."""
        drafts = []
        for formula in formulas:
            error = self._compositions.error(formula)
            if error < 1.0:
                self._keep(self._compositions.judged([formula], limit=np.inf))
                placed = place(formula)
                if placed is not None:
                    drafts.append(placed.draft)
        if drafts:
            self._put(np.array(drafts))

    def _put(self, drafts: NDArray[np.uint8]) -> None:
        """Fit drafts uint8 [B, L], put them into the pool, and keep the best as formulas."""
        if not len(drafts):
            return
        drafts = np.unique(drafts, axis=0)
        constants, errors = fit(drafts, np.broadcast_to(self._points, (len(drafts), *self._points.shape)))
        self._drafts += len(drafts)
        self._pool.add(drafts, constants, errors)
        for at in np.argsort(errors)[:_SHOWN].tolist():
            formula = of_draft(drafts[at], constants[at]) if np.isfinite(errors[at]) else None
            if formula is not None:
                self._keep(self._compositions.judged([formula], limit=np.inf))

    def _keep(self, candidates: Iterable[Candidate]) -> None:
        for candidate in candidates:
            if self._front.add(candidate):
                self._tell(candidate)
                for other in neater_ones(candidate, self._compositions, self._config.tolerance):
                    if self._front.add(other):
                        self._tell(other)

    def _tell(self, candidate: Candidate) -> None:
        if self._watch is not None:
            self._watch(candidate)
