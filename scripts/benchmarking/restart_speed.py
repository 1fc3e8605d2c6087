"""What restarts are worth on the clock: right answers per processor second, in the engine."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from agents.checkpoint import Checkpoint
from agents.evaluation.restarts import ONE_RUN, POLICY, StartsBank, choose, families
from agents.halting.restart_head import RestartPolicy
from agents.halting.restart_policy import SeemsRight
from agents.halting.restart_registry import policy_rule
from agents.halting.restarts import Actor
from agents.halting.rules import AnyOf, FixedSteps, HaltingRule
from agents.inference.engine import Engine, Result
from agents.inference.voting import branched, brought_back, vote
from agents.rollouts.forms import Forms
from agents.rollouts.unroll import BATCH
from trm_gym import make_task
from trm_gym.task import Problems

VOTERS = 8
WARM = 4
"""Problems that are run first, so that nothing is compiled on the clock."""


def speed_table(
    checkpoint: Checkpoint, problems: Problems, validation: StartsBank, head: RestartPolicy, price: float, seed: int = 0
) -> dict[str, Any]:
    """The policy at a price, one long run, and branches voted, on the same problems by the same engine.

    validation: chooses the threshold and the cap of one long run at that price. Branches have the same threshold, and
    a quarter of the budget each.
    """
    budget = validation.budget
    ((chosen,), _) = choose(validation, families(validation, head)[ONE_RUN], (price,))
    threshold, cap = (float(part) for part in chosen.setting)
    rules: dict[str, tuple[HaltingRule | Actor, int]] = {
        ONE_RUN: (AnyOf((SeemsRight(head, threshold), FixedSteps(int(cap)))), 1),
        POLICY: (policy_rule(head, price), 1),
        f"{VOTERS} branches, voted": (AnyOf((SeemsRight(head, threshold), FixedSteps(max(1, budget // 4)))), VOTERS),
    }
    rows = []
    for name, (rule, branches) in rules.items():
        noise = head.noise if branches > 1 else 0.0
        engine = Engine(checkpoint.model, make_task(checkpoint.task), rule, BATCH, budget, noise, branches, seed=seed)
        forms = Forms(engine.task, branches) if head.forms and branches > 1 else None
        run(engine, problems[np.arange(min(WARM, len(problems)))], forms)
        began = time.process_time()
        results = run(engine, problems, forms)
        seconds = time.process_time() - began
        right, steps = combined(results, branches)
        rows.append([name, f"{right} of {len(problems)}", f"{steps:.1f}", f"{seconds:.1f}", f"{right / seconds:.2f}"])
    return {
        "title": "On the clock",
        "caption": f"In the engine, at lambda = {price:g}, on {checkpoint.task}.",
        "header": ["", "right", "mean steps", "processor seconds", "right answers a second"],
        "rows": rows,
    }


def run(engine: Engine, problems: Problems, forms: Forms | None = None) -> list[Result]:
    """What becomes of every branch of every problem; branches differ by the engine's noise, or by their forms."""
    if forms is None:
        return list(engine.run(branched([problems], engine.branches)))
    return brought_back(list(engine.run([forms.all_of(problems)])), forms)


def combined(results: list[Result], branches: int) -> tuple[int, float]:
    """How many problems are right by vote, and their mean steps; of one branch the vote is the answer."""
    voted = [vote(results[first : first + branches]) for first in range(0, len(results), branches)]
    return sum(one.result.solved for one in voted), float(np.mean([one.steps for one in voted]))
