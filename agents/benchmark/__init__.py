"""The benchmark of halting: frozen networks on frozen problems, by version, and whoever plays them."""

from trm_gym.extras import require

require("agents", "torch")
