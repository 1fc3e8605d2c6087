"""The way to Stable-Baselines3: its vector environments, algorithms with settings that learn, a network as features."""
