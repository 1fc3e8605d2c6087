"""When to stop: heads that learn it, rules that do it, and how their settings are chosen."""

from trm_gym.extras import require

require("agents", "torch")
