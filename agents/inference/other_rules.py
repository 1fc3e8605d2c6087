"""What else might have decided on a run: policies at every price, and other rules, asked after each of its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from agents.halting.heads import Halter
from agents.halting.registry import HEAD_RULES, rule_of
from agents.halting.restart_head import Head, now_and_ever, two_acts
from agents.halting.rules import HaltingRule
from agents.rollouts.step import Step

_TAUGHT = "0.02 0.025 0.03 0.04 0.05 0.06 0.07 0.08 0.1 0.12 0.15 0.2 0.25 0.3 0.35 0.4 0.5 0.6 0.7 0.8 1"
PRICES = tuple(float(price) for price in _TAUGHT.split())
"""Prices of the whole budget at which policies are asked after every step, so that a later choice needs no new run:
all of PRICE_RANGE, about as close by ratio."""


@final
@dataclass(frozen=True)
class OtherRules:
    """Policies by the names of their heads, and other rules by the texts that name them."""

    policies: Mapping[str, Halter] = field(default_factory=dict)
    rules: Mapping[str, HaltingRule] = field(default_factory=dict)

    @staticmethod
    def of(heads: Mapping[str, Head], texts: Sequence[str] = ()) -> OtherRules:
        """Every policy of two acts among ``heads``, and the rules that ``texts`` name. Raises ValueError.

        A policy that a text names is asked at every price anyhow; a text that joins it to others is a rule of its own,
        at the neutral price.
        """
        policies = {name: head for name, head in two_acts(heads).items() if name not in HEAD_RULES}
        return OtherRules(policies, {text: rule_of(text, heads) for text in texts if text not in policies})

    @torch.inference_mode()
    def halting(self, step: Step) -> NDArray[np.float64]:
        """Each policy's probability of stopping after a step of one problem, at each of PRICES, float64 [k, p]."""
        prices = torch.tensor(PRICES, dtype=torch.float32, device=step.draft.device)
        features = step.features.expand(len(PRICES), -1) if self.policies else step.draft
        logits = [head(features, prices)[:, 0].double().sigmoid().cpu().numpy() for head in self.policies.values()]
        return np.stack(logits) if logits else np.zeros((0, len(PRICES)))

    @torch.inference_mode()
    def stops(self, step: Step) -> NDArray[np.bool_]:
        """Whether each rule would stop after a step of one problem, bool [r]."""
        return np.array([rule.stops(step).item() for rule in self.rules.values()], dtype=np.bool_)


@torch.inference_mode()
def value_judgements(heads: Mapping[str, Head], step: Step) -> tuple[float, float]:
    """What value heads say of a step of one problem: the draft is right; it or a later one will be. NaN without any."""
    for head in heads.values():
        if told := now_and_ever(head):
            policy, *which = told
            now, ever = policy.value_logits(step.features)[0, which].double().sigmoid().tolist()
            return now, ever
    return float("nan"), float("nan")
