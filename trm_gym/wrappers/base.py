"""What all wrappers need: the environment at the bottom of the stack."""

from __future__ import annotations

import gymnasium

from trm_gym.env import RefinementEnv
from trm_gym.short_repr import short


def refinement_env(env: gymnasium.Env) -> RefinementEnv:
    """The ``RefinementEnv`` that ``env`` wraps. Raises ValueError where there is another at the bottom."""
    inner = env.unwrapped
    if not isinstance(inner, RefinementEnv):
        raise ValueError(f"this wrapper goes around an environment of this suite, not around {type(inner).__name__}")
    return inner


def answer_grain(env: gymnasium.Env) -> RefinementEnv:
    """The same, for a wrapper that acts and sees as the environment itself does.

    Raises ValueError also where a wrapper in between has changed actions or observations.
    """
    inner = refinement_env(env)
    if env.action_space != inner.action_space or env.observation_space != inner.observation_space:
        raise ValueError(f"this wrapper goes next to the environment, below what changes its spaces; got {short(env)}")
    return inner
