"""Halting rules: when to stop refining, each with settings (a number of steps, a threshold, a price) to choose from.

A rule sees an unroll and gives, for every one of its settings, the step after which each problem is stopped. Settings
come from validation problems alone; which of them is used is chosen there too (evaluation.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from agents.halting import outcomes
from agents.halting.heads import NEUTRAL_PRICE, Halter
from agents.rollouts.unroll import Unroll

ORACLE, CHECKER, FIXED = "oracle", "rule-checker", "best-fixed-k"
CAPPED = "-capped"
"""What the name of a rule ends with that has a threshold and a cap on the steps."""
LEARNER = "grpo"
"""The head whose rule all others are compared with, and whose wish to stop is shown."""
QUANTILES = 128
"""Thresholds tried per class of drafts (right, wrong); twice as many in all."""
EVAL_PRICES = (0.05, 0.1, 0.2, 0.3, 0.6, 1.0)
"""Prices of thinking at which a policy is asked, each with its own sweep of the stop logit."""

Settings = NDArray[np.float64]
Scores = NDArray[np.floating]


@dataclass(frozen=True)
class Rule:
    """A way of stopping.

    labels: what the columns of the settings are called. settings: from validation problems to the settings, [k, c].
    steps: from problems and settings to the steps taken, int [k, n].
    """

    name: str
    labels: tuple[str, ...]
    settings: Callable[[Unroll], Settings]
    steps: Callable[[Unroll, Settings], outcomes.Steps]


def head_logits(head: Halter, unroll: Unroll, price: float) -> NDArray[np.float32]:
    """What a halting head says after every step, float32 [n, s, outputs], when thinking costs ``price``."""
    with torch.inference_mode():
        features = unroll.features
        return head(features, torch.full(features.shape[:-1], price)).float().cpu().numpy()


def thresholds(scores: Scores, solved: outcomes.Bools, count: int = QUANTILES) -> NDArray[np.float64]:
    """Thresholds worth trying on ``scores``, both [n, s]: quantiles of the right and of the wrong drafts' scores.

    Quantiles of all scores together would put few thresholds where they matter on a level that is nearly all solved.
    -inf (stop at once) and inf (never stop) are among them.
    """
    kinds = [kind for kind in (scores[solved], scores[~solved]) if kind.size]
    levels = np.linspace(0, 1, count)
    found = [np.quantile(kind.astype(np.float64), levels, method="nearest") for kind in kinds]
    return np.unique(np.concatenate([*found, [-np.inf, np.inf]]))


def constant(name: str, steps: Callable[[Unroll], outcomes.Steps]) -> Rule:
    """A rule without settings: ``steps`` gives int [n]."""
    return Rule(name, (), lambda _: np.zeros((1, 0)), lambda unroll, chosen: np.tile(steps(unroll), (len(chosen), 1)))


def always(budget: int) -> Rule:
    """Use the budget up."""
    return constant(f"always-{budget}", lambda unroll: np.full(len(unroll), unroll.max_steps))


def fixed() -> Rule:
    """The same number of steps for every problem."""

    def steps(unroll: Unroll, settings: Settings) -> outcomes.Steps:
        return np.repeat(settings.astype(np.int64), len(unroll), axis=1)

    return Rule(FIXED, ("k",), lambda unroll: np.arange(1.0, unroll.max_steps + 1)[:, None], steps)


def oracle() -> Rule:
    """Stop at the first right draft, and at once on a problem that will never be right: the bound, not a rule."""
    return constant(ORACLE, lambda unroll: outcomes.oracle_steps(unroll.solved.numpy()))


def checker() -> Rule:
    """Stop when the draft obeys the task's rules: the verdict is the rule, and a hopeless problem takes the budget."""
    return constant(CHECKER, lambda unroll: outcomes.oracle_steps(unroll.solved.numpy(), unroll.max_steps))


def swept(name: str, score: Callable[[Unroll], Scores]) -> Rule:
    """Stop when a score, [n, s], reaches a threshold."""

    def settings(unroll: Unroll) -> Settings:
        return thresholds(score(unroll), unroll.solved.numpy())[:, None]

    return Rule(
        name, ("threshold",), settings, lambda unroll, chosen: outcomes.halting_steps(score(unroll), chosen[:, 0])
    )


