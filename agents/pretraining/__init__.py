"""What supervised pretraining is put together from: settings by name, losses, and fresh problems made beside it."""

from trm_gym.extras import require

require("agents", "torch")
