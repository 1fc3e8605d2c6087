"""What every run shares: its command line, its progress, its speed, and its state as named tensors."""

from trm_gym.extras import require

require("agents", "torch", "tyro")
