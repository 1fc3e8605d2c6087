"""The way to Stable-Baselines3: its vector environments, algorithms with settings that learn, a network as features."""

from trm_gym.extras import require

require("agents", "torch", "stable_baselines3")
