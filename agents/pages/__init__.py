"""A run as one page, in Markdown and in HTML: see ``scripts/report.py``."""

from trm_gym.extras import require

require("agents", "torch")
