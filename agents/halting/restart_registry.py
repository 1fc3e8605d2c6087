"""Rules of two acts and of three by name, for streams of problems and scripts: see ``acting_rule``.

A new schedule is a class with its numbers as fields, and a line in ``SCHEDULES``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

from agents.halting.heads import NEUTRAL_PRICE
from agents.halting.registry import FITS, VERIFIER, numbers_of, rule_of
from agents.halting.restart_head import Head, RestartPolicy, now_and_ever
from agents.halting.restart_policy import PolicyHalts, PolicyRestarts, SeemsRight
from agents.halting.restarts import FixedCutoff, Geometric, Luby, RestartRule, RestartSchedule, StuckOrCutoff
from agents.halting.rules import FitsShown, FixedSteps, HaltingRule, HeadThreshold, ScoreThreshold, VerifierStop

RESTARTS_LEARNER = "grpo_restarts"
"""The head whose policy has three acts."""
STUCK = "restart-stuck"
SCHEDULES: dict[str, Callable[..., RestartSchedule]] = {
    "restart-every": FixedCutoff,
    "restart-geometric": Geometric,
    "restart-luby": Luby,
}
"""Schedules that know no network, by name; their settings are their fields."""
FORMS = "forms"
"""What a rule with a schedule is joined by where new starts are other forms of the problem."""
KNOWN = (*(f"{name}:SETTING" for name in (*SCHEDULES, STUCK)), f"{FORMS} beside one of these", RESTARTS_LEARNER)
"""What there is beside the rules of two acts, for messages."""


def acting_rule(text: str, heads: Mapping[str, Head], price: float = NEUTRAL_PRICE) -> HaltingRule | RestartRule:
    """The rule that ``text`` names: as ``registry.rule_of`` has it, or with a schedule of restarts among its parts.

    ``restart-every:16+confidence:0.9`` halts when the least confident cell is that sure, and starts afresh every 16
    steps; ``restart-geometric:8,2``, ``restart-luby:8``, ``restart-stuck:0.1,16`` (where the present run has less than
    that chance, or after so many steps). ``verifier`` or ``fits`` choose among drafts too, else a head does; with
    ``forms`` each start is another form of the problem (a maze turned or mirrored).
    ``grpo_restarts`` is the policy that learnt both; where a checkpoint has it, a schedule begins problems with
    its noise or in other forms, as it does. Raises ValueError.
    """
    parts = [part.strip() for part in text.split("+")]
    names = [part.partition(":")[0] for part in parts]
    if RESTARTS_LEARNER in names:
        return _policy(text, heads, price)
    again = [place for place, name in enumerate(names) if name in (*SCHEDULES, STUCK)]
    if not again:
        return rule_of(text, heads, price, KNOWN)
    if len(again) > 1:
        raise ValueError(f"{text}: one schedule of restarts at a time, not {' and '.join(names[i] for i in again)}")
    rest = [part for place, part in enumerate(parts) if place not in again and part != FORMS]
    halting = rule_of("+".join(rest), heads, price, KNOWN) if rest else FixedSteps()
    judges = [judge for name, judge in ((VERIFIER, VerifierStop()), (FITS, FitsShown())) if name in names]
    judge, head = judges[0] if judges else judge_of(heads), heads.get(RESTARTS_LEARNER)
    schedule = _schedule(parts[again[0]], heads)
    if FORMS in parts:
        return RestartRule(halting, schedule, judge, noise=0.0, forms=True)
    if not isinstance(head, RestartPolicy) or head.starts == 1:
        return RestartRule(halting, schedule, judge)
    return RestartRule(halting, schedule, judge, noise=head.noise, forms=head.forms)


def policy_rule(head: RestartPolicy, price: float) -> RestartRule:
    """A policy of three acts at a price of the whole budget."""
    parts = PolicyHalts(head, price), PolicyRestarts(head, price), SeemsRight(head)
    return RestartRule(*parts, starts=head.starts, noise=head.noise, forms=head.forms)


def judge_of(heads: Mapping[str, Head]) -> HaltingRule:
    """How right a draft seems, by the best of a checkpoint's heads; by the network's own where it has none."""
    for head in sorted(heads.values(), key=lambda head: isinstance(head, RestartPolicy), reverse=True):
        if isinstance(head, RestartPolicy):
            return SeemsRight(head)
        if told := now_and_ever(head):
            return HeadThreshold(told[0].value_heads)
    return ScoreThreshold("q", math.inf)


def _policy(text: str, heads: Mapping[str, Head], price: float) -> RestartRule:
    head = heads.get(text.strip())
    if isinstance(head, RestartPolicy):
        return policy_rule(head, price)
    if RESTARTS_LEARNER in heads:
        raise ValueError(f"{RESTARTS_LEARNER} decides alone, and takes no setting: not {text!r}")
    raise ValueError(
        f"the checkpoint has no {RESTARTS_LEARNER} head: teach it (scripts/grpo.py --learner {RESTARTS_LEARNER} "
        "--branches 6 --branching restarts; mazes: --branching forms), or choose another rule"
    )


def _schedule(part: str, heads: Mapping[str, Head]) -> RestartSchedule:
    name, _, written = part.partition(":")
    if name == STUCK:
        labels: Sequence[str] = ("chance", "cutoff")
    else:
        labels = [field.name for field in dataclasses.fields(SCHEDULES[name])]  # type: ignore[arg-type]
    numbers = numbers_of(part, written) if written else ()
    if len(numbers) != len(labels):
        raise ValueError(f"{name} needs a setting: write {name}:{','.join(labels).upper()}, not {part!r}")
    return _stuck(heads, *numbers) if name == STUCK else SCHEDULES[name](*numbers)


def _stuck(heads: Mapping[str, Head], chance: float, cutoff: float) -> StuckOrCutoff:
    """Where the value head "this run will come to it" gives less than a chance."""
    if not 0 < chance < 1:
        raise ValueError(f"{STUCK} needs a chance between 0 and 1 that the run will come to it, got {chance:g}")
    never = -math.log(chance / (1 - chance))
    for head in heads.values():
        if told := now_and_ever(head):
            return StuckOrCutoff(HeadThreshold(told[0].value_heads, never, output=told[2], sign=-1), cutoff)
    raise ValueError(f"{STUCK} needs a head that says whether a run will come to it, such as grpo: teach one")
