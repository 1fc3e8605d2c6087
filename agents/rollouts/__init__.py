"""Running a network on problems: what is seen after each step, graded drafts, groups of runs."""

from trm_gym.extras import require

require("agents", "torch")
