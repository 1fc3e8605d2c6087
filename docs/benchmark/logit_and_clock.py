"""Halt where the network's own halt logit is high enough, or when the clock says so: both tuned for the price.

An example of a file for `trm-gym benchmark --policy logit_and_clock.py:make`.
"""

import numpy as np


def make(shown, price):
    """What decides on a problem set at a price (lambda)."""
    runs = shown.runs("validation").unroll  # every draft of the validation problems, graded
    logit, solved = runs.halt_logit.numpy(), runs.solved.numpy()
    budget, tried = shown.max_steps, []
    for threshold in np.quantile(logit, np.linspace(0, 1, 65)):
        for clock in range(1, budget + 1):
            halts = (logit >= threshold) | (np.arange(1, budget + 1) >= clock)
            steps = halts.argmax(1) + 1
            right = solved[np.arange(len(steps)), steps - 1]
            tried.append(((right - price * steps / budget).mean(), threshold, clock))
    _, threshold, clock = max(tried)
    names = list(shown.observation_names)
    at, used = names.index("halt_logit_now"), names.index("budget_used")

    def act(seen):
        return ((seen[:, at] >= threshold) | (np.round(seen[:, used] * budget) >= clock)).astype(int)

    return act
