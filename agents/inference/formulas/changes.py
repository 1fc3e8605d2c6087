"""What makes other drafts of those in the pool: random mutation, a network's steps, small formulas looked up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from agents.inference.formulas.lookup import Lookup
from agents.rollouts.step import Network, draft_of, draw_tokens
from agents.rollouts.unroll import noisy_start
from agents.trm import Inputs
from trm_gym.regression.circuit.alone import all_offers, written
from trm_gym.regression.circuit.reading import read_drafts
from trm_gym.regression.corruption import corrupt
from trm_gym.regression.feedback import execute
from trm_gym.regression.formula import Formula, of_draft
from trm_gym.task import Problems

NOISE = 0.5
"""Of the branches' starts, in standard deviations, so that they go apart."""
_CIRCUIT = 24, 3, True
"""At how many points it runs drafts, how many leaves the formulas have that it looks up, and whether constants too."""


def mutated(problem: Problems, drafts: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Each draft uint8 [B, L] with a small change, a part cut down, or a part grown anew; random ones for blank drafts.

    problem: a batch of one.
    """
    keys = rng.integers(0, 2**63, len(drafts), dtype=np.uint64)
    problems = problem[np.zeros(len(drafts), np.int64)]
    problems.solution[:] = drafts
    return corrupt(problems, keys)


def stepped(
    network: Network,
    problem: Problems,
    drafts: NDArray[np.uint8],
    steps: int,
    sampled: float,
    rng: np.random.Generator,
    noise: float = NOISE,
) -> Iterator[NDArray[np.uint8]]:
    """What a network makes of drafts uint8 [B, L], step by step, each again [B, L].

    sampled: the share of branches whose tokens are drawn from what it holds likely. noise: of their starts, in standard
    deviations.
    """
    count = len(drafts)
    problems = problem[np.zeros(count, np.int64)]
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    with torch.inference_mode():
        carry = noisy_start(network, count, noise, generator)
        device = carry.answer.device
        inputs = Inputs.of(problems, torch.from_numpy(drafts).long().to(device))
        free = torch.from_numpy(problems.free).to(device)
        drawn = torch.arange(count, device=device)[:, None] < round(sampled * count)
        for _ in range(steps):
            carry, output = network(carry, inputs)
            likeliest = draft_of(output.logits, inputs.problem, free)
            uniform = torch.rand(output.logits.shape, generator=generator).to(device)
            chosen = torch.where(drawn, draw_tokens(output.logits, uniform), likeliest)
            inputs = inputs._replace(draft=chosen)
            yield chosen.cpu().numpy().astype(np.uint8)


def offered(
    points: NDArray[np.float64], drafts: NDArray[np.uint8], most: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Drafts uint8 [B, L] with one offer each of the circuit that a network is shown, at most ``most`` of each draft.

    points: float64 [N, ROW], those of the table. The control of ``stepped``: it knows the same and has learnt nothing.
    """
    slots = read_drafts(drafts, np.broadcast_to(points, (len(drafts), *points.shape)), *_CIRCUIT).slots
    made = []
    for draft, reading in zip(drafts, slots, strict=True):
        found = [written(draft, offer) for offer in all_offers(reading, draft)]
        made += [found[at] for at in rng.permutation(len(found))[:most]]
    return np.array(made, np.uint8).reshape(-1, drafts.shape[1])


def looked_up(
    lookup: Lookup,
    points: NDArray[np.float64],
    drafts: NDArray[np.uint8],
    constants: NDArray[np.float64],
    rng: np.random.Generator,
) -> Iterator[Formula]:
    """Drafts uint8 [B, L] with one part each replaced by the small formula that is nearest to what is wanted there.

    points: float64 [N, ROW], those of the table. constants: float64 [B, CONSTANTS], those of the drafts.
    """
    found = execute(drafts, np.broadcast_to(points, (len(drafts), *points.shape)))
    chances = np.where(np.isfinite(found.wanted).any(axis=2), rng.random(found.used.shape), -1.0)
    slots = chances.argmax(axis=1)
    nearest = lookup.nearest(found.wanted[np.arange(len(drafts)), slots])
    for draft, values, slot, formula in zip(drafts, constants, slots.tolist(), nearest, strict=True):
        if formula is not None:
            whole = of_draft(draft, values, instead={slot: formula})
            if whole is not None:
                yield whole
