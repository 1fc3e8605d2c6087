"""A page on which a person watches a network think, and replays of it as one file: see ``scripts/view.py``."""

from trm_gym.extras import require

require("agents", "torch")
