"""Ways to search for a formula, by the names that tables give them; each writes what it finds into a ``Trace``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from agents.inference.formulas.changes import stepped
from agents.inference.formulas.config import SearchConfig
from agents.inference.formulas.search import search
from agents.rollouts.step import Network
from scripts.benchmarking.formula_rivals import RIVALS, SETS
from scripts.benchmarking.recovery import TOLERANCE, Trace
from trm_gym import make_task
from trm_gym.regression.circuit.alone import refine_alone
from trm_gym.regression.fitting import fit
from trm_gym.regression.formula import of_draft
from trm_gym.regression.layout import LENGTH
from trm_gym.regression.points import PRESENT, points_of

Way = Callable[["Looking"], None]
STEPS = 16


@dataclass(frozen=True)
class Looking:
    """What a way is given: points float64 [N, 2 to 4], processor seconds, a seed, where to write, and the network."""

    table: NDArray[np.float64]
    seconds: float
    seed: int
    trace: Trace
    network: Network | None


def searched(config: SearchConfig) -> Way:
    """The search of the package under a config."""

    def way(one: Looking) -> None:
        timed = replace(config, seconds=one.seconds, seed=one.seed)
        one.trace.verdicts = search(one.table, timed, one.network, one.trace.take).drafts

    return way


def branched(branches: int, noise: float, sampled: float) -> Way:
    """Branches of the network from nothing, STEPS steps each; the best by fit. noise, sampled: see ``stepped``."""

    def way(one: Looking) -> None:
        problem = make_task("regression").encode(one.table)
        points = points_of(problem.numbers)
        blank, rng = np.zeros((branches, LENGTH), np.uint8), np.random.default_rng(one.seed)
        assert one.network is not None
        for made in stepped(one.network, problem, blank, STEPS, sampled, rng, noise):
            _judge(np.unique(made, axis=0), points, one.trace)
            if one.trace.over:
                break

    return way


def _judge(drafts: NDArray[np.uint8], points: NDArray[np.float64], trace: Trace) -> None:
    """Fit drafts uint8 [B, L] to points float64 [1, N, ROW], and judge the best few."""
    constants, errors = fit(drafts, np.broadcast_to(points, (len(drafts), *points.shape[1:])))
    trace.verdicts += len(drafts)
    for at in np.argsort(errors)[:4].tolist():
        formula = of_draft(drafts[at], constants[at]) if np.isfinite(errors[at]) else None
        if formula is not None:
            trace.judge(formula)


def circuit(one: Looking) -> None:
    """The circuit without a network, STEPS steps from nothing."""
    points = points_of(make_task("regression").encode(one.table).numbers)
    points = points[:, points[0, :, PRESENT] > 0]
    _judge(np.unique(refine_alone(points[0], STEPS, 24, 3, True), axis=0), points, one.trace)


_POOL = SearchConfig(compositions=False, lookup=False, tolerance=TOLERANCE)
MUTATION, NETWORK = "pool: mutation alone", "pool: network alone"
BOTH, CIRCUIT = "pool: network and mutation", "pool: circuit and mutation"
WAYS: dict[str, Way] = {
    "compositions, pool": searched(SearchConfig(change="mutation")),
    "circuit, no network": circuit,
    "network, one pass": branched(1, 0.0, 0.0),
    "network, 32 branches": branched(32, 0.5, 0.5),
    MUTATION: searched(replace(_POOL, change="mutation")),
    NETWORK: searched(replace(_POOL, change="network")),
    BOTH: searched(replace(_POOL, change="both")),
    CIRCUIT: searched(replace(_POOL, change="circuit")),
    "pool: mutation, look-ups": searched(replace(_POOL, change="mutation", lookup=True)),
    "compositions, pool with network": searched(SearchConfig(change="both")),
    **RIVALS,
    **SETS,
}
WITH_NETWORK = {name for name in WAYS if "network" in name and "no network" not in name}
POOLS = (MUTATION, NETWORK, BOTH, CIRCUIT)
"""The same pool, which differs in what changes its drafts alone."""
