"""What learns when to stop: one file a learner, one registry."""

from trm_gym.extras import require

require("agents", "torch")
