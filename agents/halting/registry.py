"""Halting rules by name, for everyone: tables, comparisons, streams of problems, scripts.

A new rule is a class in a file of its own and a line in ``PLAIN_RULES``; one that needs a trained head, a line in
``HEAD_RULES``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from agents.common.renamed import RULES, renamed_value
from agents.halting import outcomes
from agents.halting.heads import NEUTRAL_PRICE, Halter
from agents.halting.restart_head import Head, two_acts
from agents.halting.rules import (
    AnyOf,
    FitsShown,
    FixedSteps,
    HaltingRule,
    HeadThreshold,
    ScoreThreshold,
    Unchanged,
    VerifierStop,
)
from agents.halting.tuning import (
    QUANTILES,
    Axis,
    GivenSteps,
    PolicySweep,
    SingleRule,
    ThresholdSweep,
    TunableRule,
    scores_of,
    thresholds,
)
from agents.rollouts.unroll import Unroll
from trm_gym.short_repr import short

ALWAYS, FIXED, VERIFIER, ORACLE = "always", "best-fixed-k", "verifier", "oracle"
FITS = "fits"
"""The rule of FitsShown, for a stream of problems of a task that tells a misfit."""
STEPS = "k"
"""What the setting of a rule is called that is a number of steps."""
CAPPED = "-capped"
"""What the name of a rule ends with that has a threshold and a cap on the steps."""
LEARNER = "grpo"
"""The head whose rule all others are compared with, and whose probability of stopping is shown."""


def capped(name: str, rule: Callable[[float], HaltingRule]) -> ThresholdSweep:
    """``rule`` with a cap on the steps: giving up by the clock alone."""
    threshold = Axis.of_scores("threshold", rule, QUANTILES // 4)
    return ThresholdSweep(f"{name}{CAPPED}", threshold, Axis.of_steps(STEPS, FixedSteps))


def _threshold(name: str, rule: Callable[[float], HaltingRule], default: float | None = None) -> ThresholdSweep:
    setting = None if default is None else (default,)
    return ThresholdSweep(name, Axis.of_scores("threshold", rule), default=setting)


def _confidence(threshold: float) -> ScoreThreshold:
    return ScoreThreshold("confidence", threshold)


PLAIN_RULES: tuple[TunableRule, ...] = (
    ThresholdSweep(FIXED, Axis.of_steps(STEPS, FixedSteps)),
    ThresholdSweep("unchanged", Axis.of_steps(STEPS, Unchanged)),
    _threshold("velocity", lambda threshold: ScoreThreshold("velocity", threshold)),
    _threshold("confidence", _confidence),
    capped("confidence", _confidence),
    _threshold("q", lambda threshold: ScoreThreshold("q", threshold)),
)
"""Every rule that needs no trained head and not the task's rules."""


def _bce(name: str, head: Halter) -> list[TunableRule]:
    def rule(threshold: float) -> HeadThreshold:
        return HeadThreshold(head, threshold)

    return [_threshold(name, rule, default=0.0), capped(name, rule)]


def _two_heads(name: str, head: Halter) -> list[TunableRule]:
    """Stop when the draft seems right now, or when it seems that it will never be, each with a threshold."""
    count = QUANTILES // 8
    now = Axis.of_scores("right now", lambda logit: HeadThreshold(head, logit), count)

    # "At most" for the second: a threshold on minus its logit. Its classes are problems that are ever right, or not.
    def never(logit: float) -> HeadThreshold:
        return HeadThreshold(head, -logit, output=1, sign=-1)

    def values(unroll: Unroll) -> NDArray[np.float64]:
        solved = unroll.solved.numpy()
        reachable = np.repeat(solved.any(1, keepdims=True), solved.shape[1], axis=1)
        return thresholds(-scores_of(never(0.0), unroll), reachable, count)

    return [ThresholdSweep(name, now, Axis("ever right", never, values), default=(0.0, -math.inf))]


HEAD_RULES: dict[str, Callable[[str, Halter], list[TunableRule]]] = {"bce": _bce, "two_heads": _two_heads}
"""The rules of heads that are no policies, by their learner's name."""


def plain_rules(budget: int) -> list[TunableRule]:
    """Every rule that needs no trained head and not the task's rules, within a budget of steps."""
    return [SingleRule(f"{ALWAYS}-{budget}", FixedSteps()), *PLAIN_RULES]


def verifier_rule() -> TunableRule:
    """Stop at the first draft that the verifier accepts; a problem that is never solved takes the whole budget."""
    return SingleRule(VERIFIER, VerifierStop())


def oracle() -> TunableRule:
    """Stop at the first right draft, and at once on a problem that will never be right: the bound, not a rule."""
    return GivenSteps(ORACLE, lambda unroll: outcomes.oracle_steps(unroll.solved.numpy()))


