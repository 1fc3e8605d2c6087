"""Who plays the benchmark: a person's file, a halting rule by its name, or a learner that is taught first."""

from __future__ import annotations

import abc
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast, final

import numpy as np
import torch

from agents.benchmark.playable import PlayableSet, Shown
from agents.envs.play import Act, Ends, play_all
from agents.evaluation.protocol import choose
from agents.evaluation.restarts import BestSeems, Candidate, families_by_clock, played
from agents.evaluation.restarts import choose as choose_schedule
from agents.halting.outcomes import solved_at
from agents.halting.paths import Paths
from agents.halting.registry import HEAD_RULES, head_rules, oracle, plain_rules, verifier_rule
from agents.halting.restart_head import RestartPolicy
from agents.halting.restart_policy import PolicyHalts, PolicyRestarts, SeemsRight
from agents.halting.tuning import TunableRule
from agents.learners.config import LearnerConfig
from agents.learners.registry import LEARNERS, train_head
from trm_gym.short_repr import short

Make = Callable[[Shown, float], Act]
"""What a person's file has: from what is shown of a problem set and a price to what decides; see docs/benchmark.md."""
ByPrice = Mapping[float, Ends]
TRAINING = LearnerConfig(groups=128, passes=16, minibatches=1)
"""How heads are taught: 960 updates on the training problems of the set."""


class Policy(abc.ABC):
    """Something that plays. restarts: whether it may start afresh, and so which sets it plays."""

    name: str
    restarts: bool = False

    @abc.abstractmethod
    def play(self, one: PlayableSet) -> ByPrice:
        """How every test problem ended, at each price of the version."""


@final
class FilePolicy(Policy):
    """A function of a person's own file. The file runs as it stands, with all that the person who asks may do."""

    def __init__(self, place: str, restarts: bool) -> None:
        file, _, function = place.rpartition(":")
        self.file, self.name, self.restarts = Path(file), Path(file).stem, restarts
        self._make: Make = _function(self.file, function)

    def play(self, one: PlayableSet) -> ByPrice:
        return {price: play_all(self._act(one, price), one.test, price, self.restarts) for price in one.version.prices}

    def _act(self, one: PlayableSet, price: float) -> Act:
        act: Any = self._make(one.shown, price)
        if not callable(act):
            raise ValueError(
                f"{self.file} gives {short(act)} for {one.set.name} at price {price:g}: expected a function from what "
                "is seen, float32 [n, f], to actions, integers [n]"
            )
        return cast("Act", act)


def _function(file: Path, name: str) -> Make:
    """A function of a Python file, which runs. Raises ValueError where there is none."""
    if not file.is_file() or not name:
        raise ValueError(f"no policy at {file}:{name}: give a Python file and a function in it, as FILE.py:make")
    spec = importlib.util.spec_from_file_location(f"policy_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file} is no Python file: give one, as FILE.py:make")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = getattr(module, name, None)
    if not callable(found):
        has = ", ".join(key for key, value in vars(module).items() if callable(value) and not key.startswith("_"))
        raise ValueError(f"{file} has no function {short(name)}: it has {has or 'none'}")
    return cast("Make", found)


Rules = Callable[[PlayableSet], Sequence[TunableRule]]
"""The rule for each price of the version."""


@final
class RulePolicy(Policy):
    """Halting rules of one name, tuned on validation problems for each price."""

    def __init__(self, name: str, rules: Rules) -> None:
        self.name, self._rules = name, rules

    def play(self, one: PlayableSet) -> ByPrice:
        test, validation = one.test.unroll, one.runs("validation").unroll
        found = {}
        for rule, price in zip(self._rules(one), one.version.prices, strict=True):
            steps = rule.steps(test, choose(rule, validation, 1.0, (price,)).prices)[0]
            found[price] = Ends(steps, solved_at(test.solved.numpy(), steps), np.ones_like(steps))
        return found


@final
class SchedulePolicy(Policy):
    """A schedule of restarts by the clock, with a threshold on the best halt logit and a cap, tuned for each price."""

    restarts = True

    def __init__(self, name: str) -> None:
        self.name = name

    def play(self, one: PlayableSet) -> ByPrice:
        bank, prices = one.bank("test"), one.version.prices
        candidates = families_by_clock(one.set.max_steps, BestSeems())[self.name]
        best, _ = choose_schedule(one.bank("validation"), candidates, prices)
        found = {price: chosen.play(bank) for price, chosen in zip(prices, best, strict=True)}
        return {price: Ends(out.steps, out.solved, out.starts) for price, out in found.items()}


@final
class ThreeActs(Policy):
    """The policy of three acts, taught on the set's training problems and asked at each price, without tuning."""

    restarts = True

    def __init__(self, name: str) -> None:
        self.name = name

    def play(self, one: PlayableSet) -> ByPrice:
        head = train_head(self.name, one.runs("train"), TRAINING, one.version.seed)
        assert isinstance(head, RestartPolicy)
        bank, setting = one.bank("test"), np.array([[0.0, one.set.max_steps]])
        with torch.inference_mode():
            bank.judged = SeemsRight(head).score(bank.runs).float()  # what it sees; what is handed in is not its choice
        found = {}
        for price in one.version.prices:
            paths, scores = bank.paths(Candidate("", PolicyRestarts(head, price), PolicyHalts(head, price)))
            out = played(paths, scores, setting)
            found[price] = Ends(out.steps[0], solved_at(handed_in(paths), out.steps[0]), out.starts[0])
        return found


def handed_in(paths: Paths) -> np.ndarray:
    """Whether the draft of the highest halt logit so far, of equal ones the latest, is right, bool [n, s]."""
    logit, solved = (part.numpy() for part in (paths.record.halt_logit, paths.record.solved))
    best, right = logit[:, 0], solved[:, 0]
    columns = [right]
    for step in range(1, logit.shape[1]):
        better = logit[:, step] >= best
        best, right = np.where(better, logit[:, step], best), np.where(better, solved[:, step], right)
        columns.append(right)
    return np.stack(columns, 1)


def _taught(name: str) -> Rules:
    """The rules of a head taught on a set's training problems: its sweep, or a policy without tuning at each price."""

    def rules(one: PlayableSet) -> Sequence[TunableRule]:
        head, prices = train_head(name, one.runs("train"), TRAINING, one.version.seed), one.version.prices
        assert not isinstance(head, RestartPolicy)
        swept, *untuned = head_rules(name, head, prices)
        return [swept] * len(prices) if name in HEAD_RULES else untuned

    return rules


def _given(rule: TunableRule) -> Rules:
    return lambda one: [rule] * len(one.version.prices)


def known(budget: int) -> dict[str, Policy]:
    """Every rule and learner of this package by its name, at a budget of steps."""
    plain = [*plain_rules(budget), verifier_rule(), oracle()]
    found: dict[str, Policy] = {rule.name: RulePolicy(rule.name, _given(rule)) for rule in plain}
    for name, learner in LEARNERS.items():
        found[name] = RulePolicy(name, _taught(name)) if learner.acts == 2 else ThreeActs(name)
    return found | {name: SchedulePolicy(name) for name in families_by_clock(budget, BestSeems())}


def policy_of(place: str, restarts: bool, budget: int) -> Policy:
    """Who is meant by FILE.py:make, or by a name. Raises ValueError."""
    if ".py" in place:
        return FilePolicy(place, restarts)
    if place not in (policies := known(budget)):
        raise ValueError(f"unknown policy {short(place)}: give FILE.py:make, or one of {', '.join(policies)}")
    return policies[place]
