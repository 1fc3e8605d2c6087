"""Halting as an environment: a frozen network refines a draft, and the agent says when to stop."""

from trm_gym.extras import require

require("agents", "torch")