def no_tuning(name: str, price: float) -> str:
    """What tables call a policy that stops when it finds that more likely than going on, asked at one price."""
    return f"{name}, no tuning, price {price:g}"


def head_rules(name: str, head: Halter, prices: Sequence[float], scale: float = 1.0) -> list[TunableRule]:
    """The rules of one head by its learner's name; a policy's are its sweep, and itself without tuning at each price.

    scale: the price that a head is asked at, as a share of the price that is paid; see ``budget_shift.shifted_price``.
    """
    if name in HEAD_RULES:
        return HEAD_RULES[name](name, head)
    rules = [SingleRule(no_tuning(name, price), HeadThreshold(head, price=price * scale)) for price in prices]
    return [PolicySweep(name, head), *rules]


def all_rules(heads: Mapping[str, Head], budget: int, prices: Sequence[float], scale: float = 1.0) -> list[TunableRule]:
    """Every rule of two acts that can be played with a checkpoint's heads, plain ones first, the oracle last.

    prices: those at which policies are also measured without any tuning. scale: see ``head_rules``.
    """
    heads = two_acts(heads)
    supervised = [rule for name in HEAD_RULES if name in heads for rule in head_rules(name, heads[name], prices)]
    policies = [head_rules(name, head, prices, scale) for name, head in heads.items() if name not in HEAD_RULES]
    swept, single = [rules[0] for rules in policies], [rule for rules in policies for rule in rules[1:]]
    return [*plain_rules(budget), *supervised, *swept, *single, verifier_rule(), oracle()]


def rule_of(
    text: str, heads: Mapping[str, Head], price: float = NEUTRAL_PRICE, others: Sequence[str] = ()
) -> HaltingRule:
    """The halting rule that ``text`` names: ``grpo``, ``confidence:0.9``, ``confidence-capped:0.9,12``.

    After the colon stands its setting, a number for each of its labels; ``always``, ``verifier`` and heads need none.
    Rules joined by ``+`` stop with the first of them: ``bce+best-fixed-k:12``. price: of the whole budget, at which a
    policy is asked. others: what may be named beside these rules where this is called, for the message. Raises
    ValueError for an unknown rule, or a setting that does not fit.
    """
    rules = tuple(_one_rule(part, heads, price, others) for part in text.split("+"))
    return rules[0] if len(rules) == 1 else AnyOf(rules)


def rule_named(name: str, heads: Mapping[str, Head], others: Sequence[str] = ()) -> TunableRule:
    """The rule of a name that can act on a stream of problems. Raises ValueError; others: see ``rule_of``."""
    name = renamed_value("the rule", name, RULES)
    single = [SingleRule(ALWAYS, FixedSteps()), SingleRule(FITS, FitsShown()), verifier_rule()]
    known = {rule.name: rule for rule in [*PLAIN_RULES, *single]}
    known |= {rule.name: rule for which, head in two_acts(heads).items() for rule in head_rules(which, head, ())}
    if name not in known:
        missing = f"the checkpoint has no {name} head: teach it by scripts/grpo.py, or" if name == LEARNER else ""
        raise ValueError(
            f"{missing or f'unknown halting rule {short(name)}:'} choose one of {', '.join([*known, *others])}"
        )
    return known[name]


def _one_rule(text: str, heads: Mapping[str, Head], price: float, others: Sequence[str]) -> HaltingRule:
    name, colon, numbers = text.strip().partition(":")
    found = rule_named(name, heads, others)
    setting = numbers_of(text, numbers) if numbers else None if colon else found.default(price)
    if setting is None or len(setting) != len(found.labels):
        wanted = ",".join(label.upper().replace(" ", "_") for label in found.labels)
        needs = f"needs a setting: write {name}:{wanted}" if wanted else "takes no setting"
        raise ValueError(f"the rule {name} {needs}, not {short(text)}")
    for label, number in zip(found.labels, setting, strict=True):
        if math.isnan(number):
            raise ValueError(f"the {label} of {short(text)} is no number: give one, or inf for never")
        if label == STEPS and number < 1:
            raise ValueError(f"the {label} of {short(text)} must be a number of steps, 1 or more, not {number:g}")
        share = label != STEPS and found.name.startswith("confidence")
        if share and not 0 <= number <= 1 and number != math.inf:
            raise ValueError(f"the {label} of {short(text)} is a probability: give one from 0 to 1, such as 0.9")
    return found.rule(setting)


def numbers_of(text: str, numbers: str) -> tuple[float, ...]:
    """The numbers of a setting, parted by commas. Raises ValueError."""
    try:
        return tuple(float(number) for number in numbers.split(","))
    except ValueError:
        raise ValueError(
            f"{short(text)}: what follows the colon are numbers parted by commas, got {short(numbers)}"
        ) from None
