"""What to say to a person of a run that ended: why it did, and what may help where its answer is wrong."""

from __future__ import annotations

from agents.checkpoint import Checkpoint
from agents.halting import outcomes
from agents.halting.registry import ALWAYS, LEARNER, VERIFIER
from agents.halting.restart_registry import RESTARTS_LEARNER
from agents.inference.taught import budget, every_form, taught_task, untaught
from agents.inference.trajectory import Trajectory

WORDS = {
    LEARNER: "learnt: another step seemed not worth its price",
    RESTARTS_LEARNER: "learnt: neither another step nor a fresh start seemed worth its price",
    VERIFIER: "it checks every draft by the rules",
    ALWAYS: "at the end of the budget",
}
"""Halting rules in words."""


def why_it_ended(rule: str, found: Trajectory) -> str:
    """Whether the rule stopped a run, or its budget was used up, as a sentence."""
    if found.stop == len(found):
        return f"The budget of {len(found)} steps was used up."
    return f"Stopped by {rule} ({WORDS.get(rule, 'see --rule')})."


def advice(checkpoint: Checkpoint, found: Trajectory, rule: str) -> str:
    """What to do about a run whose answer is wrong. found: the whole of its budget, whatever stopped it."""
    later = outcomes.first_true(found.solved, 0)
    if later > found.stop:
        return f"A right draft came at step {later}, after {rule} had stopped: choose --rule {VERIFIER}."
    if later and found.start[later - 1] > 1:
        checked = f"--rule restart-every:{int((found.start == 1).sum())}+{VERIFIER} --max-steps {len(found)}"
        return f"Its draft at step {later} was right, and another seemed better: choose {checked}."
    if later:
        missed = "it thought on" if found.handed == found.stop else "another seemed better"
        return f"Its draft at step {later} was right, and {missed}: choose --rule {VERIFIER}."
    why = untaught(checkpoint, found.problems)
    if taught_task(checkpoint) != checkpoint.task:  # another size, which takes more steps
        return f"{why[0].upper()}{why[1:]}. Larger ones take more steps: try {_longer(checkpoint, found)}."
    if why:
        return f"That is no wonder: {why}. More steps will hardly help, but another --checkpoint may."
    return f"No draft was right in a budget of {len(found)}. A larger --max-steps may help, or another --checkpoint."


def _longer(checkpoint: Checkpoint, found: Trajectory) -> str:
    """Options with which a problem of a larger size than was taught gets more steps, of each of its forms."""
    forms = every_form(checkpoint)
    if forms is None:
        return f"--max-steps {2 * len(found)}"
    rule, steps = forms
    if len(found) < steps:
        return f"--rule {rule} --max-steps {steps}"
    return f"--rule restart-every:{2 * budget(checkpoint)}+fits+forms --max-steps {2 * steps}"