def capped(name: str, score: Callable[[Unroll], Scores], count: int = QUANTILES // 4) -> Rule:
    """Stop when a score, [n, s], reaches a threshold, and after k steps in any case: giving up by the clock alone."""

    def settings(unroll: Unroll) -> Settings:
        found = thresholds(score(unroll), unroll.solved.numpy(), count)
        patience = np.arange(1.0, unroll.max_steps + 1)
        return np.stack(np.meshgrid(found, patience, indexing="ij"), -1).reshape(-1, 2)

    def steps(unroll: Unroll, chosen: Settings) -> outcomes.Steps:
        found, which = np.unique(chosen[:, 0], return_inverse=True)
        halted = outcomes.halting_steps(score(unroll), found)[which]
        return np.minimum(halted, chosen[:, 1, None].astype(halted.dtype))

    return Rule(f"{name}{CAPPED}", ("threshold", "k"), settings, steps)


def unchanged() -> Rule:
    """Stop when the draft has stayed the same for k steps."""

    def steps(unroll: Unroll, settings: Settings) -> outcomes.Steps:
        still = unroll.changed.numpy() == 0
        run = np.zeros((len(still), unroll.max_steps + 1))
        for step in range(unroll.max_steps):
            run[:, step + 1] = (run[:, step] + 1) * still[:, step]
        return outcomes.halting_steps(run[:, 1:], settings[:, 0])

    return Rule("unchanged", ("k",), lambda unroll: np.arange(1.0, unroll.max_steps + 1)[:, None], steps)


def two_heads(head: Halter, count: int = QUANTILES // 8) -> Rule:
    """Stop when the draft seems right now, or when it seems that it will never be, each with a threshold."""

    def settings(unroll: Unroll) -> Settings:
        logits, solved = head_logits(head, unroll, NEUTRAL_PRICE), unroll.solved.numpy()
        reachable = np.repeat(solved.any(1, keepdims=True), solved.shape[1], axis=1)
        now = thresholds(logits[..., 0], solved, count)
        ever = thresholds(logits[..., 1], reachable, count)
        return np.stack(np.meshgrid(now, ever, indexing="ij"), -1).reshape(-1, 2)

    def steps(unroll: Unroll, chosen: Settings) -> outcomes.Steps:
        logits = head_logits(head, unroll, NEUTRAL_PRICE)
        now, which_now = np.unique(chosen[:, 0], return_inverse=True)
        ever, which_ever = np.unique(chosen[:, 1], return_inverse=True)
        # The rule stops at the earlier of two steps: sweep each threshold alone, then combine.
        right = outcomes.halting_steps(logits[..., 0], now)
        # "At most" for the second, as "at least" on the other side; there, inf would be every step.
        hopeless = outcomes.halting_steps(-logits[..., 1], -ever)
        return np.minimum(right[which_now], hopeless[which_ever])

    return Rule("two-heads", ("right now", "ever right"), settings, steps)


def policy(name: str, head: Halter, prices: Sequence[float] = EVAL_PRICES) -> Rule:
    """Stop when a policy's stop logit reaches a threshold; the policy may be asked at several prices."""

    def settings(unroll: Unroll) -> Settings:
        solved, parts = unroll.solved.numpy(), []
        for price in prices:
            found = thresholds(head_logits(head, unroll, price)[..., 0], solved, QUANTILES // 2)
            parts.append(np.stack([np.full(len(found), price), found], 1))
        return np.concatenate(parts)

    def steps(unroll: Unroll, chosen: Settings) -> outcomes.Steps:
        halted = np.empty((len(chosen), len(unroll)), np.int16)
        asked, logit = chosen.T
        for price in np.unique(asked):
            mine = asked == price
            halted[mine] = outcomes.halting_steps(head_logits(head, unroll, price)[..., 0], logit[mine])
        return halted

    return Rule(name, ("price", "logit"), settings, steps)


def as_learnt(name: str, price: float) -> str:
    """What ``untuned`` calls a policy's rule."""
    return f"{name}, price {price:g}"


def untuned(name: str, head: Halter, price: float, told: float | None = None) -> Rule:
    """A policy as it was learnt for one price: stop when it finds stopping more likely than going on.

    told: the price that it is told, where that is another (see beyond.py).
    """
    asked = price if told is None else told
    return constant(
        as_learnt(name, price),
        lambda unroll: outcomes.halting_steps(head_logits(head, unroll, asked)[..., 0], 0.0),
    )


def plain_rules(budget: int) -> list[Rule]:
    """Every rule that needs no head taught on the network's drafts."""
    rules = [always(budget), fixed(), unchanged()]
    rules.append(swept("velocity", lambda unroll: -unroll.velocity.numpy()))
    rules.append(swept("confidence", lambda unroll: unroll.confidence.numpy()))
    rules.append(capped("confidence", lambda unroll: unroll.confidence.numpy()))
    rules.append(swept("q", lambda unroll: unroll.halt_logit.numpy()))
    return rules


def head_rules(name: str, head: Halter, prices: Sequence[float], scale: float = 1.0) -> list[Rule]:
    """The rules of one head by its learner's name; a policy's are its sweep, and itself as learnt for each price.

    scale: what a head is told of a price, as a share of it (see beyond.told_price).
    """
    if name == "bce":

        def right(unroll: Unroll) -> Scores:
            return head_logits(head, unroll, NEUTRAL_PRICE)[..., 0]

        return [swept(name, right), capped(name, right)]
    if name == "two_heads":
        return [two_heads(head)]
    return [policy(name, head), *(untuned(name, head, price, price * scale) for price in prices)]


def all_rules(heads: Mapping[str, Halter], budget: int, prices: Sequence[float], scale: float = 1.0) -> list[Rule]:
    """Every rule that can be played with a checkpoint's heads, plain ones first, the oracle last.

    prices: those at which policies are also measured as they were learnt, without any sweep. scale: see head_rules.
    """
    supervised = [name for name in ("bce", "two_heads") if name in heads]
    policies = [head_rules(name, head, prices, scale) for name, head in heads.items() if name not in supervised]
    rules = [rule for name in supervised for rule in head_rules(name, heads[name], prices)]
    rules += [swept_rule for swept_rule, *_ in policies]
    rules += [rule for _, *as_learnt in policies for rule in as_learnt]
    return [*plain_rules(budget), *rules, checker(), oracle()]
