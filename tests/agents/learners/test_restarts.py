"""GRPO of three acts: it finds the best schedule where that is known, and its likelihoods are those of its paths."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from agents.halting.paths import follow_schedule, in_order
from agents.halting.restart_head import VALUES, RestartPolicy, value_targets
from agents.halting.restart_policy import PolicyHalts, PolicyRestarts, SampledRestarts, SeemsRight
from agents.halting.restarts import NoRestart
from agents.learners.config import LearnerConfig, RestartsConfig
from agents.learners.registry import train_head
from agents.learners.restarts import RestartGrpo, draw_orders
from agents.rollouts.dataset import RolloutDataset
from agents.rollouts.unroll import Unroll

BUDGET, STARTS, FIRST, CHANCE, PRICE = 12, 5, 2, 0.5, 0.2


def coins(problems: int, seed: int = 0) -> RolloutDataset:
    """Every start is right from its second step on, or never is: a coin decides, and nothing tells before."""
    rng = np.random.default_rng(seed)
    steps = np.arange(1, BUDGET + 1)
    solved = (rng.random((problems * STARTS, 1)) < CHANCE) & (steps >= FIRST)
    shown = np.stack([solved, np.broadcast_to(steps / BUDGET, solved.shape), 0 * solved], -1)
    blank, runs = torch.zeros(solved.shape), len(solved)
    unroll = Unroll(
        features=torch.tensor(shown, dtype=torch.float32),
        solved=torch.tensor(solved),
        halt_logit=blank,
        velocity=blank,
        confidence=blank,
        changed=blank,
        level=torch.zeros(runs, dtype=torch.long),
        difficulty=torch.zeros(runs),
    )
    return RolloutDataset(unroll, STARTS, PRICE / BUDGET)


def best_return() -> float:
    """That of starting afresh after every second step, and halting where that was right; giving up with the last."""
    worth = 0.0
    for start in range(STARTS):
        worth += CHANCE * (1 - CHANCE) ** start * (1 - PRICE * FIRST * (start + 1) / BUDGET)
    return worth - (1 - CHANCE) ** STARTS * PRICE * FIRST * STARTS / BUDGET


def played(head: RestartPolicy, dataset: RolloutDataset, restarts: bool = True) -> float:
    """The mean return of what the policy does without chance."""
    runs = dataset.unroll
    schedule = PolicyRestarts(head, PRICE) if restarts else NoRestart()
    with torch.no_grad():
        paths = follow_schedule(runs, in_order(len(dataset), STARTS), schedule, SeemsRight(head).score(runs))
        stops = PolicyHalts(head, PRICE).stops(paths.record)
    stops[:, -1] = True
    step = stops.long().argmax(-1)
    right = paths.solved[torch.arange(len(step)), step].float()
    return float((right - PRICE * (step + 1) / BUDGET).mean())


def test_it_learns_when_to_start_afresh():
    config = LearnerConfig(iterations=12, groups=32, passes=24, minibatches=1)
    head = train_head("grpo_restarts", coins(256), config, seed=0)
    assert isinstance(head, RestartPolicy)
    fresh = coins(1000, seed=1)
    assert played(head, fresh) > best_return() - 0.02
    assert played(head, fresh, restarts=False) < CHANCE  # the same policy without its third act


def test_the_likelihood_of_a_path_is_the_product_of_its_acts():
    dataset, generator = coins(6), torch.Generator().manual_seed(0)
    learner = RestartGrpo(LearnerConfig(restarts=RestartsConfig(paths=3)), 3, seed=0)
    with torch.no_grad():
        for part in learner.head.parameters():
            part.normal_(std=0.2, generator=generator)
        values = learner.head.value_logits(dataset.unroll.features)
    order, prices = draw_orders(6, STARTS, 3, generator), torch.rand(18, generator=generator) + 0.1
    schedule = SampledRestarts(learner.head, values, prices, generator)
    paths = follow_schedule(dataset.unroll, order, schedule, values[..., 0])
    assert 0 < paths.restarted.sum() < paths.allowed.sum()
    price = prices.view(6, 3, 1).expand(-1, -1, BUDGET)
    with torch.no_grad():
        halting, restarting = (part.view(18, BUDGET) for part in learner._log_probs(values, paths, price))
        reasons = learner.head.reasons(paths.at.pick(values), paths.record, price.flatten(0, 1))
    chance = reasons.double().sigmoid()
    halt = 1 - (1 - chance[..., 0]) * (1 - chance[..., 1])
    for path in range(18):
        likelihood = 1.0
        for step in range(BUDGET):
            stop = halt[path, step] if step < BUDGET - 1 else 1.0
            found = float((halting + restarting)[path, step].double().exp())
            assert found == pytest.approx(float(likelihood * stop), rel=1e-3, abs=1e-9)
            again = chance[path, step, 2] if paths.restarted[path, step] else 1 - chance[path, step, 2]
            likelihood = likelihood * (1 - stop) * (again if paths.allowed[path, step] else 1.0)


def test_paths_begin_with_the_start_without_noise_and_take_each_start_once():
    order = draw_orders(4, STARTS, 6, torch.Generator().manual_seed(0))
    assert (order[:, 0] == torch.arange(4).repeat_interleave(6) * STARTS).all()
    wanted = torch.arange(STARTS) + torch.arange(4).repeat_interleave(6)[:, None] * STARTS
    assert torch.equal(order.sort(-1).values, wanted)
    assert len(torch.unique(order[:6], dim=0)) > 1


def test_what_value_heads_are_taught():
    solved = torch.zeros(1, 3, 16, dtype=torch.bool)
    solved[0, 0, 5:] = True  # right from the sixth step on
    solved[0, 1, 2] = True  # right once
    found = dict(zip(VALUES, value_targets(solved, 16).unbind(-1), strict=True))
    assert found["correct_soon"][0, 0].tolist() == [0.0] * 3 + [1.0] * 13  # within two more steps
    assert found["correct_ever"][0, 1].tolist() == [1.0] * 3 + [0.0] * 13
    assert found["fresh_soon"][0, :, 0].tolist() == [0.5, 0.0, 0.5]  # of the two others, within four steps
    assert found["fresh_ever"][0, :, 0].tolist() == [0.5, 0.5, 1.0]


def test_one_start_teaches_nothing():
    with pytest.raises(ValueError, match="several starts"):
        single = dataclasses.replace(coins(8), branches=1)
        RestartGrpo(LearnerConfig(groups=8), 3, 0).update(single)
